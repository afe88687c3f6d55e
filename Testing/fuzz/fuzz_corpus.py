"""One patient's volume and VOI as files of every writer at hand, all valid and all the same."""

from __future__ import annotations

import bz2
import gzip
import io
from collections.abc import Callable
from functools import cache
from pathlib import Path

import nibabel
import numpy as np
import pydicom
import SimpleITK as sitk
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.sequence import Sequence
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    EnhancedMRImageStorage,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLSLossless,
    MRImageStorage,
    RLELossless,
)
from TACEResponseLib.cohort import ArraySource, ImageGeometry

SHAPE = (8, 15, 17)
_TURN = 0.31


@cache
def truth() -> ArraySource:
    """The arrays that every file holds: 12-bit noise, an ellipsoid, an oblique grid of short decimals."""
    random = np.random.default_rng(6)
    voxels = random.integers(0, 4096, SHAPE).astype(np.uint16)
    places = np.indices(SHAPE)
    radii = np.array([2.5, 4.5, 5.0])[:, None, None, None]
    centre = np.array([3.5, 7, 8])[:, None, None, None]
    mask = (((places - centre) / radii) ** 2).sum(axis=0) <= 1
    turn = ((0.8, -0.6, 0.0), (0.6, 0.8, 0.0), (0.0, 0.0, 1.0))
    return ArraySource(voxels, mask, (1.5, 1.75, 3.0), (-31.5, 22.25, -118.0), tuple(np.ravel(turn).tolist()))


def _itk(array: np.ndarray) -> sitk.Image:
    source = truth()
    image = sitk.GetImageFromArray(array)
    image.SetSpacing(source.spacing_mm)
    image.SetOrigin(source.origin_mm)
    image.SetDirection(source.direction)
    return image


def _written(name: str, array: np.ndarray, compress: bool = False) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        sitk.WriteImage(_itk(array), str(folder / name), compress)
        return folder / name

    return write


def _affine() -> np.ndarray:
    source = truth()
    matrix = np.eye(4)
    matrix[:3, :3] = np.reshape(source.direction, (3, 3)) * source.spacing_mm
    matrix[:3, 3] = source.origin_mm
    return np.diag([-1.0, -1, 1, 1]) @ matrix


def _nifti(name: str, array: np.ndarray, kind=nibabel.Nifti1Image, **header: object) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        image = kind(array.T, _affine())
        image.set_qform(_affine(), 1)
        image.set_sform(_affine(), 1)
        for field, value in header.items():
            image.header[field] = value
        nibabel.save(image, folder / name)
        return folder / name

    return write


def _dcm2niix(folder: Path) -> Path:
    """A header as dcm2niix writes it: both forms of code 1, units, slice timing, a description, a protocol name."""
    fields = {"descrip": b"TE=1.4;Time=101528.000;phase=1", "aux_file": b"t1_vibe", "xyzt_units": 10, "slice_end": 7}
    return _nifti("v.nii.gz", truth().voxels, **fields)(folder)


def _extension(folder: Path) -> Path:
    image = nibabel.Nifti1Image(truth().voxels.T, _affine())
    image.header.extensions.append(nibabel.nifti1.Nifti1Extension("comment", b"<labels/>" * 40))
    nibabel.save(image, folder / "v.nii")
    return folder / "v.nii"


def _bgzip(folder: Path) -> Path:
    content = _nifti("v.nii", truth().voxels)(folder).read_bytes()
    path = folder / "b.nii.gz"
    path.write_bytes(b"".join(gzip.compress(content[at : at + 999]) for at in (*range(0, len(content), 999), 1 << 20)))
    return path


def _nrrd(encoding: str, pack: Callable[[bytes], bytes], extra: str = "") -> Callable[[Path], Path]:
    """A header as pynrrd and Teem write it."""

    def write(folder: Path) -> Path:
        source = truth()
        axes = np.reshape(source.direction, (3, 3)) * source.spacing_mm
        vectors = " ".join("(" + ",".join(f"{value:.17g}" for value in column) + ")" for column in axes.T)
        header = (
            f"NRRD0005\n# made by hand\ntype: uint16\ndimension: 3\nspace: left-posterior-superior\n"
            f"sizes: {' '.join(map(str, SHAPE[::-1]))}\nspace directions: {vectors}\nkinds: domain domain domain\n"
            f"endian: little\nencoding: {encoding}\nspace origin: ({','.join(map(str, source.origin_mm))})\n{extra}\n"
        )
        path = folder / "v.nrrd"
        path.write_bytes(header.encode() + pack(source.voxels.astype("<u2").tobytes()))
        return path

    return write


