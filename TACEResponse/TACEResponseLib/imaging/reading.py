"""Reading one sequence from its files: a volume (NRRD, NIfTI, MHA or a DICOM folder) and the mask drawn on it."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..cohort import AcquisitionTags, ArraySource, FileSource, ImageGeometry
from .acquisition_tags import acquisition_tags
from .quiet_itk import quiet_itk, raise_if_out_of_memory
from .voi import VOXEL_TYPE

if TYPE_CHECKING:
    import SimpleITK as sitk

FORMATS = {".nrrd": "NrrdImageIO", ".nii": "NiftiImageIO", ".nii.gz": "NiftiImageIO", ".mha": "MetaImageIO"}
"""File formats that are read: the end of the name and ITK's reader. ``.seg.nrrd`` for masks is a ``.nrrd``."""

_START_BYTES = 4096

_NOT_THIS_FORMAT = "it is damaged or not of the format that its name says; copy or export it again"


@dataclass(frozen=True, eq=False)
class FileVolume:
    """A volume as its file holds it.

    ``voxels`` has axes (K, J, I), or (K, J, I, component) for a vector image, in the file's own type; it shows what
    ``image`` holds, and only as long as that lives: reading a case spends its time on copies of whole volumes.
    ``metadata`` are the header's keys as SimpleITK gives them.
    """

    voxels: np.ndarray
    geometry: ImageGeometry
    metadata: dict[str, str]
    image: sitk.Image


def read_source(source: FileSource) -> ArraySource:
    """Read a sequence's files.

    Returns
    -------
    ArraySource
        Voxels as float32, the mask as bool on its own voxel grid, LPS geometry in mm.

    Raises
    ------
    ValueError
        A sentence for every file that is missing, damaged or cut off, of another kind than a 3-D volume of one number
        per voxel, or a DICOM folder that is not one evenly spaced volume (`dicom_series`), or a mask without
        the asked-for tumour (`mask_file`). It names the file; the caller adds patient and sequence.
    """
    from .mask_file import read_mask

    voxels, geometry, tags = read_image(source.image_path)
    mask, mask_geometry = read_mask(source.mask_path, source.label)
    return ArraySource(
        voxels=voxels,
        mask=mask,
        spacing_mm=geometry.spacing_mm,
        origin_mm=geometry.origin_mm,
        direction=geometry.direction,
        mask_geometry=mask_geometry,
        tags=tags,
    )


def read_image(path: Path) -> tuple[np.ndarray, ImageGeometry, AcquisitionTags]:
    """Read a scalar 3-D volume from a file or from a folder with one DICOM series.

    Returns voxels (K, J, I) as float32 (from DICOM with rescale slope and intercept applied), their voxel grid and the
    acquisition tags. Raises ValueError as `read_source` does.
    """
    if path.is_dir():
        from .dicom_series import read_dicom_series

        return read_dicom_series(path)
    if _is_dicom_file(path):
        from .dicom_series import read_enhanced_file

        return read_enhanced_file(path)
    volume = read_volume_file(path, "image")
    if volume.voxels.ndim != 3:
        raise ValueError(
            f"the image {path} has {volume.voxels.shape[3]} values per voxel (colour, vector or several volumes); "
            "give a volume with one grey value per voxel."
        )
    with np.errstate(over="ignore", invalid="ignore"):
        # What does not fit becomes infinite, which the input checks refuse.
        voxels = np.array(volume.voxels, VOXEL_TYPE)
    return voxels, volume.geometry, acquisition_tags(volume.metadata)


