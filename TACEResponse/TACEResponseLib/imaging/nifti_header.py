"""The header of a NIfTI-1 or NIfTI-2 file (https://nifti.nimh.nih.gov/nifti-1, https://nifti.nimh.nih.gov/nifti-2)."""

from __future__ import annotations

from typing import Literal

import numpy as np

from ..cohort import ImageGeometry
from .volume_header import (
    IN_ANOTHER_FILE,
    NO_VOXEL_SIZE,
    NOT_THIS_FORMAT,
    SHEARED,
    VolumeHeader,
    geometry_of_axes,
    straightened,
    volume_sizes,
)

LONGEST_HEADER = 544
"""Bytes of a NIfTI-2 header with the four that announce extensions."""

_TYPES = {2: "u1", 4: "i2", 8: "i4", 16: "f4", 64: "f8", 256: "i1", 512: "u2", 768: "u4", 1024: "i8", 1280: "u8"}
_COMPLEX_TYPES = (32, 1792, 2048)
_COLOUR_TYPES = {128: 3, 2304: 4}
_UNITS_MM = {0: 1.0, 1: 1000.0, 2: 1.0, 3: 0.001}
_SIZE_TOLERANCE = 0.01
"""Largest relative difference between the voxel sizes of qform and sform; matrices are written with few decimals."""

_TO_LPS = np.array([-1.0, -1.0, 1.0])


_NAMES = (
    "magic dim datatype bitpix vox_offset pixdim scl qform_code sform_code quatern offset srow units descrip".split()
)
_HEADERS = {
    348: np.dtype(
        {
            "names": _NAMES,
            "formats": "S4 8i2 i2 i2 f4 8f4 2f4 i2 i2 3f4 3f4 (3,4)f4 u1 S80".split(),
            "offsets": [344, 40, 70, 72, 108, 76, 112, 252, 254, 256, 268, 280, 123, 148],
            "itemsize": 348,
        }
    ),
    540: np.dtype(
        {
            "names": _NAMES,
            "formats": "S8 8i8 i2 i2 i8 8f8 2f8 i4 i4 3f8 3f8 (3,4)f8 i4 S80".split(),
            "offsets": [4, 16, 12, 14, 168, 104, 176, 344, 348, 352, 376, 400, 500, 240],
            "itemsize": 540,
        }
    ),
}
"""Header length, which is its first number: where the fields lie that are read."""

_SINGLE_FILE, _TWO_FILES = (b"n+1", b"n+2\0\r\n\x1a\n"), (b"ni1", b"ni2\0\r\n\x1a\n")


def parse_nifti(content: bytes, compressed: bool) -> VolumeHeader:
    """Parse a header from the first `LONGEST_HEADER` decompressed bytes of a file.

    Raises ValueError as `nrrd_header.parse_nrrd` does, and if qform and sform contradict each other.
    """
    header, byte_order = _header(content)
    if header["magic"] in _TWO_FILES:
        raise ValueError(IN_ANOTHER_FILE.format(".nii"))
    dimension, *stored_sizes = header["dim"].tolist()
    if header["magic"] not in _SINGLE_FILE or not 1 <= dimension <= 7:
        raise ValueError(NOT_THIS_FORMAT)
    sizes = stored_sizes[:dimension]
    # The fifth axis holds the values of one voxel.
    components = sizes[4] if dimension > 4 else 1
    shape = volume_sizes((*sizes[:4], *sizes[5:]), components)
    datatype, bits = int(header["datatype"]), int(header["bitpix"])
    if datatype in _COMPLEX_TYPES:
        raise ValueError("holds complex numbers; give the magnitude volume")
    if datatype in _COLOUR_TYPES:
        raise ValueError(
            f"has {_COLOUR_TYPES[datatype]} values per voxel (colour); give a volume with one grey value per voxel"
        )
    if datatype not in _TYPES or np.dtype(_TYPES[datatype]).itemsize * 8 != bits:
        raise ValueError(
            f"stores voxels of a type that is not read (datatype {datatype} of {bits} bits); export it again"
        )
    start = float(header["vox_offset"])
    if not (start.is_integer() and header.dtype.itemsize + 4 <= start < 2**31):
        raise ValueError(f"says that its voxels begin at byte {start:g}, inside its header; copy or export it again")
    slope, intercept = header["scl"].tolist()
    if not np.isfinite(slope) or (slope != 0 and not np.isfinite(intercept)):
        raise ValueError(
            f"has the scale {slope:g} and offset {intercept:g} (scl_slope, scl_inter), which give no grey values; "
            "export it again"
        )
    return VolumeHeader(
        sizes=shape,
        dtype=np.dtype(byte_order + _TYPES[datatype]),
        encoding="gzip" if compressed else "raw",
        data_start=0,
        geometry=_geometry(header),
        components=components,
        components_last=True,
        skipped_bytes=int(start),
        slope=slope if slope != 0 else 1.0,
        intercept=intercept if slope != 0 else 0.0,
        metadata={"descrip": header["descrip"].split(b"\0")[0].decode("utf-8", "surrogateescape")},
    )


