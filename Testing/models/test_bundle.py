"""What a bundle says of one patient, against the formula written out."""

import math

import numpy as np
import pytest
from TACEResponseLib.models import ensemble_score

FACTS = {"portal_venous_invasion": True}


@pytest.fixture
def features(merged_bundle):
    return np.linspace(-1, 1, len(merged_bundle.feature_names))


def test_probability_is_the_logistic_regression_of_score_and_fact(merged_bundle, features):
    estimate = merged_bundle.estimate(features, FACTS)
    score = float(ensemble_score(merged_bundle.scores["dnn"], features[None])[0])
    assert estimate.scores == {"dnn": score}
    assert estimate.probability == pytest.approx(1 / (1 + math.exp(-(0.2 + 2.5 * score - 1.0))), abs=1e-12)
    assert estimate.terms["portal_venous_invasion"][:2] == (1.0, pytest.approx(-1.0 * (1 - 0.2)))
    assert estimate.terms["dnn"][1] == pytest.approx(2.5 * (score - 0.5))


def test_interval_is_that_of_the_refits(merged_bundle, features):
    estimate = merged_bundle.estimate(features, FACTS)
    predictor = merged_bundle.predictor
    scores = merged_bundle.refit_scores["dnn"].member_scores(features[None])[0]
    log_odds = (
        predictor.refit_intercepts + predictor.refit_coefficients[:, 0] * scores + predictor.refit_coefficients[:, 1]
    )
    expected = 1 / (1 + np.exp(-np.percentile(log_odds, [2.5, 97.5])))
    assert (estimate.probability_low, estimate.probability_high) == pytest.approx(tuple(expected))


def test_scores_follow_the_features_not_the_last_patient(merged_bundle, features):
    first = merged_bundle.estimate(features, FACTS)
    second = merged_bundle.estimate(features + 1.0, FACTS)
    assert second.scores != first.scores
    assert merged_bundle.estimate(features, FACTS) == first


def test_an_unknown_fact_is_refused_unless_it_may_be_dropped(merged_bundle, features):
    with pytest.raises(ValueError, match="portal_venous_invasion, which is unknown"):
        merged_bundle.estimate(features, {"portal_venous_invasion": None})


def test_missing_wrong_and_undefined_features_are_refused(merged_bundle, features):
    with pytest.raises(ValueError, match="needs the features of AP"):
        merged_bundle.estimate(None, FACTS)
    with pytest.raises(ValueError, match="needs 107 features"):
        merged_bundle.estimate(features[:5], FACTS)
    features[3] = np.nan
    with pytest.raises(ValueError, match=merged_bundle.feature_names[3]):
        merged_bundle.estimate(features, FACTS)


def test_another_prevalence_moves_every_log_odds_and_the_threshold_alike(merged_bundle, features):
    moved = merged_bundle.with_prevalence(0.6)
    shift = math.log(0.6 / 0.4) - math.log(0.4 / 0.6)
    before, after = merged_bundle.estimate(features, FACTS), moved.estimate(features, FACTS)
    for name in ("probability", "probability_low", "probability_high"):
        was, now = getattr(before, name), getattr(after, name)
        assert math.log(now / (1 - now)) - math.log(was / (1 - was)) == pytest.approx(shift)
    assert (after.probability >= moved.threshold) == (before.probability >= merged_bundle.threshold)
    with pytest.raises(ValueError, match="between 0 and 1"):
        merged_bundle.with_prevalence(1.0)
