"""Volume files of other writers: voxels and geometry as ITK and nibabel read them, and what contradicts itself."""

import bz2
import gzip
import itertools
import os
import struct
import unicodedata

import nibabel
import numpy as np
import pytest
import SimpleITK as sitk
from TACEResponseLib.cohort import FileSource, ImageGeometry
from TACEResponseLib.imaging import read_voi
from TACEResponseLib.imaging.mask_file import read_mask
from TACEResponseLib.imaging.reading import read_image
from TACEResponseLib.imaging.volume_file import read_volume_file

PIXEL_TYPES = [np.uint8, np.int8, np.uint16, np.int16, np.uint32, np.int32, np.uint64, np.int64, np.float32, np.float64]
AFFINE = np.array([[-0.8, 0.1, 0.3, 12.5], [0.15, 1.24, -0.2, -7.0], [0.1, -0.2, 2.98, 44.0], [0, 0, 0, 1]])


@pytest.fixture
def geometry(rotation):
    """An oblique voxel grid."""
    return ImageGeometry((0.8, 1.25, 3.0), (-10.5, 20.25, -300.125), rotation)


@pytest.fixture
def affine(rotation):
    """NIfTI's matrix (RAS) of an oblique voxel grid."""
    matrix = np.eye(4)
    matrix[:3, :3] = np.diag([-1, -1, 1]) @ np.reshape(rotation, (3, 3)) @ np.diag([0.8, 1.25, 3.0])
    matrix[:3, 3] = (10.5, -20.25, -300.125)
    return matrix


@pytest.fixture
def voxels():
    """Noise of another size along each axis."""
    return np.random.default_rng(3).integers(0, 120, (5, 7, 9)).astype(np.int16)


def _assert_as_itk(path):
    """Voxels and place equal ITK's reading; NIfTI stores its geometry in single precision."""
    theirs = sitk.ReadImage(str(path))
    ours = read_volume_file(path, "image")
    np.testing.assert_array_equal(ours.voxels, sitk.GetArrayFromImage(theirs))
    np.testing.assert_allclose(ours.geometry.spacing_mm, theirs.GetSpacing(), rtol=1e-6)
    np.testing.assert_allclose(ours.geometry.origin_mm, theirs.GetOrigin(), atol=1e-4)
    np.testing.assert_allclose(ours.geometry.direction, theirs.GetDirection(), atol=1e-6)


@pytest.mark.parametrize("pixel_type", PIXEL_TYPES)
@pytest.mark.parametrize("name_end", [".nrrd", ".nii", ".nii.gz", ".mha"])
@pytest.mark.parametrize("compress", [False, True])
def test_every_pixel_type_of_itk(tmp_path, write_image, geometry, voxels, name_end, pixel_type, compress):
    _assert_as_itk(write_image(tmp_path / f"v{name_end}", voxels.astype(pixel_type), geometry, compress=compress))


@pytest.mark.parametrize("components", [1, 2, 3])
@pytest.mark.parametrize("name_end", [".nrrd", ".nii", ".mha"])
def test_vectors(tmp_path, write_image, geometry, voxels, name_end, components):
    stacked = np.stack([voxels + 1000 * part for part in range(components)], axis=-1).astype(np.float32)
    path = write_image(tmp_path / f"v{name_end}", stacked, geometry)
    read = read_volume_file(path, "mask").voxels
    np.testing.assert_array_equal(read.reshape(stacked.shape), stacked)


@pytest.mark.parametrize(("qform", "sform"), list(itertools.product(range(5), range(5))))
def test_nifti_lies_where_itk_puts_it(tmp_path, affine, voxels, qform, sform):
    image = nibabel.Nifti1Image(voxels.T, affine)
    image.set_qform(affine, qform)
    turned = affine @ np.diag([1, 1, 1, 1.0])
    turned[:3, 3] += (12, -7, 5)
    image.set_sform(turned, sform)
    nibabel.save(image, tmp_path / "v.nii.gz")
    _assert_as_itk(tmp_path / "v.nii.gz")