def _header(content: bytes) -> tuple[np.void, str]:
    """The header's fields and its byte order, "<" or ">"."""
    orders: tuple[Literal["<", ">"], ...] = ("<", ">")
    for byte_order in orders:
        layout = _HEADERS.get(int(np.frombuffer(content[:4].ljust(4), byte_order + "i4")[0]))
        if layout is not None and len(content) >= layout.itemsize + 4:
            return np.frombuffer(content, layout.newbyteorder(byte_order), 1)[0], byte_order
    raise ValueError(NOT_THIS_FORMAT)


def _geometry(header: np.void) -> ImageGeometry:
    """Voxel size from pixdim, place from sform or qform by ITK's rule, so that files lie as in 3D Slicer.

    The sform counts if its code is 1 (scanner) or if there is no qform; without either, only voxel sizes are known.
    """
    qform_code, sform_code = int(header["qform_code"]), int(header["sform_code"])
    handedness, *pixdim = header["pixdim"].tolist()
    sizes = np.abs(pixdim[:3])
    unit = int(header["units"]) & 7
    if unit not in _UNITS_MM:
        raise ValueError("measures its voxels in an unknown unit (xyzt_units); export it again in millimetres")
    if not (np.isfinite(sizes).all() and (sizes > 0).all()):
        raise ValueError(NO_VOXEL_SIZE)
    sform = header["srow"].astype(float)
    if sform_code > 0:
        _check_same_size(sizes, sform)
    elif min(pixdim[:3]) < 0:
        raise ValueError("has voxels of negative size (pixdim); export it again")
    mm = _UNITS_MM[unit]
    if sform_code > 0 and (sform_code == 1 or qform_code <= 0):
        steps = sform[:, :3] * _TO_LPS[:, np.newaxis]
        direction = straightened(steps / np.sqrt((steps**2).sum(axis=0)))
        if np.abs(direction.T @ direction - np.eye(3)).max() > 1e-4:
            raise ValueError(SHEARED)
        return geometry_of_axes(direction * sizes * mm, sform[:, 3] * _TO_LPS * mm)
    if qform_code > 0:
        turn, offset = _qform(header, -1.0 if handedness < 0 else 1.0)
        return geometry_of_axes(turn * _TO_LPS[:, np.newaxis] * sizes * mm, offset * _TO_LPS * mm)
    return geometry_of_axes(np.diag(sizes * mm), np.zeros(3))


def _check_same_size(sizes: np.ndarray, sform: np.ndarray) -> None:
    """The columns of the sform are steps of one voxel, as long as pixdim says."""
    steps = np.sqrt((sform[:, :3] ** 2).sum(axis=0))
    if not (np.isfinite(sform).all() and np.allclose(steps, sizes, rtol=_SIZE_TOLERANCE, atol=0)):
        raise ValueError(
            f"gives two sizes of its voxels, {_sizes_text(sizes)} (pixdim) and {_sizes_text(steps)} mm (sform); "
            "export it again from the program that has the right one"
        )


def _sizes_text(sizes: np.ndarray) -> str:
    return " x ".join(f"{size:.5g}" for size in sizes)


def _qform(header: np.void, handedness: float) -> tuple[np.ndarray, np.ndarray]:
    """Rotation matrix (RAS) and offset of a unit quaternion (NIfTI-1, "METHOD 2")."""
    b, c, d = header["quatern"].astype(float).tolist()
    offset = header["offset"].astype(float)
    squares = b * b + c * c + d * d
    if not (np.isfinite(offset).all() and squares <= 1 + 1e-4):
        raise ValueError("lies at no place in the patient (quatern_b to qoffset_z); export it again")
    a = np.sqrt(max(1.0 - squares, 0.0))
    turn = np.array(
        [
            [a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)],
            [2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b)],
            [2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - b * b - c * c],
        ]
    )
    turn /= np.sqrt((turn**2).sum(axis=0))
    turn[:, 2] *= handedness
    return turn, offset
