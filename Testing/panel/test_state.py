"""What the panel decides: missing, done, out of date, cleared."""

from dataclasses import replace

import pytest
from TACEResponseLib.panel.inputs import ModelInput, PanelInputs
from TACEResponseLib.panel.state import STEPS, PanelState
from TACEResponseLib.scene.clinical_entry import ClinicalEntry
from TACEResponseLib.scene.roles import CHECKLIST


@pytest.fixture
def state(complete_inputs):
    """A panel in which everything was entered."""
    state = PanelState()
    state.update(complete_inputs())
    return state


@pytest.fixture
def predicted(state, some_prediction):
    """A panel that shows a current result."""
    state.begin()
    state.succeed(some_prediction)
    return state


def with_volume(inputs, sequence, **changes):
    return replace(inputs, volumes={**inputs.volumes, sequence: replace(inputs.volumes[sequence], **changes)})


def with_voi(inputs, sequence, **changes):
    return replace(inputs, vois={**inputs.vois, sequence: replace(inputs.vois[sequence], **changes)})


def test_predict_is_possible_once_everything_is_there(state):
    assert state.missing() == ()
    assert state.canPredict()
    assert [step for step in STEPS if state.stepIsDone(step)] == ["model", "study", "vois", "clinical"]


def test_an_empty_panel_asks_for_the_model_first():
    state = PanelState()
    assert state.missing() == ("Model: choose one.",)
    assert not any(state.stepIsDone(step) for step in STEPS)


def test_each_missing_thing_is_a_reason_of_its_own(complete_inputs):
    state = PanelState()
    inputs = complete_inputs()
    state.update(PanelInputs(model=inputs.model))
    reasons = state.missing()
    for sequence in ("T2", "AP", "PVP", "DP"):
        assert f"{sequence}: choose the volume." in reasons
        assert any(reason.startswith(f"{sequence}, VOI:") for reason in reasons)
    for word in ("Patient:", "Checklist:", "Child-Pugh:", "Portal venous invasion:", "AFP:", "AST:"):
        assert sum(reason.startswith(word) for reason in reasons) == 1, word
    assert len(reasons) == 14


def test_other_volumes_without_patient_id_one_by_one_are_another_patient(complete_inputs):
    """Images of no stated patient on another voxel grid: each change makes the old VOI unfit, which draws nothing."""
    inputs = complete_inputs(patient=None)
    state = PanelState()
    state.update(inputs)
    for sequence in ("T2", "AP", "PVP", "DP"):
        assert state.inputs.clinical.afp == "12"
        inputs = with_volume(inputs, sequence, nodeId=f"new-{sequence}", content=f"new {sequence}")
        inputs = with_voi(inputs, sequence, problem="drawn on another voxel grid", volumeMl=None)
        inputs = state.update(inputs)
    assert inputs.clinical.isEmpty()
    assert not inputs.vois
    assert not inputs.checklist


def test_a_statement_that_is_taken_back_makes_the_result_stale(predicted):
    inputs = predicted.inputs
    predicted.update(replace(inputs, checklist=inputs.checklist - {"firstTace"}))
    assert predicted.resultIsStale
    predicted.update(inputs)
    assert predicted.resultIsCurrent


def test_a_statement_that_is_taken_back_while_predicting_makes_the_result_stale(state, some_prediction):
    inputs = state.inputs
    state.begin()
    state.update(replace(inputs, checklist=inputs.checklist - {"adult"}))
    state.succeed(some_prediction)
    assert state.resultIsStale


def test_an_identifier_that_cannot_name_a_folder_is_refused_before_predicting(complete_inputs):
    state = PanelState()
    state.update(complete_inputs(patientId="a/b"))
    [reason] = state.missing()
    assert reason.startswith("Patient: 'a/b' holds '/'")
    state.update(complete_inputs(session=" "))
    assert state.missing() == ("Session: enter an identifier.",)


def test_the_first_step_is_ticked_with_a_patient_only(complete_inputs):
    state = PanelState()
    for patient, isDone in (("", False), ("12/345", False), ("12-345", True)):
        state.update(complete_inputs(patient=None, patientId=patient))
        assert state.stepIsDone("model") is isDone


@pytest.mark.parametrize(
    ("drawnBy", "isRefused"),
    [(None, False), ((None, None), False), (("1", None), False), (("1", "1"), False), (("2", "1"), True)],
)
def test_a_voi_of_another_reader_is_refused(complete_inputs, drawnBy, isRefused):
    """Else one drawing could stand in a cohort under two readers, who would agree perfectly."""
    state = PanelState()
    state.update(with_voi(complete_inputs(), "AP", drawnBy=drawnBy))
    assert bool(state.missing()) is isRefused
    assert state.voiIsTicked("AP") is not isRefused
    if isRefused:
        assert state.voiProblem("AP").startswith("Drawn by reader 2, session 1")
        state.update(with_voi(complete_inputs(reader="2"), "AP", drawnBy=drawnBy))
        assert not state.missing()


