"""The panel's inputs as the scene holds them."""

import numpy as np
import pytest
import slicer
from TACEResponseLib.models import save_bundle
from TACEResponseLib.panel.gathering import Gatherer
from TACEResponseLib.panel.state import PanelState
from TACEResponseLib.scene.clinical_entry import entryOf
from TACEResponseLib.scene.parameters import Parameters, parameterNode
from TACEResponseLib.scene.roles import CHECKLIST, SEGMENTATION_ROLES, VOLUME_ROLES
from TACEResponseLib.scene.sample_patient import loadSamplePatient
from TACEResponseLib.scene.segmentations import confirmVoi, copyVoi, createVoi, shiftVoi


@pytest.fixture
def bundle_folder(tmp_path, make_formula_bundle):
    save_bundle(make_formula_bundle(), tmp_path / "formula-cd")
    return tmp_path / "formula-cd"


@pytest.fixture
def panel(scene, bundle_folder):
    """Parameters of a scene in which the sample patient was chosen and everything entered."""
    sample = loadSamplePatient(withVois=True)
    parameters = Parameters(parameterNode())
    parameters.set("model", str(bundle_folder))
    for name in CHECKLIST:
        parameters.set(name, True)
    for sequence in VOLUME_ROLES:
        parameters.setNode(VOLUME_ROLES[sequence], sample.volumes[sequence])
        parameters.setNode(SEGMENTATION_ROLES[sequence], sample.segmentations[sequence])
    parameters.setClinicalEntry(entryOf(sample.clinical))
    return parameters


def test_the_sample_patient_is_ready_to_be_predicted(panel):
    state = PanelState()
    held = state.update(Gatherer().gather(panel))
    assert state.missing() == ()
    assert held.patientId.startswith("PHANTOM")
    assert all(volume.isPhantom for volume in held.volumes.values())
    assert all(voi.volumeMl > 0.5 for voi in held.vois.values())


def test_gathering_again_changes_nothing_until_something_is_edited(panel):
    gatherer = Gatherer()
    first = gatherer.gather(panel)
    assert gatherer.gather(panel) == first
    volume, segmentation = panel.getNode(VOLUME_ROLES["AP"]), panel.getNode(SEGMENTATION_ROLES["AP"])
    shiftVoi(segmentation, volume, (volume.GetSpacing()[0], 0.0, 0.0))
    second = gatherer.gather(panel)
    assert second.vois["AP"].content != first.vois["AP"].content
    assert second.vois["T2"] == first.vois["T2"]
    assert second.fingerprint() != first.fingerprint()
    slicer.util.arrayFromVolume(volume)[:] += 1
    slicer.util.arrayFromVolumeModified(volume)
    assert gatherer.gather(panel).volumes["AP"].content != first.volumes["AP"].content


def test_an_edit_within_the_labelmap_is_noticed(panel):
    gatherer = Gatherer()
    before = gatherer.gather(panel).vois["T2"]
    segmentation = panel.getNode(SEGMENTATION_ROLES["T2"])
    array = slicer.util.arrayFromSegmentInternalBinaryLabelmap(segmentation, "Tumour")
    array[tuple(np.argwhere(array)[0])] = 0
    segmentation.GetBinaryLabelmapInternalRepresentation("Tumour").Modified()
    after = gatherer.gather(panel).vois["T2"]
    assert after.content != before.content
    assert after.volumeMl < before.volumeMl


def test_a_transform_a_deletion_and_an_empty_voi_are_seen(panel, scene):
    gatherer = Gatherer()
    gatherer.gather(panel)
    transform = scene.AddNewNodeByClass("vtkMRMLLinearTransformNode", "breathing")
    panel.getNode(VOLUME_ROLES["T2"]).SetAndObserveTransformNodeID(transform.GetID())
    assert "under the transform breathing" in gatherer.gather(panel).volumes["T2"].problem
    panel.getNode(VOLUME_ROLES["T2"]).SetAndObserveTransformNodeID(None)
    assert gatherer.gather(panel).volumes["T2"].problem is None
    scene.RemoveNode(panel.getNode(VOLUME_ROLES["AP"]))
    assert "AP" not in gatherer.gather(panel).volumes
    empty = createVoi(panel.getNode(VOLUME_ROLES["T2"]), "T2")
    panel.setNode(SEGMENTATION_ROLES["T2"], empty)
    voi = gatherer.gather(panel).vois["T2"]
    assert voi.volumeMl is None
    assert "draw the lesion" in voi.problem


def test_a_copied_voi_is_unchecked_until_confirmed(panel):
    gatherer = Gatherer()
    target = panel.getNode(SEGMENTATION_ROLES["PVP"])
    volume = panel.getNode(VOLUME_ROLES["PVP"])
    copyVoi(panel.getNode(SEGMENTATION_ROLES["AP"]), target, volume, "AP")
    assert gatherer.gather(panel).vois["PVP"].isUnchecked
    confirmVoi(target)
    assert not gatherer.gather(panel).vois["PVP"].isUnchecked


def test_a_model_that_was_removed_or_damaged_is_named(panel, bundle_folder):
    gatherer = Gatherer()
    assert gatherer.gather(panel).model.problem is None
    assert gatherer.bundle is not None
    (bundle_folder / "arrays.npz").write_bytes(b"damaged")
    (bundle_folder / "model.json").touch()
    assert gatherer.gather(panel).model.problem
    for file in bundle_folder.iterdir():
        file.unlink()
    assert "formula-cd" in gatherer.gather(panel).model.problem
    assert gatherer.bundle is None
    panel.set("model", "")
    assert gatherer.gather(panel).model is None