def _text(data: bytes) -> bytes:
    return "\n".join(map(str, np.frombuffer(data, "<u2"))).encode()


def _header(number: int) -> FileDataset:
    """One single image, as a scanner sends it."""
    source = truth()
    axes = np.reshape(source.direction, (3, 3))
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = MRImageStorage, f"2.25.77.{number + 1}"
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data = FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128)
    data.SOPClassUID, data.SOPInstanceUID = MRImageStorage, meta.MediaStorageSOPInstanceUID
    data.Modality, data.PatientID, data.StudyDate, data.PatientName = "MR", "P01", "20210304", "Test^Patient"
    data.StudyInstanceUID, data.SeriesInstanceUID, data.FrameOfReferenceUID = "2.25.1", "2.25.2", "2.25.3"
    data.SeriesNumber, data.SeriesDescription, data.InstanceNumber = 5, "T1 VIBE ART", number + 1
    data.ImageType, data.AcquisitionTime = ["ORIGINAL", "PRIMARY"], "101528"
    place = np.add(source.origin_mm, axes[:, 2] * source.spacing_mm[2] * number)
    data.ImagePositionPatient = [f"{value:.9g}" for value in place]
    data.ImageOrientationPatient = [f"{value:.9g}" for value in (*axes[:, 0], *axes[:, 1])]
    data.PixelSpacing = [f"{source.spacing_mm[1]:.9g}", f"{source.spacing_mm[0]:.9g}"]
    data.Rows, data.Columns = SHAPE[1:]
    data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
    data.BitsAllocated, data.BitsStored, data.HighBit, data.PixelRepresentation = 16, 12, 11, 0
    data.PixelData = source.voxels[number].astype("<u2").tobytes()
    return data


def _jpeg_2000(data: FileDataset) -> None:
    from PIL import Image

    stream = io.BytesIO()
    Image.fromarray(truth().voxels[data.InstanceNumber - 1]).save(stream, "JPEG2000", no_jp2=True, irreversible=False)
    data.PixelData = encapsulate([stream.getvalue()])
    data["PixelData"].VR, data["PixelData"].is_undefined_length = "OB", True
    data.file_meta.TransferSyntaxUID = JPEG2000Lossless


def _series(change: Callable[[FileDataset], None] = lambda data: None, bare: bool = False) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        series = folder / "series"
        series.mkdir()
        for number in range(SHAPE[0]):
            data = _header(number)
            change(data)
            path = series / f"IM{number:03}"
            if bare:
                data.preamble, data.file_meta = None, FileMetaDataset()
                with path.open("wb") as file:
                    pydicom.dcmwrite(file, data, implicit_vr=True, little_endian=True, enforce_file_format=False)
            else:
                data.save_as(path, enforce_file_format=True)
        return series

    return write


def _syntax(uid: str) -> Callable[[FileDataset], None]:
    return lambda data: setattr(data.file_meta, "TransferSyntaxUID", uid)


def _compressed(uid: str) -> Callable[[FileDataset], None]:
    return lambda data: data.compress(uid, generate_instance_uid=False)


def _eight_bytes_more(data: FileDataset) -> None:
    """Private tags, an icon, padding after the pixels: what archives add."""
    data.add_new((0x0029, 0x0010), "LO", "SIEMENS CSA HEADER")
    data.add_new((0x0029, 0x1010), "OB", bytes(2000))
    data.add_new((0xFFFC, 0xFFFC), "OB", bytes(128))
    icon = Dataset()
    icon.Rows = icon.Columns = 4
    icon.PixelData = bytes(16)
    icon["PixelData"].VR = "OB"
    data.IconImageSequence = Sequence([icon])


