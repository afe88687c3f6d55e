"""`predict_case` from images to a probability."""

from dataclasses import replace

import numpy as np
import pytest
from TACEResponseLib.cohort import AcquisitionTags, Case, CaseKey, ClinicalRecord
from TACEResponseLib.features import extract_features
from TACEResponseLib.imaging import read_case_images
from TACEResponseLib.models import published_clinical_bundle
from TACEResponseLib.prediction import predict_from_features
from TACEResponseLib.workflow import predict_case
from TACEResponseLib.workflow.published_scores import published_scores


@pytest.fixture(scope="module")
def case(key, make_lesion_source, all_known):
    sources = {"T2": make_lesion_source((1.9, 1.9, 5.0), seed=1), "AP": make_lesion_source(seed=2)}
    return Case(key, sources, all_known)


@pytest.fixture(scope="module")
def images(case):
    return read_case_images(case, ("T2", "AP"))


def test_the_steps_taken_apart_give_the_same_prediction(case, images, make_formula_bundle):
    bundle = make_formula_bundle()
    features = extract_features(images, ("T2", "AP"), "default107")
    apart = predict_from_features(case.key, features, case.clinical, bundle, images.warnings)
    apart = replace(apart, published=published_scores(case, images))
    assert predict_case(case, bundle).prediction == apart
    assert predict_case(case, bundle, images=images).prediction == apart


@pytest.mark.parametrize("level", [450, 520])
def test_the_score_is_that_of_the_lesion(case, make_formula_bundle, level):
    """The bundle's score depends on the mean intensity of the arterial VOI alone."""
    noise = np.random.default_rng(4).integers(-60, 61, case.sources["AP"].voxels.shape)
    arterial = replace(case.sources["AP"], voxels=(level + noise).astype(np.int16))
    prediction = predict_case(replace(case, sources={**case.sources, "AP": arterial}), make_formula_bundle()).prediction
    assert prediction.scores["dnn"] == pytest.approx(1 / (1 + np.exp(-(level - 500) / 50)), abs=0.01)
    assert prediction.provenance["inputs"].keys() == {"T2", "AP"}


def test_engines_give_the_same_probability(case, images, make_formula_bundle):
    pytest.importorskip("radiomics")
    bundle = make_formula_bundle()
    native = predict_case(case, bundle, images=images).prediction
    reference = predict_case(case, bundle, images=images, engine="pyradiomics").prediction
    assert reference.probability == pytest.approx(native.probability, rel=1e-9)
    assert reference.provenance["engine"].startswith("pyradiomics")


def test_progress_counts_by_sequence_and_reaches_its_end(case, make_formula_bundle):
    calls = []
    predict_case(case, make_formula_bundle(), lambda done, total, text: calls.append((done, total, text)))
    done = [call[0] for call in calls]
    assert {call[1] for call in calls} == {5}
    assert done == sorted(done)
    assert (done[0], done[-1]) == (0, 5)
    for sequence in ("T2", "AP"):
        assert sum(sequence in call[2] for call in calls) >= 2


@pytest.mark.parametrize("step", [0, 1, 3])
def test_what_the_callback_raises_cancels(case, make_formula_bundle, step):
    class CancelledError(Exception):
        pass

    def cancel(done, total, text):
        if done >= step:
            raise CancelledError

    with pytest.raises(CancelledError):
        predict_case(case, make_formula_bundle(), cancel)


def test_only_what_the_bundle_requires_is_required(key, all_known, case, make_formula_bundle):
    prediction = predict_case(Case(key, {}, all_known), published_clinical_bundle(refit_count=200)).prediction
    assert prediction.probability is not None
    assert prediction.scores == {}
    without_t2 = Case(key, {"AP": case.sources["AP"]}, all_known)
    with pytest.raises(ValueError, match=r"Patient HCC_07b: .*T2"):
        predict_case(without_t2, make_formula_bundle())


def test_images_of_another_case_or_grid_are_refused(case, images, make_formula_bundle):
    other = Case(CaseKey("HCC_08"), case.sources, case.clinical)
    with pytest.raises(ValueError, match=r"Patient HCC_08: the images given are those of patient HCC_07b"):
        predict_case(other, make_formula_bundle(), images=images)
    coarse = read_case_images(case, ("T2", "AP"), spacing_mm=(2.0, 2.0, 2.0))
    with pytest.raises(ValueError, match=r"Patient HCC_07b, T2: .*resampled"):
        predict_case(case, make_formula_bundle(), images=coarse)


@pytest.mark.parametrize("marked", [("T2", "AP"), ("AP",), ()])
def test_a_phantom_is_one_only_if_every_image_says_so(key, make_lesion_source, make_formula_bundle, marked):
    sources = {
        sequence: make_lesion_source(seed=seed, tags=AcquisitionTags(is_phantom=sequence in marked))
        for seed, sequence in enumerate(("T2", "AP"))
    }
    prediction = predict_case(Case(key, sources, ClinicalRecord()), make_formula_bundle(demonstration=True)).prediction
    assert prediction.is_phantom is (len(marked) == 2)
    assert prediction.demonstration_only is (len(marked) < 2)
