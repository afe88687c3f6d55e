"""Volumes and segmentations, oblique, anisotropic and left-handed, to arrays; what is refused."""

from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk
import slicer
from TACEResponseLib.cohort import AcquisitionTags, Case, CaseKey, ImageGeometry
from TACEResponseLib.features import extract_features
from TACEResponseLib.imaging import read_case_images
from TACEResponseLib.scene import segmentations as vois
from TACEResponseLib.scene.case_nodes import nodesOfCase, readSources
from TACEResponseLib.scene.cases import arraySource, caseOfNodes
from TACEResponseLib.scene.volumes import volumeDigest, volumeGeometry

OBLIQUE = (0.8, -0.36, 0.48, 0.6, 0.48, -0.64, 0.0, 0.8, 0.6)
LEFT_HANDED = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, -1.0)
DIRECTIONS = {"straight": (1.0, 0, 0, 0, 1.0, 0, 0, 0, 1.0), "oblique": OBLIQUE, "left-handed": LEFT_HANDED}


@pytest.mark.parametrize("direction", DIRECTIONS.values(), ids=DIRECTIONS)
def test_arrays_become_nodes_and_the_same_arrays_again(make_lesion_source, make_nodes, direction):
    source = make_lesion_source(direction=direction)
    again = arraySource(*make_nodes(source))
    assert np.array_equal(again.voxels, source.voxels)
    assert again.voxels.dtype == source.voxels.dtype
    assert np.allclose(again.spacing_mm, source.spacing_mm, atol=1e-12)
    assert np.allclose(again.origin_mm, source.origin_mm, atol=1e-12)
    assert np.allclose(again.direction, direction, atol=1e-12)


@pytest.mark.parametrize("direction", DIRECTIONS.values(), ids=DIRECTIONS)
def test_features_of_nodes_equal_those_of_arrays(make_lesion_source, make_nodes, direction):
    source = make_lesion_source(direction=direction)
    key = CaseKey("P")
    from_nodes = caseOfNodes(key, *({"AP": node} for node in make_nodes(source)))
    from_arrays = type(from_nodes)(key, {"AP": source})
    one, other = (
        extract_features(read_case_images(case, ("AP",)), ("AP",), "paper110") for case in (from_nodes, from_arrays)
    )
    assert np.array_equal(one.values, other.values, equal_nan=True)
    assert one.input_sha256 == other.input_sha256


@pytest.mark.parametrize("direction", DIRECTIONS.values(), ids=DIRECTIONS)
def test_a_case_becomes_nodes_and_the_same_case_again(make_lesion_source, scene, direction):
    source = make_lesion_source(direction=direction, tags=AcquisitionTags(patient_id="P7", study_date="20210304"))
    case = Case(CaseKey("P", reader="2"), {"AP": source, "DP": source})
    volumes, segmentations = nodesOfCase(case, readSources(case))
    again = caseOfNodes(case.key, volumes, segmentations)
    one, other = (read_case_images(case, ("AP", "DP")) for case in (case, again))
    for sequence in ("AP", "DP"):
        assert one.vois[sequence].image_sha256 == other.vois[sequence].image_sha256
        assert one.vois[sequence].mask_sha256 == other.vois[sequence].mask_sha256
        assert one.vois[sequence].tags.patient_id == other.vois[sequence].tags.patient_id == "P7"
    assert vois.tag(segmentations["AP"], vois.READER_TAG) == "2"


def test_a_mask_of_another_grid_is_refused_before_any_node_is_made(make_lesion_source, scene):
    source = make_lesion_source()
    elsewhere = replace(source, mask_geometry=ImageGeometry((1.0, 1.0, 1.0), source.origin_mm, source.direction))
    case = Case(CaseKey("P"), {"T2": source, "AP": elsewhere})
    with pytest.raises(ValueError, match="Patient P, AP: the mask was drawn on another voxel grid"):
        nodesOfCase(case, readSources(case))
    assert scene.GetNumberOfNodesByClass("vtkMRMLVolumeNode") == 0


