"""`published-clinical` against the formulas and figures of the design, worked out from the counts."""

import itertools
import math

import numpy as np
import pytest
from TACEResponseLib.models import find_bundle, load_bundle, published_clinical_bundle

OR_WITH, NOR_WITH = (10, 6, 18, 23), (20, 16, 17, 32)


@pytest.fixture(scope="module")
def bundle():
    return published_clinical_bundle()


def _probability(bundle, pattern):
    return bundle.estimate(None, dict(zip(bundle.required_facts, pattern, strict=True))).probability


def test_coefficients(bundle):
    np.testing.assert_allclose(bundle.predictor.coefficients, [-0.858, -1.132, 0.157, -0.531], atol=5e-4)
    assert bundle.predictor.intercept + bundle.predictor.offsets.sum() == pytest.approx(0.573, abs=5e-4)
    assert bundle.threshold == 56 / 115


@pytest.mark.parametrize("pattern", list(itertools.product([False, True, None], repeat=4)))
def test_probability_is_bayes_theorem_on_the_known_facts(bundle, pattern):
    with_or, with_nor = 56.0, 59.0
    for value, present_or, present_nor in zip(pattern, OR_WITH, NOR_WITH, strict=True):
        if value is not None:
            with_or *= (present_or if value else 56 - present_or) / 56
            with_nor *= (present_nor if value else 59 - present_nor) / 59
    assert _probability(bundle, pattern) == pytest.approx(with_or / (with_or + with_nor), abs=1e-12)


def test_range_over_the_sixteen_patterns(bundle):
    values = [_probability(bundle, pattern) for pattern in itertools.product([False, True], repeat=4)]
    assert (round(min(values), 3), round(max(values), 3)) == (0.125, 0.675)


def test_refits_spread_as_the_analytic_covariance(bundle):
    """Standard errors within a fifth of the delta method's, which is itself an approximation at 6 of 56."""
    n1, n0 = 56, 59
    a, c = np.array(OR_WITH, float), np.array(NOR_WITH, float)
    variance = 1 / a + 1 / (n1 - a) + 1 / c + 1 / (n0 - c)
    intercept_variance = 1 / n1 + 1 / n0 + np.sum(a / n1 / (n1 - a) + c / n0 / (n0 - c))
    covariance = -1 / (n1 - a) - 1 / (n0 - c)
    predictor = bundle.predictor
    drawn_intercepts = predictor.refit_intercepts + predictor.refit_offsets.sum(axis=1)
    drawn = np.cov(np.column_stack([drawn_intercepts, predictor.refit_coefficients]).T)
    np.testing.assert_allclose(np.sqrt(np.diag(drawn)[1:]), np.sqrt(variance), rtol=0.2)
    assert math.sqrt(drawn[0, 0]) == pytest.approx(math.sqrt(intercept_variance), rel=0.2)
    np.testing.assert_allclose(drawn[0, 1:], covariance, atol=0.03)
    assert np.abs(np.corrcoef(predictor.refit_coefficients.T) - np.eye(4)).max() < 0.1


def test_interval_agrees_with_the_analytic_one_where_counts_are_large(bundle):
    """No fact present: its standard error by the delta method is that of beta_0."""
    estimate = bundle.estimate(None, dict.fromkeys(bundle.required_facts, False))
    a, c = np.array(OR_WITH, float), np.array(NOR_WITH, float)
    error = math.sqrt(1 / 56 + 1 / 59 + np.sum(a / 56 / (56 - a) + c / 59 / (59 - c)))
    assert estimate.probability_low == pytest.approx(1 / (1 + math.exp(-(0.573 - 1.96 * error))), abs=0.02)
    assert estimate.probability_high == pytest.approx(1 / (1 + math.exp(-(0.573 + 1.96 * error))), abs=0.02)


def test_a_drawn_table_with_an_empty_cell_keeps_finite_numbers():
    bundle = published_clinical_bundle(refit_count=50_000)
    assert np.isfinite(bundle.predictor.refit_coefficients).all()
    assert np.isfinite(bundle.predictor.refit_offsets).all()


def test_the_prevalence_is_a_prior(bundle):
    moved = bundle.with_prevalence(0.3)
    assert moved.threshold == pytest.approx(0.3)
    nothing_known = dict.fromkeys(bundle.required_facts)
    assert moved.estimate(None, nothing_known).probability == pytest.approx(0.3)


def test_it_is_no_demonstration_and_says_what_it_is(bundle):
    assert not bundle.demonstration
    assert bundle.required_sequences == ()
    assert "somewhat too extreme" in bundle.card
    assert "Research use only" in bundle.card


def test_the_shipped_bundle_is_the_functions(bundle):
    shipped = load_bundle(find_bundle("published-clinical"))
    np.testing.assert_allclose(shipped.predictor.refit_coefficients, bundle.predictor.refit_coefficients, rtol=1e-9)
    np.testing.assert_allclose(shipped.predictor.coefficients, bundle.predictor.coefficients, rtol=1e-12)
    assert shipped.card == bundle.card
    assert shipped.provenance == bundle.provenance
