"""Enhanced multi-frame MR and compressed pixels against the same study as single uncompressed images."""

import io

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.sequence import Sequence
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    EnhancedMRImageStorage,
    ExplicitVRBigEndian,
    JPEG2000Lossless,
    JPEGLSLossless,
    RLELossless,
)
from TACEResponseLib.cohort import ImageGeometry
from TACEResponseLib.imaging.dicom_frames import image_tags
from TACEResponseLib.imaging.dicom_series import read_dicom_files
from TACEResponseLib.imaging.reading import read_image


@pytest.fixture
def geometry(rotation):
    """An oblique voxel grid."""
    return ImageGeometry((0.8, 1.25, 3.0), (-10.5, 20.25, -300.125), rotation)


@pytest.fixture
def voxels():
    """Noise with negative values."""
    return np.random.default_rng(3).integers(-300, 2000, (9, 14, 18)).astype(np.int16)


@pytest.fixture
def single_images(tmp_path, write_dicom, geometry, voxels):
    """The study as single images, each slice with its own rescale slope."""

    def change(number, data):
        data.RescaleSlope, data.RescaleIntercept = str(1 + number / 4), "-20"
        data.AcquisitionTime = "101500.25"

    return write_dicom(tmp_path / "single", voxels, geometry, change)


def _assert_same_volume(one, other):
    np.testing.assert_array_equal(one[0], other[0])
    for name in ("spacing_mm", "origin_mm", "direction"):
        np.testing.assert_allclose(getattr(one[1], name), getattr(other[1], name), rtol=1e-9, atol=1e-9)


def _item(**values):
    item = Dataset()
    for keyword, value in values.items():
        setattr(item, keyword, value)
    return Sequence([item])


def _enhanced(folder, path, phases=1, frames=None):
    """Write the single images as one Enhanced MR object (PS3.3 A.36.2), frames in an order that nobody sorted."""
    images = [pydicom.dcmread(file) for file in sorted(folder.iterdir())]
    whole = pydicom.dcmread(sorted(folder.iterdir())[0])
    for keyword in ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "RescaleSlope"):
        delattr(whole, keyword)
    del whole.RescaleIntercept, whole.AcquisitionTime, whole.SliceThickness, whole.InstanceNumber
    whole.SOPClassUID = whole.file_meta.MediaStorageSOPClassUID = EnhancedMRImageStorage
    shared = Dataset()
    shared.PlaneOrientationSequence = _item(ImageOrientationPatient=images[0].ImageOrientationPatient)
    shared.PixelMeasuresSequence = _item(PixelSpacing=images[0].PixelSpacing, SliceThickness="9")
    shared.MRTimingAndRelatedParametersSequence = _item(RepetitionTime=3.9)
    whole.SharedFunctionalGroupsSequence = Sequence([shared])
    groups, pixels = [], []
    order = np.random.default_rng(5).permutation(len(images) * phases)
    for number in order:
        phase, image = number // len(images), images[number % len(images)]
        group = Dataset()
        group.FrameContentSequence = _item(
            TemporalPositionIndex=int(phase) + 1,
            StackID="1",
            InStackPositionNumber=int(number % len(images)) + 1,
            FrameAcquisitionDateTime=f"20210304{101500 + 10 * phase}.25",
        )
        group.PlanePositionSequence = _item(ImagePositionPatient=image.ImagePositionPatient)
        group.PixelValueTransformationSequence = _item(
            RescaleSlope=image.RescaleSlope, RescaleIntercept=image.RescaleIntercept, RescaleType="US"
        )
        group.MREchoSequence = _item(EffectiveEchoTime=1.4)
        groups.append(group)
        stored = np.frombuffer(image.PixelData, "<i2") + 7 * phase
        pixels.append(stored.astype("<i2").tobytes())
    whole.PerFrameFunctionalGroupsSequence = Sequence(groups[:frames])
    whole.NumberOfFrames = len(order)
    whole.PixelData = b"".join(pixels)
    whole.save_as(path, enforce_file_format=True)
    return order


