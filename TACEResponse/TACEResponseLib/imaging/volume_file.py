"""Reading a volume from a NRRD, NIfTI or MHA file: nothing is decoded before the header is whole and possible.

ITK reads most damaged files in silence: a NIfTI file cut in half with zeros for the rest, a compressed MHA file of
another length with uninitialised memory, NaN as 0; and some headers end the process. So headers are parsed here, and
voxels decoded by NumPy and zlib; the tests compare voxels and geometry with those of ITK and nibabel.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..cohort import ImageGeometry
from .meta_header import is_meta_image, parse_meta_image
from .nifti_header import LONGEST_HEADER, parse_nifti
from .nrrd_header import parse_nrrd
from .stored_voxels import first_unpacked_bytes, stored_voxels
from .volume_header import NOT_THIS_FORMAT, VolumeHeader

FORMATS = (".nrrd", ".nii", ".nii.gz", ".mha")
"""Ends of the names of files that are read; ``.seg.nrrd`` for masks is a ``.nrrd``."""

MOST_FILE_BYTES = 1 << 30
"""A larger file is not read."""

_GZIP = b"\x1f\x8b"


@dataclass(frozen=True, eq=False)
class FileVolume:
    """A volume as its file holds it.

    ``voxels`` has axes (K, J, I), or (K, J, I, component) for a vector image, read-only in the file's own type; stored
    values that are to be rescaled are float32 or float64. ``metadata`` are the header's own keys as text.
    """

    voxels: np.ndarray
    geometry: ImageGeometry
    metadata: Mapping[str, str]


def read_volume_file(path: Path, role: str) -> FileVolume:
    """Read a NRRD, NIfTI or MHA file; ``role`` ("image" or "mask") is what messages call it.

    Raises ValueError if the file is missing, of another format, damaged, cut off, longer than its header says, not
    three-dimensional, larger than memory should be asked for, or of unknown or contradictory voxel size.
    """
    path = existing_path(path)
    try:
        content = _content(path)
        header = _parsed(path.name.lower(), content)
        voxels = stored_voxels(content, header)
    except OSError as error:
        raise ValueError(f"the {role} {path} cannot be opened: {error.strerror}.") from error
    except ValueError as error:
        raise ValueError(f"the {role} {path} {error}.") from error
    if (header.slope, header.intercept) != (1.0, 0.0):
        voxels = _rescaled(voxels, header)
    return FileVolume(voxels, header.geometry, header.metadata)


def existing_path(path: Path) -> Path:
    """The path as the disk spells it: letters with accents may be composed there (NFC) or not (NFD).

    A path that does not exist either way is returned as given.
    """
    if path.exists():
        return path
    for form in ("NFC", "NFD"):
        other = Path(unicodedata.normalize(form, str(path)))
        if other.exists():
            return other
    return path


def is_dicom_file(path: Path) -> bool:
    """Whether a regular file begins as DICOM does."""
    try:
        if not path.is_file():
            return False
        with path.open("rb") as file:
            return file.read(132)[128:] == b"DICM"
    except OSError:
        return False


def _content(path: Path) -> bytes:
    if not path.exists():
        raise ValueError("does not exist")
    if not path.is_file():
        raise ValueError("is not a regular file; give the file itself")
    if is_dicom_file(path):
        raise ValueError("is a DICOM file, which is not read as a mask; save it as .seg.nrrd")
    if not path.name.lower().endswith(FORMATS):
        raise ValueError(f"is of a format that is not read; give one of {', '.join(FORMATS)}")
    if path.stat().st_size > MOST_FILE_BYTES:
        raise ValueError("is larger than a gigabyte, which no MR volume needs; crop it to the liver")
    return path.read_bytes()


def _parsed(name: str, content: bytes) -> VolumeHeader:
    if name.endswith(".nrrd"):
        return parse_nrrd(content)
    if name.endswith(".mha"):
        if not is_meta_image(content):
            raise ValueError(NOT_THIS_FORMAT)
        return parse_meta_image(content)
    compressed = content.startswith(_GZIP)
    return parse_nifti(
        first_unpacked_bytes(content, LONGEST_HEADER) if compressed else content[:LONGEST_HEADER], compressed
    )


def _rescaled(voxels: np.ndarray, header: VolumeHeader) -> np.ndarray:
    """In double precision on float32 values, as ITK rescales; float64 stays float64."""
    kept = np.float64 if header.dtype.itemsize == 8 and header.dtype.kind == "f" else np.float32
    with np.errstate(over="ignore", invalid="ignore"):
        # What does not fit becomes infinite, which the input checks refuse.
        return (voxels.astype(kept).astype(np.float64) * header.slope + header.intercept).astype(kept)