@pytest.mark.parametrize("kind", [nibabel.Nifti1Image, nibabel.Nifti2Image])
@pytest.mark.parametrize("order", ["<", ">"])
def test_nifti_of_both_versions_and_byte_orders(tmp_path, affine, voxels, kind, order):
    header = kind.header_class(endianness=order)
    header.set_data_dtype(np.int16)
    nibabel.save(kind(voxels.T, affine, header), tmp_path / "v.nii")
    if kind is nibabel.Nifti1Image:
        _assert_as_itk(tmp_path / "v.nii")
    # ITK does not read NIfTI-2.
    theirs = nibabel.load(tmp_path / "v.nii")
    read, place, _ = read_image(tmp_path / "v.nii")
    np.testing.assert_array_equal(read, theirs.get_fdata().T)
    steps = np.reshape(place.direction, (3, 3)) * place.spacing_mm
    np.testing.assert_allclose(np.diag([-1, -1, 1]) @ steps, theirs.affine[:3, :3], atol=1e-5)


def test_nifti_with_a_header_extension(tmp_path, affine, voxels):
    image = nibabel.Nifti1Image(voxels.T, affine)
    image.header.extensions.append(nibabel.nifti1.Nifti1Extension("comment", b"<labels/>" * 40))
    nibabel.save(image, tmp_path / "v.nii.gz")
    _assert_as_itk(tmp_path / "v.nii.gz")


@pytest.mark.parametrize(("slope", "intercept"), [(0.5, 100.0), (-1.0, 0.0), (1.0, 0.0), (1.0, -1024.0)])
def test_nifti_scale_is_itks(tmp_path, affine, voxels, slope, intercept):
    nibabel.save(nibabel.Nifti1Image(voxels.T, affine), tmp_path / "v.nii")
    content = bytearray((tmp_path / "v.nii").read_bytes())
    content[112:120] = struct.pack("<2f", slope, intercept)
    (tmp_path / "v.nii").write_bytes(content)
    _assert_as_itk(tmp_path / "v.nii")


def test_a_nifti_scale_of_zero_is_none(tmp_path, affine, voxels):
    """By the standard and nibabel; ITK adds the offset nevertheless."""
    nibabel.save(nibabel.Nifti1Image(voxels.T, affine), tmp_path / "v.nii")
    content = bytearray((tmp_path / "v.nii").read_bytes())
    content[112:120] = struct.pack("<2f", 0.0, 7.0)
    (tmp_path / "v.nii").write_bytes(content)
    np.testing.assert_array_equal(read_image(tmp_path / "v.nii")[0], nibabel.load(tmp_path / "v.nii").get_fdata().T)


