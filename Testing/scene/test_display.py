"""What the views show: grey levels, and nodes out of sight."""

from dataclasses import replace

import numpy as np
import pytest
import slicer
from TACEResponseLib.phantom import make_patient
from TACEResponseLib.scene.display import bodyWindow, hideNodes, showBodyWindow, takeOffViews
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


def test_a_forgotten_volume_is_taken_off_the_views_and_others_stay(scene):
    volumes = loadSamplePatient().volumes
    composites = [scene.AddNewNodeByClass("vtkMRMLSliceCompositeNode") for _ in range(2)]
    for composite, sequence in zip(composites, ("AP", "T2"), strict=True):
        composite.SetLayoutName(sequence)
        composite.SetBackgroundVolumeID(volumes[sequence].GetID())
    takeOffViews([volumes["AP"], volumes["DP"]])
    assert composites[0].GetBackgroundVolumeID() is None
    assert composites[1].GetBackgroundVolumeID() == volumes["T2"].GetID()


def test_only_what_was_visible_is_shown_again(scene):
    nodes = list(loadSamplePatient(withVois=True).segmentations.values())
    nodes[1].GetDisplayNode().SetVisibility(False)
    show_again = hideNodes(nodes)
    assert not any(node.GetDisplayNode().GetVisibility() for node in nodes)
    scene.RemoveNode(nodes[2])
    show_again()
    assert [bool(nodes[number].GetDisplayNode().GetVisibility()) for number in (0, 1, 3)] == [True, False, True]


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
