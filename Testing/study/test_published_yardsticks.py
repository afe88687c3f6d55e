"""Published scores as yardsticks of a study: their numbers, and when they are left out."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score
from TACEResponseLib.cohort import Case, CaseKey, ClinicalRecord
from TACEResponseLib.study import join_cohort
from TACEResponseLib.study.nested_cv import NestedCvSettings, run_nested_cv
from TACEResponseLib.study.protocol_models import PUBLISHED_PREFIX, make_covariates


def cohort(count=40, unknown=0, contradictory=0):
    random = np.random.default_rng(5)
    cases = []
    for number in range(count):
        cells = {
            "child_pugh": "A5",
            "ast_u_l": f"{random.integers(20, 90)}",
            "number_of_tumours": str(1 + number % 4),
            "albumin_g_l": f"{random.integers(36, 48)}",
        }
        if number >= unknown:
            cells["bilirubin_umol_l"] = f"{random.integers(5, 30)}"
        if number < contradictory:
            cells |= {"bilirubin_umol_l": "90", "albumin_g_l": "20"}
        cases.append(
            Case(
                CaseKey(f"P{number}"),
                clinical=ClinicalRecord.from_cells(**cells),
                objective_response=bool(random.random() < 0.5),
                columns={"lesion_diameter_mm": str(20 + 2 * number)},
            )
        )
    return join_cohort(cases, None)


def columns_of(data):
    covariates = make_covariates(data, ())
    titles = [model.covariates[0] for model in covariates.models if model.title.startswith(PUBLISHED_PREFIX)]
    return {title: covariates.columns[title] for title in titles}


def test_numbers_are_those_of_the_scores():
    data = cohort()
    columns = columns_of(data)
    burden = np.array([2.0 + 0.2 * number + 1 + number % 4 for number in range(40)])
    # The same number under several names is one yardstick.
    assert "Seven-eleven" in columns
    assert not {"Six-and-twelve", "Up-to-7", "Up-to-11"} & set(columns)
    np.testing.assert_allclose(columns["Seven-eleven"], burden)
    titles = [model.title for model in make_covariates(data, ()).models if model.is_control]
    assert PUBLISHED_PREFIX + "ALBI" in titles
    # AFP and INR are unknown in all patients.
    assert not {PUBLISHED_PREFIX + name for name in ("HAP", "MELD", "CLIP")} & set(titles)


@pytest.mark.parametrize(("unknown", "there"), [(8, True), (9, False)])
def test_a_score_must_be_known_of_four_fifths(unknown, there):
    columns = columns_of(cohort(unknown=unknown))
    assert ("ALBI" in columns) is there
    if there:
        assert np.isnan(columns["ALBI"]).sum() == unknown


def test_facts_that_contradict_each_other_are_unknown():
    columns = columns_of(cohort(contradictory=3))
    assert np.isnan(columns["ALBI"][:3]).all()
    assert not np.isnan(columns["ALBI"][3:]).any()


def test_the_yardstick_orders_patients_as_the_score_alone_does():
    """A logistic regression of one covariate keeps its order or reverses it: so does each outer fold's AUC."""
    data = cohort(60)
    covariates = make_covariates(data, ())
    settings = NestedCvSettings(repeats=1, inner_folds=3)
    done = run_nested_cv(data, covariates, (), settings, np.zeros(60, bool))
    [yardstick] = [one for one in done.outer if one.model.title == PUBLISHED_PREFIX + "Seven-eleven"]
    score = covariates.columns["Seven-eleven"]
    for fold in np.unique(yardstick.folds[0]):
        rows = yardstick.folds[0] == fold
        ours = roc_auc_score(data.outcome[rows], yardstick.ranking[0][rows])
        alone = roc_auc_score(data.outcome[rows], score[rows])
        assert min(abs(ours - alone), abs(ours - (1 - alone))) < 1e-12
