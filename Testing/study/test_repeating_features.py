"""Learning from features that repeat: lists from outside, and lists estimated within each training part."""

from dataclasses import replace

import numpy as np
import pytest
from TACEResponseLib.cohort import CaseKey
from TACEResponseLib.features import PAPER_SETTINGS, FeatureTable
from TACEResponseLib.models import load_bundle, save_bundle
from TACEResponseLib.models.classifiers import get_learner
from TACEResponseLib.models.fitting import FitJob
from TACEResponseLib.repeatability import StableFeatures, stable_features
from TACEResponseLib.study import TrainingSettings, join_cohort, train_bundle
from TACEResponseLib.study.nested_cv import NestedCvSettings
from TACEResponseLib.study.repeating_features import check_repeats, keep_stable, within_training_parts
from TACEResponseLib.study.run_study import run_study
from TACEResponseLib.study.study_settings import StudySettings

NOISY = 7
"""Every seventh feature does not repeat: its second drawing is another number altogether."""


def redrawn(table, every=2, seed=0):
    """The table with a second session of every second patient; noisy features do not repeat."""
    random = np.random.default_rng(seed)
    own = [number for number in range(len(table.keys)) if number % every == 0]
    spread = table.values.std(axis=0)
    values = table.values[own] + 0.1 * spread * random.standard_normal((len(own), table.values.shape[1]))
    values[:, ::NOISY] = table.values[:, ::NOISY].mean(axis=0) + spread[::NOISY] * random.standard_normal(
        values[:, ::NOISY].shape
    )
    keys = tuple(table.keys[number]._replace(session="2") for number in own)
    return replace(table, keys=(*table.keys, *keys), values=np.vstack([table.values, values]))


@pytest.fixture(scope="module")
def cohort(make_cohort):
    cases, table = make_cohort(70, seed=4)
    return join_cohort(cases, table), redrawn(table)


def chosen(data, names=None, patients=("elsewhere",)):
    return StableFeatures(tuple(names or data.feature_names[1:20]), frozenset(patients), "ICC(2,1) > 0.75")


def test_a_list_of_other_patients_keeps_its_features_in_their_order(cohort):
    data, _ = cohort
    kept = keep_stable(data, chosen(data, data.feature_names[9:2:-1]), {"P000"})
    assert kept.feature_names == data.feature_names[3:10]
    np.testing.assert_array_equal(kept.features, data.features[:, 3:10])
    assert "7 of 107 features are used" in kept.remarks[-1]
    assert "did not repeat this choice" not in kept.remarks[-1]


def test_a_list_of_patients_learnt_from_is_told(cohort):
    data, _ = cohort
    kept = keep_stable(data, chosen(data, patients=("P001", "elsewhere")), set())
    assert "2 patients drawn again, 1 of them training patients here" in kept.remarks[-1]
    assert "did not repeat this choice" in kept.remarks[-1]


@pytest.mark.parametrize(
    ("fields", "tested", "words"),
    [
        ({"patients": ("P001", "P002")}, ("P002", "P003"), r"are in a test set here, such as P002 \(1 in all\)"),
        ({"names": ("AP_glcm_Nonsense",)}, (), "AP_glcm_Nonsense, which is not in the feature table"),
    ],
)
def test_lists_that_are_refused(cohort, fields, tested, words):
    data, _ = cohort
    with pytest.raises(ValueError, match=words):
        keep_stable(data, chosen(data, **fields), set(tested))
    with pytest.raises(ValueError, match="holds no feature"):
        keep_stable(data, replace(chosen(data), names=()), set())


def test_only_training_patients_are_looked_at(cohort):
    data, repeats = cohort
    training = {f"P{number:03d}" for number in range(40)}
    names = stable_features(repeats, training)
    assert set(names) == set(data.feature_names) - set(data.feature_names[::NOISY])
    # What the other patients' drawings say changes nothing.
    values = repeats.values.copy()
    others = [number for number, key in enumerate(repeats.keys) if key.patient_id not in training]
    values[others] = np.random.default_rng(1).standard_normal(values[others].shape)
    assert stable_features(replace(repeats, values=values), training) == names


def test_a_training_part_without_drawings_is_refused(cohort):
    _, repeats = cohort
    with pytest.raises(ValueError, match="None of the training patients is in the table of repeated drawings"):
        stable_features(repeats, {"nobody"})
    with pytest.raises(ValueError, match="1 case was drawn twice"):
        stable_features(repeats, {"P000", "P001"})


