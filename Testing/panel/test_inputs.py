"""What the panel's inputs say of themselves: one image twice, and the follow-up."""

from dataclasses import replace

import pytest
from TACEResponseLib.panel.inputs import VolumeInput


def with_contents(inputs, **contents):
    changed = {sequence: replace(inputs.volumes[sequence], content=content) for sequence, content in contents.items()}
    return replace(inputs, volumes={**inputs.volumes, **changed})


def test_one_image_for_two_sequences_is_warned_of(complete_inputs):
    inputs = complete_inputs()
    assert inputs.studyWarning() is None
    twice = with_contents(inputs, PVP=inputs.volumes["AP"].content)
    assert "several sequences (AP, PVP)" in twice.studyWarning()
    unreadable = with_contents(inputs, PVP="", DP="")
    assert unreadable.studyWarning() is None


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, None),
        ({"studyDate": None, "patientId": None}, None),
        (
            {"studyDate": "20210104"},
            "of 2021-01-04, not later than the study before TACE, 2021-01-04.",
        ),
        ({"studyDate": "20201231"}, "not later than the study before TACE"),
        ({"patientId": "P2"}, "of patient P2, the study before TACE of P1"),
        ({"nodeId": "AP"}, "a volume of the study before TACE"),
        ({"problem": "under a transform"}, "under a transform"),
    ],
)
def test_the_follow_up_must_be_of_this_patient_and_later(complete_inputs, changes, words):
    inputs = complete_inputs()
    volumes = {s: replace(one, nodeId=s, patientId="P1", studyDate="20210104") for s, one in inputs.volumes.items()}
    followUp = replace(VolumeInput("after", "x", patientId="P1", studyDate="20210406"), **changes)
    inputs = replace(inputs, volumes=volumes, followUp=followUp)
    problem = inputs.followUpProblem()
    assert (problem is None) if words is None else (words in problem)
    if not changes:
        # 4 January to 6 April: 27 + 28 + 31 + 6 days.
        assert inputs.followUpText() == "2021-04-06, 92 days after the study before TACE"
    assert inputs.fingerprint() == replace(inputs, followUp=None).fingerprint()


def test_the_diameter_of_the_cohort_is_the_largest_of_the_vois(complete_inputs):
    inputs = complete_inputs()
    assert replace(inputs, vois={}).lesionDiameterMm() is None
    larger = replace(inputs.vois["DP"], diameterMm=44.0)
    undrawn = replace(inputs.vois["T2"], diameterMm=None)
    assert replace(inputs, vois={**inputs.vois, "DP": larger, "T2": undrawn}).lesionDiameterMm() == 44.0