def test_the_arrays_are_copies_that_a_thread_may_keep(make_lesion_source, make_nodes):
    volume, segmentation = make_nodes(make_lesion_source())
    source = arraySource(volume, segmentation)
    before = source.voxels.copy()
    slicer.util.arrayFromVolume(volume)[:] = 0
    slicer.mrmlScene.RemoveNode(volume)
    assert np.array_equal(source.voxels, before)


@pytest.mark.parametrize("which", [0, 1], ids=["volume", "segmentation"])
def test_a_node_under_a_transform_is_refused_by_name(make_lesion_source, make_nodes, scene, which):
    nodes = make_nodes(make_lesion_source())
    transform = scene.AddNewNodeByClass("vtkMRMLLinearTransformNode", "breathing")
    nodes[which].SetAndObserveTransformNodeID(transform.GetID())
    with pytest.raises(ValueError, match=r"Patient P, AP: .* under the transform breathing; harden the transform"):
        caseOfNodes(CaseKey("P"), {"AP": nodes[0]}, {"AP": nodes[1]})


def test_a_colour_volume_and_one_without_voxels_are_refused(make_lesion_source, make_nodes, scene):
    _, segmentation = make_nodes(make_lesion_source())
    colour = slicer.util.addVolumeFromArray(
        np.zeros((3, 4, 5, 3), np.uint8), name="colour", nodeClassName="vtkMRMLVectorVolumeNode"
    )
    with pytest.raises(ValueError, match="colour has 3 values per voxel"):
        arraySource(colour, segmentation)
    with pytest.raises(ValueError, match="hollow holds no voxels"):
        arraySource(scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "hollow"), segmentation)


def test_an_empty_voi_is_called_empty(make_lesion_source, make_nodes):
    volume, _ = make_nodes(make_lesion_source())
    with pytest.raises(ValueError, match="VOI DP is empty; draw the lesion"):
        vois.segmentArray(vois.createVoi(volume, "DP"))


def test_one_of_several_segments_is_the_tumour_only_if_it_can_be_told(make_lesion_source, make_nodes):
    source = make_lesion_source()
    volume, segmentation = make_nodes(source)
    liver = np.ones(source.voxels.shape, np.uint8)
    segment_id = segmentation.GetSegmentation().AddEmptySegment("liver", "liver")
    slicer.util.updateSegmentBinaryLabelmapFromArray(liver, segmentation, segment_id, volume)
    mask, geometry = vois.segmentArray(segmentation)
    cropped, _ = vois.croppedToVoi(mask, geometry)
    assert cropped.sum() == source.mask.sum()
    second = segmentation.GetSegmentation().AddEmptySegment("second", vois.TUMOUR_NAME)
    with pytest.raises(ValueError, match=r"several segments \(Tumour, liver, Tumour\)"):
        vois.segmentArray(segmentation)
    segmentation.GetSegmentation().RemoveSegment(second)
    assert vois.tumourSegmentId(segmentation) != "liver"


def test_a_segmentation_drawn_on_another_grid_is_refused_as_it_is(make_lesion_source, make_nodes):
    volume, _ = make_nodes(make_lesion_source())
    _, other = make_nodes(make_lesion_source(spacing_mm=(1.7, 1.9, 2.5)), "other")
    case = caseOfNodes(CaseKey("P"), {"AP": volume}, {"AP": other})
    with pytest.raises(ValueError, match="Patient P, AP: the mask was drawn on another voxel grid"):
        read_case_images(case, ("AP",))


def test_a_voi_is_created_with_its_volume_as_reference_and_its_words(make_lesion_source, make_nodes):
    volume, _ = make_nodes(make_lesion_source())
    node = vois.createVoi(volume, "PVP", reader="2", session="3")
    assert node.GetNodeReference(node.GetReferenceImageGeometryReferenceRole()) is volume
    assert vois.tag(node, vois.READER_TAG) == "2"
    assert vois.tag(node, vois.SESSION_TAG) == "3"
    assert "SCT^108369006^Neoplasm" in vois.tag(node, slicer.vtkSegment.GetTerminologyEntryTagName())
    assert "Liver" in vois.tag(node, slicer.vtkSegment.GetTerminologyEntryTagName())


