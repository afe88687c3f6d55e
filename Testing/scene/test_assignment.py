"""Volumes of the scene as series: what reaches the rules of intake, and what is said of the choice."""

import json

import numpy as np
import pytest
import slicer
from TACEResponseLib.scene.assignment import assignVolumes
from TACEResponseLib.scene.sample_patient import SAMPLE_NAMES, loadSamplePatient


@pytest.fixture
def add_volume(scene):
    """A small volume with DICOM tags as attributes; ``matrix`` is IJK to RAS."""

    def add(name, matrix=None, slices=30, **tags):
        node = slicer.util.addVolumeFromArray(np.zeros((slices, 4, 4), np.int16), ijkToRAS=matrix, name=name)
        for keyword, value in tags.items():
            node.SetAttribute(keyword, value)
        return node

    return add


def test_the_sample_patient_is_assigned_by_its_names(scene):
    sample = loadSamplePatient(withVois=True)
    assigned = assignVolumes()
    assert {name: node.GetName() for name, node in assigned.volumes.items()} == SAMPLE_NAMES
    assert list(assigned.volumes.values()) == list(sample.volumes.values())
    assert len(assigned.reasons) == 4
    assert [reason.partition(":")[0] for reason in assigned.reasons] == list(SAMPLE_NAMES), assigned.reasons
    assert "(likely; 180 s" in assigned.reasons[-1]
    assert assigned.passedOver == ()


def test_without_volumes_it_says_what_to_load(scene):
    with pytest.raises(ValueError, match="load the study"):
        assignVolumes()


def test_two_patients_are_refused(add_volume):
    add_volume("t1_art", PatientID="one")
    add_volume("t1_portal_venous", PatientID="two")
    with pytest.raises(ValueError, match="2 patients"):
        assignVolumes()


def test_the_earliest_of_two_studies_is_taken_and_told(add_volume):
    later = add_volume("t1 arterial", PatientID="one", StudyDate="20210401")
    earlier = add_volume("t1 arterial", PatientID="one", StudyDate="20210104")
    assigned = assignVolumes()
    assert assigned.volumes == {"AP": earlier}
    assert any("2021-01-04" in reason and "before TACE" in reason for reason in assigned.reasons)
    assert assigned.passedOver == (f"{later.GetName()}: of another study",)


def test_tags_are_read_where_the_name_says_nothing(add_volume):
    node = add_volume(
        "7: Series", SeriesDescription="Ax T1 dynamic", ContrastBolusStartTime="101500", SeriesTime="101605"
    )
    assigned = assignVolumes()
    # 65 s after the contrast agent is portal venous.
    assert assigned.volumes == {"PVP": node}


def test_a_coronal_volume_is_never_taken_whatever_its_name(add_volume):
    coronal = np.array([[-1.0, 0, 0, 0], [0, 0, 3.0, 0], [0, 1.0, 0, 0], [0, 0, 0, 1.0]])
    add_volume("t1 arterial coronal", coronal)
    add_volume("t1 portal venous", np.diag([-1.0, -1.0, 3.0, 1.0]))
    assigned = assignVolumes()
    assert set(assigned.volumes) == {"PVP"}
    assert "coronal" in assigned.passedOver[0]


def test_label_maps_are_no_candidates(add_volume, scene):
    node = add_volume("t1 arterial")
    labels = scene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode", "t2 labels")
    labels.SetAndObserveImageData(node.GetImageData())
    assert assignVolumes().volumes == {"AP": node}


def test_nothing_recognised_is_said(add_volume):
    add_volume("holiday picture")
    assigned = assignVolumes()
    assert assigned.volumes == {}
    assert "choose the four yourself" in assigned.reasons[0]


def test_a_sites_own_names_decide_first(add_volume, tmp_path):
    node = add_volume("liver phase B")
    rules = tmp_path / "rules.json"
    rules.write_text(json.dumps({"sequences": {"PVP": ["phase b"]}}))
    assert assignVolumes().volumes == {}
    assert assignVolumes(rules).volumes == {"PVP": node}
