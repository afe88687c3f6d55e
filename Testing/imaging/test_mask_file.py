"""The tumour's voxels from labelmaps and .seg.nrrd files."""

import numpy as np
import pytest
from TACEResponseLib.cohort import FileSource, ImageGeometry
from TACEResponseLib.imaging import read_voi
from TACEResponseLib.imaging.mask_file import read_mask

GEOMETRY = ImageGeometry((1.0, 1.0, 2.0))


def _segment_keys(*segments):
    """Header keys as 3D Slicer writes them, for (name, label value, layer)."""
    keys = {}
    for number, (name, value, layer) in enumerate(segments):
        keys |= {
            f"Segment{number}_ID": f"Segment_{number + 1}",
            f"Segment{number}_Name": name,
            f"Segment{number}_LabelValue": str(value),
            f"Segment{number}_Layer": str(layer),
            f"Segment{number}_Extent": "0 9 0 8 0 7",
        }
    return keys


def _slicer_list_header(content: bytes) -> bytes:
    """SimpleITK writes a vector image's axis as "vector", 3D Slicer a segmentation's as "list"."""
    return content.replace(b"kinds: vector", b"kinds: list")


@pytest.fixture
def tumour():
    """A small box."""
    mask = np.zeros((8, 9, 10), bool)
    mask[2:5, 3:6, 4:8] = True
    return mask


@pytest.fixture
def liver():
    """A larger box that holds the tumour."""
    mask = np.zeros((8, 9, 10), bool)
    mask[1:7, 1:8, 1:9] = True
    return mask


@pytest.mark.parametrize("name_end", [".nrrd", ".nii.gz", ".mha"])
@pytest.mark.parametrize("number_type", [np.uint8, np.int16, np.int32, np.float32, np.float64])
def test_a_label_of_a_labelmap(tmp_path, write_image, tumour, liver, name_end, number_type):
    labels = (liver * 2 + tumour * 5).astype(number_type)
    path = write_image(tmp_path / f"mask{name_end}", labels, GEOMETRY)
    np.testing.assert_array_equal(read_mask(path, 7)[0], tumour)
    np.testing.assert_array_equal(read_mask(path, 2)[0], liver & ~tumour)


def test_the_only_label_is_taken_whatever_its_value(tmp_path, write_image, tumour):
    path = write_image(tmp_path / "mask.nrrd", tumour * np.int16(204), GEOMETRY)
    np.testing.assert_array_equal(read_mask(path, None)[0], tumour)


def test_several_labels_are_refused_with_their_list(tmp_path, write_image, tumour, liver):
    path = write_image(tmp_path / "mask.nrrd", (liver * 2 + tumour * 5).astype(np.uint8), GEOMETRY)
    with pytest.raises(ValueError, match=r"holds 2 labels, say which is the tumour: 2, 7\."):
        read_mask(path, None)
    with pytest.raises(ValueError, match=r"has no label 1; it holds 2, 7\."):
        read_mask(path, 1)
    with pytest.raises(ValueError, match=r"names no segments, so 'Tumour' is not in it; .* 2, 7\."):
        read_mask(path, "Tumour")


