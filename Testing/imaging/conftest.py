"""Sources, files and DICOM series for the tests of imaging."""

from pathlib import Path

import numpy as np
import pytest
from TACEResponseLib.cohort import ArraySource, CaseKey, ImageGeometry

IDENTITY = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)


def _ellipsoid(shape, centre, radii):
    axes = np.ogrid[tuple(slice(length) for length in shape)]
    return sum(((axis - c) / r) ** 2 for axis, c, r in zip(axes, centre, radii, strict=True)) <= 1


@pytest.fixture(scope="session")
def key():
    """The case that all messages must name."""
    return CaseKey("HCC_07b")


@pytest.fixture(scope="session")
def make_source():
    """Make an ArraySource: smooth int16 texture, about 300 to 700, around an ellipsoid (radii along K, J, I)."""

    def make(spacing_mm=(1.79, 1.89, 2.5), shape=(24, 40, 44), seed=0, radius_mm=(14, 13, 12), **rest):
        spacing_kji = np.array(spacing_mm[::-1])
        noise = np.random.default_rng(seed).normal(size=shape)
        for axis in range(3):
            noise = noise + np.roll(noise, 1, axis) + np.roll(noise, -1, axis)
        voxels = np.round(500 + 20 * noise).astype(np.int16)
        centre = (np.array(shape) - 1) / 2
        mask = _ellipsoid(shape, centre, np.array(radius_mm) / spacing_kji)
        return ArraySource(voxels, mask, spacing_mm, **{"origin_mm": (-31.5, 22.25, -118.0), **rest})

    return make


@pytest.fixture(scope="session")
def rotation():
    """An oblique right-handed direction as nine numbers (row-major): turns about all three axes."""

    def turn(angle, first, second):
        matrix = np.eye(3)
        matrix[[first, second], [first, second]] = np.cos(angle)
        matrix[first, second], matrix[second, first] = -np.sin(angle), np.sin(angle)
        return matrix

    return tuple((turn(0.31, 0, 1) @ turn(-0.17, 1, 2) @ turn(0.09, 0, 2)).ravel().tolist())


@pytest.fixture(scope="session")
def write_image():
    """Write voxels (K, J, I[, component]) on a voxel grid with SimpleITK, header keys included; returns the path."""
    sitk = pytest.importorskip("SimpleITK")

    def write(path: Path, voxels, geometry: ImageGeometry, metadata=None, compress=False) -> Path:
        voxels = voxels.astype(np.uint8) if voxels.dtype == bool else voxels
        image = sitk.GetImageFromArray(voxels, isVector=voxels.ndim == 4)
        image.SetSpacing(geometry.spacing_mm)
        image.SetOrigin(geometry.origin_mm)
        image.SetDirection(geometry.direction)
        for name, value in (metadata or {}).items():
            image.SetMetaData(name, value)
        sitk.WriteImage(image, str(path), compress)
        return path

    return write


@pytest.fixture(scope="session")
def write_dicom():
    """Write a folder of MR slices with pydicom; ``change(slice number, dataset)`` may alter each before writing."""
    pydicom = pytest.importorskip("pydicom")
    from pydicom.dataset import FileDataset, FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian, MRImageStorage, generate_uid

    def write(folder: Path, voxels, geometry: ImageGeometry, change=None, prefix="slice", order=None) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        axes = np.reshape(geometry.direction, (3, 3))
        series, study, frame = generate_uid(), generate_uid(), generate_uid()
        numbers = range(len(voxels)) if order is None else order
        for file_number, number in enumerate(numbers):
            meta = FileMetaDataset()
            meta.MediaStorageSOPClassUID = MRImageStorage
            meta.MediaStorageSOPInstanceUID = generate_uid()
            meta.TransferSyntaxUID = ExplicitVRLittleEndian
            data = FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128)
            data.SOPClassUID, data.SOPInstanceUID = MRImageStorage, meta.MediaStorageSOPInstanceUID
            data.Modality, data.PatientID, data.StudyDate = "MR", "HCC_07b", "20210304"
            data.PatientName = "Test^Patient"
            data.StudyInstanceUID, data.SeriesInstanceUID, data.FrameOfReferenceUID = study, series, frame
            data.SeriesNumber, data.SeriesDescription, data.InstanceNumber = 5, "T1 VIBE ART", file_number + 1
            data.ImageType = ["ORIGINAL", "PRIMARY"]
            position = np.add(geometry.origin_mm, axes[:, 2] * geometry.spacing_mm[2] * number)
            data.ImagePositionPatient = [f"{value:.9g}" for value in position]
            data.ImageOrientationPatient = [f"{value:.9g}" for value in (*axes[:, 0], *axes[:, 1])]
            data.PixelSpacing = [f"{geometry.spacing_mm[1]:.9g}", f"{geometry.spacing_mm[0]:.9g}"]
            data.SliceThickness = "9"
            data.Rows, data.Columns = voxels.shape[1:]
            data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
            data.BitsAllocated, data.BitsStored, data.HighBit, data.PixelRepresentation = 16, 16, 15, 1
            data.PixelData = voxels[number].astype("<i2").tobytes()
            if change is not None:
                change(number, data)
            pydicom.dcmwrite(folder / f"{prefix}{file_number:03}.dcm", data, enforce_file_format=True)
        return folder

    return write


@pytest.fixture(scope="session")
def assert_same_voi():
    """Two Vois whose voxels, mask, spacing and hashes are equal to the last bit."""

    def check(one, other):
        assert one.spacing_mm == other.spacing_mm
        np.testing.assert_array_equal(one.voxels, other.voxels)
        np.testing.assert_array_equal(one.mask, other.mask)
        assert (one.image_sha256, one.mask_sha256) == (other.image_sha256, other.mask_sha256)

    return check


@pytest.fixture(scope="session")
def brain1(shared) -> tuple[Path, Path]:
    """Paths of the real MR volume and its mask."""
    folder = shared / "data" / "mr-brain"
    return folder / "brain1_image.nrrd", folder / "brain1_label.nrrd"
