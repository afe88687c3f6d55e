"""The band of a probability over perturbed VOIs: seeded, and apart from the model's uncertainty."""

from dataclasses import replace

import numpy as np
import pytest
from TACEResponseLib.cohort import AST, Case
from TACEResponseLib.features import extract_features
from TACEResponseLib.imaging import read_case_images
from TACEResponseLib.models import published_clinical_bundle
from TACEResponseLib.prediction import (
    plain_text,
    prediction_from_dict,
    prediction_row,
    prediction_to_dict,
)
from TACEResponseLib.repeatability import DEFAULT_PERTURBATION, PerturbationSettings, perturb_images
from TACEResponseLib.workflow import predict_case
from TACEResponseLib.workflow.perturbation_band import with_perturbation_band

DRAWS = 10


@pytest.fixture(scope="module")
def case(key, make_lesion_source, all_known):
    sources = {"T2": make_lesion_source((1.9, 1.9, 5.0), seed=1), "AP": make_lesion_source(seed=2)}
    return Case(key, sources, all_known)


@pytest.fixture(scope="module")
def images(case):
    return read_case_images(case, ("T2", "AP"))


@pytest.fixture(scope="module")
def bundle(make_formula_bundle):
    return make_formula_bundle()


@pytest.fixture(scope="module")
def banded(case, images, bundle):
    plain = predict_case(case, bundle, images=images).prediction
    return with_perturbation_band(plain, case, bundle, images, DRAWS, seed=3)


def test_it_is_the_formula_of_the_perturbed_vois(banded, case, images, bundle):
    """The formula bundle's score is a logistic function of the mean arterial intensity within the VOI."""
    column = bundle.feature_names.index("AP_firstorder_Mean")
    plain = banded.contributions[0]
    other_terms = np.log(banded.probability / (1 - banded.probability)) - 2.0 * plain.value
    probabilities = []
    for draw in range(DRAWS):
        drawn = perturb_images(images, DEFAULT_PERTURBATION, (3, draw))
        mean = extract_features(drawn, ("T2", "AP"), "default107").values[column]
        score = 1 / (1 + np.exp(-(mean - 500) / 50))
        probabilities.append(1 / (1 + np.exp(-(other_terms + 2.0 * score))))
    expected = np.percentile(probabilities, [2.5, 97.5])
    assert [banded.perturbation.low, banded.perturbation.high] == pytest.approx(list(expected), abs=1e-6)
    assert banded.perturbation.low < banded.perturbation.high


def test_it_changes_no_other_number(banded, case, images, bundle):
    assert replace(banded, perturbation=None) == predict_case(case, bundle, images=images).prediction


def test_an_estimate_outside_its_band_is_warned_of(banded, case, images, bundle):
    plain = predict_case(case, bundle, images=images).prediction
    for probability in (0.001, 0.999):
        elsewhere = with_perturbation_band(replace(plain, probability=probability), case, bundle, images, DRAWS, seed=3)
        assert elsewhere.perturbation == banded.perturbation
        assert [one.code for one in elsewhere.warnings].count("estimate_outside_band") == 1


def test_it_is_seeded(banded, case, images, bundle):
    plain = predict_case(case, bundle, images=images).prediction
    assert with_perturbation_band(plain, case, bundle, images, DRAWS, seed=3) == banded
    other = with_perturbation_band(plain, case, bundle, images, DRAWS, seed=4)
    assert other.perturbation.low != banded.perturbation.low


def test_no_perturbation_is_no_width(case, images, bundle):
    plain = predict_case(case, bundle, images=images).prediction
    still = with_perturbation_band(plain, case, bundle, images, DRAWS, settings=PerturbationSettings(0, 0, 0))
    assert still.perturbation.low == pytest.approx(plain.probability, abs=1e-12)
    assert still.perturbation.high == pytest.approx(plain.probability, abs=1e-12)


def test_with_unknown_facts_it_spans_their_range(case, images, bundle):
    unknown = replace(case, clinical=case.clinical.replaced(AST, None))
    plain = predict_case(unknown, bundle, images=images).prediction
    band = with_perturbation_band(plain, unknown, bundle, images, DRAWS, seed=3).perturbation
    low, high = plain.probability_range
    assert band.high - band.low > 0.9 * (high - low)


def test_round_trip_and_words(banded):
    assert prediction_from_dict(prediction_to_dict(banded)) == banded
    row = prediction_row(banded)
    assert float(row["perturbation_low"]) == pytest.approx(banded.perturbation.low, abs=1e-6)
    assert "VOIs drawn a little differently, 10 times: " in plain_text(banded)
    assert "not part of the model uncertainty" in plain_text(banded)


def test_a_demonstration_states_no_band_of_a_patient(case, images, make_formula_bundle):
    bundle = make_formula_bundle(demonstration=True)
    struck = with_perturbation_band(predict_case(case, bundle, images=images).prediction, case, bundle, images, DRAWS)
    fields = prediction_to_dict(struck)
    assert fields["perturbation"] is None
    assert fields["demonstration_numbers"]["perturbation"]["draws"] == DRAWS
    assert prediction_from_dict(fields) == struck
    assert prediction_row(struck)["perturbation_low"] == ""
    assert "drawn a little differently" not in plain_text(struck)


def test_a_voi_that_cannot_be_perturbed_is_a_warning(case, images, bundle):
    plain = predict_case(case, bundle, images=images).prediction
    far = PerturbationSettings(0, 500.0, 0)
    result = with_perturbation_band(plain, case, bundle, images, DRAWS, settings=far)
    assert result.perturbation is None
    assert result.warnings[-1].code == "no_perturbation_band"
    assert "too small to be perturbed" in result.warnings[-1].text


def test_what_is_refused(case, images, bundle):
    plain = predict_case(case, bundle, images=images).prediction
    with pytest.raises(ValueError, match="at least 10"):
        with_perturbation_band(plain, case, bundle, images, 9)
    clinical = published_clinical_bundle()
    with pytest.raises(ValueError, match="needs no images, so there is no VOI to perturb"):
        with_perturbation_band(predict_case(case, clinical).prediction, case, clinical, images, DRAWS)


def test_it_can_be_cancelled(case, images, bundle):
    def stop(done, total, text):
        raise InterruptedError

    plain = predict_case(case, bundle, images=images).prediction
    with pytest.raises(InterruptedError):
        with_perturbation_band(plain, case, bundle, images, DRAWS, progress=stop)
