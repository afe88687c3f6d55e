"""One DICOM series of a folder as a volume, and the list of what was found where there is more or less."""

import re

import numpy as np
import pytest
from TACEResponseLib.cohort import FileSource, ImageGeometry, printable
from TACEResponseLib.imaging import read_voi
from TACEResponseLib.imaging.reading import read_image


@pytest.fixture
def geometry(rotation):
    """An oblique voxel grid."""
    return ImageGeometry((0.8, 1.25, 3.0), (-10.5, 20.25, -300.125), rotation)


@pytest.fixture
def voxels():
    """Noise with negative values."""
    return np.random.default_rng(3).integers(-300, 2000, (9, 14, 18)).astype(np.int16)


def _set(**values):
    """A change of every slice; ``values`` are DICOM keywords."""

    def change(number, data):
        for keyword, value in values.items():
            setattr(data, keyword, value)

    return change


def _place(mm_along_normal):
    """Put slice number n at the place of that number in mm along the normal (straight axes)."""

    def change(number, data):
        data.ImagePositionPatient = [-10.5, 20.25, float(mm_along_normal[number])]

    return change


def test_voxels_and_place_in_any_order_of_files(tmp_path, write_dicom, geometry, voxels, capfd):
    order = np.random.default_rng(1).permutation(len(voxels))
    folder = write_dicom(tmp_path / "series", voxels, geometry, order=order)
    (folder / "notes.txt").write_text("exported on Monday")
    (folder / "DICOMDIR").write_bytes(b"\0" * 128 + b"DICM")
    read, place, tags = read_image(folder)
    assert read.dtype == np.float32
    np.testing.assert_array_equal(read, voxels)
    # SliceThickness says 9 mm, the positions 3 mm.
    np.testing.assert_allclose(place.spacing_mm, (0.8, 1.25, 3.0), rtol=1e-6)
    np.testing.assert_allclose(place.origin_mm, geometry.origin_mm, atol=1e-5)
    np.testing.assert_allclose(place.direction, geometry.direction, atol=1e-6)
    assert (tags.patient_id, tags.study_date, tags.series_description) == ("HCC_07b", "20210304", "T1 VIBE ART")
    assert tags.frame_of_reference_uid is not None
    assert tags.contrast_agent is None
    assert not tags.is_phantom
    assert capfd.readouterr().err == ""


def test_the_series_equals_simpleitks_own_reading(tmp_path, write_dicom, geometry, voxels):
    sitk = pytest.importorskip("SimpleITK")
    folder = write_dicom(tmp_path / "series", voxels, geometry, _set(RescaleSlope="1.5", RescaleIntercept="-20"))
    theirs = sitk.ReadImage(sitk.ImageSeriesReader.GetGDCMSeriesFileNames(str(folder)))
    read, place, _ = read_image(folder)
    np.testing.assert_allclose(read, sitk.GetArrayFromImage(theirs), rtol=1e-6)
    np.testing.assert_allclose(place.spacing_mm, theirs.GetSpacing(), rtol=1e-6)
    np.testing.assert_allclose(place.origin_mm, theirs.GetOrigin(), atol=1e-5)
    np.testing.assert_allclose(place.direction, theirs.GetDirection(), atol=1e-6)


def test_each_slice_is_rescaled_by_its_own_slope_and_intercept(tmp_path, write_dicom, geometry, voxels):
    def change(number, data):
        if number:
            data.RescaleSlope, data.RescaleIntercept = f"{1 + 0.25 * number}", f"{-3 * number}"

    read, _, _ = read_image(write_dicom(tmp_path / "series", voxels, geometry, change))
    numbers = np.arange(len(voxels))[:, np.newaxis, np.newaxis]
    np.testing.assert_allclose(read, voxels * (1 + 0.25 * numbers) - 3 * numbers, rtol=1e-6)


def test_descending_slices_make_the_same_voi_as_ascending_ones(
    tmp_path, key, write_dicom, write_image, make_source, assert_same_voi
):
    source = make_source()
    folder = write_dicom(tmp_path / "series", source.voxels, source.geometry, order=range(len(source.voxels))[::-1])
    mask = write_image(tmp_path / "mask.nrrd", source.mask, source.geometry)
    assert_same_voi(read_voi(key, "AP", FileSource(folder, mask)), read_voi(key, "AP", source))