class TestLegalPadding:
    """What formats permit and some writer does."""

    def test_gzip_of_several_members_and_zeros_at_the_end(self, tmp_path, affine, voxels):
        nibabel.save(nibabel.Nifti1Image(voxels.T, affine), tmp_path / "v.nii")
        content = (tmp_path / "v.nii").read_bytes()
        members = gzip.compress(content[:400]) + gzip.compress(content[400:]) + gzip.compress(b"") + bytes(512)
        (tmp_path / "v.nii.gz").write_bytes(members)
        np.testing.assert_array_equal(read_image(tmp_path / "v.nii.gz")[0], voxels)

    def test_nii_gz_that_is_not_compressed(self, tmp_path, affine, voxels):
        nibabel.save(nibabel.Nifti1Image(voxels.T, affine), tmp_path / "v.nii")
        (tmp_path / "v.nii").rename(tmp_path / "v.nii.gz")
        np.testing.assert_array_equal(read_image(tmp_path / "v.nii.gz")[0], voxels)

    @pytest.mark.parametrize("fill", ["", "# a comment\n", "key:=value: with colon\\nand line\n", "content: x\n"])
    def test_nrrd_lines(self, tmp_path, write_image, geometry, voxels, fill):
        path = write_image(tmp_path / "v.nrrd", voxels, geometry)
        path.write_bytes(path.read_bytes().replace(b"encoding: raw\n", b"encoding: raw\n" + fill.encode()))
        _assert_as_itk(path)

    @pytest.mark.parametrize(
        ("line", "filler"), [("byte skip: 16", b"x" * 16), ("byte skip: -1", b"y" * 99), ("line skip: 2", b"a\nb\n")]
    )
    def test_nrrd_skips(self, tmp_path, write_image, geometry, voxels, line, filler):
        path = write_image(tmp_path / "v.nrrd", voxels, geometry)
        header, data = path.read_bytes().split(b"\n\n", 1)
        path.write_bytes(header + b"\n" + line.encode() + b"\n\n" + filler + data)
        _assert_as_itk(path)

    @pytest.mark.parametrize(
        ("encoding", "pack"),
        [
            ("gz", gzip.compress),
            ("bzip2", bz2.compress),
            ("text", lambda data: " ".join(map(str, np.frombuffer(data, "<i2"))).encode()),
            ("hex", lambda data: data.hex("\n", 32).encode()),
        ],
    )
    def test_nrrd_encodings(self, tmp_path, write_image, geometry, voxels, encoding, pack):
        path = write_image(tmp_path / "v.nrrd", voxels, geometry)
        header, data = path.read_bytes().split(b"\n\n", 1)
        path.write_bytes(header.replace(b"encoding: raw", f"encoding: {encoding}".encode()) + b"\n\n" + pack(data))
        read = read_volume_file(path, "image")
        np.testing.assert_array_equal(read.voxels, voxels)

    @pytest.mark.parametrize("name_end", [".nrrd", ".mha", ".nii"])
    def test_four_dimensions_of_one_frame(self, tmp_path, geometry, voxels, name_end):
        image = sitk.GetImageFromArray(voxels)
        image.SetSpacing(geometry.spacing_mm)
        path = tmp_path / f"v{name_end}"
        sitk.WriteImage(sitk.JoinSeries([image]), str(path))
        read, place, _ = read_image(path)
        np.testing.assert_array_equal(read, voxels)
        np.testing.assert_allclose(place.spacing_mm, geometry.spacing_mm, rtol=1e-6)

    def test_letters_composed_otherwise_on_the_disk(self, tmp_path, write_image, geometry, voxels):
        (tmp_path / unicodedata.normalize("NFD", "Müller")).mkdir()
        disk = tmp_path / unicodedata.normalize("NFD", "Müller/Ärztin.nrrd")
        write_image(disk, voxels, geometry)
        table = tmp_path / unicodedata.normalize("NFC", "Müller/Ärztin.nrrd")
        np.testing.assert_array_equal(read_image(table)[0], voxels)