def _enhanced(folder: Path) -> Path:
    whole = _header(0)
    for keyword in ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "AcquisitionTime"):
        delattr(whole, keyword)
    whole.SOPClassUID = whole.file_meta.MediaStorageSOPClassUID = EnhancedMRImageStorage
    shared, groups = Dataset(), []
    for number in range(SHAPE[0]):
        one, group = _header(number), Dataset()
        for name, keywords in (
            ("PlanePositionSequence", ("ImagePositionPatient",)),
            ("PlaneOrientationSequence", ("ImageOrientationPatient",)),
            ("PixelMeasuresSequence", ("PixelSpacing",)),
        ):
            item = Dataset()
            for keyword in keywords:
                setattr(item, keyword, getattr(one, keyword))
            setattr(group if name == "PlanePositionSequence" else shared, name, Sequence([item]))
        groups.append(group)
    whole.SharedFunctionalGroupsSequence = Sequence([shared])
    whole.PerFrameFunctionalGroupsSequence = Sequence(groups)
    whole.NumberOfFrames = SHAPE[0]
    whole.PixelData = truth().voxels.astype("<u2").tobytes()
    (folder / "series").mkdir()
    whole.save_as(folder / "series" / "all.dcm", enforce_file_format=True)
    return folder / "series"


def _images() -> dict[str, Callable[[Path], Path]]:
    voxels = truth().voxels
    return {
        "nrrd, ITK": _written("v.nrrd", voxels),
        "nrrd gzip, ITK": _written("v.nrrd", voxels, True),
        "nrrd float, ITK": _written("v.nrrd", voxels.astype(np.float32)),
        "nrrd, pynrrd-like": _nrrd("raw", bytes, "key:=value\n"),
        "nrrd gzip, by hand": _nrrd("gz", gzip.compress, "content: x\n"),
        "nrrd bzip2": _nrrd("bzip2", bz2.compress),
        "nrrd text": _nrrd("ascii", _text),
        "nrrd with a skip": _nrrd("raw", lambda data: b"skipped!" + data, "byte skip: 8\n"),
        "mha, ITK": _written("v.mha", voxels),
        "mha zlib, ITK": _written("v.mha", voxels, True),
        "mha int32, ITK": _written("v.mha", voxels.astype(np.int32)),
        "nii, ITK": _written("v.nii", voxels),
        "nii.gz, ITK": _written("v.nii.gz", voxels),
        "nii, nibabel": _nifti("v.nii", voxels),
        "nii.gz, nibabel": _nifti("v.nii.gz", voxels.astype(np.float64)),
        "nii.gz, dcm2niix-like": _dcm2niix,
        "nii with extension": _extension,
        "nii.gz of members": _bgzip,
        "NIfTI-2": _nifti("v.nii.gz", voxels, nibabel.Nifti2Image),
        "DICOM": _series(),
        "DICOM implicit": _series(_syntax(ImplicitVRLittleEndian)),
        "DICOM deflated": _series(_syntax(DeflatedExplicitVRLittleEndian)),
        "DICOM no preamble": _series(bare=True),
        "DICOM with additions": _series(_eight_bytes_more),
        "DICOM RLE": _series(_compressed(RLELossless)),
        "DICOM JPEG-LS": _series(_compressed(JPEGLSLossless)),
        "DICOM JPEG 2000": _series(_jpeg_2000),
        "DICOM enhanced": _enhanced,
    }


def _segmentation(name: str, compress: bool) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        image = _itk(truth().mask.astype(np.uint8))
        keys = {"ID": "Segment_1", "Name": "Tumour", "LabelValue": "1", "Layer": "0", "Extent": "0 16 0 14 0 7"}
        for key, value in keys.items():
            image.SetMetaData(f"Segment0_{key}", value)
        sitk.WriteImage(image, str(folder / name), compress)
        return folder / name

    return write


def _masks() -> dict[str, Callable[[Path], Path]]:
    mask = truth().mask
    return {
        "seg.nrrd": _segmentation("m.seg.nrrd", False),
        "seg.nrrd gzip": _segmentation("m.seg.nrrd", True),
        "mask nii.gz uint8": _nifti("m.nii.gz", mask.astype(np.uint8)),
        "mask nii.gz float": _nifti("m.nii.gz", mask.astype(np.float32)),
        "mask mha": _written("m.mha", mask.astype(np.uint8), True),
        "mask nrrd int16": _written("m.nrrd", mask.astype(np.int16), True),
    }


IMAGES = _images()
"""Writer: a function that writes the image into a folder and returns its path."""

MASKS = _masks()
"""Writer: the same for the mask."""


def geometry() -> ImageGeometry:
    """Where the truth lies."""
    return truth().geometry