def test_an_enhanced_file_is_the_same_volume_as_its_single_images(tmp_path, single_images):
    (tmp_path / "enhanced").mkdir()
    path = tmp_path / "enhanced" / "all.dcm"
    _enhanced(single_images, path)
    for given in (path.parent, path):
        _assert_same_volume(read_image(given), read_image(single_images))


def test_highdicoms_enhanced_object_is_the_same_volume_as_its_single_images(tmp_path, single_images):
    legacy = pytest.importorskip("highdicom.legacy")
    images = [pydicom.dcmread(file) for file in sorted(single_images.iterdir())]
    for image in images:
        image.PatientBirthDate = image.PatientSex = image.AccessionNumber = image.StudyID = image.StudyTime = ""
        image.ReferringPhysicianName, image.Manufacturer, image.FrameType = "", "x", image.ImageType
    whole = legacy.LegacyConvertedEnhancedMRImage(images, pydicom.uid.generate_uid(), 1, pydicom.uid.generate_uid(), 1)
    (tmp_path / "enhanced").mkdir()
    whole.save_as(tmp_path / "enhanced" / "all.dcm", enforce_file_format=True)
    _assert_same_volume(read_image(tmp_path / "enhanced"), read_image(single_images))


def test_phases_of_an_enhanced_file_are_listed_and_each_can_be_read(tmp_path, single_images):
    path = tmp_path / "dynamic.dcm"
    order = _enhanced(single_images, path, phases=3)
    with pytest.raises(ValueError, match="27 images at 9 positions, 3 volumes, which differ in temporal position 1, 2"):
        read_image(path)
    tags = image_tags(pydicom.dcmread(path), ("TemporalPositionIdentifier", "AcquisitionTime", "EchoTime"))
    assert [int(one["TemporalPositionIdentifier"]) - 1 for one in tags] == [number // 9 for number in order]
    assert {one["AcquisitionTime"] for one in tags} == {"101500.25", "101510.25", "101520.25"}
    assert {one["EchoTime"] for one in tags} == {"1.4"}
    first, second = (
        read_dicom_files(tmp_path, [(path, at) for at, number in enumerate(order) if number // 9 == phase])
        for phase in (0, 1)
    )
    _assert_same_volume(first, read_image(single_images))
    slopes = 1 + np.arange(9)[:, np.newaxis, np.newaxis] / 4
    np.testing.assert_allclose(second[0] - first[0], np.broadcast_to(7 * slopes, first[0].shape), atol=1e-3)


def test_other_numbers_of_frames_than_described_are_refused(tmp_path, single_images):
    _enhanced(single_images, tmp_path / "all.dcm", frames=5)
    with pytest.raises(ValueError, match=r"all\.dcm cannot be read: it promises 9 frames and describes 5"):
        read_image(tmp_path / "all.dcm")


def _rewritten(folder, target, change):
    target.mkdir()
    for file in folder.iterdir():
        data = pydicom.dcmread(file)
        change(data)
        data.save_as(target / file.name, enforce_file_format=True)
    return target


def _jpeg_2000(data):
    image = pytest.importorskip("PIL.Image")
    stream = io.BytesIO()
    stored = (np.frombuffer(data.PixelData, "<i2").reshape(data.Rows, data.Columns).astype(int) + 300).astype(np.uint16)
    image.fromarray(stored).save(stream, "JPEG2000", no_jp2=True, irreversible=False)
    data.PixelData = encapsulate([stream.getvalue()])
    data["PixelData"].VR, data["PixelData"].is_undefined_length = "OB", True
    data.PixelRepresentation, data.RescaleIntercept = 0, str(float(data.RescaleIntercept) - 300 * data.RescaleSlope)
    data.file_meta.TransferSyntaxUID = JPEG2000Lossless


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data.compress(RLELossless, generate_instance_uid=False),
        lambda data: data.compress(JPEGLSLossless, generate_instance_uid=False),
        _jpeg_2000,
        lambda data: setattr(data.file_meta, "TransferSyntaxUID", DeflatedExplicitVRLittleEndian),
    ],
    ids=["RLE", "JPEG-LS", "JPEG 2000", "deflated"],
)
def test_lossless_transfer_syntaxes_are_the_same_volume(tmp_path, single_images, change):
    packed = _rewritten(single_images, tmp_path / "packed", change)
    _assert_same_volume(read_image(packed), read_image(single_images))
    assert not read_image(packed)[2].lossy


def test_big_endian_is_the_same_volume(tmp_path, single_images):
    def change(data):
        data.PixelData = np.frombuffer(data.PixelData, "<i2").astype(">i2").tobytes()
        data.file_meta.TransferSyntaxUID = ExplicitVRBigEndian
        data._read_little, data._read_implicit = None, None

    _assert_same_volume(read_image(_rewritten(single_images, tmp_path / "big", change)), read_image(single_images))


def test_without_preamble_is_the_same_volume(tmp_path, single_images):
    (tmp_path / "bare").mkdir()
    for file in single_images.iterdir():
        data = pydicom.dcmread(file)
        data.preamble, data.file_meta = None, pydicom.dataset.FileMetaDataset()
        with (tmp_path / "bare" / file.name).open("wb") as bare:
            pydicom.dcmwrite(bare, data, implicit_vr=True, little_endian=True, enforce_file_format=False)
    _assert_same_volume(read_image(tmp_path / "bare"), read_image(single_images))


def test_a_copied_file_is_the_same_volume(tmp_path, single_images):
    before = read_image(single_images)
    copied = sorted(single_images.iterdir())[4]
    (single_images / "copy of it.dcm").write_bytes(copied.read_bytes())
    _assert_same_volume(read_image(single_images), before)


def test_twelve_bits_beside_an_old_overlay(tmp_path, write_dicom, geometry, voxels):
    """Bits 12 to 15 hold an overlay; the twelve below are signed."""

    def change(number, data):
        stored = (np.clip(voxels[number], -2048, 2047) & 0xFFF).astype("<u2")
        stored[3:7] |= 0x5000
        data.PixelData, data.BitsStored, data.HighBit = stored.tobytes(), 12, 11

    read = read_image(write_dicom(tmp_path / "overlay", voxels, geometry, change))[0]
    np.testing.assert_array_equal(read, np.clip(voxels, -2048, 2047))


def test_lossy_compression_is_marked(tmp_path, single_images):
    marked = _rewritten(single_images, tmp_path / "lossy", lambda data: setattr(data, "LossyImageCompression", "01"))
    assert read_image(marked)[2].lossy


@pytest.mark.parametrize(
    ("keyword", "value", "words"),
    [
        ("BitsAllocated", 8, r"its pixels have 16 bits up to bit 15 of 8"),
        ("BitsAllocated", 32, r"504 bytes of pixels instead of 1008"),
        ("Rows", 13, "504 bytes of pixels instead of 468"),
        ("Columns", 19, "504 bytes of pixels instead of 532"),
        ("RescaleSlope", "0", "the rescale slope '0'"),
        ("BitsStored", 17, "its pixels have 17 bits"),
    ],
)
def test_pixels_that_are_not_as_many_as_promised_are_refused(tmp_path, single_images, keyword, value, words):
    damaged = _rewritten(single_images, tmp_path / "damaged", lambda data: setattr(data, keyword, value))
    with pytest.raises(ValueError, match=words):
        read_image(damaged)


@pytest.mark.parametrize("keyword", ["RescaleSlope", "RescaleIntercept"])
def test_a_slope_without_intercept_is_refused_and_so_is_the_reverse(tmp_path, single_images, keyword):
    def change(data):
        data.RescaleSlope, data.RescaleIntercept = "2", "-20"
        delattr(data, keyword)

    with pytest.raises(ValueError, match=r"'none'.*which do not give grey values"):
        read_image(_rewritten(single_images, tmp_path / "one alone", change))
