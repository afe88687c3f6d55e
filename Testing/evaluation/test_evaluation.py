"""Statistics against scikit-learn, scipy, statsmodels, formulas and known truths."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from TACEResponseLib.evaluation import (
    aliases,
    at_threshold,
    auc,
    auc_interval,
    bootstrap_interval,
    calibration,
    calibration_band,
    calibration_curve,
    cohen_kappa,
    compare_auc,
    corrected_resampled_interval,
    decision_curves,
    following_size,
    holm,
    odds_ratios,
    patients_for_recalibration,
    patients_for_slope,
    permutation_p,
    recalibrate,
    roc_curve,
    sample_size,
    univariate_odds_ratios,
    wilson_interval,
    youden_threshold,
)
from TACEResponseLib.models import expit

scores_and_outcomes = st.integers(0, 2**31).map(
    lambda seed: (np.random.default_rng(seed).integers(0, 9, 40) / 8, np.random.default_rng(seed + 1).random(40) < 0.4)
)


def well_calibrated(count, seed, factor=1.0, shift=0.0):
    """Outcomes drawn from log odds; the prediction has log odds ``factor`` times these plus ``shift``."""
    random = np.random.default_rng(seed)
    log_odds = random.normal(size=count)
    outcome = random.random(count) < 1 / (1 + np.exp(-log_odds))
    return 1 / (1 + np.exp(-(factor * log_odds + shift))), outcome


@given(scores_and_outcomes)
def test_auc_and_curve_equal_scikit_learn(drawn):
    metrics = pytest.importorskip("sklearn.metrics")
    score, outcome = drawn
    if outcome.all() or not outcome.any():
        with pytest.raises(ValueError, match="same outcome"):
            auc(score, outcome)
        return
    assert auc(score, outcome) == pytest.approx(metrics.roc_auc_score(outcome, score))
    false_positive, true_positive = roc_curve(score, outcome)
    assert np.trapezoid(true_positive, false_positive) == pytest.approx(auc(score, outcome))
    assert auc(-score, outcome) == pytest.approx(1 - auc(score, outcome))
    expected = metrics.roc_curve(outcome, score)
    result = at_threshold(score, outcome, youden_threshold(score, outcome))
    assert result.sensitivity + result.specificity - 1 == pytest.approx(np.max(expected[1] - expected[0]))
    assert result.accuracy == pytest.approx(metrics.accuracy_score(outcome, score >= result.threshold))


@pytest.mark.parametrize(("responders", "non_responders"), [(14, 14), (6, 22), (100, 30), (1, 5)])
def test_the_interval_of_a_perfect_auc_is_the_exact_one_of_the_smaller_group(responders, non_responders):
    # Clopper and Pearson's bound of m successes in m, from the quantile of the beta distribution.
    outcome = np.repeat([True, False], (responders, non_responders))
    score = outcome + np.linspace(0, 0.5, len(outcome))
    smaller = min(responders, non_responders)
    bound = stats.beta.ppf(0.025, smaller, 1)
    assert auc_interval(score, outcome) == pytest.approx((1.0, bound, 1.0))
    assert auc_interval(-score, outcome) == pytest.approx((0.0, 0.0, 1 - bound))


@given(scores_and_outcomes)
def test_the_interval_of_an_auc_is_never_a_point_and_turns_with_the_score(drawn):
    score, outcome = drawn
    if outcome.all() or not outcome.any():
        return
    for values in (score, np.zeros_like(score)):
        found = auc_interval(values, outcome)
        assert found.value == auc(values, outcome)
        assert 0 <= found.low <= found.value <= found.high <= 1
        assert found.high - found.low > 0.05
        assert auc_interval(-values, outcome) == pytest.approx((1 - found.value, 1 - found.high, 1 - found.low))


@pytest.mark.parametrize(
    ("sizes", "spread", "area"), [((14, 14), 1, 0.95), ((6, 22), 2, 0.8), ((30, 30), 2, 0.95), ((14, 14), 0.5, 0.7)]
)
def test_the_interval_of_an_auc_covers(sizes, spread, area):
    # Binormal scores; plain DeLong holds .77, .81, .84 and .92 here. Bounds of 1 in 1,000 for .94 and .99.
    random, draws = np.random.default_rng(5), 500
    outcome = np.repeat([True, False], sizes)
    shift = stats.norm.ppf(area) * np.hypot(1, spread)
    held = 0
    for _ in range(draws):
        score = random.standard_normal(len(outcome))
        score[outcome] = shift + spread * score[outcome]
        _, low, high = auc_interval(score, outcome)
        held += low <= area <= high
    assert stats.binom.ppf(0.001, draws, 0.94) <= held <= stats.binom.ppf(0.999, draws, 0.99)


def test_a_score_compared_with_itself():
    score, outcome = well_calibrated(50, 1)
    result = compare_auc(score, score, outcome)
    assert (result.difference, result.z, result.p) == (0.0, 0.0, 1.0)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_equals_statsmodels(p_values):
    from statsmodels.stats.multitest import multipletests

    np.testing.assert_allclose(holm(np.array(p_values)), multipletests(p_values, method="holm")[1], atol=1e-12)


def test_wilson_is_the_formula():
    k, n, z = 7, 23, 1.959963984540054
    middle = (k + z**2 / 2) / (n + z**2)
    half = z / (n + z**2) * np.sqrt(k * (n - k) / n + z**2 / 4)
    assert wilson_interval(k, n) == pytest.approx((middle - half, middle + half))


def test_corrected_resampled_interval_is_the_formula():
    values = np.random.default_rng(0).normal(0.7, 0.05, 25)
    mean, low, high = corrected_resampled_interval(values, 0.25)
    half = 2.063898562 * np.sqrt((1 / 25 + 0.25) * values.var(ddof=1))
    assert (mean, low, high) == pytest.approx((values.mean(), values.mean() - half, values.mean() + half))


def test_a_cluster_bootstrap_is_wider_than_one_that_parts_lesions():
    score, outcome = well_calibrated(40, 3, factor=2)
    thrice = np.repeat(np.arange(40), 3)
    many, same = score[thrice], outcome[thrice]
    parted = bootstrap_interval(lambda rows: auc(many[rows], same[rows]), same, 0, draws=300)
    together = bootstrap_interval(lambda rows: auc(many[rows], same[rows]), same, 0, thrice, draws=300)
    alone = bootstrap_interval(lambda rows: auc(score[rows], outcome[rows]), outcome, 0, draws=300)
    assert np.ptp(together) > 1.4 * np.ptp(parted)
    assert np.ptp(together) == pytest.approx(np.ptp(alone), rel=0.25)


def test_permutation_p():
    assert permutation_p(0.8, np.linspace(0, 0.7, 199)) == pytest.approx(1 / 200)
    assert permutation_p(0.5, np.full(19, 0.5)) == 1.0


def test_calibration_of_a_model_with_a_known_fault():
    perfect = calibration(*well_calibrated(20_000, 1))
    assert (perfect.slope, perfect.intercept) == pytest.approx((1.0, 0.0), abs=0.05)
    assert perfect.ici < 0.02
    bold = calibration(*well_calibrated(20_000, 1, factor=2.0))
    assert bold.slope == pytest.approx(0.5, abs=0.03)
    assert bold.ici > 0.05
    high = calibration(*well_calibrated(20_000, 1, shift=0.7))
    assert high.intercept == pytest.approx(-0.7, abs=0.05)
    assert high.brier > perfect.brier
    assert not calibration(*well_calibrated(150, 1)).can_be_judged
    assert perfect.can_be_judged


def test_calibration_in_the_large_equals_statsmodels():
    sm = pytest.importorskip("statsmodels.api")
    probability, outcome = well_calibrated(300, 4, shift=0.5)
    log_odds = np.log(probability / (1 - probability))
    model = sm.GLM(outcome.astype(float), np.ones(300), family=sm.families.Binomial(), offset=log_odds).fit()
    assert calibration(probability, outcome).intercept == pytest.approx(model.params[0], abs=1e-6)


def test_the_curve_follows_the_truth_and_bears_ties():
    probability, outcome = well_calibrated(5000, 2)
    at = np.linspace(0.2, 0.8, 7)
    np.testing.assert_allclose(calibration_curve(probability, outcome, at), at, atol=0.06)
    rounded = np.round(probability, 1)
    assert np.isfinite(calibration_curve(rounded, outcome, at)).all()
    low, high = calibration_band(probability[:200], outcome[:200], at, seed=0, draws=60)
    assert (low <= high).all()
    assert ((low < at + 0.1) & (high > at - 0.1)).all()


def test_recalibration_mends_much_with_many_patients_and_little_with_few():
    probability, outcome = well_calibrated(5000, 6, factor=2.0, shift=0.8)
    many = recalibrate(np.log(probability / (1 - probability)), outcome)
    assert many.slope == pytest.approx(0.5, abs=0.05)
    assert many.shrinkage > 0.95
    probability, outcome = well_calibrated(30, 7)
    few = recalibrate(np.log(probability / (1 - probability)), outcome)
    assert few.shrinkage < 0.6
    assert patients_for_recalibration(0.5) == 385


def test_net_benefit_is_the_formula():
    pytest.importorskip("dcurves")
    probability, outcome = well_calibrated(200, 8)
    thresholds = np.array([0.2, 0.5, 0.7])
    curves = decision_curves({"model": probability}, outcome, thresholds).net_benefit
    for name, said in (("model", probability[None] >= thresholds[:, None]), ("all", np.ones((3, 200), bool))):
        true_positive = (said & outcome).sum(axis=1) / 200
        false_positive = (said & ~outcome).sum(axis=1) / 200
        expected = true_positive - false_positive * thresholds / (1 - thresholds)
        np.testing.assert_allclose(curves[name], expected, atol=1e-9)
    np.testing.assert_allclose(curves["none"], 0)


def test_odds_ratio_of_a_two_by_two_table():
    """By hand: (10 * 20) / (30 * 5), Woolf's standard error."""
    values = np.repeat([1.0, 1.0, 0.0, 0.0], [10, 5, 30, 20])[:, None]
    outcome = np.repeat([True, False, True, False], [10, 5, 30, 20])
    (ratio,) = odds_ratios(values, outcome, ("fact",))
    assert ratio.odds_ratio == pytest.approx(10 * 20 / (5 * 30), rel=1e-6)
    half = 1.959963985 * np.sqrt(1 / 10 + 1 / 5 + 1 / 30 + 1 / 20)
    assert (ratio.low, ratio.high) == pytest.approx(
        (ratio.odds_ratio / np.exp(half), ratio.odds_ratio * np.exp(half)), rel=1e-5
    )


