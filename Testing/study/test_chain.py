"""Folds and the chain: who sees whom, and what the second stage is made of."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from TACEResponseLib.models.fitting import Fit, FitJob, Learner
from TACEResponseLib.models.folds import stratified_folds
from TACEResponseLib.study.chain import (
    deploy_second_stage,
    fit_second_stage,
    plan_chain,
    run_plans,
)


@given(st.integers(5, 60), st.integers(5, 60), st.integers(2, 5), st.integers(0, 1000))
def test_folds_are_even_and_stratified(positive, negative, fold_count, seed):
    outcome = np.r_[np.ones(positive, bool), np.zeros(negative, bool)]
    folds = stratified_folds(outcome, fold_count, np.random.default_rng(seed))
    sizes = np.bincount(folds, minlength=fold_count)
    assert sizes.max() - sizes.min() <= 1
    for level in (outcome, ~outcome):
        counts = np.bincount(folds[level], minlength=fold_count)
        assert counts.max() - counts.min() <= 1


@given(st.integers(0, 1000))
def test_repeats_of_a_patient_share_a_fold(seed):
    random = np.random.default_rng(seed)
    outcome = np.arange(40) % 2 == 0
    rows = random.integers(0, 40, 40)
    folds = stratified_folds(outcome[rows], 3, random, rows)
    assert all(len(set(folds[rows == row])) == 1 for row in set(rows))


def test_too_few_patients_are_refused():
    with pytest.raises(ValueError, match="3 patients have OR, fewer than the 5 folds"):
        stratified_folds(np.r_[np.ones(3, bool), np.zeros(30, bool)], 5, np.random.default_rng(0))


def spying_learner(seen, ensemble_size=2):
    """Learns nothing; remembers who trained for whom. The score is the number of training rows plus the seed's last."""

    def fit_many(features, jobs: list[FitJob], progress):
        seen.extend((set(job.train_rows), set(job.score_rows)) for job in jobs)
        return [Fit(np.full(len(job.score_rows), len(job.train_rows) + 0.1 * job.seed[-2]), None) for job in jobs]

    return Learner("spy", ensemble_size, fit_many, {})


def test_no_patient_is_scored_by_a_model_that_saw_him():
    outcome = np.arange(60) % 3 == 0
    rows, test = np.arange(45), np.arange(45, 60)
    bootstrap = np.sort(np.random.default_rng(0).integers(0, 45, 45))
    plans = [plan_chain(outcome, part, test, 5, 2, (1, number)) for number, part in enumerate((rows, bootstrap))]
    seen = []
    run_plans(np.zeros((60, 1)), spying_learner(seen), plans)
    assert len(seen) == 2 * (5 + 1) * 2
    for trained, scored in seen:
        assert not trained & scored
        assert not trained & set(test)


def test_scores_come_back_to_their_rows_averaged_over_the_ensemble():
    outcome = np.arange(50) % 2 == 0
    plan = plan_chain(outcome, np.arange(40), np.arange(40, 50), 4, 2, (7,))
    (scores,) = run_plans(np.zeros((50, 1)), spying_learner([]), [plan])
    np.testing.assert_allclose(scores.out_of_fold, 30 + 0.1 * 1.5)
    np.testing.assert_allclose(scores.test, 40 + 0.1 * 1.5)


def test_unknown_facts_count_as_the_training_share():
    values = np.column_stack([np.linspace(-1, 1, 40), np.tile([0.0, 1.0, 1.0, np.nan], 10)])
    outcome = np.random.default_rng(0).random(40) < 0.5
    stage = fit_second_stage(values, outcome)
    assert stage.fill[1] == pytest.approx(2 / 3)
    new = np.array([[0.2, np.nan], [0.2, 2 / 3]])
    assert stage.log_odds(new)[0] == pytest.approx(stage.log_odds(new)[1])


def test_the_deployed_stage_is_shrunk_by_its_likelihood_ratio():
    """Factor and p value from statsmodels' fit and scipy's chi-square distribution."""
    api = pytest.importorskip("statsmodels.api")
    from scipy.stats import chi2

    random = np.random.default_rng(3)
    values = random.normal(size=(150, 4))
    outcome = random.random(150) < 1 / (1 + np.exp(-values[:, 0]))
    stage = deploy_second_stage(values, outcome, is_score_alone=False)
    fit = api.Logit(outcome.astype(float), api.add_constant(values)).fit(disp=0, tol=1e-12)
    ratio = 2 * (fit.llf - fit.llnull)
    assert stage.chi_squared == pytest.approx(ratio, rel=1e-6)
    assert stage.p_value == pytest.approx(chi2.sf(ratio, 4), rel=1e-6)
    assert stage.factor == pytest.approx((ratio - 3) / ratio, rel=1e-6)
    np.testing.assert_allclose(stage.coefficients, stage.factor * fit.params[1:], rtol=1e-4)
    assert np.mean(1 / (1 + np.exp(-stage.log_odds(values)))) == pytest.approx(outcome.mean(), abs=1e-9)
    np.testing.assert_allclose(stage.ranking(values), api.add_constant(values) @ fit.params, rtol=1e-4, atol=1e-5)


def test_what_cannot_be_told_from_chance_gives_the_prevalence():
    """Of 400 scores without signal about 1 in 10 passes; those that do not give every patient the same."""
    random = np.random.default_rng(5)
    passed = 0
    for _ in range(400):
        values, outcome = random.normal(size=(90, 1)), random.random(90) < 0.5
        stage = deploy_second_stage(values, outcome, is_score_alone=True)
        passed += stage.factor > 0
        if stage.factor == 0:
            np.testing.assert_allclose(1 / (1 + np.exp(-stage.log_odds(values))), outcome.mean())
        else:
            assert stage.factor == 1.0
            assert stage.p_value < 0.1
    assert 24 <= passed <= 58