@pytest.mark.parametrize(("comment", "marked"), [("PHANTOM synthetic liver", True), ("no PHANTOM", False)])
def test_phantom_is_read_from_the_image_comments(tmp_path, write_dicom, geometry, voxels, comment, marked):
    change = _set(ImageComments=comment, ContrastBolusAgent="Gadovist ")
    tags = read_image(write_dicom(tmp_path / "PHANTOM", voxels, geometry, change))[2]
    assert tags.is_phantom is marked
    assert tags.contrast_agent == "Gadovist"


def test_letters_of_older_character_sets_are_text(tmp_path, write_dicom, geometry, voxels):
    change = _set(SpecificCharacterSet="ISO_IR 100", SeriesDescription="Spätphase")
    tags = read_image(write_dicom(tmp_path / "series", voxels, geometry, change))[2]
    assert tags.series_description == "Spätphase"
    assert tags.series_description.encode("utf-8").decode("utf-8") == "Spätphase"


class TestRefused:
    """With patient, sequence, folder and the list of what was found; nothing on stderr."""

    straight = ImageGeometry((0.8, 1.25, 3.0), (-10.5, 20.25, 0.0))

    @pytest.fixture(autouse=True)
    def _quiet(self, capfd):
        yield
        assert capfd.readouterr().err == ""

    def _refused(self, key, folder, words):
        with pytest.raises(ValueError, match=r"^Patient HCC_07b, T2: ") as caught:
            read_voi(key, "T2", FileSource(folder, folder))
        assert re.search(rf"^Patient HCC_07b, T2: (the |{folder}).*{words}.*\.$", printable(str(caught.value)))
        assert str(folder) in str(caught.value)
        assert "\n" not in str(caught.value)

    def test_several_series(self, tmp_path, key, write_dicom, voxels):
        write_dicom(tmp_path / "all", voxels, self.straight)
        change = _set(SeriesNumber=6, SeriesDescription="T1 VIBE PV")
        write_dicom(tmp_path / "all", voxels[:4], self.straight, change, prefix="pv")
        found = r"holds 2 series.*: series 5, T1 VIBE ART \(9 images\); series 6, T1 VIBE PV \(4 images\)"
        self._refused(key, tmp_path / "all", found)

    def test_repeated_phases_in_one_series(self, tmp_path, key, write_dicom, voxels):
        uid = "1.2.826.0.1.3680043.8.498.1"
        for phase in (1, 2, 3):
            change = _set(SeriesInstanceUID=uid, AcquisitionNumber=phase)
            write_dicom(tmp_path / "dynamic", voxels, self.straight, change, prefix=f"phase{phase}_")
        self._refused(
            key,
            tmp_path / "dynamic",
            r"several volumes in one series \(series 5, T1 VIBE ART\): 27 images at 9 positions, 3 volumes, which "
            "differ in acquisition 1, 2, 3",
        )

    def test_one_position_twice(self, tmp_path, key, write_dicom, voxels):
        places = np.array([0, 3, 6, 9, 9, 12, 15, 18, 21])
        folder = write_dicom(tmp_path / "series", voxels, self.straight, _place(places))
        self._refused(key, folder, "9 images at 8 positions, up to 2 images at one position")

    def test_missing_slices(self, tmp_path, key, write_dicom, voxels):
        folder = write_dicom(tmp_path / "series", voxels, self.straight, order=[0, 1, 2, 5, 6, 8])
        self._refused(key, folder, "lacks 3 slices: 6 slices 3 mm apart, but 9 mm after slice 3, 6 mm after slice 5")

    @pytest.mark.parametrize(
        ("keyword", "other", "words"),
        [
            ("PatientID", "HCC_08", r"2 patients \(PatientID\): HCC_07b, HCC_08"),
            ("StudyDate", "20210611", "2 study dates: 20210304, 20210611"),
        ],
    )
    def test_one_slice_of_another_study(self, tmp_path, key, write_dicom, voxels, keyword, other, words):
        def change(number, data):
            if number == 4:
                setattr(data, keyword, other)

        self._refused(key, write_dicom(tmp_path / "series", voxels, self.straight, change), words)

    def test_uneven_spacing(self, tmp_path, key, write_dicom, voxels):
        places = np.array([0, 3, 6, 9, 12, 16, 20, 24.5, 29])
        folder = write_dicom(tmp_path / "series", voxels, self.straight, _place(places))
        self._refused(key, folder, "unevenly spaced: 9 slices, mostly 3.* mm apart")

    def test_a_step_as_small_as_rounding_is_accepted(self, tmp_path, write_dicom, voxels):
        places = 3.0 * np.arange(9) + 0.01 * (-1) ** np.arange(9)
        read, place, _ = read_image(write_dicom(tmp_path / "series", voxels, self.straight, _place(places)))
        np.testing.assert_array_equal(read, voxels)
        assert place.spacing_mm[2] == pytest.approx(3.0, abs=0.005)

    def test_positions_written_with_one_decimal_are_accepted(self, tmp_path, write_dicom, voxels):
        places = np.round(7 / 3 * np.arange(9), 1)
        read, place, _ = read_image(write_dicom(tmp_path / "series", voxels, self.straight, _place(places)))
        np.testing.assert_array_equal(read, voxels)
        assert place.spacing_mm[2] == pytest.approx(7 / 3, abs=0.0126)

    def test_a_localiser_of_two_orientations(self, tmp_path, key, write_dicom, voxels):
        uid = "1.2.826.0.1.3680043.8.498.2"
        write_dicom(tmp_path / "loc", voxels[:3], self.straight, _set(SeriesInstanceUID=uid))
        sagittal = ImageGeometry((0.8, 1.25, 3.0), (0.0, 0.0, 0.0), (0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 1.0, 0.0))
        write_dicom(tmp_path / "loc", voxels[:2], sagittal, _set(SeriesInstanceUID=uid), prefix="sag")
        self._refused(key, tmp_path / "loc", r"2 orientations or matrices.*2 images of.*rows along \(0, 1, 0\)")

    def test_a_sheared_stack(self, tmp_path, key, write_dicom, voxels):
        def tilt(number, data):
            data.ImagePositionPatient = [-10.5, 20.25 + 0.6 * number, 3.0 * number]

        folder = write_dicom(tmp_path / "series", voxels, self.straight, tilt)
        self._refused(key, folder, "shifted sideways against each other by up to 4.8 mm")

    def test_a_single_slice(self, tmp_path, key, write_dicom, voxels):
        folder = write_dicom(tmp_path / "series", voxels[:1], self.straight)
        self._refused(key, folder, "one DICOM slice only")
        with pytest.raises(ValueError, match="is a single DICOM file; give the folder"):
            read_image(next(folder.iterdir()))

    def test_no_dicom(self, tmp_path, key):
        (tmp_path / "notes.txt").write_text("none here")
        (tmp_path / "S001").mkdir()
        self._refused(key, tmp_path, "holds no DICOM images; it holds the folders S001")

    def test_a_multi_frame_file(self, tmp_path, key, write_dicom, voxels):
        def frames(number, data):
            data.NumberOfFrames = 4
            data.PixelData = voxels[:4].astype("<i2").tobytes()

        folder = write_dicom(tmp_path / "series", voxels[:1], self.straight, frames)
        self._refused(key, folder, "holds several images in one file, but does not say where each of them lies")

    def test_colour(self, tmp_path, key, write_dicom, voxels):
        def colour(number, data):
            data.SamplesPerPixel, data.PhotometricInterpretation, data.PlanarConfiguration = 3, "RGB", 0
            data.BitsAllocated, data.BitsStored, data.HighBit, data.PixelRepresentation = 8, 8, 7, 0
            data.PixelData = np.zeros((*voxels.shape[1:], 3), np.uint8).tobytes()

        self._refused(key, write_dicom(tmp_path / "series", voxels, self.straight, colour), "colour image")

    @pytest.mark.parametrize("keyword", ["ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing"])
    def test_no_place_in_the_patient(self, tmp_path, key, write_dicom, voxels, keyword):
        folder = write_dicom(tmp_path / "series", voxels, self.straight, lambda _, data: delattr(data, keyword))
        self._refused(key, folder, "does not say where it lies in the patient")

    def test_a_cut_off_slice(self, tmp_path, key, write_dicom, voxels):
        folder = write_dicom(tmp_path / "series", voxels, self.straight)
        path = folder / "slice004.dcm"
        content = path.read_bytes()
        path.write_bytes(content[:-200])
        self._refused(key, folder, r"slice004\.dcm is a damaged or cut-off DICOM image")
        path.write_bytes(content[:400])
        self._refused(key, folder, r"slice004\.dcm is a damaged or cut-off DICOM image")

    def test_a_dicom_object_that_is_no_image(self, tmp_path, key, write_dicom, voxels):
        folder = write_dicom(tmp_path / "series", voxels, self.straight)

        def report(number, data):
            del data.PixelData, data.Rows, data.Columns

        write_dicom(folder, voxels[:1], self.straight, report, prefix="report")
        self._refused(key, folder, r"report000\.dcm is a damaged .* DICOM image, or no image at all")