class TestUnits:
    """Units other than millimetres are read, unknown ones refused."""

    @pytest.mark.parametrize(("unit", "mm"), [("cm", 10), ("m", 1000), ("um", 0.001), ("mm", 1)])
    def test_nrrd(self, tmp_path, write_image, geometry, voxels, unit, mm):
        spacing_mm, origin_mm = (
            tuple(number / mm for number in numbers) for numbers in (geometry.spacing_mm, geometry.origin_mm)
        )
        path = write_image(tmp_path / "v.nrrd", voxels, ImageGeometry(spacing_mm, origin_mm, geometry.direction))
        units = f'space units: "{unit}" "{unit}" "{unit}"\nencoding'.encode()
        path.write_bytes(path.read_bytes().replace(b"encoding", units, 1))
        place = read_image(path)[1]
        np.testing.assert_allclose(place.spacing_mm, geometry.spacing_mm, rtol=1e-9)
        np.testing.assert_allclose(place.origin_mm, geometry.origin_mm, rtol=1e-9)

    def test_an_unknown_unit(self, tmp_path, write_image, geometry, voxels):
        path = write_image(tmp_path / "v.nrrd", voxels, geometry)
        units = b'space units: "inch" "inch" "inch"\nencoding'
        path.write_bytes(path.read_bytes().replace(b"encoding", units, 1))
        with pytest.raises(ValueError, match="measures its voxels in 'inch'; export it again in millimetres"):
            read_image(path)

    @pytest.mark.parametrize(("code", "mm"), [(0, 1), (1, 1000), (2, 1), (3, 0.001)])
    def test_nifti(self, tmp_path, affine, voxels, code, mm):
        scaled = affine.copy()
        scaled[:3] /= mm
        image = nibabel.Nifti1Image(voxels.T, scaled)
        image.header["xyzt_units"] = code
        nibabel.save(image, tmp_path / "v.nii")
        np.testing.assert_allclose(read_image(tmp_path / "v.nii")[1].spacing_mm, (0.8, 1.25, 3.0), rtol=1e-5)


def _damaged(path, old, new, count=1):
    content = path.read_bytes()
    assert old in content
    path.write_bytes(content.replace(old, new, count))
    return path


