"""What the views show: grey levels, and nodes out of sight."""

from dataclasses import replace

import numpy as np
import pytest
import slicer
from TACEResponseLib.phantom import make_patient
from TACEResponseLib.scene.display import (
    BLINDED,
    COVERING,
    bodyWindow,
    hideNodes,
    isVisible,
    showBodyWindow,
    showHidden,
    showNodes,
    takeOffViews,
)
from TACEResponseLib.scene.sample_patient import loadSamplePatient
from TACEResponseLib.scene.segmentations import createVoi, voiCentre


@pytest.mark.parametrize("sequence", ["T2", "AP", "PVP", "DP"])
@pytest.mark.parametrize("index", [1, 3, 7])
def test_the_lesion_is_neither_black_nor_white(sequence, index):
    """Slicer's own window follows the brightest voxels: in the arterial phase the aorta, far above the lesion."""
    patient = make_patient(9, index)
    image = patient.image(sequence)
    low, high = bodyWindow(image)
    dark, median = np.percentile(image[patient.mask(sequence)], (5, 50))
    assert low == 0
    assert dark > 0.15 * high
    assert 0.25 * high < median < high


def test_the_window_follows_the_scale_and_not_the_air():
    random = np.random.default_rng(0)
    body = random.uniform(200, 400, 4000)
    for scale, air in ((1.0, 1000), (1.0, 40_000), (0.01, 1000), (500.0, 1000)):
        image = scale * np.concatenate([np.zeros(air), body]).reshape(10, 10, -1)
        assert bodyWindow(image)[1] == pytest.approx(scale * np.percentile(body, 96), rel=0.01)


@pytest.mark.parametrize("voxels", [np.zeros((3, 3, 3)), -np.ones((3, 3, 3)), np.full((3, 3, 3), np.nan)])
def test_an_image_without_body_has_no_window(voxels):
    assert bodyWindow(voxels) is None


def test_a_window_that_somebody_chose_stays(scene):
    volume = loadSamplePatient().volumes["AP"]
    display = volume.GetDisplayNode()
    showBodyWindow(volume)
    assert display.GetWindowLevelMax() == pytest.approx(bodyWindow(slicer.util.arrayFromVolume(volume))[1], rel=1e-3)
    display.SetWindowLevelMinMax(10, 20)
    showBodyWindow(volume)
    assert (display.GetWindowLevelMin(), display.GetWindowLevelMax()) == (10, 20)


def test_a_volume_whose_voxels_are_missing_gets_no_window(scene):
    volume = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode")
    volume.CreateDefaultDisplayNodes()
    showBodyWindow(volume)
    assert volume.GetDisplayNode().GetAutoWindowLevel()


def test_a_forgotten_volume_is_taken_off_the_views_and_others_stay(scene):
    volumes = loadSamplePatient().volumes
    composites = [scene.AddNewNodeByClass("vtkMRMLSliceCompositeNode") for _ in range(2)]
    for composite, sequence in zip(composites, ("AP", "T2"), strict=True):
        composite.SetLayoutName(sequence)
        composite.SetBackgroundVolumeID(volumes[sequence].GetID())
    takeOffViews([volumes["AP"], volumes["DP"]])
    assert composites[0].GetBackgroundVolumeID() is None
    composites[1].SetForegroundVolumeID(volumes["DP"].GetID())
    takeOffViews([volumes["DP"]])
    assert composites[1].GetForegroundVolumeID() is None
    assert composites[1].GetBackgroundVolumeID() == volumes["T2"].GetID()


def test_only_what_was_visible_is_shown_again(scene):
    nodes = list(loadSamplePatient(withVois=True).segmentations.values())
    nodes[1].GetDisplayNode().SetVisibility(False)
    hideNodes(nodes, COVERING)
    assert not any(map(isVisible, nodes))
    scene.RemoveNode(nodes[2])
    showHidden(BLINDED)
    assert not any(map(isVisible, (nodes[0], nodes[1], nodes[3])))
    showHidden(COVERING)
    assert [isVisible(nodes[number]) for number in (0, 1, 3)] == [True, False, True]


def test_what_is_hidden_stays_so_in_a_saved_scene_until_it_is_shown(scene, tmp_path):
    nodes = loadSamplePatient(withVois=True).segmentations
    hideNodes([nodes["T2"]], COVERING)
    hideNodes([nodes["AP"]], BLINDED)
    hideNodes([nodes["DP"]], COVERING)
    showNodes([nodes["DP"]], False)
    names = {sequence: node.GetName() for sequence, node in nodes.items()}
    assert scene.WriteToMRB(str(tmp_path / "hidden.mrb"))
    scene.Clear()
    assert scene.ReadFromMRB(str(tmp_path / "hidden.mrb"))
    visible = {sequence: isVisible(slicer.util.getNode(name)) for sequence, name in names.items()}
    assert visible == {"T2": False, "AP": False, "PVP": True, "DP": False}
    showHidden(COVERING)
    # What was hidden for good since, as with a patient who is forgotten, does not come back.
    visible = {sequence: isVisible(slicer.util.getNode(name)) for sequence, name in names.items()}
    assert visible == {"T2": True, "AP": False, "PVP": True, "DP": False}


def test_a_node_without_display_is_left_alone(scene):
    node = scene.AddNewNodeByClass("vtkMRMLSegmentationNode")
    showNodes([node], True)
    hideNodes([node], COVERING)
    assert not isVisible(node)


@pytest.mark.parametrize("direction", [(1, 0, 0, 0, 1, 0, 0, 0, 1), (0, -1, 0, 1, 0, 0, 0, 0, -1)])
def test_the_middle_of_a_voi_is_the_centre_of_one_of_its_voxels(make_lesion_source, make_nodes, direction):
    volume, segmentation = make_nodes(make_lesion_source(direction=tuple(map(float, direction))))
    to_ijk = slicer.util.arrayFromVTKMatrix(_ras_to_ijk(volume))
    index = (to_ijk @ (*voiCentre(segmentation), 1.0))[:3]
    assert index == pytest.approx(np.rint(index), abs=1e-6)
    # The ellipsoid of the fixture lies in the middle of the image.
    assert index == pytest.approx((np.array(volume.GetImageData().GetDimensions()) - 1) / 2, abs=0.51)
    i, j, k = np.rint(index).astype(int)
    assert slicer.util.arrayFromSegmentBinaryLabelmap(segmentation, "Tumour", volume)[k, j, i]


def test_the_middle_of_a_ring_lies_on_the_ring_and_nothing_has_none(make_lesion_source, make_nodes):
    source = make_lesion_source()
    ring = source.mask.copy()
    ring[:, 15:25, 17:27] = False
    volume, segmentation = make_nodes(replace(source, mask=ring))
    index = slicer.util.arrayFromVTKMatrix(_ras_to_ijk(volume)) @ (*voiCentre(segmentation), 1.0)
    i, j, k = np.rint(index[:3]).astype(int)
    assert ring[k, j, i]
    assert voiCentre(createVoi(volume, "AP")) is None


def _ras_to_ijk(volume):
    import vtk

    matrix = vtk.vtkMatrix4x4()
    volume.GetRASToIJKMatrix(matrix)
    return matrix
