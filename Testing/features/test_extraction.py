"""From case images to a feature vector: order, names, what is told and what is refused."""

import json

import numpy as np
import pytest
from TACEResponseLib.cohort import AcquisitionTags, Case, CaseKey
from TACEResponseLib.features import PAPER_SETTINGS, extract_features, get_feature_set
from TACEResponseLib.features.engine import EngineResult
from TACEResponseLib.imaging import read_case_images

KEY = CaseKey("McDonald-7", "2")


class CountingEngine:
    """Gives each feature its position plus 1000 for each sequence computed before; the last one is undefined."""

    name, version, sequences_at_once = "counting", "3", 1

    def __init__(self):
        self.calls = 0

    def compute(self, voi, settings, feature_names, resampled=None):
        values = {name: 1000.0 * self.calls + number for number, name in enumerate(feature_names)}
        self.calls += 1
        values[feature_names[-1]] = np.nan
        return EngineResult(values, {feature_names[-1]: "not today"})


class RefusingEngine(CountingEngine):
    def compute(self, voi, settings, feature_names, resampled=None):
        raise ValueError("the lesion is green.")


@pytest.fixture(scope="module")
def images(make_lesion_source):
    phantom = AcquisitionTags(is_phantom=True)
    sources = {"AP": make_lesion_source(seed=1, tags=phantom), "T2": make_lesion_source(seed=2)}
    return read_case_images(Case(KEY, sources), ("AP", "T2"))


def test_values_follow_the_order_of_sequences_and_names(images):
    vector = extract_features(images, ("T2", "AP"), "default107", engine=CountingEngine())
    names = get_feature_set("default107").feature_names
    assert vector.names == tuple(f"{sequence}_{name}" for sequence in ("T2", "AP") for name in names)
    assert np.array_equal(vector.values[:106], np.arange(106.0))
    assert np.array_equal(vector.values[107:-1], 1000 + np.arange(106.0))
    assert np.isnan(vector.values[[106, 213]]).all()
    assert vector.undefined == {f"T2_{names[-1]}": "not today", f"AP_{names[-1]}": "not today"}
    assert vector.engine == "counting 3"
    assert vector.settings == PAPER_SETTINGS


def test_a_case_is_a_phantom_only_if_every_sequence_used_is(images):
    assert extract_features(images, ("AP",), engine=CountingEngine()).is_phantom
    assert not extract_features(images, ("AP", "T2"), engine=CountingEngine()).is_phantom


def test_hashes_are_those_of_the_vois(images):
    vector = extract_features(images, ("AP",), engine=CountingEngine())
    assert vector.input_sha256 == {"AP": (images.vois["AP"].image_sha256, images.vois["AP"].mask_sha256)}


def test_progress_is_told_and_can_cancel(images):
    told = []
    extract_features(images, ("AP", "T2"), engine=CountingEngine(), progress=lambda *call: told.append(call))
    assert [(done, total) for done, total, _ in told] == [(0, 2), (1, 2), (2, 2)]
    assert "AP" in told[0][2]

    def cancel(done, total, text):
        raise InterruptedError

    engine = CountingEngine()
    with pytest.raises(InterruptedError):
        extract_features(images, ("AP", "T2"), engine=engine, progress=cancel)
    assert engine.calls <= 1


def test_refusals_name_patient_and_sequence(images):
    with pytest.raises(ValueError, match=r"^Patient McDonald-7, lesion 2, AP: the lesion is green\.$"):
        extract_features(images, ("AP",), engine=RefusingEngine())
    with pytest.raises(ValueError, match=r"^Patient McDonald-7, lesion 2: the sequence DP has no image"):
        extract_features(images, ("AP", "DP"), engine=CountingEngine())
    with pytest.raises(ValueError, match="paper111"):
        extract_features(images, ("AP",), "paper111")
    with pytest.raises(ValueError, match="no feature engine 'matlab'"):
        extract_features(images, ("AP",), engine="matlab")


def test_default107_is_what_pyradiomics_computes_by_default():
    radiomics = pytest.importorskip("radiomics")
    defaults = {
        f"{feature_class}_{name}"
        for feature_class, features in radiomics.getFeatureClasses().items()
        if feature_class != "shape2D"
        for name, deprecated in features.getFeatureNames().items()
        if not deprecated
    }
    assert set(get_feature_set("default107").feature_names) == defaults


def test_paper110_is_the_set_of_the_reference(shared):
    reference = json.loads((shared / "reference" / "features_brain1_canonical.json").read_text())
    assert set(get_feature_set("paper110").feature_names) == set(reference["features"])