class TestRefused:
    """Headers that promise less, more or something else than the file holds."""

    @pytest.mark.parametrize(
        ("old", "new", "words"),
        [
            (b"CompressedDataSize = ", b"CompressedDataSize = 1", "is cut off|holds more"),
            (b"MET_SHORT", b"MET_FLOAT", "is cut off"),
            (b"MET_SHORT", b"MET_UCHAR", "holds more than its header says"),
            (b"MET_SHORT", b"MET_OTHER", "of a type that is not read"),
            (b"NDims = 3", b"NDims = 100", "damaged or not of the format"),
            (b"DimSize = 9 7 5", b"DimSize = 9 7 4", "holds more than its header says"),
            (b"DimSize = 9 7 5", b"DimSize = 999999 999999 5", "more than the 134,217,728 that are read"),
            (
                b"= LOCAL\n",
                b"= LOCAL\nElementDataFile = LOCAL\n",
                "is cut off|holds more",
            ),
            (b"DimSize", b"DimSize = 9 7 4\nDimSize", "names 'DimSize' twice"),
            (b"ElementSpacing = ", b"ElementSpacing = nan ", "damaged or not of the format"),
        ],
    )
    @pytest.mark.parametrize("compress", [False, True])
    def test_mha(self, tmp_path, write_image, geometry, voxels, old, new, words, compress):
        path = write_image(tmp_path / "v.mha", voxels, geometry, compress=compress)
        if old in path.read_bytes():
            with pytest.raises(ValueError, match=words):
                read_image(_damaged(path, old, new))
        else:
            assert not compress

    def test_mha_directions_are_no_lengths(self, tmp_path, write_image, voxels):
        path = write_image(tmp_path / "v.mha", voxels, ImageGeometry((1.5, 1.75, 3.0), (1.0, 2.0, 3.0)))
        _damaged(path, b"TransformMatrix = 1 0", b"TransformMatrix = 1.001 0")
        assert read_image(path)[1].spacing_mm == (1.5, 1.75, 3.0)
        with pytest.raises(ValueError, match="gives directions that are not of length 1"):
            read_image(_damaged(path, b"TransformMatrix = 1.001 0", b"TransformMatrix = 2 0"))

    @pytest.mark.parametrize("size", [b"0", b"1", b"4294967295"])
    def test_mha_compressed_size(self, tmp_path, write_image, geometry, voxels, size):
        path = write_image(tmp_path / "v.mha", voxels, geometry, compress=True)
        line = next(line for line in path.read_bytes().split(b"\n") if line.startswith(b"CompressedDataSize"))
        with pytest.raises(ValueError, match=r"is cut off|holds more"):
            read_image(_damaged(path, line, b"CompressedDataSize = " + size))

    @pytest.mark.parametrize(
        ("old", "new", "words"),
        [
            (b"encoding: gzip", b"encoding: text", "holds more text|not written as numbers"),
            (b"encoding: gzip", b"encoding: raw", "is cut off|holds more"),
            (b"encoding: gzip", b"encoding: zip9", "in a way that is not read"),
            (b"type: short", b"type: uchar", "holds more"),
            (b"type: short", b"type: block", "in a way that is not read"),
            (b"space: left-posterior-superior", b"space: left-posterior-inferior", "lies in the unknown space"),
            (b"dimension: 3", b"dimension: 99", "damaged or not of the format"),
            (b"sizes: 9 7 5", b"sizes: 9 7 6", "is cut off"),
            (b"sizes: 9 7 5", b"sizes: 99999 99999 99999", "more than the 134,217,728 that are read"),
            (b"sizes: 9 7 5", b"sizes: -9 7 5", "damaged or not of the format"),
            (b"endian: little", b"endian: middle", "does not say its byte order"),
            (b"space directions: (", b"space directions: (nan,", "damaged or not of the format"),
            (b"sizes: 9 7 5", b"sizes: 9 7 5\nsizes: 9 7 4", "names 'sizes' twice"),
        ],
    )
    def test_nrrd(self, tmp_path, write_image, geometry, voxels, old, new, words):
        path = write_image(tmp_path / "v.seg.nrrd", voxels, geometry, compress=True)
        with pytest.raises(ValueError, match=words):
            read_image(_damaged(path, old, new))

    @pytest.mark.parametrize(
        ("offset", "packed", "words"),
        [
            (108, struct.pack("<f", 348), "begin at byte 348, inside its header"),
            (108, struct.pack("<f", 0), "begin at byte 0, inside its header"),
            (108, struct.pack("<f", np.nan), "begin at byte nan, inside its header"),
            (108, struct.pack("<f", 368), "is cut off"),
            (76 + 12, struct.pack("<f", 0), "does not say how large its voxels are"),
            (76 + 4, struct.pack("<f", np.inf), "does not say how large its voxels are"),
            (76 + 12, struct.pack("<f", 1), "gives two sizes of its voxels, 0.8 x 1.25 x 1 .*0.8 x 1.25 x 3 mm"),
            (112, struct.pack("<2f", np.nan, np.nan), "the scale nan and offset nan"),
            (112, struct.pack("<2f", np.inf, 0), "the scale inf and offset 0"),
            (70, struct.pack("<h", 16), "datatype 16 of 16 bits"),
            (72, struct.pack("<h", 8), "datatype 4 of 8 bits"),
            (40, struct.pack("<4h", 3, 9, 7, 6), "is cut off"),
            (40, struct.pack("<4h", 3, 32767, 32767, 32767), "more than the 134,217,728 that are read"),
            (40, struct.pack("<4h", 3, -9, 7, 5), "damaged or not of the format"),
            (123, struct.pack("<B", 5), "unknown unit"),
        ],
    )
    @pytest.mark.parametrize("name_end", [".nii", ".nii.gz"])
    def test_nifti(self, tmp_path, affine, voxels, offset, packed, words, name_end):
        image = nibabel.Nifti1Image(voxels.T, affine)
        nibabel.save(image, tmp_path / "v.nii")
        content = bytearray((tmp_path / "v.nii").read_bytes())
        content[offset : offset + len(packed)] = packed
        path = tmp_path / f"damaged{name_end}"
        path.write_bytes(gzip.compress(content) if name_end.endswith("gz") else content)
        with pytest.raises(ValueError, match=words):
            read_image(path)

    def test_nan_in_a_nifti_is_refused_as_in_a_nrrd(self, tmp_path, key, make_source):
        source = make_source()
        values = source.voxels.astype(np.float32)
        values[tuple(np.argwhere(source.mask)[7])] = np.nan
        affine = np.diag([-1, -1, 1, 1]) @ np.diag([*source.spacing_mm, 1.0])
        nibabel.save(nibabel.Nifti1Image(values.T, affine), tmp_path / "v.nii.gz")
        nibabel.save(nibabel.Nifti1Image(source.mask.astype(np.uint8).T, affine), tmp_path / "m.nii.gz")
        voi = read_voi(key, "AP", FileSource(tmp_path / "v.nii.gz", tmp_path / "m.nii.gz"))
        assert np.isnan(voi.voxels).sum() == 1

    def test_a_bomb_of_zeros_is_refused_without_being_unpacked(self, tmp_path, write_image, geometry, voxels):
        path = write_image(tmp_path / "v.nrrd", voxels, geometry, compress=True)
        header = path.read_bytes().split(b"\n\n", 1)[0]
        path.write_bytes(header + b"\n\n" + gzip.compress(bytes(50_000_000)))
        with pytest.raises(ValueError, match=r"holds more than its header says .over 631 bytes instead of 630"):
            read_image(path)

    def test_more_than_a_gigabyte_is_refused_before_memory_is_asked_for(self, tmp_path, write_image, geometry, voxels):
        path = write_image(tmp_path / "v.nrrd", voxels, geometry)
        with path.open("r+b") as file:
            file.truncate(1 << 40)
        with pytest.raises(ValueError, match=r"v\.nrrd is larger than a gigabyte"):
            read_image(path)

    @pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no FIFO")
    def test_a_pipe_is_not_waited_for(self, tmp_path):
        os.mkfifo(tmp_path / "v.nrrd")
        with pytest.raises(ValueError, match="is not a regular file"):
            read_image(tmp_path / "v.nrrd")