def test_a_model_that_is_gone_hides_no_step(complete_inputs):
    state = PanelState()
    state.update(complete_inputs(model=ModelInput("gone", problem="There is no model gone.")))
    assert state.stepIsNeeded("study")
    assert state.stepIsNeeded("vois")
    assert state.missing() == ("Model: There is no model gone.",)
    assert set(state.checklistNeeded()) == set(CHECKLIST)


def test_there_is_nobody_to_forget_before_something_was_entered(complete_inputs):
    state = PanelState()
    everything = complete_inputs()
    state.update(PanelInputs(model=everything.model, checklist=everything.checklist))
    assert not state.holdsPatient()
    for part in ("volumes", "vois", "clinical", "patientId"):
        state.update(PanelInputs(**{part: getattr(everything, part)}))
        assert state.holdsPatient(), part


@pytest.mark.parametrize("part", ["lesion", "reader", "session"])
def test_another_case_of_the_patient_makes_the_result_stale(predicted, part):
    """The report names lesion, reader and session; so they must be those of the prediction."""
    inputs = predicted.inputs
    predicted.update(replace(inputs, **{part: "2"}))
    assert predicted.resultIsStale
    predicted.update(replace(inputs, **{part: "1 "}))
    assert predicted.resultIsCurrent


def test_one_sequence_without_a_voi(complete_inputs):
    inputs = complete_inputs()
    state = PanelState()
    state.update(replace(inputs, vois={name: voi for name, voi in inputs.vois.items() if name != "PVP"}))
    assert state.missing() == ("PVP, VOI: No VOI yet: draw the lesion.",)
    assert not state.stepIsDone("vois")
    state.update(with_voi(inputs, "PVP", volumeMl=None))
    assert not state.canPredict()


def test_a_copied_voi_is_not_ticked_until_it_is_edited_or_confirmed(complete_inputs):
    state = PanelState()
    state.update(with_voi(complete_inputs(), "AP", isUnchecked=True))
    assert not state.voiIsTicked("AP")
    assert not state.canPredict()
    assert "not checked" in state.missing()[0]
    state.update(complete_inputs())
    assert state.voiIsTicked("AP")


def test_a_voi_or_volume_with_a_problem_stops_the_prediction_beside_its_control(complete_inputs):
    state = PanelState()
    state.update(with_voi(complete_inputs(), "DP", problem="the mask was drawn on another voxel grid."))
    assert state.voiProblem("DP") == "the mask was drawn on another voxel grid."
    assert not state.canPredict()
    state.update(with_volume(complete_inputs(), "T2", problem="is under a transform; harden it."))
    assert state.volumeProblem("T2") == "is under a transform; harden it."
    assert state.missing() == ("T2: is under a transform; harden it.",)


@pytest.mark.parametrize(("name", "value"), [("patientId", "Other"), ("studyDate", "20210305")])
def test_two_patients_or_two_dates_are_refused(complete_inputs, name, value):
    inputs = complete_inputs()
    for sequence in ("T2", "AP", "PVP"):
        inputs = with_volume(inputs, sequence, **{name: "20210304" if name == "studyDate" else "Abc"})
    state = PanelState()
    state.update(with_volume(inputs, "DP", **{name: value}))
    assert not state.stepIsDone("study")
    [reason] = state.missing()
    assert "T2, AP, PVP" in reason
    assert f"DP: {value}" in reason


def test_a_model_without_images_skips_steps_one_and_two(complete_inputs):
    inputs = complete_inputs(volumes={}, vois={})
    inputs = replace(inputs, model=replace(inputs.model, requiredSequences=()))
    state = PanelState()
    state.update(replace(inputs, checklist=inputs.checklist - {"extracellularAgent"}))
    assert not state.stepIsNeeded("study")
    assert not state.stepIsNeeded("vois")
    assert state.stepIsNeeded("clinical")
    assert state.canPredict()


def test_a_model_that_was_removed_is_named(complete_inputs):
    state = PanelState()
    state.update(complete_inputs(model=ModelInput("gone", problem="The folder gone is no model.")))
    assert state.missing() == ("Model: The folder gone is no model.",)


def test_unknown_is_an_answer_but_no_answer_is_not(complete_inputs):
    state = PanelState()
    unknown = ClinicalEntry("unknown", "unknown", afpUnknown=True, astUnknown=True)
    state.update(complete_inputs(clinical=unknown))
    assert state.canPredict()
    assert set(unknown.record().facts().values()) == {None}
    state.update(complete_inputs(clinical=replace(unknown, childPugh="")))
    assert state.missing() == ("Child-Pugh: choose the class, or unknown.",)


