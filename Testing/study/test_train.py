"""A trained bundle: what it holds, that it predicts, and that noise gives no confidence."""

from dataclasses import replace

import numpy as np
import pytest
from TACEResponseLib.cohort import AFP, AST, CLINICAL_FACTS, CaseKey, ClinicalRecord
from TACEResponseLib.models import DnnScore, load_bundle, save_bundle
from TACEResponseLib.models.network_batch import NetworkRecipe
from TACEResponseLib.study import BUNDLE_KINDS, TrainingSettings, join_cohort, train_bundle
from TACEResponseLib.study.train import out_of_range_limit
from TACEResponseLib.study.training_scores import bootstrap_rows

FAST = TrainingSettings(ensemble_size=2, refits=20, recipe=NetworkRecipe(epochs=15))
FACTS = dict.fromkeys(CLINICAL_FACTS, False)


@pytest.fixture(scope="module")
def phantom_data(make_cohort):
    return join_cohort(*make_cohort(80, seed=1, phantoms=True))


@pytest.fixture(scope="module")
def cd_bundle(phantom_data):
    pytest.importorskip("torch")
    return train_bundle(phantom_data, "test-cd", "cd", replace(FAST, refits=100), "tace-response train ...")


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
    with pytest.raises(ValueError, match="3 have OR; training needs at least 10"):
        train_bundle(join_cohort(few, table), "x", "cl", FAST)
    reversed_table = replace(table, names=table.names[::-1])
    with pytest.raises(ValueError, match="in their order"):
        train_bundle(join_cohort(cases, reversed_table), "x", "cl", FAST)


def test_bootstraps_draw_patients_whatever_their_outcome():
    outcome = np.arange(60) % 3 == 0
    samples = bootstrap_rows(outcome, TrainingSettings(refits=400))
    shares = np.array([outcome[rows].mean() for rows in samples])
    assert shares.mean() == pytest.approx(1 / 3, abs=0.01)
    assert shares.std() == pytest.approx(np.sqrt(1 / 3 * 2 / 3 / 60), rel=0.15)
    distinct = np.mean([len(set(rows)) for rows in samples]) / 60
    assert distinct == pytest.approx(1 - (1 - 1 / 60) ** 60, abs=0.01)


def test_a_model_without_signal_still_has_the_uncertainty_of_the_prevalence(make_cohort):
    """If nothing is learnt the interval is that of a share: about 1.96 standard errors to both sides."""
    cases, _ = make_cohort(120, seed=11)
    random = np.random.default_rng(1)
    noise = [
        replace(case, clinical=case.clinical.replaced(AFP, AFP.term.examples[random.random() < 0.5])) for case in cases
    ]
    bundle = train_bundle(join_cohort(noise, None), "facts", "clinical", replace(FAST, refits=200))
    estimate = bundle.estimate(None, FACTS)
    share = np.mean([case.objective_response for case in cases])
    assert estimate.probability_high - estimate.probability_low > 2 * 1.96 * np.sqrt(share * (1 - share) / 120) * 0.7


def test_facts_of_which_nothing_can_be_learnt_are_left_out(make_cohort):
    cases, _ = make_cohort(60, seed=3)
    without_ast = [replace(case, clinical=case.clinical.replaced(AST, None)) for case in cases]
    data = join_cohort(without_ast, None)
    assert "AST above 40 U/L" in data.remarks[0]
    bundle = train_bundle(data, "no-ast", "clinical", FAST)
    assert bundle.required_facts == CLINICAL_FACTS[:3]
    assert "AST above 40" in bundle.card
    nothing = [replace(case, clinical=ClinicalRecord()) for case in cases]
    with pytest.raises(ValueError, match="unknown or the same in all patients"):
        train_bundle(join_cohort(nothing, None), "nothing", "clinical", FAST)


def test_a_clinical_model_of_phantoms_is_a_demonstration(make_cohort):
    cases, _ = make_cohort(60, seed=3)
    named = [replace(case, key=CaseKey(f"PHANTOM-{number:04d}")) for number, case in enumerate(cases)]
    assert train_bundle(join_cohort(named, None), "phantoms", "clinical", FAST).demonstration
    assert not train_bundle(join_cohort(cases, None), "patients", "clinical", FAST).demonstration
    with pytest.raises(ValueError, match="30 of 60 cases are phantoms"):
        join_cohort([*named[:30], *cases[30:]], None)


def test_out_of_range_limit_counts_by_leaving_each_patient_out():
    features = np.random.default_rng(0).normal(size=(40, 25))
    features[:, 3] = np.round(features[:, 3])
    counts = []
    for row in range(40):
        others = np.delete(features, row, axis=0)
        counts.append(np.sum((features[row] < others.min(axis=0)) | (features[row] > others.max(axis=0))))
    assert out_of_range_limit(features) == np.percentile(counts, 95)


def test_a_stored_model_shows_what_full_precision_shows(make_cohort, cd_bundle, phantom_data, monkeypatch):
    """The same training with every weight kept in 32 bits, on 60 new patients: what the panel shows of each."""
    pytest.importorskip("torch")
    monkeypatch.setattr(DnnScore, "stored", lambda self, features, is_refit: self)
    full = train_bundle(phantom_data, "test-cd", "cd", replace(FAST, refits=100), "tace-response train ...")
    assert full.scores["dnn"].networks.layers[0].weight.dtype == np.float32
    assert cd_bundle.scores["dnn"].networks.layers[0].weight.dtype == np.int8
    assert cd_bundle.refit_scores["dnn"].networks.layers[0].weight.dtype == np.int8
    cases, table = make_cohort(60, seed=91)
    for case, features in zip(cases, table.values, strict=True):
        facts = {name: bool(value) for name, value in case.clinical.facts().items()}
        stored, exact = cd_bundle.estimate(features, facts), full.estimate(features, facts)
        assert stored.probability == pytest.approx(exact.probability, abs=0.005)
        assert stored.probability_low == pytest.approx(exact.probability_low, abs=0.02)
        assert stored.probability_high == pytest.approx(exact.probability_high, abs=0.02)
        # The class is a comparison: equal wherever the error cannot decide it.
        for end in ("probability_low", "probability_high"):
            if abs(getattr(exact, end) - full.threshold) > 0.02:
                assert (getattr(stored, end) > cd_bundle.threshold) == (getattr(exact, end) > full.threshold)
