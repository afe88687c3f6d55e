"""Leave-one-centre-out: no patient of the centre is trained on, and the numbers are those of an external set."""

from dataclasses import replace

import numpy as np
import pytest
from TACEResponseLib.models.classifiers import get_learner
from TACEResponseLib.study import join_cohort
from TACEResponseLib.study.centres import leave_one_centre_out
from TACEResponseLib.study.nested_cv import NestedCvSettings
from TACEResponseLib.study.results import Centre
from TACEResponseLib.study.run_study import run_study
from TACEResponseLib.study.study_settings import StudySettings

FEW = NestedCvSettings(repeats=1, inner_folds=3, outer_folds=3, ensemble_size=1)


@pytest.fixture
def centres(make_cohort):
    """Cases of three centres, and their features."""
    cases, table = make_cohort(90, 4)
    names = ["north", "south", "west"]
    return [replace(case, columns={"site": names[n % 3]}) for n, case in enumerate(cases)], table


def test_a_centre_left_out_is_judged_like_an_external_set(centres):
    cases, table = centres
    centres = leave_one_centre_out(join_cohort(cases, table), [get_learner("svm", 1)], FEW)
    assert {name: centre.patients for name, centre in centres.items()} == {"north": 30, "south": 30, "west": 30}
    marked = [
        replace(case, columns={"set": "external" if case.columns["site"] == "south" else "development"})
        for case in cases
    ]
    settings = StudySettings(protocol="nested-cv", nested_cv=FEW, scores=("svm",), permutations=False)
    external = run_study(join_cohort(marked, table), settings).nested_cv.external
    assert centres["south"].models.keys() == external.keys()
    # Of these, no part depends on how the inner folds are drawn, which differs between the two ways.
    for title in ("SVM", "Clinical"):
        assert centres["south"].models[title].auc.value == pytest.approx(external[title].auc.value, abs=1e-12), title


def test_a_column_that_gives_away_a_centres_outcome_within_it_alone_helps_nobody(centres):
    cases, table = centres
    data = join_cohort(cases, table)
    inside = np.array([case.columns["site"] == "west" for case in cases])
    planted = data.features.copy()
    planted[inside, 0] = np.where(data.outcome[inside], 1e3, -1e3)
    planted[~inside, 0] = 0.0
    plain = data.features.copy()
    plain[:, 0] = 0.0
    one, other = (
        leave_one_centre_out(replace(data, features=features), [get_learner("svm", 1)], FEW)["west"].models
        for features in (planted, plain)
    )
    assert {title: own.auc for title, own in one.items()} == {title: own.auc for title, own in other.items()}


def test_centres_too_small_missing_single_and_mixed(centres):
    cases, table = centres
    few = [case for case in cases if case.columns["site"] != "west"] + cases[2:3]
    found = leave_one_centre_out(join_cohort(few, table), [], FEW)
    assert found["west"] == Centre(patients=1, responders=int(cases[2].objective_response), models=None)
    for changed, words in (
        ([replace(cases[0], columns={}), *cases[1:]], "1 of 90 rows name no centre"),
        ([replace(case, columns={"site": "north"}) for case in cases], "two are needed"),
        (
            [*cases, replace(cases[0], key=cases[0].key._replace(lesion="2"), columns={"site": "west"})],
            "P000 has rows of the centres north and west",
        ),
    ):
        rows = join_cohort(changed, None, several_lesions=True)
        with pytest.raises(ValueError, match=words):
            leave_one_centre_out(rows, [], FEW)


def test_the_study_holds_it(centres, tmp_path):
    cases, table = centres
    settings = StudySettings("nested-cv", FEW, scores=("svm",), permutations=False, leave_one_centre_out=True)
    first = run_study(join_cohort(cases, table), settings, tmp_path).nested_cv.centres
    assert list(first) == ["north", "south", "west"]
    # Taken from the checkpoints the second time.
    assert run_study(join_cohort(cases, table), settings, tmp_path).nested_cv.centres == first
    plain = replace(settings, leave_one_centre_out=False)
    assert run_study(join_cohort(cases, table), plain, tmp_path).nested_cv.centres is None


def test_external_patients_between_the_others_take_no_part(centres):
    cases, table = centres
    external = [number % 4 == 1 for number in range(len(cases))]
    marked = [
        replace(case, columns={**case.columns, "set": "external" if outside else "development"})
        for case, outside in zip(cases, external, strict=True)
    ]
    settings = StudySettings("nested-cv", FEW, scores=("svm",), permutations=False, leave_one_centre_out=True)
    with_external = run_study(join_cohort(marked, table), settings).nested_cv.centres
    alone = [case for case, outside in zip(cases, external, strict=True) if not outside]
    assert with_external == leave_one_centre_out(join_cohort(alone, table), [get_learner("svm", 1)], FEW)


def test_combat_is_fitted_on_the_training_rows_alone_and_scores_as_by_hand(centres):
    from TACEResponseLib.models.combat import fit_combat
    from TACEResponseLib.models.fitting import FitJob
    from TACEResponseLib.study.harmonised import harmonised

    cases, table = centres
    data = join_cohort(cases, table)
    sites = np.array([case.columns["site"] for case in cases])
    shifted = data.features + 300.0 * (sites == "west")[:, None]
    train, test = np.arange(60), np.arange(60, 90)
    job = FitJob(train, data.outcome[train], (1,), test)
    plain = get_learner("svm", 1)
    (fit,) = harmonised(plain, sites).fit_many(shifted, [job], None)
    combat = fit_combat(shifted[train], sites[train])
    (by_hand,) = plain.fit_many(combat.apply(shifted, sites), [job], None)
    np.testing.assert_allclose(fit.scores, by_hand.scores)
    changed = shifted.copy()
    changed[test[1:]] += 1e6
    (again,) = harmonised(plain, sites).fit_many(changed, [job], None)
    assert again.scores[0] == fit.scores[0]
    rest = train[sites[:60] != "west"]
    with pytest.raises(ValueError, match="centre west was not among"):
        harmonised(plain, sites).fit_many(shifted, [FitJob(rest, data.outcome[rest], (1,), test)], None)


def test_combat_in_the_study_and_not_for_a_centre_left_out(centres):
    cases, table = centres
    settings = StudySettings("nested-cv", FEW, scores=("svm",), permutations=False, combat=True)
    study = run_study(join_cohort(cases, table), settings)
    plain = run_study(join_cohort(cases, table), replace(settings, combat=False))
    assert study.nested_cv.models["Clinical"] == plain.nested_cv.models["Clinical"]
    assert study.nested_cv.models["SVM"] != plain.nested_cv.models["SVM"]
    assert "combat" in study.learner_settings["svm"]
    with pytest.raises(ValueError, match="unknown to ComBat"):
        run_study(join_cohort(cases, table), replace(settings, leave_one_centre_out=True))
