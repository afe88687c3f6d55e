"""A frozen bundle on new patients, and fitted to their centre."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import minimize
from sklearn.metrics import brier_score_loss, roc_auc_score
from TACEResponseLib.cohort import AST, CLINICAL_FACTS
from TACEResponseLib.models import load_bundle, published_clinical_bundle, save_bundle
from TACEResponseLib.prediction import predict_from_features
from TACEResponseLib.study import TrainingSettings, join_cohort, train_bundle
from TACEResponseLib.study.evaluate import evaluate
from TACEResponseLib.study.site_recalibration import recalibrate_bundle


@pytest.fixture(scope="module")
def trained(make_cohort):
    """A CL bundle of 90 patients (1 refit fold less than usual for speed)."""
    return train_bundle(join_cohort(*make_cohort(90, seed=1)), "site-a", "cl", TrainingSettings(refits=100))


def test_probabilities_are_those_of_predict(make_cohort, trained):
    from TACEResponseLib.features import FeatureVector

    cases, table = make_cohort(60, seed=2)
    evaluation = evaluate(join_cohort(cases, table), trained)
    assert len(evaluation.probability) == 60
    for number in (0, 31):
        key = cases[number].key
        vector = FeatureVector(key, table.names, table.values[number], table.settings, table.feature_set, table.engine)
        own = predict_from_features(key, vector, cases[number].clinical, trained)
        assert evaluation.probability[number] == pytest.approx(own.probability, abs=1e-12)


def test_numbers_against_scikit_learn(make_cohort, trained):
    evaluation = evaluate(join_cohort(*make_cohort(120, seed=3)), trained)
    numbers = evaluation.performance
    outcome, probability = evaluation.data.outcome, evaluation.probability
    assert numbers.auc.value == pytest.approx(roc_auc_score(outcome, probability))
    assert numbers.calibration.brier == pytest.approx(brier_score_loss(outcome, probability))
    said = probability >= trained.threshold
    assert numbers.sensitivity.value == pytest.approx(said[outcome].mean())
    assert numbers.specificity.value == pytest.approx((~said[~outcome]).mean())
    assert numbers.auc.low < numbers.auc.value < numbers.auc.high
    curves = evaluation.decision_curves
    at = curves.thresholds.tolist().index(pytest.approx(0.5))
    expected = (said_at := probability >= 0.5)[outcome].sum() / 120 - said_at[~outcome].sum() / 120
    assert curves.net_benefit["model"][at] == pytest.approx(expected)


def test_the_training_patients_and_other_features_are_refused(make_cohort, trained):
    cases, table = make_cohort(90, seed=1)
    with pytest.raises(ValueError, match="the training patients of the model site-a"):
        evaluate(join_cohort(cases, table), trained)
    # Three of them under other identifiers among new patients: their features give them away, the bundle has no names.
    new_cases, new_table = make_cohort(60, seed=2)
    mixed = np.vstack([table.values[:3], new_table.values[3:]])
    with pytest.raises(ValueError, match="3 of 60 patients, such as P000, have the features of training patients"):
        evaluate(join_cohort(new_cases, replace(new_table, values=mixed)), trained)
    cases, table = make_cohort(60, seed=2)
    other = replace(table, settings=replace(table.settings, bin_width=10.0))
    with pytest.raises(
        ValueError, match=r"bin width 10, .* site-a needs the set default107 and the settings paper \(1 x 1 x 1 mm"
    ):
        evaluate(join_cohort(cases, other), trained)
    with pytest.raises(ValueError, match="no provenance file, so that nobody knows how"):
        evaluate(join_cohort(cases, replace(table, settings=None, feature_set=None)), trained)
    with pytest.raises(ValueError, match="such as AP_"):
        evaluate(join_cohort(cases, replace(table, names=table.names[5:], values=table.values[:, 5:])), trained)


def test_patients_with_an_unknown_needed_fact_are_left_out_and_told(make_cohort, trained):
    cases, table = make_cohort(60, seed=2)
    cases[0] = replace(cases[0], clinical=cases[0].clinical.replaced(AST, None))
    evaluation = evaluate(join_cohort(cases, table), trained)
    assert evaluation.left_out == 1
    assert len(evaluation.data.cases) == 59
    assert any("1 of 60 patients are left out" in remark for remark in evaluation.remarks)


def test_published_clinical_drops_what_is_unknown(make_cohort):
    cases, _ = make_cohort(60, seed=2)
    cases = [replace(case, clinical=case.clinical.replaced(AST, None)) for case in cases]
    bundle = published_clinical_bundle()
    evaluation = evaluate(join_cohort(cases, None), bundle)
    assert evaluation.left_out == 0
    # clinical.md: beta_0 = .573 with all four terms at 0; without AST its share of the intercept goes as well.
    a, b = 56, 59
    counts = {"child_pugh_b_or_c": -0.858, "portal_venous_invasion": -1.132, "afp_above_400_ng_ml": 0.157}
    facts = [case.clinical.facts() for case in cases]
    base = evaluation.log_odds - [sum(counts[name] * fact[name] for name in counts) for fact in facts]
    assert np.ptp(base) < 2e-3
    assert base.mean() > np.log(a / b)


def test_recalibration_finds_a_known_change(make_cohort, trained):
    """Outcomes drawn from the model's own log odds, moved and flattened: the fit finds both on many patients."""
    cases, table = make_cohort(1500, seed=5)
    evaluation = evaluate(join_cohort(cases, table), trained)
    random = np.random.default_rng(0)
    truth = 0.8 + 0.6 * evaluation.log_odds
    outcome = random.random(1500) < 1 / (1 + np.exp(-truth))
    moved = replace(evaluation, data=replace(evaluation.data, outcome=outcome))

    def loss(parameters):
        log_odds = parameters[0] + parameters[1] * evaluation.log_odds
        return np.logaddexp(0, np.where(outcome, -log_odds, log_odds)).sum()

    fitted = minimize(loss, [0.0, 1.0]).x
    result = recalibrate_bundle(moved, "site-b")
    kept = result.fitted.shrinkage
    assert 0.9 < kept < 1
    assert result.fitted.intercept == pytest.approx(kept * fitted[0], abs=1e-3)
    assert result.fitted.slope == pytest.approx(1 + kept * (fitted[1] - 1), abs=1e-3)
    assert result.after.ici < result.before.ici
    again = evaluate(moved.data, result.bundle)
    assert any("recalibrated on these very patients" in remark for remark in again.remarks)
    np.testing.assert_allclose(
        again.log_odds, result.fitted.intercept + result.fitted.slope * evaluation.log_odds, atol=1e-9
    )
    assert result.bundle.prevalence == pytest.approx(again.probability.mean())