def test_a_copied_voi_lies_at_the_same_place_and_is_marked(make_lesion_source, make_nodes):
    _, segmentation = make_nodes(make_lesion_source(), "AP")
    target_volume, target = make_nodes(
        make_lesion_source(spacing_mm=(1.2, 1.2, 4.0), shape=(14, 66, 70), radii_mm=(5, 5, 9)), "T2"
    )
    vois.copyVoi(segmentation, target, target_volume, "AP")
    centres = []
    for node in (segmentation, target):
        mask, geometry = vois.segmentArray(node)
        axes = np.reshape(geometry.direction, (3, 3)) * geometry.spacing_mm
        centres.append(np.argwhere(mask)[:, ::-1].mean(axis=0) @ axes.T + geometry.origin_mm)
        volume_mm3 = mask.sum() * np.prod(geometry.spacing_mm)
        assert volume_mm3 == pytest.approx(4 / 3 * np.pi * 12 * 11 * 13, rel=0.05)
    assert np.linalg.norm(centres[0] - centres[1]) < 0.5
    assert vois.tag(target, vois.COPIED_TAG).startswith("AP ")
    assert vois.isUnchecked(target, vois.voiDigest(target))


def test_a_copied_voi_is_checked_by_an_edit_or_by_word(make_lesion_source, make_nodes):
    volume, segmentation = make_nodes(make_lesion_source(), "AP")
    target_volume, target = make_nodes(make_lesion_source(shape=(24, 44, 48)), "T2")
    vois.copyVoi(segmentation, target, target_volume, "AP")
    vois.shiftVoi(target, target_volume, (1.8, 0.0, 0.0))
    assert not vois.isUnchecked(target, vois.voiDigest(target))
    vois.shiftVoi(target, target_volume, (-1.8, 0.0, 0.0))
    assert vois.isUnchecked(target, vois.voiDigest(target))
    vois.confirmVoi(target)
    assert not vois.isUnchecked(target, vois.voiDigest(target))
    assert not vois.isUnchecked(segmentation, vois.voiDigest(segmentation))
    assert volume is not target_volume


@pytest.mark.parametrize(
    ("readers", "now", "after"),
    [
        (["1", "1", "1"], "MK", ["MK", "MK", "MK"]),
        (["1", "1", "JS"], "JS", ["1", "1", "JS"]),
        (["1", None, "1"], "JS", ["JS", None, "JS"]),
    ],
)
def test_vois_follow_their_readers_name_and_none_changes_its_owner(make_lesion_source, make_nodes, readers, now, after):
    nodes = [make_nodes(make_lesion_source())[1] for _ in readers]
    for node, reader in zip(nodes, readers, strict=True):
        vois.setTag(node, vois.READER_TAG, reader)
    vois.renameReader(nodes, vois.READER_TAG, "1", now)
    assert [vois.drawnBy(node)[0] for node in nodes] == after
    assert {vois.drawnBy(node)[1] for node in nodes} == {"1"}


def test_a_blank_beside_a_readers_name_is_none_of_it(make_lesion_source, make_nodes):
    volume, segmentation = make_nodes(make_lesion_source())
    assert vois.drawnBy(vois.createVoi(volume, "AP", " MK", "2 ")) == ("MK", "2")
    vois.setTag(segmentation, vois.READER_TAG, "MK ")
    vois.renameReader([segmentation], vois.READER_TAG, " MK", "JS ")
    assert vois.drawnBy(segmentation) == ("JS", "1")


def test_a_voi_copied_to_its_own_geometry_is_the_same(make_lesion_source, make_nodes):
    source = make_lesion_source(direction=OBLIQUE)
    copied = vois.maskOnGeometry(source.mask, source.geometry, source.mask.shape, source.geometry)
    assert np.array_equal(copied, source.mask)