def test_the_checklist_must_be_ticked(complete_inputs):
    state = PanelState()
    state.update(complete_inputs(checklist=frozenset({"firstTace"})))
    assert not state.canPredict()
    assert not state.stepIsDone("model")


@pytest.mark.parametrize(
    "change",
    [
        lambda inputs: with_voi(inputs, "T2", content="edited"),
        lambda inputs: with_volume(inputs, "DP", content="other voxels"),
        lambda inputs: replace(inputs, clinical=replace(inputs.clinical, ast="56")),
        lambda inputs: replace(inputs, clinical=replace(inputs.clinical, afp="")),
        lambda inputs: replace(inputs, clinical=replace(inputs.clinical, childPugh="B8")),
        lambda inputs: replace(inputs, model=replace(inputs.model, sha256="cd" * 32)),
        lambda inputs: replace(inputs, patientId="Other name"),
    ],
)
def test_any_changed_input_makes_the_result_stale(predicted, complete_inputs, change):
    assert predicted.resultIsCurrent
    predicted.update(change(complete_inputs()))
    assert predicted.resultIsStale
    assert not predicted.resultIsCurrent
    assert not predicted.stepIsDone("result")


def test_the_result_is_current_again_once_the_change_is_undone(predicted, complete_inputs):
    inputs = complete_inputs()
    predicted.update(replace(inputs, clinical=replace(inputs.clinical, ast="56")))
    predicted.update(inputs)
    assert predicted.resultIsCurrent


def test_the_same_value_in_another_unit_is_no_change(predicted, complete_inputs):
    inputs = complete_inputs()
    predicted.update(replace(inputs, clinical=replace(inputs.clinical, afpUnit="ug/L")))
    assert predicted.resultIsCurrent


def test_inputs_changed_during_a_prediction_make_its_result_stale_at_once(state, some_prediction, complete_inputs):
    state.begin()
    state.update(with_voi(complete_inputs(), "T2", content="edited meanwhile"))
    state.succeed(some_prediction)
    assert state.resultIsStale


def test_a_second_prediction_during_the_first_is_refused(state):
    state.begin()
    assert not state.canPredict()
    with pytest.raises(ValueError, match="under way"):
        state.begin()
    state.cancel()
    assert state.canPredict()


def test_a_cancelled_run_keeps_the_result_before_it_and_a_refused_one_does_not(predicted):
    predicted.begin()
    predicted.cancel()
    assert predicted.resultIsCurrent
    predicted.begin()
    predicted.fail("Patient Abc, AP: the VOI lies in a single slice.")
    assert predicted.result is None
    assert predicted.failedSequence() == "AP"


def test_a_refusal_goes_away_with_the_next_change(state, complete_inputs):
    state.begin()
    state.fail("Patient Abc, AP: the VOI lies in a single slice.")
    state.update(with_voi(complete_inputs(), "AP", content="drawn on more slices"))
    assert state.failure is None


def test_beginning_with_something_missing_names_it(complete_inputs):
    state = PanelState()
    state.update(complete_inputs(patientId=" ", volumes={}))
    with pytest.raises(ValueError, match=r"identifier.*T2: choose the volume"):
        state.begin()


def test_another_patient_clears_facts_vois_and_result(predicted, complete_inputs):
    mixed = with_volume(complete_inputs(), "PVP", nodeId="b-PVP", content="b", patientId="Xyz")
    held = predicted.update(mixed)
    assert held is not mixed
    assert held.vois == {}
    assert held.clinical.isEmpty()
    assert held.checklist == frozenset()
    assert held.volumes == mixed.volumes
    assert held.model == mixed.model
    assert predicted.result is None
    assert predicted.provenance() == {"predictions": 0, "voi_edits_after_result": 0}


def test_facts_entered_while_the_other_volumes_follow_are_kept(predicted, complete_inputs):
    held = predicted.update(with_volume(complete_inputs(), "PVP", nodeId="b-PVP", content="b", patientId="Xyz"))
    held = predicted.update(replace(held, clinical=ClinicalEntry(childPugh="C")))
    for sequence in ("T2", "AP", "DP"):
        held = predicted.update(with_volume(held, sequence, nodeId=f"b-{sequence}", patientId="Xyz"))
    assert held.clinical.childPugh == "C"
    assert held.patientId == "Xyz"


def test_volumes_that_do_not_say_whose_they_are_clear_facts_once_all_are_replaced(complete_inputs):
    state = PanelState()
    held = state.update(complete_inputs(patient=None))
    for sequence in ("T2", "AP", "PVP"):
        held = state.update(with_volume(held, sequence, nodeId=f"b-{sequence}"))
        assert held.clinical.childPugh == "B7"
    held = state.update(with_volume(held, "DP", nodeId="b-DP"))
    assert held.clinical.isEmpty()
    assert held.vois == {}


