"""Nested cross-validation and the published protocol against cohorts whose truth is known."""

import csv
from dataclasses import replace

import numpy as np
import pytest
from TACEResponseLib.cohort import AST, Case, CaseKey
from TACEResponseLib.evaluation import auc, corrected_resampled_interval
from TACEResponseLib.models.classifiers import get_learner
from TACEResponseLib.models.fitting import FitJob
from TACEResponseLib.phantom import attainable_auc, simulate_cohort
from TACEResponseLib.study import join_cohort
from TACEResponseLib.study.chain import deploy_second_stage, fit_second_stage
from TACEResponseLib.study.metrics import fold_aucs, nested_cv_performance
from TACEResponseLib.study.nested_cv import NestedCvSettings, run_nested_cv
from TACEResponseLib.study.permutation_null import permutation_null
from TACEResponseLib.study.protocol_models import make_covariates
from TACEResponseLib.study.published import run_published
from TACEResponseLib.study.study_data import StudyData

FEW = NestedCvSettings(repeats=1)


def cohort_of_numbers(count, seed, feature_count=440, **simulation):
    """Study data of simulated patients."""
    drawn = simulate_cohort(count, np.random.default_rng(seed), feature_count, **simulation)
    cases = tuple(Case(CaseKey(f"P{number:04d}")) for number in range(count))
    names = tuple(f"AP_feature_{number}" for number in range(feature_count))
    return StudyData(cases, names, drawn.features, drawn.facts.astype(float), drawn.outcome, None, ())


def judge(data, scores=(), settings=FEW):
    """Outer predictions by model name."""
    learners = [get_learner(name, 1) for name in scores]
    covariates = make_covariates(data, list(scores))
    nobody = np.zeros(len(data.outcome), bool)
    return {one.model.name: one for one in run_nested_cv(data, covariates, learners, settings, nobody).outer}


@pytest.mark.parametrize("name", ["knn", "svm", "lasso"])
def test_a_column_that_gives_away_the_test_patients_changes_nothing(name):
    """The column is the outcome in one outer test part and noise elsewhere: only who learns from the test sees it."""
    data = cohort_of_numbers(80, seed=1, feature_count=60, latent_shift=0.0)
    clean = judge(data, [name])[name]
    tested = clean.folds[0] == 0
    giveaway = np.random.default_rng(2).standard_normal(80)
    giveaway[~tested] -= np.where(data.outcome[~tested], 1, -1) * 0.5  # at best turned round among the others
    giveaway[tested] = np.where(data.outcome[tested], 8.0, -8.0)
    planted = replace(
        data, features=np.column_stack([data.features, giveaway]), feature_names=(*data.feature_names, "x")
    )
    nested = judge(planted, [name])[name]
    assert auc(nested.ranking[0][tested], data.outcome[tested]) < 0.75
    # What would happen if somebody looked: the model of all patients finds the column and ranks the part perfectly.
    learner = get_learner(name, 1)
    job = FitJob(np.flatnonzero(tested), planted.outcome[tested], (0,), np.flatnonzero(tested))
    (leaking,) = learner.fit_many(planted.features, [job], None)
    assert auc(leaking.scores, data.outcome[tested]) > 0.9


def test_selection_outside_the_folds_would_show_and_inside_does_not():
    """Noise only: selecting on everybody first gives an AUC far above chance, the protocol does not."""
    from TACEResponseLib.models.mrmr import mrmr

    nested, leaking = [], []
    for seed in range(6):
        data = cohort_of_numbers(80, seed, latent_shift=0.0)
        nested.append(fold_aucs(judge(data, ["svm"])["svm"], data.outcome).mean())
        scaled = (data.features - data.features.mean(axis=0)) / data.features.std(axis=0)
        columns = mrmr(scaled, data.outcome, 10)
        selected = replace(
            data, features=data.features[:, columns], feature_names=tuple(data.feature_names[c] for c in columns)
        )
        leaking.append(fold_aucs(judge(selected, ["svm"])["svm"], data.outcome).mean())
    assert abs(np.mean(nested) - 0.5) < 0.06
    assert np.mean(leaking) > 0.7


