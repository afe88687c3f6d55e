"""What may be seen follows from the state alone."""

from dataclasses import replace

import pytest
from TACEResponseLib.panel.focus import BLINDED, COMPARING, EDITING, LOADED, MEASURING, NOTHING
from TACEResponseLib.panel.inputs import SecondVoiInput
from TACEResponseLib.panel.shown import PROBLEM, WARNING, pictureOf, shownOf
from TACEResponseLib.panel.state import PanelState
from TACEResponseLib.scene.roles import (
    BASELINE_LINES_ROLE,
    FOLLOW_UP_LINES_ROLE,
    FOLLOW_UP_ROLE,
    SECOND_SEGMENTATION_ROLE,
    SEGMENTATION_ROLES,
    VOLUME_ROLES,
)


@pytest.fixture
def state(complete_inputs, some_prediction):
    """A case with a result, a warning about its VOIs, and a second VOI."""
    inputs = complete_inputs(betweenSequences=("The VOIs lie 20 mm apart.",), second=SecondVoiInput("second"))
    vois = {**inputs.vois, "AP": replace(inputs.vois["AP"], warnings=("It touches the border.",))}
    state = PanelState()
    state.update(replace(inputs, vois=vois))
    state.begin()
    state.succeed(some_prediction)
    return state


def edited(state, sequence):
    ids = state.inputs.nodeIds()
    state.look(EDITING, sequence, nodeIds={role: ids[role] for role in (VOLUME_ROLES[sequence],)})


def drawn_blinded(state):
    state.look(BLINDED, "AP", nodeIds={SECOND_SEGMENTATION_ROLE: "second"})


def test_an_open_reading_shows_sizes_warnings_and_the_result(state):
    shown = shownOf(state)
    assert shown.lock is None
    assert shown.vois["T2"].text == "12.5 mL, largest diameter 31 mm"
    assert (shown.vois["AP"].hasWarnings, shown.vois["AP"].style) == (True, WARNING)
    assert shown.voiNotes == ("The VOIs lie 20 mm apart.",)
    assert shown.result is state.result
    assert shown.missing == ()
    assert shown.resultProblem is None


def test_while_drawing_blinded_nothing_of_the_first_reading_is_seen_or_can_be_changed(state):
    drawn_blinded(state)
    state.failure = "patient Abc, AP: the VOI of 12.5 mL lies outside."
    shown = shownOf(state)
    everything = repr(replace(shown, result=None)) + repr(shown.result)
    for revealing in ("12.5", "31 mm", "touches the border", "20 mm apart", "lies outside"):
        assert revealing not in everything, revealing
    assert shown.result is None
    assert shown.lock
    assert shown.resultProblem
    assert "Compare" in shown.missing[0]
    assert "reader 2" in shown.voiNotes[0]
    assert shown.isSecondEdited
    assert not shown.editedSequence
    for isFourUp in (False, True):
        assert pictureOf(state, isFourUp).isBlinded


def test_what_is_missing_of_the_first_case_is_not_told_to_a_blinded_reader(state, complete_inputs):
    inputs = state.inputs
    state.update(replace(inputs, vois={name: voi for name, voi in inputs.vois.items() if name != "DP"}))
    assert "DP" in shownOf(state).missingForComparison
    drawn_blinded(state)
    assert "DP" not in shownOf(state).missingForComparison


@pytest.mark.parametrize("gone", ["second", "volume"])
def test_the_blinding_ends_with_what_is_drawn(state, gone):
    ids = state.inputs.nodeIds()
    roles = (VOLUME_ROLES["AP"], SECOND_SEGMENTATION_ROLE)
    state.look(BLINDED, "AP", nodeIds={role: ids[role] for role in roles})
    inputs = state.inputs
    state.update(inputs)
    assert shownOf(state).isSecondEdited
    volumes = {name: volume for name, volume in inputs.volumes.items() if name != "AP"}
    state.update(replace(inputs, second=None) if gone == "second" else replace(inputs, volumes=volumes))
    assert state.focus.kind == NOTHING
    assert shownOf(state).lock is None


def test_another_patient_ends_the_blinding(state):
    drawn_blinded(state)
    state.newPatient()
    assert shownOf(state).lock is None


def test_outside_the_four_up_only_the_selected_voi_is_seen(state):
    edited(state, "PVP")
    picture = pictureOf(state, isFourUp=False)
    own = SEGMENTATION_ROLES["PVP"]
    assert picture.volumeRole == VOLUME_ROLES["PVP"]
    assert picture.jumpToRole == own
    assert set(SEGMENTATION_ROLES.values()) - picture.coveringRoles == {own}
    assert SECOND_SEGMENTATION_ROLE in picture.coveringRoles
    inFourUp = pictureOf(state, isFourUp=True)
    assert not inFourUp.volumeRole
    assert inFourUp.coveringRoles == {FOLLOW_UP_LINES_ROLE}


def test_comparing_shows_both_vois_as_outlines_and_nothing_else(state):
    state.look(COMPARING, "AP")
    picture = pictureOf(state, isFourUp=False)
    both = (SEGMENTATION_ROLES["AP"], SECOND_SEGMENTATION_ROLE)
    assert picture.outlinedRoles == both
    assert picture.coveringRoles == {*SEGMENTATION_ROLES.values(), FOLLOW_UP_LINES_ROLE} - {*both}
    assert picture.needsOneImage


@pytest.mark.parametrize(
    ("role", "volume", "other"),
    [
        (BASELINE_LINES_ROLE, VOLUME_ROLES["AP"], FOLLOW_UP_LINES_ROLE),
        (FOLLOW_UP_LINES_ROLE, FOLLOW_UP_ROLE, BASELINE_LINES_ROLE),
    ],
)
def test_measuring_shows_the_lines_of_one_study_on_its_image(state, role, volume, other):
    state.look(MEASURING, role=role)
    picture = pictureOf(state, isFourUp=False)
    assert picture.volumeRole == volume
    assert picture.coveringRoles == {*SEGMENTATION_ROLES.values(), SECOND_SEGMENTATION_ROLE, other}


def test_a_loaded_patient_is_shown_once_and_hides_nothing(state):
    state.look(LOADED)
    assert pictureOf(state, isFourUp=False).volumeRole == VOLUME_ROLES["AP"]
    assert not pictureOf(state, isFourUp=True).volumeRole
    assert not pictureOf(state, isFourUp=False).coveringRoles


def test_a_refusal_that_names_a_sequence_stands_beside_its_voi(state):
    state.failure = "patient Abc, PVP: the mask lies outside the image."
    line = shownOf(state).vois["PVP"]
    assert line.style == PROBLEM
    assert "outside the image" in line.text