def test_a_recalibrated_bundle_keeps_its_lineage(make_cohort, trained, tmp_path):
    cases, table = make_cohort(40, seed=8)
    evaluation = evaluate(join_cohort(cases, table), trained)
    result = recalibrate_bundle(evaluation, "site-b")
    assert result.fitted.shrinkage < 0.9
    save_bundle(result.bundle, tmp_path / "site-b")
    bundle = load_bundle(tmp_path / "site-b")
    parent = bundle.provenance["lineage"][-1]["parent"]
    assert parent == {"name": trained.name, "sha256": trained.sha256}
    assert bundle.provenance["lineage"][-1]["recalibration"]["patients"] == 40
    assert "recalibrated on 40 local patients" in bundle.card
    facts = dict.fromkeys(CLINICAL_FACTS, False)
    new = bundle.estimate(table.values[0], facts)
    assert new.probability_low <= new.probability <= new.probability_high
    # Each refit has its own recalibration, so that the interval knows how few local patients there were.
    slopes = bundle.predictor.refit_coefficients[:, 0] / trained.predictor.refit_coefficients[:, 0]
    assert slopes.std() > 0.05


def test_what_cannot_be_recalibrated_is_refused(make_cohort, trained):
    few = evaluate(join_cohort(*make_cohort(18, seed=3)), trained)
    with pytest.raises(ValueError, match="at least 10 patients with OR"):
        recalibrate_bundle(few, "site-b")
    phantoms = evaluate(join_cohort(*make_cohort(60, seed=2, phantoms=True)), trained)
    with pytest.raises(ValueError, match="cannot turn one into the other"):
        recalibrate_bundle(phantoms, "site-b")
