"""Volumes from files, and what is told of files that are no volume."""

import numpy as np
import pytest
from TACEResponseLib.cohort import AcquisitionTags, FileSource, ImageGeometry
from TACEResponseLib.imaging import read_voi
from TACEResponseLib.imaging.reading import read_image

NAME_ENDS = [".nrrd", ".nii", ".nii.gz", ".mha"]


@pytest.fixture
def geometry(rotation):
    """An oblique voxel grid."""
    return ImageGeometry((0.8, 1.25, 3.0), (-10.5, 20.25, -300.125), rotation)


@pytest.fixture
def voxels():
    """Noise, which does not compress, so that a file can be cut within its data."""
    return np.random.default_rng(3).integers(-2000, 2000, (12, 20, 30)).astype(np.int16)


@pytest.mark.parametrize("compress", [False, True])
@pytest.mark.parametrize("name_end", NAME_ENDS)
def test_voxels_and_place_are_the_files(tmp_path, write_image, geometry, voxels, name_end, compress):
    path = write_image(tmp_path / f"volume{name_end}", voxels, geometry, compress=compress)
    read, place, _ = read_image(path)
    np.testing.assert_array_equal(read, voxels)
    for name in ("spacing_mm", "origin_mm", "direction"):
        # NIfTI keeps its geometry in float32.
        np.testing.assert_allclose(getattr(place, name), getattr(geometry, name), rtol=1e-6, atol=2e-5)


def test_nifti_of_another_library_lies_where_that_library_says(tmp_path, voxels):
    nibabel = pytest.importorskip("nibabel")
    affine = np.array([[-0.8, 0, 0, 12.5], [0, 1.25, 0, -7.0], [0, 0, 3.0, 44.0], [0, 0, 0, 1]])
    nibabel.save(nibabel.Nifti1Image(voxels.T, affine), tmp_path / "volume.nii.gz")
    read, place, _ = read_image(tmp_path / "volume.nii.gz")
    np.testing.assert_array_equal(read, voxels)
    assert place.spacing_mm == pytest.approx((0.8, 1.25, 3.0))
    to_lps = np.diag([-1.0, -1.0, 1.0])
    np.testing.assert_allclose(place.origin_mm, to_lps @ affine[:3, 3])
    axes = np.reshape(place.direction, (3, 3)) * np.asarray(place.spacing_mm)
    np.testing.assert_allclose(axes, to_lps @ affine[:3, :3], atol=1e-6)


def test_nifti_slope_and_intercept_are_applied(tmp_path, voxels):
    nibabel = pytest.importorskip("nibabel")
    for name_end in (".nii", ".nii.gz"):
        image = nibabel.Nifti1Image(voxels.T, np.eye(4))
        image.header.set_slope_inter(0.5, 100.0)
        path = tmp_path / f"volume{name_end}"
        nibabel.save(image, path)
        expected = nibabel.load(path).get_fdata().T
        np.testing.assert_allclose(read_image(path)[0], expected, rtol=1e-6)
        assert np.ptp(expected) < np.ptp(voxels)


@pytest.mark.parametrize("name_end", [".nrrd", ".mha"])
def test_tags_and_phantom_are_read_from_header_keys(tmp_path, write_image, geometry, voxels, name_end):
    keys = {
        "PHANTOM": "synthetic liver",
        "PatientID": "P01",
        "StudyDate": "2021-03-04",
        "FrameOfReferenceUID": "1.2.3",
        "ContrastBolusAgent": "Primovist",
        "SeriesDescription": "T1 ART",
    }
    tags = read_image(write_image(tmp_path / f"marked{name_end}", voxels, geometry, keys))[2]
    assert tags == AcquisitionTags("P01", "20210304", "1.2.3", "Primovist", "T1 ART", is_phantom=True)
    tags = read_image(write_image(tmp_path / f"PHANTOM{name_end}", voxels, geometry))[2]
    assert tags == AcquisitionTags()


def test_phantom_is_read_from_niftis_description(tmp_path, voxels):
    nibabel = pytest.importorskip("nibabel")
    for description, marked in ((b"PHANTOM synthetic liver", True), (b"not a PHANTOM", False)):
        image = nibabel.Nifti1Image(voxels.T, np.eye(4))
        image.header["descrip"] = description
        nibabel.save(image, tmp_path / "volume.nii")
        assert read_image(tmp_path / "volume.nii")[2].is_phantom is marked