def test_intervals_hold_the_truth():
    """Over 200 cohorts the interval holds the AUC of that cohort's own final model on 20,000 new patients."""
    new = cohort_of_numbers(20_000, seed=999, feature_count=6)
    held = {"clinical": 0, "svm": 0}
    for seed in range(200):
        data = cohort_of_numbers(110, 1000 + seed, feature_count=6)
        outer = judge(data, ["svm"], NestedCvSettings(seed=seed, repeats=1))
        stage = fit_second_stage(data.facts, data.outcome)
        job = FitJob(np.arange(110), data.outcome, (0,), np.empty(0, int), keep_model=True)
        (final,) = get_learner("svm", 1).fit_many(data.features, [job], None)
        scores = final.model.member_scores(new.features)[:, 0]
        truths = {"clinical": auc(stage.log_odds(new.facts), new.outcome), "svm": auc(scores, new.outcome)}
        for name, truth in truths.items():
            numbers = nested_cv_performance(outer[name], data.outcome, FEW)
            held[name] += numbers.auc.low <= truth <= numbers.auc.high
    assert held["clinical"] >= 180
    assert held["svm"] >= 180


def test_the_published_protocol_overstates_and_nested_cross_validation_does_not():
    nested, in_sample = [], []
    for seed in range(4):
        data = cohort_of_numbers(144, 50 + seed)
        nobody = np.zeros(144, bool)
        learners = [get_learner("lasso", 1)]
        covariates = make_covariates(data, ["lasso"])
        published = {one.model.name: one for one in run_published(data, covariates, learners, seed, nobody)}
        in_sample.append(auc(published["cl"].values["train"], data.outcome[published["cl"].rows["train"]]))
        nested.append(fold_aucs(judge(data, ["lasso"])["lasso"], data.outcome).mean())
    assert np.mean(in_sample) > np.mean(nested) + 0.1
    assert np.mean(nested) < attainable_auc() + 0.03


def test_only_the_split_training_set_is_learnt_from_in_the_published_protocol():
    data = cohort_of_numbers(100, 3, feature_count=30)
    external = np.arange(100) >= 80
    (svm, clinical, *_) = run_published(data, make_covariates(data, ["svm"]), [get_learner("svm", 1)], 1, external)
    assert {name: len(rows) for name, rows in svm.rows.items()} == {"train": 64, "test": 16, "external": 20}
    assert not set(svm.rows["train"]) & set(svm.rows["test"])
    job = FitJob(svm.rows["train"], data.outcome[svm.rows["train"]], (0,), svm.rows["test"])
    (expected,) = get_learner("svm", 1).fit_many(data.features, [job], None)
    np.testing.assert_allclose(svm.values["test"], expected.scores)
    assert clinical.accuracy_threshold == 0.5
    assert svm.accuracy_threshold == 0.0


def test_lesions_of_a_patient_stay_together():
    data = cohort_of_numbers(60, 4, feature_count=20)
    rows = np.repeat(np.arange(60), 2)
    cases = tuple(Case(CaseKey(f"P{row:03d}", str(1 + number % 2))) for number, row in enumerate(rows))
    random = np.random.default_rng(0)
    features = data.features[rows] + 0.1 * random.standard_normal((120, 20))
    doubled = StudyData(cases, data.feature_names, features, data.facts[rows], data.outcome[rows], None, ())
    assert doubled.has_several_lesions
    outer = judge(doubled, ["lasso"])["lasso"]
    assert all(len(set(outer.folds[0][rows == row])) == 1 for row in range(60))
    single = nested_cv_performance(outer, doubled.outcome, FEW)
    grouped = nested_cv_performance(outer, doubled.outcome, FEW, doubled.patients)

    def width(numbers):
        return numbers.accuracy.high - numbers.accuracy.low

    # Twice the same patients know no more: the interval is that of 60, wider by about the square root of 2.
    assert width(grouped) > 1.2 * width(single)


