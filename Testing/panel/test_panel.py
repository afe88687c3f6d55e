"""The whole panel over real MRML and real Qt: scenes come and go, and nothing of a patient stays."""

import gc
import importlib
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
host = pytest.importorskip("host", reason="needs slicer-core and PySide6-Essentials")
slicer = host.slicer


@pytest.fixture
def panel(scene, monkeypatch, tmp_path):
    """The panel, shown, in an empty scene."""
    host.install(monkeypatch, scene, tmp_path / "settings.ini")
    qt = importlib.import_module("qt")
    holder = qt.QWidget()
    panel = importlib.import_module("TACEResponseLib.panel.panel").Panel(qt.QVBoxLayout(holder))
    panel.enter()
    with host.qt_in_main_thread():
        yield panel
        panel.cleanup()


def load(panel):
    """The sample patient by its button; weak references to everything large."""
    import vtk

    panel.study.ui.samplePatientButton.click()
    volumes = slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")
    segmentations = slicer.util.getNodesByClass("vtkMRMLSegmentationNode")
    kept = [*volumes, *segmentations, *(volume.GetImageData() for volume in volumes)]
    references = []
    for one in kept:
        reference = vtk.vtkWeakReference()
        reference.Set(one)
        references.append(reference)
    assert len(references) >= 12
    return references


def alive(references):
    """Class names of what was not deleted."""
    host.application().processEvents()
    gc.collect()
    return [one.Get().GetClassName() for one in references if one.Get() is not None]


def choose_model(panel):
    selector = panel.model.ui.modelSelector
    selector.setCurrentIndex(selector.findData("published-clinical"))


def test_a_closed_scene_leaves_nothing_of_the_patient(panel):
    references = load(panel)
    panel.vois.ui.voiAPButton.click()
    assert alive(references)
    slicer.mrmlScene.Clear(False)
    assert alive(references) == []
    assert panel.state.inputs.volumes == {}
    assert panel.study.ui.volumeAPSelector.currentNode() is None


def test_after_new_patient_volumes_that_are_removed_are_gone(panel):
    references = load(panel)
    panel.model.ui.newPatientButton.click()
    # A volume's display node stays in the scene, and with it the image that it shows.
    for name in ("vtkMRMLScalarVolumeNode", "vtkMRMLSegmentationNode", "vtkMRMLScalarVolumeDisplayNode"):
        for node in slicer.util.getNodesByClass(name):
            slicer.mrmlScene.RemoveNode(node)
    del node
    assert alive(references) == []


def test_a_volume_that_was_taken_out_of_its_role_and_removed_is_gone(panel):
    import vtk

    load(panel)
    volume = panel.study.ui.volumeAPSelector.currentNode()
    reference = vtk.vtkWeakReference()
    reference.Set(volume)
    panel.study.ui.volumeAPSelector.setCurrentNode(None)
    panel.refresh()
    slicer.mrmlScene.RemoveNode(volume)
    del volume
    assert alive([reference]) == []


def test_a_scene_saved_while_drawing_blinded_is_blinded_when_it_is_opened(panel, tmp_path):
    from TACEResponseLib.scene.roles import SECOND_SEGMENTATION_ROLE, SEGMENTATION_ROLES

    load(panel)
    panel.repeatability.ui.drawAgainButton.click()
    assert panel.parameters.get("blinded")
    panel.onSceneStartImport()
    assert panel.parameters.node is None
    panel.onSceneImported()
    hidden = [panel.parameters.getNode(role).GetDisplayNode().GetVisibility() for role in SEGMENTATION_ROLES.values()]
    assert hidden == [0, 0, 0, 0]
    second = panel.parameters.getNode(SECOND_SEGMENTATION_ROLE)
    assert panel.vois.editing.widget.segmentationNode() is second
    assert "reader 2" in panel.vois.ui.voiLabel.text
    assert not panel.vois.ui.voiAPLabel.text
    assert not panel.followUp.ui.addBaselineButton.enabled
    panel.exit()
    assert not panel.parameters.get("blinded")
    assert panel.parameters.getNode(SEGMENTATION_ROLES["AP"]).GetDisplayNode().GetVisibility()


def test_measuring_hides_the_vois_and_lets_the_editor_go(panel):
    from TACEResponseLib.scene.roles import SEGMENTATION_ROLES

    load(panel)
    panel.vois.ui.voiAPButton.click()
    panel.followUp.ui.addBaselineButton.click()
    assert panel.vois.editing.widget.segmentationNode() is None
    visible = [panel.parameters.getNode(role).GetDisplayNode().GetVisibility() for role in SEGMENTATION_ROLES.values()]
    assert visible == [0, 0, 0, 0]
    panel.vois.ui.voiT2Button.click()
    visible = [panel.parameters.getNode(role).GetDisplayNode().GetVisibility() for role in SEGMENTATION_ROLES.values()]
    assert visible == [1, 0, 0, 0]
    panel.exit()
    visible = [panel.parameters.getNode(role).GetDisplayNode().GetVisibility() for role in SEGMENTATION_ROLES.values()]
    assert visible == [1, 1, 1, 1]


def test_an_import_that_brings_no_other_case_keeps_the_result(panel, some_prediction):
    load(panel)
    panel.state.restore(
        importlib.import_module("TACEResponseLib.panel.state").Result(
            some_prediction, panel.state.inputs.fingerprint()
        ),
        3,
    )
    panel.onSceneStartImport()
    panel.onSceneImported()
    assert panel.state.result.prediction is some_prediction
    assert panel.state.predictionCount == 3


def test_a_panel_that_is_removed_observes_nothing(scene, monkeypatch, tmp_path):
    host.install(monkeypatch, scene, tmp_path / "settings.ini")
    qt = importlib.import_module("qt")
    holder = qt.QWidget()
    before = str(scene).count("EventName:")
    panel = importlib.import_module("TACEResponseLib.panel.panel").Panel(qt.QVBoxLayout(holder))
    panel.enter()
    load(panel)
    panel.cleanup()
    assert str(scene).count("EventName:") == before
