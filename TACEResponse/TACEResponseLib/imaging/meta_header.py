"""The header of a MetaImage file (https://itk.org/Wiki/ITK/MetaIO/Documentation)."""

from __future__ import annotations

import re

import numpy as np

from ..cohort import ImageGeometry
from .volume_header import (
    IN_ANOTHER_FILE,
    MM_OF_UNIT,
    NO_VOXEL_SIZE,
    NOT_THIS_FORMAT,
    VolumeHeader,
    decoded,
    geometry_of_axes,
    numbers,
    volume_sizes,
    whole_numbers,
)

_TYPES = {
    "MET_CHAR": "i1", "MET_UCHAR": "u1", "MET_SHORT": "i2", "MET_USHORT": "u2", "MET_INT": "i4", "MET_UINT": "u4",
    "MET_LONG": "i4", "MET_ULONG": "u4", "MET_LONG_LONG": "i8", "MET_ULONG_LONG": "u8", "MET_FLOAT": "f4",
    "MET_DOUBLE": "f8",
}  # fmt: skip
_SYNONYMS = {
    "Origin": "Offset", "Position": "Offset", "Rotation": "TransformMatrix", "Orientation": "TransformMatrix",
    "ElementByteOrderMSB": "BinaryDataByteOrderMSB",
}  # fmt: skip
_TRUTHS = {"true": True, "t": True, "1": True, "false": False, "f": False, "0": False}
_MOST_LINES = 10_000
_LENGTH_TOLERANCE = 2e-3
"""Directions are written with few decimals; their length says nothing about the voxels."""

_FIELDS = {
    "ObjectType", "NDims", "BinaryData", "BinaryDataByteOrderMSB", "CompressedData", "CompressedDataSize", "Offset",
    "TransformMatrix", "ElementSpacing", "ElementSize", "DimSize", "ElementNumberOfChannels", "ElementType",
    "HeaderSize", "DistanceUnits", "ElementDataFile",
}  # fmt: skip


def parse_meta_image(content: bytes) -> VolumeHeader:
    """Parse the header at the start of a file's bytes. Raises ValueError as `nrrd_header.parse_nrrd` does."""
    fields, metadata, data_start = _fields(content)
    if fields["ElementDataFile"].upper() != "LOCAL":
        raise ValueError(IN_ANOTHER_FILE.format(".mha"))
    if fields.get("ObjectType", "Image") != "Image" or fields.get("HeaderSize", "0") != "0":
        raise ValueError(NOT_THIS_FORMAT)
    (dimension,) = whole_numbers(fields.get("NDims", ""))
    stored_sizes = whole_numbers(fields.get("DimSize", ""))
    if len(stored_sizes) != dimension:
        raise ValueError(NOT_THIS_FORMAT)
    (components,) = whole_numbers(fields.get("ElementNumberOfChannels", "1"))
    sizes = volume_sizes(stored_sizes, components)
    type_code = _TYPES.get(fields.get("ElementType", ""))
    if type_code is None:
        raise ValueError(
            f"stores voxels of a type that is not read ({fields.get('ElementType', 'missing')!r}); export it again"
        )
    compressed, binary = _truth(fields, "CompressedData", False), _truth(fields, "BinaryData", True)
    if compressed and not binary:
        raise ValueError(NOT_THIS_FORMAT)
    stored = fields.get("CompressedDataSize") if compressed else None
    return VolumeHeader(
        sizes=sizes,
        dtype=np.dtype((">" if _truth(fields, "BinaryDataByteOrderMSB", False) else "<") + type_code),
        encoding="zlib" if compressed else "raw" if binary else "text",
        data_start=data_start,
        geometry=_geometry(fields, dimension),
        components=components,
        stored_bytes=None if stored is None else whole_numbers(stored)[0],
        metadata=metadata,
    )


def _fields(content: bytes) -> tuple[dict[str, str], dict[str, str], int]:
    """The format's fields, other keys, and where the data begin: after the line ElementDataFile."""
    fields: dict[str, str] = {}
    metadata: dict[str, str] = {}
    at = 0
    for _ in range(_MOST_LINES):
        end = content.find(b"\n", at)
        if end < 0:
            break
        name, separator, value = decoded(content[at:end]).partition("=")
        name, value, at = name.strip(), value.strip(), end + 1
        if not separator and name:
            break
        name = _SYNONYMS.get(name, name)
        kept = fields if name in _FIELDS else metadata
        if kept.setdefault(name, value) != value:
            raise ValueError(f"names {name!r} twice in its header; export it again")
        if name == "ElementDataFile":
            return fields, metadata, at
    raise ValueError(NOT_THIS_FORMAT)


def _truth(fields: dict[str, str], name: str, default: bool) -> bool:
    text = fields.get(name)
    truth = default if text is None else _TRUTHS.get(text.lower())
    if truth is None:
        raise ValueError(NOT_THIS_FORMAT)
    return truth


def _geometry(fields: dict[str, str], dimension: int) -> ImageGeometry:
    """The first three axes; each row of TransformMatrix is the direction of one of them, in LPS."""
    text = fields.get("ElementSpacing") or fields.get("ElementSize")
    if not text:
        raise ValueError(NO_VOXEL_SIZE)
    unit = fields.get("DistanceUnits", "mm").lower()
    if unit not in (*MM_OF_UNIT, "?"):
        raise ValueError(f"measures its voxels in {unit!r}; export it again in millimetres")
    mm = MM_OF_UNIT.get(unit, 1.0)
    spacing = np.abs(numbers(text, dimension)[:3]) * mm
    identity = " ".join(map(str, np.eye(dimension).ravel()))
    turns = numbers(fields.get("TransformMatrix", identity), dimension**2).reshape(dimension, dimension)
    origin = numbers(fields.get("Offset", " ".join(["0"] * dimension)), dimension)[:3] * mm
    if dimension > 3 and (np.abs(turns[:3, 3:]).max() > 0 or np.abs(turns[3:, :3]).max() > 0):
        raise ValueError(NOT_THIS_FORMAT)
    lengths = np.sqrt((turns[:3, :3] ** 2).sum(axis=1))
    if np.abs(lengths - 1).max() > _LENGTH_TOLERANCE:
        raise ValueError("gives directions that are not of length 1 (TransformMatrix); export it again")
    return geometry_of_axes((turns[:3, :3] / lengths[:, np.newaxis]).T * spacing, origin)


def is_meta_image(content: bytes) -> bool:
    """Whether a file's first bytes are lines of a MetaImage header."""
    return re.search(rb"(?m)^NDims\s*=", content[:4096]) is not None
