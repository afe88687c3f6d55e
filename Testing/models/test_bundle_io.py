"""A bundle comes back as it was saved, and anything else is refused with the reason."""

import json
from dataclasses import replace

import numpy as np
import pytest
from TACEResponseLib.models import SCHEMA_VERSION, load_bundle, save_bundle
from TACEResponseLib.models.bundle_io import ARRAYS_FILE, CARD_FILE, MODEL_FILE, _canonical, _own_sha256


@pytest.fixture
def saved(merged_bundle, tmp_path):
    save_bundle(merged_bundle, tmp_path / "test-cd")
    return tmp_path / "test-cd"


def test_round_trip(merged_bundle, saved):
    loaded = load_bundle(saved)
    features = np.linspace(-1, 1, len(merged_bundle.feature_names))
    facts = {"portal_venous_invasion": True}
    assert loaded.estimate(features, facts) == merged_bundle.estimate(features, facts)
    assert loaded.estimate_from_score_only(features) == merged_bundle.estimate_from_score_only(features)
    for name in "name kind demonstration required_sequences settings feature_names threshold card provenance".split():
        assert getattr(loaded, name) == getattr(merged_bundle, name)
    np.testing.assert_array_equal(loaded.training_scores["OR"], merged_bundle.training_scores["OR"])
    assert len(loaded.sha256) == 64


def test_same_bundle_same_bytes(merged_bundle, saved, tmp_path):
    again = tmp_path / "again"
    save_bundle(merged_bundle, again)
    for file in (MODEL_FILE, ARRAYS_FILE, CARD_FILE):
        assert (saved / file).read_bytes() == (again / file).read_bytes()


@pytest.mark.parametrize("file", [MODEL_FILE, ARRAYS_FILE, CARD_FILE])
@pytest.mark.parametrize("place", [0.02, 0.5, 0.98])
def test_one_changed_byte_is_noticed(saved, file, place):
    content = bytearray((saved / file).read_bytes())
    content[int(place * len(content))] ^= 1
    (saved / file).write_bytes(content)
    with pytest.raises(ValueError, match="test-cd is damaged"):
        load_bundle(saved)


def test_whitespace_in_the_model_file_counts_as_a_change(saved):
    (saved / MODEL_FILE).write_text((saved / MODEL_FILE).read_text(encoding="utf-8") + " ", encoding="utf-8")
    with pytest.raises(ValueError, match=r"model\.json was changed"):
        load_bundle(saved)


@pytest.mark.parametrize("file", [MODEL_FILE, ARRAYS_FILE, CARD_FILE])
def test_missing_file_is_named(saved, file):
    (saved / file).unlink()
    with pytest.raises(ValueError, match=f"incomplete: {file}"):
        load_bundle(saved)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"schema_version": SCHEMA_VERSION + 1}, "newer TACEResponse"),
        ({"kind": "oracle"}, "unknown kind 'oracle'"),
        ({"feature_set": "paper111"}, "unknown feature set 'paper111'"),
        ({"settings": {"name": "paper", "wavelet": True}}, "feature settings"),
        ({"score_types": {"dnn": "transformer"}}, "unknown type 'transformer'"),
        ({"required_facts": ["bilirubin"]}, "unknown fact 'bilirubin'"),
        ({"feature_names": ["AP_firstorder_Average"]}, "not those of the feature set"),
        ({"feature_names": ["AP_firstorder_Mean", "AP_firstorder_Energy"]}, "not those of the feature set"),
        ({"feature_names": ["AP_firstorder_Mean"]}, "do not fit together"),
        ({"predictor": {}}, "do not fit together"),
    ],
)
def test_a_bundle_of_another_version_is_refused_with_the_reason(saved, changes, reason):
    fields = json.loads((saved / MODEL_FILE).read_text(encoding="utf-8")) | changes
    fields["sha256"] = _own_sha256(fields)
    (saved / MODEL_FILE).write_text(_canonical(fields), encoding="utf-8")
    with pytest.raises(ValueError, match=reason):
        load_bundle(saved)


@pytest.mark.parametrize("part", ["coefficients", "terms", "feature_names"])
def test_parts_that_do_not_fit_each_other(saved, part):
    fields = json.loads((saved / MODEL_FILE).read_text())
    owner = fields if part == "feature_names" else fields["predictor"]
    owner[part] = owner[part][:-1]
    fields["sha256"] = _own_sha256(fields)
    (saved / MODEL_FILE).write_text(_canonical(fields))
    with pytest.raises(ValueError, match="do not fit together"):
        load_bundle(saved)


def test_arrays_hold_no_pickles(merged_bundle, tmp_path):
    objects = replace(merged_bundle, feature_minimum=np.array([{}], dtype=object))
    with pytest.raises(ValueError, match="allow_pickle"):
        save_bundle(objects, tmp_path / "objects")
    assert not (tmp_path / "objects").exists()


def test_an_existing_model_is_never_overwritten(merged_bundle, saved):
    with pytest.raises(ValueError, match="already exists"):
        save_bundle(merged_bundle, saved)


def test_a_folder_without_a_model(tmp_path):
    with pytest.raises(ValueError, match=r"model\.json cannot be read"):
        load_bundle(tmp_path)
