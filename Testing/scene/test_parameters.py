"""The parameter node: types, defaults, another patient, a saved scene."""

import pytest
import slicer
from TACEResponseLib.cohort import ClinicalRecord
from TACEResponseLib.scene.batch import openScene
from TACEResponseLib.scene.cases import findParameterNode
from TACEResponseLib.scene.clinical_entry import entryOf
from TACEResponseLib.scene.parameters import DEFAULTS, PATIENT_PARAMETERS, Parameters
from TACEResponseLib.scene.parameters import parameterNode as module_node
from TACEResponseLib.scene.roles import BASELINE_LINES_ROLE, CHECKLIST

CHANGED = {str: "a b, ü; %", bool: True, int: 3, float: 1.25}


def test_a_scene_has_one_parameter_node(scene):
    node = module_node()
    assert module_node() is node
    assert scene.GetNumberOfNodesByClass("vtkMRMLScriptedModuleNode") == 1


def test_every_parameter_survives_a_saved_scene(scene, tmp_path):
    parameters = Parameters(module_node())
    for name, default in DEFAULTS.items():
        assert parameters.get(name) == default
        parameters.set(name, CHANGED[type(default)])
    assert scene.WriteToMRB(str(tmp_path / "case.mrb"))
    openScene(tmp_path / "case.mrb")
    again = Parameters(module_node())
    assert {name: again.get(name) for name in DEFAULTS} == {name: CHANGED[type(v)] for name, v in DEFAULTS.items()}
    assert {type(again.get(name)) for name in DEFAULTS} == {str, bool, int, float}


def test_an_equal_value_tells_nobody(scene):
    parameters = Parameters(module_node())
    heard = []
    parameters.node.AddObserver("ModifiedEvent", lambda *_: heard.append(1))
    parameters.set("patientId", "")
    parameters.setNode("volumeT2", None)
    assert not heard
    parameters.set("patientId", "Abc")
    assert heard


def test_another_patient_keeps_units_and_volumes(make_lesion_source, make_nodes):
    parameters = Parameters(module_node())
    volume, segmentation = make_nodes(make_lesion_source())
    parameters.setNode("volumeAP", volume)
    parameters.setNode("segmentationAP", segmentation)
    parameters.setClinicalEntry(
        entryOf(ClinicalRecord.from_cells(child_pugh="B8", portal_venous_invasion="yes", afp_ng_ml="500", ast_u_l="60"))
    )
    parameters.set("astUnit", "ukat/L")
    parameters.set("patientId", "Abc")
    parameters.forgetPatient(keep=("patientId",))
    assert parameters.clinicalEntry().isEmpty()
    assert parameters.get("astUnit") == "ukat/L"
    assert parameters.getNode("volumeAP") is volume
    assert parameters.getNode("segmentationAP") is None
    assert parameters.get("patientId") == "Abc"


@pytest.mark.parametrize("text", ["", "many"])
def test_a_damaged_number_falls_back_to_its_default(scene, text):
    parameters = Parameters(module_node())
    parameters.node.SetParameter("tumourCount", text)
    assert parameters.get("tumourCount") == 0
    assert slicer.mrmlScene is scene


def test_diameters_of_one_patient_are_not_the_next_ones(scene):
    parameters = Parameters(module_node())
    lines = [scene.AddNewNodeByClass("vtkMRMLMarkupsLineNode") for _number in range(2)]
    for line in lines:
        line.CreateDefaultDisplayNodes()
        parameters.node.AddNodeReferenceID(BASELINE_LINES_ROLE, line.GetID())
    parameters.forgetPatient()
    assert parameters.node.GetNumberOfNodeReferences(BASELINE_LINES_ROLE) == 0
    for line in lines:
        assert scene.IsNodePresent(line)
        assert not line.GetDisplayNode().GetVisibility()


def test_a_scene_that_was_closed_still_says_whose_parameters_these_are(scene):
    """Closing keeps the singleton and takes its attributes away; scripts find the case by them."""
    module_node()
    scene.Clear(0)
    assert module_node().GetAttribute("ModuleName") == "TACEResponse"
    assert findParameterNode() is module_node()


def test_what_is_true_of_one_patient_and_the_checklist_are_parameters():
    assert set(PATIENT_PARAMETERS) <= set(DEFAULTS)
    assert set(CHECKLIST) <= set(PATIENT_PARAMETERS)