def test_a_job_learns_from_its_own_patients_features(cohort):
    """Equal to learning from those columns alone, whatever the drawings of the patients scored say."""
    data, repeats = cohort
    patients = [case.key.patient_id for case in data.cases]
    learner = get_learner("svm")
    job = FitJob(np.arange(50), data.outcome[:50], (1, 2), np.arange(50, 70), keep_model=True)
    (fit,) = within_training_parts(learner, patients, repeats).fit_many(data.features, [job], None)
    columns = [number for number in range(len(data.feature_names)) if number % NOISY]
    (plain,) = learner.fit_many(data.features[:, columns], [job], None)
    np.testing.assert_array_equal(fit.scores, plain.scores)
    assert all(column % NOISY for column in fit.model.used_columns)
    np.testing.assert_array_equal(fit.model.used_columns, np.array(columns)[plain.model.used_columns])
    np.testing.assert_array_equal(fit.model.member_scores(data.features[50:])[:, 0], fit.scores)


def test_jobs_of_different_features_come_back_in_their_order(cohort):
    """One patient's drawings decide whether feature 1 repeats: two jobs, with and without that patient, differ."""
    data, repeats = cohort
    values = repeats.values.copy()
    outlier = repeats.keys.index(CaseKey("P000", "1", "1", "2"))
    values[outlier, 1] += 1e4
    patients = [case.key.patient_id for case in data.cases]
    learner = within_training_parts(get_learner("lasso"), patients, replace(repeats, values=values))
    with_first, without = (
        FitJob(np.arange(start, 55 + start), data.outcome[start : 55 + start], (1,), np.arange(60, 70))
        for start in (0, 1)
    )
    both = learner.fit_many(data.features, [with_first, without, with_first], None)
    (alone,) = learner.fit_many(data.features, [without], None)
    np.testing.assert_array_equal(both[0].scores, both[2].scores)
    np.testing.assert_array_equal(both[1].scores, alone.scores)
    assert (
        learner.settings["repeats_sha256"]
        != within_training_parts(learner, patients, repeats).settings["repeats_sha256"]
    )


def test_a_study_uses_no_feature_that_does_not_repeat(cohort):
    data, repeats = cohort
    settings = StudySettings("both", NestedCvSettings(repeats=1, outer_folds=3, inner_folds=3), scores=("svm",))
    study = run_study(data, replace(settings, permutations=False, repeats=repeats))
    noisy = set(data.feature_names[::NOISY])
    selected = {row.feature for row in study.nested_cv.selected_features["svm"]}
    assert selected
    assert not selected & noisy
    assert "selected anew in every training part (on all patients: 91 of 107)" in study.remarks[-1]
    plain = run_study(data, replace(settings, permutations=False))
    assert study.published.models == plain.published.models
    assert study.nested_cv.models["SVM"] != plain.nested_cv.models["SVM"]


def test_the_permutation_null_chooses_anew(cohort, monkeypatch):
    data, repeats = cohort
    monkeypatch.setattr("TACEResponseLib.study.run_study.CHEAP_PERMUTATIONS", 2)
    settings = StudySettings("nested-cv", NestedCvSettings(repeats=1, outer_folds=3, inner_folds=3), scores=("svm",))
    null = run_study(data, replace(settings, repeats=repeats)).nested_cv.permutation_null["svm"]
    assert null != run_study(data, settings).nested_cv.permutation_null["svm"]


def test_repeats_that_do_not_fit_are_refused(cohort):
    data, repeats = cohort
    fewer = FeatureTable(repeats.keys, repeats.names[1:], repeats.values[:, 1:])
    with pytest.raises(ValueError, match="other features than the cohort's"):
        check_repeats(data, fewer)
    with pytest.raises(ValueError, match="extracted with other settings"):
        check_repeats(data, replace(repeats, settings=replace(PAPER_SETTINGS, bin_width=10.0)))


def test_a_bundle_of_stable_features_is_kept_and_needs_only_those(cohort, tmp_path):
    data, _ = cohort
    kept = keep_stable(data, chosen(data), set())
    settings = TrainingSettings(ensemble_size=1, refits=100, outer_folds=3, inner_folds=3)
    bundle = save_bundle(train_bundle(kept, "stable-svm", "svm", settings), tmp_path / "stable-svm")
    read = load_bundle(tmp_path / "stable-svm")
    assert read.feature_names == data.feature_names[1:20]
    assert read.required_sequences == ("AP",)
    assert read.estimate(kept.features[0], {}).probability == bundle.estimate(kept.features[0], {}).probability
    assert any("those of a list of stable features" in remark for remark in read.provenance["remarks"])