def test_a_score_is_never_reversed():
    random = np.random.default_rng(0)
    outcome = random.random(60) < 0.4
    backwards = -outcome.astype(float)[:, None] + 0.3 * random.standard_normal((60, 1))
    stage = deploy_second_stage(backwards, outcome, is_score_alone=True)
    np.testing.assert_allclose(1 / (1 + np.exp(-stage.log_odds(backwards))), outcome.mean())
    forwards = deploy_second_stage(-backwards, outcome, is_score_alone=True)
    assert (np.diff(forwards.log_odds(np.array([[0.0], [1.0]]))) > 0).all()


def test_shuffled_outcomes_give_chance_and_a_signal_stands_out():
    signal = cohort_of_numbers(120, 5, feature_count=20, reliability=0.6)
    rows = np.arange(120)
    found = permutation_null(signal, rows, get_learner("knn", 1), 60, seed=1)
    assert found.p == pytest.approx(1 / 61)
    assert abs(found.null_mean - 0.5) < 0.03
    noise = cohort_of_numbers(120, 6, feature_count=20, latent_shift=0.0)
    assert permutation_null(noise, rows, get_learner("knn", 1), 60, seed=1).p > 0.05


def test_interval_is_the_formula_of_nadeau_and_bengio():
    values = np.array([0.6, 0.7, 0.65, 0.72, 0.58])
    mean, low, high = corrected_resampled_interval(values, 0.25)
    half = 2.7764451 * np.sqrt((1 / 5 + 0.25) * values.var(ddof=1))
    assert (mean, low, high) == pytest.approx((0.65, 0.65 - half, 0.65 + half), abs=1e-6)


def test_a_patient_in_two_sets_and_two_outcomes_are_refused(make_cohort):
    cases, table = make_cohort(30)
    twin = replace(cases[0], key=cases[0].key._replace(lesion="2"))
    marked = [replace(case, columns={"set": "development"}) for case in cases]
    with pytest.raises(ValueError, match="P000 has rows of the sets development and external"):
        join_cohort([*marked, replace(twin, columns={"set": "external"})], table, several_lesions=True)
    with pytest.raises(ValueError, match="P000 has lesions with OR and with NOR"):
        join_cohort([*cases, replace(twin, objective_response=not twin.objective_response)], table, True)


def test_mixed_ct_units_are_told(make_cohort):
    cases, table = make_cohort(40)
    names = tuple(name.replace("AP_", "CT_") for name in table.names)
    values = table.values.copy()
    column = names.index("CT_firstorder_Median")
    values[:, column] = np.where(np.arange(40) < 30, 1100.0, 80.0)
    data = join_cohort(cases, replace(table, names=names, values=values))
    assert any(one.startswith("30 rows have CT intensities of HU + 1024 and 10 of plain HU") for one in data.remarks)


def test_hcc_tace_seg_becomes_a_cohort(shared, tmp_path):
    from TACEResponseLib.cohort import read_manifest
    from TACEResponseLib.study.convert_hcc_tace_seg import convert_hcc_tace_seg

    folder = shared / "data" / "hcc-tace-seg"
    clinical, features = (next(folder.glob(pattern)) for pattern in ("*linical*.csv", "*eature*.csv"))
    remarks = convert_hcc_tace_seg(clinical, features, tmp_path / "hcc")
    cases = read_manifest(tmp_path / "hcc" / "cohort.csv")
    assert len(cases) == 95
    assert any("HU + 1024" in remark for remark in remarks)
    with clinical.open(encoding="utf-8-sig") as file:
        by_id = {row["TCIA_ID"].strip(): row for row in csv.DictReader(file)}
    for case in cases:
        row = by_id[case.key.patient_id]
        assert case.objective_response == (row["1_mRECIST"].strip() in ("1", "2"))
        assert case.clinical.get(AST) is None
        assert case.clinical.facts()["afp_above_400_ng_ml"] == (float(row["AFP"]) > 400)