def test_separation_and_constants_are_said():
    outcome = np.arange(20) >= 10
    separating = outcome.astype(float)[:, None]
    (ratio,) = odds_ratios(separating, outcome, ("fact",))
    assert "ridge" in ratio.note
    assert np.isfinite(ratio.odds_ratio)
    assert ratio.low is None
    (constant,) = odds_ratios(np.ones((20, 1)), outcome, ("fact",))
    assert "same in all" in constant.note


def test_unknown_values_are_left_out_of_their_own_regression():
    random = np.random.default_rng(0)
    values, outcome = random.normal(size=(50, 2)), random.random(50) < 0.5
    values[:5, 0] = np.nan
    first, second = univariate_odds_ratios(values, outcome, ("a", "b"))
    assert (first.patients, second.patients) == (45, 50)


@settings(max_examples=50)
@given(st.integers(0, 2**31))
def test_kappa_equals_scikit_learn(seed):
    metrics = pytest.importorskip("sklearn.metrics")
    first, second = np.random.default_rng(seed).random((2, 30)) < 0.5
    assert cohen_kappa(first, second) == pytest.approx(metrics.cohen_kappa_score(first, second))


def test_redundant_features_are_named():
    random = np.random.default_rng(2)
    volume = random.lognormal(size=60)
    features = np.column_stack([volume**2, random.normal(size=60), np.log(volume), -3 * volume + 4])
    names = ("Square", "Noise", "Log", "Minus")
    assert aliases(features, names) == [("Log", "Square"), ("Minus", "Square")]
    assert {name for name, _ in following_size(features, names, volume)} == {"Square", "Log", "Minus"}


def test_sample_size():
    result = sample_size(144, 69, 5)
    assert result.needed_for_slope == pytest.approx(5 / (-0.1 * np.log(1 - 0.15 / 0.9)), abs=1)
    assert 0.05 < result.auc_half_width < 0.12
    assert sample_size(1000, 500, 5).auc_half_width < result.auc_half_width / 2
    assert "144 patients, 69 with response" in result.sentence()


def test_patients_for_slope_know_the_slope_as_well_as_promised():
    """Simulated cohorts of that many calibrated patients: statsmodels' slopes spread by 0.2 / 1.96."""
    import statsmodels.api as sm

    random = np.random.default_rng(8)
    log_odds = random.normal(0.3, 1.1, 50_000)
    needed = patients_for_slope(log_odds)
    slopes = []
    for _ in range(400):
        own = random.choice(log_odds, needed)
        outcome = random.random(needed) < expit(own)
        slopes.append(sm.Logit(outcome.astype(float), sm.add_constant(own)).fit(disp=0).params[1])
    assert np.std(slopes) == pytest.approx(0.2 / 1.96, rel=0.12)
    assert patients_for_slope(np.full(30, 0.4)) is None