class TestRefused:
    """Each with a sentence that names the patient, the sequence and the file; nothing on stderr."""

    def _refused(self, key, image_path, mask_path=None):
        with pytest.raises(ValueError, match=r"^Patient HCC_07b, DP: the image .+\.$") as caught:
            read_voi(key, "DP", FileSource(image_path, mask_path or image_path))
        assert str(image_path) in str(caught.value)
        assert "\n" not in str(caught.value)
        return str(caught.value)

    def test_a_missing_file(self, tmp_path, key):
        assert "does not exist" in self._refused(key, tmp_path / "absent.nrrd")

    def test_a_missing_mask(self, tmp_path, key, write_image, geometry, voxels):
        image = write_image(tmp_path / "image.nrrd", voxels, geometry)
        with pytest.raises(ValueError, match=r"^Patient HCC_07b, DP: the mask .*absent\.nrrd does not exist\.$"):
            read_voi(key, "DP", FileSource(image, tmp_path / "absent.nrrd"))

    @pytest.mark.parametrize("name_end", NAME_ENDS)
    def test_a_file_of_another_kind_under_that_name(self, tmp_path, key, name_end, capfd):
        path = tmp_path / f"volume{name_end}"
        path.write_text("this is a report, no image" * 40)
        assert "damaged or not of the format" in self._refused(key, path)
        assert capfd.readouterr().err == ""

    def test_an_empty_file(self, tmp_path, key):
        path = tmp_path / "volume.nrrd"
        path.touch()
        assert "damaged or not of the format" in self._refused(key, path)

    @pytest.mark.parametrize("name", ["volume.png", "volume.nhdr", "volume"])
    def test_a_format_that_is_not_read(self, tmp_path, key, name):
        (tmp_path / name).write_bytes(b"\x89PNG")
        assert "one of .nrrd, .nii, .nii.gz, .mha" in self._refused(key, tmp_path / name)

    @pytest.mark.parametrize("compress", [False, True])
    @pytest.mark.parametrize("name_end", NAME_ENDS)
    @pytest.mark.parametrize("kept", [0.5, 0.999])
    def test_a_cut_off_file(self, tmp_path, key, write_image, geometry, voxels, capfd, name_end, compress, kept):
        path = write_image(tmp_path / f"volume{name_end}", voxels, geometry, compress=compress)
        content = path.read_bytes()
        path.write_bytes(content[: int(kept * len(content))])
        assert "cut off" in self._refused(key, path)
        assert capfd.readouterr().err == ""

    @pytest.mark.parametrize("name_end", [".nrrd", ".nii.gz", ".mha"])
    def test_one_changed_byte_in_compressed_data(self, tmp_path, key, write_image, geometry, voxels, capfd, name_end):
        path = write_image(tmp_path / f"volume{name_end}", voxels, geometry, compress=True)
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 0x10
        path.write_bytes(content)
        assert "damaged" in self._refused(key, path)
        assert capfd.readouterr().err == ""

    @pytest.mark.parametrize("name_end", NAME_ENDS)
    def test_four_dimensions(self, tmp_path, key, name_end):
        sitk = pytest.importorskip("SimpleITK")
        path = tmp_path / f"volume{name_end}"
        sitk.WriteImage(sitk.Image([4, 5, 6, 3], sitk.sitkInt16), str(path))
        assert "4 dimensions (4 x 5 x 6 x 3)" in self._refused(key, path)

    def test_two_dimensions(self, tmp_path, key):
        sitk = pytest.importorskip("SimpleITK")
        path = tmp_path / "slice.nrrd"
        sitk.WriteImage(sitk.Image([4, 5], sitk.sitkInt16), str(path))
        assert "2 dimensions (4 x 5)" in self._refused(key, path)

    @pytest.mark.parametrize("name_end", [".nrrd", ".nii", ".mha"])
    def test_colour(self, tmp_path, key, write_image, geometry, name_end):
        path = write_image(tmp_path / f"volume{name_end}", np.zeros((4, 5, 6, 3), np.uint8), geometry)
        assert "3 values per voxel (colour" in self._refused(key, path)

    def test_complex_numbers(self, tmp_path, key):
        sitk = pytest.importorskip("SimpleITK")
        path = tmp_path / "volume.mha"
        sitk.WriteImage(sitk.Image([4, 5, 6], sitk.sitkComplexFloat32), str(path))
        assert "complex" in self._refused(key, path)

    def test_a_sheared_volume(self, tmp_path, key, write_image, geometry, voxels):
        path = write_image(tmp_path / "volume.nrrd", voxels, ImageGeometry((1.0, 1.0, 2.0)))
        content = path.read_bytes()
        assert b"(0,0,2)" in content
        path.write_bytes(content.replace(b"(0,0,2)", b"(0,1,2)"))
        with pytest.raises(ValueError, match=r"^Patient HCC_07b, DP: the image's axes are not at right angles"):
            read_voi(key, "DP", FileSource(path, write_image(tmp_path / "m.nrrd", voxels > 0, geometry)))

    def test_a_sheared_nifti(self, tmp_path, key, voxels):
        nibabel = pytest.importorskip("nibabel")
        affine = np.array([[1.0, 0, 0, 0], [0, 1.0, 0.5, 0], [0, 0, 2.0, 0], [0, 0, 0, 1]])
        path = tmp_path / "volume.nii"
        nibabel.save(nibabel.Nifti1Image(voxels.T, affine), path)
        assert "not at right angles" in self._refused(key, path)

    def test_voxels_of_unknown_size(self, tmp_path, key, write_image, voxels):
        path = write_image(tmp_path / "volume.nrrd", voxels, ImageGeometry((1.0, 1.0, 1.0)))
        header, data = path.read_bytes().split(b"\n\n", 1)
        kept = [line for line in header.split(b"\n") if not line.startswith(b"space")]
        path.write_bytes(b"\n".join(kept) + b"\n\n" + data)
        assert "does not say how large its voxels are" in self._refused(key, path)

    def test_voxels_in_another_file(self, tmp_path, key, write_image, voxels):
        sitk = pytest.importorskip("SimpleITK")
        sitk.WriteImage(sitk.GetImageFromArray(voxels), str(tmp_path / "volume.nhdr"))
        path = (tmp_path / "volume.nhdr").rename(tmp_path / "volume.nrrd")
        assert "keeps its voxels in another file" in self._refused(key, path)