def read_volume_file(path: Path, role: str) -> FileVolume:
    """Read a NRRD, NIfTI or MHA file; ``role`` ("image" or "mask") is what messages call it.

    Raises ValueError if the file is missing, of another format, damaged, cut off, or not three-dimensional.
    """
    import SimpleITK as sitk

    from .file_integrity import check_after_reading, check_before_reading

    _check_path(path, role)
    _check_begins_as_its_format(path, role)
    reader = sitk.ImageFileReader()
    reader.SetImageIO(next(name for end, name in FORMATS.items() if path.name.lower().endswith(end)))
    reader.SetFileName(str(path))
    with quiet_itk():
        try:
            reader.ReadImageInformation()
        except RuntimeError as error:
            raise ValueError(f"the {role} {path} cannot be read: {_why_unreadable(error)}.") from error
        size = reader.GetSize()
        if reader.GetDimension() != 3:
            raise ValueError(
                f"the {role} {path} has {reader.GetDimension()} dimensions ({' x '.join(map(str, size))}); give one "
                "3-D volume, of a series in time the one phase that is meant."
            )
        _check_not_complex(reader, path, role)
        metadata = {key: reader.GetMetaData(key) for key in reader.GetMetaDataKeys()}
        voxel_bytes = int(np.prod(size)) * reader.GetNumberOfComponents() * _bytes_per_value(reader)
        check_before_reading(path, role, metadata, voxel_bytes)
        try:
            image = reader.Execute()
        except RuntimeError as error:
            raise_if_out_of_memory(error)
            raise ValueError(f"the {role} {path} is damaged or cut off; copy or export it again.") from error
    voxels = sitk.GetArrayViewFromImage(image)
    check_after_reading(path, role, metadata, voxels)
    return FileVolume(
        voxels, ImageGeometry(image.GetSpacing(), image.GetOrigin(), image.GetDirection()), metadata, image
    )


def _check_path(path: Path, role: str) -> None:
    if not path.exists():
        raise ValueError(f"the {role} {path} does not exist.")
    try:
        with path.open("rb") as file:
            start = file.read(132)
    except OSError as error:
        raise ValueError(f"the {role} {path} cannot be opened: {error.strerror}.") from error
    if start[128:] == b"DICM":
        raise ValueError(f"the {role} {path} is a DICOM file, which is not read as a mask; save it as .seg.nrrd.")
    if not path.name.lower().endswith(tuple(FORMATS)):
        raise ValueError(f"the {role} {path} is of a format that is not read; give one of {', '.join(FORMATS)}.")


def _is_dicom_file(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(132)[128:] == b"DICM"
    except OSError:
        return False


def _check_begins_as_its_format(path: Path, role: str) -> None:
    """NIfTI begins with its header's length, MetaImage names NDims; at other files ITK's libraries print words."""
    import gzip

    name = path.name.lower()
    with path.open("rb") as file:
        start = file.read(_START_BYTES)
    if name.endswith(".mha"):
        fits = b"NDims" in start
    elif name.endswith(".nrrd"):
        fits = start.startswith(b"NRRD")
    else:
        if start.startswith(b"\x1f\x8b"):
            try:
                with gzip.open(path) as file:
                    start = file.read(4)
            except (OSError, EOFError, zlib.error):
                start = b""
        fits = bool({int.from_bytes(start[:4], order) for order in ("little", "big")} & {348, 540})
    if not fits:
        raise ValueError(f"the {role} {path} cannot be read: {_NOT_THIS_FORMAT}.")


def _check_not_complex(reader: sitk.ImageFileReader, path: Path, role: str) -> None:
    import SimpleITK as sitk

    if reader.GetPixelID() in (sitk.sitkComplexFloat32, sitk.sitkComplexFloat64):
        raise ValueError(f"the {role} {path} holds complex numbers; give the magnitude volume.")


def _bytes_per_value(reader: sitk.ImageFileReader) -> int:
    """Bytes of one component in memory."""
    import SimpleITK as sitk

    return sitk.Image([1, 1, 1], reader.GetPixelID(), reader.GetNumberOfComponents()).GetSizeOfPixelComponent()


def _why_unreadable(error: RuntimeError) -> str:
    if "orthonormal" in str(error):
        return "its axes are not at right angles (sheared volume); resample it to a straight volume first"
    return _NOT_THIS_FORMAT