class TestSegNrrd:
    """Segmentations with 3D Slicer's header keys."""

    def test_segments_of_one_layer_by_name_and_by_value(self, tmp_path, write_image, tumour, liver):
        keys = _segment_keys(("Liver", 1, 0), ("Tumour", 2, 0))
        path = write_image(
            tmp_path / "case.seg.nrrd", np.where(tumour, 2, liver).astype(np.uint8), GEOMETRY, keys, True
        )
        np.testing.assert_array_equal(read_mask(path, "Tumour")[0], tumour)
        np.testing.assert_array_equal(read_mask(path, 2)[0], tumour)
        np.testing.assert_array_equal(read_mask(path, "Liver")[0], liver & ~tumour)

    @pytest.mark.parametrize("kinds", ["vector", "list"])
    @pytest.mark.parametrize("compress", [False, True])
    def test_overlapping_segments_lie_in_layers(self, tmp_path, write_image, tumour, liver, kinds, compress):
        keys = _segment_keys(("Tumour", 1, 1), ("Liver", 1, 0))
        layers = np.stack([liver, tumour], axis=-1)
        path = write_image(tmp_path / "case.seg.nrrd", layers, GEOMETRY, keys, compress)
        if kinds == "list":
            path.write_bytes(_slicer_list_header(path.read_bytes()))
            assert b"kinds: list domain" in path.read_bytes()
        np.testing.assert_array_equal(read_mask(path, "Tumour")[0], tumour)
        np.testing.assert_array_equal(read_mask(path, "Liver")[0], liver)
        with pytest.raises(ValueError, match=r"2 segments 1, choose by a name of its own: 'Tumour' .*, 'Liver'"):
            read_mask(path, 1)

    def test_files_older_than_slicer_5_have_a_layer_a_segment(self, tmp_path, write_image, tumour, liver):
        keys = {"Segment0_Name": "Liver", "Segment1_Name": "Tumour"}
        path = write_image(tmp_path / "old.seg.nrrd", np.stack([liver, tumour], axis=-1), GEOMETRY, keys)
        np.testing.assert_array_equal(read_mask(path, "Tumour")[0], tumour)
        np.testing.assert_array_equal(read_mask(path, "Liver")[0], liver)

    def test_the_only_segment_is_taken(self, tmp_path, write_image, tumour):
        path = write_image(tmp_path / "case.seg.nrrd", tumour * np.uint8(3), GEOMETRY, _segment_keys(("Lesion", 3, 0)))
        np.testing.assert_array_equal(read_mask(path, None)[0], tumour)

    def test_a_segment_whose_name_is_a_number(self, tmp_path, write_image, tumour):
        path = write_image(tmp_path / "case.seg.nrrd", tumour * np.uint8(1), GEOMETRY, _segment_keys(("2", 1, 0)))
        np.testing.assert_array_equal(read_mask(path, 2)[0], tumour)

    def test_an_absent_name_is_refused_and_the_present_ones_listed(self, tmp_path, write_image, tumour):
        keys = _segment_keys(("Liver", 1, 0), ("Tumor", 2, 0))
        path = write_image(tmp_path / "case.seg.nrrd", tumour * np.uint8(2), GEOMETRY, keys)
        with pytest.raises(ValueError, match=r"no segment 'Tumour'; it holds 'Liver' \(label 1\), 'Tumor' \(label 2\)"):
            read_mask(path, "Tumour")
        with pytest.raises(ValueError, match=r"no segment 3; it holds 'Liver'"):
            read_mask(path, 3)

    def test_several_declared_segments_need_a_name_even_if_one_was_drawn(self, tmp_path, write_image, liver):
        keys = _segment_keys(("Liver", 1, 0), ("Tumour", 2, 0))
        path = write_image(tmp_path / "case.seg.nrrd", liver, GEOMETRY, keys)
        with pytest.raises(ValueError, match=r"holds 2 segments, name the tumour's one: 'Liver' .*, 'Tumour' "):
            read_mask(path, None)
        with pytest.raises(ValueError, match=r"the segment 'Tumour' of .* is empty"):
            read_mask(path, "Tumour")

    def test_slicers_empty_segmentation_of_one_voxel_is_called_empty(self, tmp_path, key, write_image, make_source):
        source = make_source()
        image = write_image(tmp_path / "image.nrrd", source.voxels, source.geometry)
        keys = _segment_keys(("Tumour", 1, 0))
        mask = write_image(
            tmp_path / "case.seg.nrrd", np.zeros((1, 1, 1), np.uint8), ImageGeometry((1.0, 1.0, 1.0)), keys
        )
        for label in ("Tumour", None, 1):
            with pytest.raises(ValueError, match=r"^Patient HCC_07b, AP: the mask .* is empty; draw the lesion"):
                read_voi(key, "AP", FileSource(image, mask, label))

    def test_slicers_cropped_and_k_reversed_segmentation_gives_the_same_voi(
        self, tmp_path, key, write_image, make_source, assert_same_voi
    ):
        source = make_source()
        image = write_image(tmp_path / "image.nrrd", source.voxels, source.geometry)
        k, j, i = (slice(int(n.min()), int(n.max()) + 1) for n in np.nonzero(source.mask))
        cropped = source.mask[k, j, i][::-1]
        origin = np.add(source.origin_mm, np.multiply((i.start, j.start, k.stop - 1), source.spacing_mm))
        direction = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, -1.0)
        geometry = ImageGeometry(source.spacing_mm, tuple(origin.tolist()), direction)
        mask = write_image(tmp_path / "a.seg.nrrd", cropped, geometry, _segment_keys(("Tumour", 1, 0)), True)
        assert_same_voi(read_voi(key, "AP", FileSource(image, mask, "Tumour")), read_voi(key, "AP", source))


class TestRefused:
    """Masks that are no labelmap."""

    @pytest.mark.parametrize("name_end", [".nrrd", ".nii", ".mha"])
    def test_an_empty_one(self, tmp_path, write_image, tumour, name_end):
        path = write_image(tmp_path / f"mask{name_end}", np.zeros_like(tumour), GEOMETRY)
        for label in (None, 1, "Tumour"):
            with pytest.raises(ValueError, match="is empty; draw the lesion"):
                read_mask(path, label)

    def test_a_fractional_one(self, tmp_path, write_image, tumour):
        path = write_image(tmp_path / "mask.nrrd", tumour * np.float32(0.5), GEOMETRY)
        with pytest.raises(ValueError, match="fractional"):
            read_mask(path, None)

    def test_slicers_fractional_labelmap_of_whole_numbers(self, tmp_path, write_image, tumour):
        keys = _segment_keys(("Tumour", 1, 0)) | {"Segmentation_SourceRepresentation": "Fractional labelmap"}
        path = write_image(tmp_path / "mask.seg.nrrd", tumour * np.uint8(97), GEOMETRY, keys)
        with pytest.raises(ValueError, match="fractional"):
            read_mask(path, "Tumour")

    def test_one_with_nan(self, tmp_path, write_image, tumour):
        path = write_image(tmp_path / "mask.nrrd", np.where(tumour, np.nan, 1.0), GEOMETRY)
        with pytest.raises(ValueError, match="fractional"):
            read_mask(path, 1)

    def test_a_colour_image(self, tmp_path, write_image, tumour):
        path = write_image(tmp_path / "mask.nrrd", np.stack([tumour] * 3, axis=-1), GEOMETRY)
        with pytest.raises(ValueError, match="3 values per voxel and names no segments"):
            read_mask(path, None)

    def test_dicom(self, tmp_path, write_dicom, tumour):
        folder = write_dicom(tmp_path / "mask", tumour.astype(np.int16), GEOMETRY)
        with pytest.raises(ValueError, match=r"save it as \.seg\.nrrd"):
            read_mask(folder, None)
        with pytest.raises(ValueError, match=r"is a DICOM file, which is not read as a mask; save it as \.seg\.nrrd"):
            read_mask(next(folder.iterdir()), None)