def test_another_volume_of_the_same_patient_clears_nothing(predicted, complete_inputs):
    changed = with_volume(complete_inputs(), "AP", nodeId="late-arterial", content="other voxels")
    assert predicted.update(changed) is changed
    assert predicted.resultIsStale


def test_the_identifier_is_filled_in_from_the_volumes_but_not_overwritten(complete_inputs):
    state = PanelState()
    assert state.update(complete_inputs(patientId="")).patientId == "Abc"
    assert state.update(complete_inputs(patientId="Study 7")).patientId == "Study 7"


def test_new_patient_keeps_the_model_only(predicted, complete_inputs):
    held = predicted.newPatient()
    assert held == PanelInputs(model=complete_inputs().model)
    assert predicted.result is None


def test_predictions_and_later_edits_are_counted(predicted, complete_inputs, some_prediction):
    assert predicted.provenance() == {"predictions": 1, "voi_edits_after_result": 0}
    predicted.update(with_voi(complete_inputs(), "T2", content="edited"))
    predicted.update(with_voi(complete_inputs(), "T2", content="edited again"))
    predicted.begin()
    predicted.succeed(some_prediction)
    assert predicted.provenance() == {"predictions": 2, "voi_edits_after_result": 2}


def test_drawing_before_the_first_result_is_not_counted(complete_inputs, some_prediction):
    state = PanelState()
    state.update(complete_inputs())
    state.update(with_voi(complete_inputs(), "T2", content="edited"))
    assert state.provenance()["voi_edits_after_result"] == 0


def test_a_what_if_stands_beside_the_result_and_goes_with_any_change(predicted, complete_inputs, some_prediction):
    other = replace(some_prediction, probability=0.9)
    predicted.showWhatIf(other)
    assert predicted.whatIf is other
    assert predicted.result.prediction is some_prediction
    inputs = complete_inputs()
    predicted.update(replace(inputs, clinical=replace(inputs.clinical, ast="56")))
    assert predicted.whatIf is None
    with pytest.raises(ValueError, match="Predict first"):
        predicted.showWhatIf(other)


def test_a_scene_that_was_saved_shows_its_result_as_current_or_stale(complete_inputs, predicted):
    saved = predicted.result
    again = PanelState()
    again.update(complete_inputs())
    again.restore(saved, 3, 1)
    assert again.resultIsCurrent
    assert again.provenance() == {"predictions": 3, "voi_edits_after_result": 1}
    changed = PanelState()
    changed.update(with_voi(complete_inputs(), "T2", content="edited elsewhere"))
    changed.restore(saved)
    assert changed.resultIsStale


def test_copying_is_blocked_between_frames_of_reference(complete_inputs):
    inputs = with_volume(complete_inputs(), "T2", frameOfReference="1.2.3")
    assert inputs.copyProblem("T2") is None
    assert "different frames of reference" in with_volume(inputs, "AP", frameOfReference="1.2.4").copyProblem("T2")
    assert "Draw the VOI" in replace(inputs, vois={}).copyProblem("T2")
    assert "Choose the volume" in replace(inputs, volumes={}).copyProblem("T2")


def test_volumes_deleted_while_selected_are_asked_for_again(predicted, complete_inputs):
    inputs = complete_inputs()
    gone = replace(inputs, volumes={name: v for name, v in inputs.volumes.items() if name != "AP"})
    predicted.update(gone)
    assert predicted.missing() == ("AP: choose the volume.",)
    assert predicted.resultIsStale


def test_the_fingerprint_ignores_what_the_model_does_not_need(complete_inputs):
    inputs = complete_inputs()
    clinical_only = replace(inputs, model=replace(inputs.model, requiredSequences=()))
    assert clinical_only.fingerprint() == replace(clinical_only, volumes={}, vois={}).fingerprint()


def test_the_engine_belongs_to_the_result_of_images_only(complete_inputs, predicted):
    inputs = complete_inputs()
    predicted.update(replace(inputs, engine="pyradiomics"))
    assert predicted.resultIsStale
    assert (
        replace(inputs, model=replace(inputs.model, requiredSequences=())).fingerprint()
        == replace(inputs, model=replace(inputs.model, requiredSequences=()), engine="pyradiomics").fingerprint()
    )


def test_an_engine_that_is_not_here_is_missing(complete_inputs):
    state = PanelState()
    state.update(complete_inputs(engine="pyradiomics", engineProblem="PyRadiomics is not installed."))
    assert state.missing() == ("Feature engine: PyRadiomics is not installed.",)
    model = replace(complete_inputs().model, requiredSequences=())
    state.update(complete_inputs(model=model, engineProblem="PyRadiomics is not installed."))
    assert state.canPredict()