class TestLabels:
    """Labels as other programs store them."""

    def test_labels_of_scaled_integers(self, tmp_path, affine, voxels):
        labels = (voxels > 60).astype(float) + (voxels > 90)
        image = nibabel.Nifti1Image(labels.T, affine)
        image.header.set_data_dtype(np.int16)
        nibabel.save(image, tmp_path / "m.nii.gz")
        stored = nibabel.load(tmp_path / "m.nii.gz").get_fdata()
        assert (stored != np.rint(stored)).any()
        np.testing.assert_array_equal(read_mask(tmp_path / "m.nii.gz", 2)[0], voxels > 90)

    @pytest.mark.parametrize("label", ["1.0", "1", " 1 ", 1])
    def test_a_label_as_a_spreadsheet_writes_it(self, tmp_path, write_image, geometry, voxels, label):
        path = write_image(tmp_path / "m.nrrd", (voxels > 60).astype(np.uint8), geometry)
        np.testing.assert_array_equal(read_mask(path, label)[0], voxels > 60)

    @pytest.mark.parametrize(
        "keys",
        [
            {"Segment0_Name": "Tumour", "Segment0_LabelValue": "one"},
            {"Segment0_Name": "Tumour", "Segment0_Layer": "7"},
            {"Segment0_Name": "Tumour", "Segment0_Layer": "-1"},
        ],
    )
    def test_damaged_segments_are_refused(self, tmp_path, write_image, geometry, voxels, keys):
        path = write_image(tmp_path / "m.seg.nrrd", (voxels > 60).astype(np.uint8), geometry, keys)
        with pytest.raises(ValueError, match="is damaged: segment 0 has the label"):
            read_mask(path, "Tumour")

    def test_segments_may_be_numbered_with_gaps(self, tmp_path, write_image, geometry, voxels):
        keys = {"Segment3_Name": "Tumour\u00a0", "Segment3_LabelValue": "1"}
        path = write_image(tmp_path / "m.seg.nrrd", (voxels > 60).astype(np.uint8), geometry, keys)
        np.testing.assert_array_equal(read_mask(path, "Tumour")[0], voxels > 60)
