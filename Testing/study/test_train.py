"""A trained bundle: what it holds, that it predicts, and that noise gives no confidence."""

from dataclasses import replace

import numpy as np
import pytest
from TACEResponseLib.cohort import CLINICAL_FACTS
from TACEResponseLib.models import load_bundle, save_bundle
from TACEResponseLib.models.network_batch import NetworkRecipe
from TACEResponseLib.study import BUNDLE_KINDS, TrainingSettings, join_cohort, train_bundle
from TACEResponseLib.study.train import out_of_range_limit, youden_threshold

FAST = TrainingSettings(ensemble_size=2, recipe=NetworkRecipe(epochs=15))
FACTS = dict.fromkeys(CLINICAL_FACTS, False)


@pytest.fixture(scope="module")
def phantom_data(make_cohort):
    return join_cohort(*make_cohort(80, seed=1, phantoms=True))


@pytest.fixture(scope="module")
def cd_bundle(phantom_data):
    pytest.importorskip("torch")
    return train_bundle(phantom_data, "test-cd", "cd", FAST, "tace-response train ...")


def auc(score, outcome):
    return np.mean(score[outcome][:, None] > score[~outcome][None])


def test_the_bundle_has_what_the_contract_names(cd_bundle, phantom_data):
    assert cd_bundle.kind == "merged"
    assert cd_bundle.demonstration
    assert cd_bundle.required_sequences == ("AP",)
    assert cd_bundle.required_facts == CLINICAL_FACTS
    assert cd_bundle.predictor.terms == ("dnn", *CLINICAL_FACTS)
    assert cd_bundle.score_only.terms == ("dnn",)
    assert len(cd_bundle.predictor.refit_intercepts) == 100
    assert cd_bundle.scores["dnn"].member_count == 2
    assert cd_bundle.refit_scores["dnn"].member_count == 100
    assert {outcome: len(scores) for outcome, scores in cd_bundle.training_scores.items()} == {
        "OR": phantom_data.responders,
        "NOR": 80 - phantom_data.responders,
    }
    assert cd_bundle.cohort_responders == phantom_data.responders
    assert 0 <= cd_bundle.calibration["slope"] <= 1
    assert "phantom" in cd_bundle.card.lower()
    assert "Demonstration only" in cd_bundle.card


def test_saved_and_loaded_it_predicts_the_same(cd_bundle, phantom_data, tmp_path):
    loaded = save_bundle(cd_bundle, tmp_path / "test-cd")
    assert load_bundle(tmp_path / "test-cd").sha256 == loaded.sha256
    for features in phantom_data.features[:3]:
        assert loaded.estimate(features, FACTS) == cd_bundle.estimate(features, FACTS)


def test_it_predicts_new_patients_and_its_interval_holds_the_estimate(cd_bundle, make_cohort):
    cases, table = make_cohort(150, seed=77)
    outcome = np.array([case.objective_response for case in cases])
    estimates = [
        cd_bundle.estimate(features, {k: bool(v) for k, v in case.clinical.facts().items()})
        for case, features in zip(cases, table.values, strict=True)
    ]
    probability = np.array([estimate.probability for estimate in estimates])
    assert auc(probability, outcome) > 0.6
    inside = [e.probability_low <= e.probability <= e.probability_high for e in estimates]
    assert np.mean(inside) > 0.9


def test_the_mean_probability_is_the_prevalence(cd_bundle, phantom_data):
    """Calibration in the large on the out-of-fold scores to which the second stage was fitted."""
    values = np.concatenate([cd_bundle.training_scores["OR"], cd_bundle.training_scores["NOR"]])
    predictor = cd_bundle.score_only
    log_odds = predictor.intercept + predictor.coefficients[0] * values
    assert np.mean(1 / (1 + np.exp(-log_odds))) == pytest.approx(phantom_data.outcome.mean(), abs=1e-6)


@pytest.mark.parametrize("kind", [kind for kind in BUNDLE_KINDS if kind not in ("cd", "dnn")])
def test_every_kind_makes_a_bundle_that_loads(kind, phantom_data, tmp_path):
    bundle = save_bundle(train_bundle(phantom_data, f"test-{kind}", kind, FAST), tmp_path / f"test-{kind}")
    estimate = bundle.estimate(phantom_data.features[0] if bundle.required_sequences else None, FACTS)
    assert 0 < estimate.probability < 1
    assert len(bundle.training_scores["OR"]) == phantom_data.responders


def test_noise_gives_no_confidence(make_cohort):
    """Without any signal the shrunken model says the prevalence, more or less, to everybody."""
    data = join_cohort(*make_cohort(120, seed=5, latent_shift=0.0))
    bundle = train_bundle(data, "noise", "lasso", FAST)
    probability = np.array([bundle.estimate(features, {}).probability for features in data.features])
    assert np.abs(probability - data.outcome.mean()).max() < 0.2


def test_the_same_seed_gives_the_same_bundle(make_cohort, tmp_path):
    data = join_cohort(*make_cohort(60, seed=3))
    first, second = (train_bundle(data, "twice", "cl", FAST) for _ in range(2))
    for number, bundle in enumerate((first, second)):
        save_bundle(bundle, tmp_path / str(number) / "twice")
    assert (tmp_path / "0/twice/model.json").read_bytes() == (tmp_path / "1/twice/model.json").read_bytes()


def test_refusals(make_cohort):
    cases, table = make_cohort(60, seed=3)
    with pytest.raises(ValueError, match="no kind of model 'forest'"):
        train_bundle(join_cohort(cases, table), "x", "forest", FAST)
    with pytest.raises(ValueError, match="no provenance file"):
        train_bundle(join_cohort(cases, replace(table, settings=None)), "x", "cl", FAST)
    few = [replace(case, objective_response=number < 3) for number, case in enumerate(cases)]
    with pytest.raises(ValueError, match="fewer than the 5 folds"):
        train_bundle(join_cohort(few, table), "x", "cl", FAST)
    reversed_table = replace(table, names=table.names[::-1])
    with pytest.raises(ValueError, match="in their order"):
        train_bundle(join_cohort(cases, reversed_table), "x", "cl", FAST)


def test_youden_threshold_is_where_scikit_learn_finds_it():
    metrics = pytest.importorskip("sklearn.metrics")
    random = np.random.default_rng(0)
    outcome = random.random(80) < 0.5
    probability = np.round(random.random(80) + 0.3 * outcome, 2)
    false_positive, true_positive, _ = metrics.roc_curve(outcome, probability)
    threshold = youden_threshold(probability, outcome)
    said = probability >= threshold
    assert said[outcome].mean() - said[~outcome].mean() == pytest.approx(np.max(true_positive - false_positive))


def test_out_of_range_limit_counts_by_leaving_each_patient_out():
    features = np.random.default_rng(0).normal(size=(40, 25))
    features[:, 3] = np.round(features[:, 3])
    counts = []
    for row in range(40):
        others = np.delete(features, row, axis=0)
        counts.append(np.sum((features[row] < others.min(axis=0)) | (features[row] > others.max(axis=0))))
    assert out_of_range_limit(features) == np.percentile(counts, 95)