@pytest.mark.parametrize("tilt_degrees", [0, 12], ids=["parallel", "oblique"])
@pytest.mark.parametrize("spacing_mm", [(1.8, 1.9, 2.5), (1.3, 1.1, 6.0), (3.1, 2.9, 1.7)])
def test_a_voi_on_another_geometry_is_itks_nearest_neighbour(make_lesion_source, spacing_mm, tilt_degrees):
    source = make_lesion_source()
    cosine, sine = np.cos(np.radians(tilt_degrees)), np.sin(np.radians(tilt_degrees))
    target = ImageGeometry(spacing_mm, (-58.03, -51.07, -41.01), (cosine, -sine, 0.0, sine, cosine, 0.0, 0.0, 0.0, 1.0))
    shape = tuple(int(np.ceil(length / step)) for length, step in zip((90, 130, 130), spacing_mm[::-1], strict=True))
    image = sitk.GetImageFromArray(source.mask.astype(np.uint8))
    for setter, value in (
        ("Spacing", source.spacing_mm),
        ("Origin", source.origin_mm),
        ("Direction", source.direction),
    ):
        getattr(image, f"Set{setter}")(value)
    expected = sitk.Resample(
        image, shape[::-1], sitk.Transform(), sitk.sitkNearestNeighbor, target.origin_mm, target.spacing_mm,
        target.direction,
    )  # fmt: skip
    copied = vois.maskOnGeometry(source.mask, source.geometry, shape, target)
    assert np.array_equal(copied, sitk.GetArrayFromImage(expected) > 0)


def test_a_voi_outside_the_other_image_is_not_copied(make_lesion_source, make_nodes):
    _, segmentation = make_nodes(make_lesion_source(), "AP")
    far = make_lesion_source(shape=(6, 40, 44), radii_mm=(8, 8, 5))
    target_volume, target = make_nodes(far, "T2")
    with pytest.raises(ValueError, match="lies outside the image of the other sequence"):
        vois.copyVoi(segmentation, target, target_volume, "AP")
    assert vois.tag(target, vois.COPIED_TAG) is None


@pytest.mark.parametrize("direction", DIRECTIONS.values(), ids=DIRECTIONS)
def test_a_shift_moves_the_whole_voi_by_whole_voxels(make_lesion_source, make_nodes, direction):
    source = make_lesion_source(direction=direction, shape=(26, 48, 52))
    volume, segmentation = make_nodes(source)
    axes = np.reshape(direction, (3, 3)) * source.spacing_mm
    wanted = axes @ np.array([2, -1, 1])
    made = vois.shiftVoi(segmentation, volume, wanted + 0.3)
    assert np.allclose(made, wanted)
    moved, _ = vois.segmentArray(segmentation)
    expected = np.roll(source.mask, (1, -1, 2), axis=(0, 1, 2))
    shifted = arraySource(volume, segmentation)
    assert moved.sum() == source.mask.sum()
    assert np.array_equal(read_mask_on_image(shifted), expected)


def read_mask_on_image(source):
    from TACEResponseLib.imaging.mask_geometry import paste_mask

    return paste_mask(source.mask, source.mask_geometry, source.voxels.shape, source.geometry)


def test_a_shift_out_of_the_image_is_refused(make_lesion_source, make_nodes):
    volume, segmentation = make_nodes(make_lesion_source())
    with pytest.raises(ValueError, match="lie outside the image"):
        vois.shiftVoi(segmentation, volume, (500.0, 0.0, 0.0))


def test_digests_follow_voxels_and_place_only(make_lesion_source, make_nodes):
    source = make_lesion_source()
    volume, segmentation = make_nodes(source)
    same_volume, same = make_nodes(source, "again")
    assert volumeDigest(volume) == volumeDigest(same_volume)
    assert vois.voiDigest(segmentation) == vois.voiDigest(same)
    vois.shiftVoi(same, same_volume, (source.spacing_mm[0], 0.0, 0.0))
    assert vois.voiDigest(segmentation) != vois.voiDigest(same)
    slicer.util.arrayFromVolume(same_volume)[0, 0, 0] += 1
    assert volumeDigest(volume) != volumeDigest(same_volume)


def test_the_geometry_is_lps(make_lesion_source, make_nodes):
    volume, _ = make_nodes(make_lesion_source())
    ras = [0.0, 0.0, 0.0]
    import vtk

    matrix = vtk.vtkMatrix4x4()
    volume.GetIJKToRASMatrix(matrix)
    ras = matrix.MultiplyPoint((0, 0, 0, 1))[:3]
    assert np.allclose(volumeGeometry(volume).origin_mm, np.multiply(ras, (-1, -1, 1)))
