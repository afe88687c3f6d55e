"""The header of a NRRD file (https://teem.sourceforge.net/nrrd/format.html)."""

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
    "i1": "signed char,int8,int8_t",
    "u1": "uchar,unsigned char,uint8,uint8_t",
    "i2": "short,short int,signed short,signed short int,int16,int16_t",
    "u2": "ushort,unsigned short,unsigned short int,uint16,uint16_t",
    "i4": "int,signed int,int32,int32_t",
    "u4": "uint,unsigned int,uint32,uint32_t",
    "i8": "longlong,long long,long long int,signed long long,signed long long int,int64,int64_t",
    "u8": "ulonglong,unsigned long long,unsigned long long int,uint64,uint64_t",
    "f4": "float",
    "f8": "double",
}
_TYPE_OF_NAME = {name: code for code, names in _TYPES.items() for name in names.split(",")}
_ENCODINGS = {
    "raw": "raw", "gz": "gzip", "gzip": "gzip", "bz2": "bzip2", "bzip2": "bzip2",
    "txt": "text", "text": "text", "ascii": "text", "hex": "hex",
}  # fmt: skip
_ENDS = {"little": "<", "big": ">"}
_LPS_SIGNS = {
    **dict.fromkeys(("right-anterior-superior", "ras"), (-1.0, -1.0, 1.0)),
    **dict.fromkeys(("left-anterior-superior", "las"), (1.0, -1.0, 1.0)),
    **dict.fromkeys(("left-posterior-superior", "lps"), (1.0, 1.0, 1.0)),
    # Of no stated patient; as ITK reads them.
    **dict.fromkeys(("scanner-xyz", "3d-right-handed", "3d-left-handed", ""), (1.0, 1.0, 1.0)),
}
"""Signs that turn a space's coordinates to LPS."""

_DOMAIN_KINDS = {"domain", "space", "time", "???", "none", ""}
_COMPLEX_KINDS = {"complex"}
_FIELDS = {
    *("content", "number", "type", "block size", "dimension", "space", "space dimension", "sizes", "spacings"),
    *("thicknesses", "axis mins", "axis maxs", "centers", "centerings", "labels", "units", "kinds", "min", "max"),
    *("old min", "old max", "encoding", "endian", "line skip", "byte skip", "sample units", "space units"),
    *("space origin", "space directions", "measurement frame", "data file"),
}
_SHORT_FIELDS = {name.replace(" ", ""): name for name in _FIELDS}
"""Teem also writes names without their blank, such as "byteskip"."""

_VECTOR = re.compile(r"none|\(([^()]*)\)", re.IGNORECASE)
_LONGEST_HEADER_LINES = 10_000


def parse_nrrd(content: bytes) -> VolumeHeader:
    """Parse the header at the start of a file's bytes.

    Raises ValueError with the rest of a sentence about the file: of another format, damaged, contradicting itself, not
    one 3-D volume, of unknown voxel size or unit, or with its voxels in another file.
    """
    fields, metadata, data_start = _fields(content)
    if "data file" in fields:
        raise ValueError(IN_ANOTHER_FILE.format(".nrrd"))
    (dimension,) = whole_numbers(fields.get("dimension", ""))
    stored_sizes = whole_numbers(fields.get("sizes", ""))
    if len(stored_sizes) != dimension:
        raise ValueError(NOT_THIS_FORMAT)
    kinds = fields.get("kinds", "").lower().split() or [""] * dimension
    vectors = _vectors(fields.get("space directions", ""))
    if len(kinds) != dimension or (vectors and len(vectors) != dimension):
        raise ValueError(NOT_THIS_FORMAT)
    ranges = [
        axis for axis in range(dimension) if kinds[axis] not in _DOMAIN_KINDS or (vectors and vectors[axis] is None)
    ]
    if any(kinds[axis] in _COMPLEX_KINDS for axis in ranges):
        raise ValueError("holds complex numbers; give the magnitude volume")
    if len(ranges) > 1 or (ranges and ranges[0] not in (0, dimension - 1)):
        raise ValueError(NOT_THIS_FORMAT)
    domains = [axis for axis in range(dimension) if axis not in ranges]
    components = stored_sizes[ranges[0]] if ranges else 1
    sizes = volume_sizes(tuple(stored_sizes[axis] for axis in domains), components)
    encoding = _ENCODINGS.get(fields.get("encoding", "").lower())
    type_code = _TYPE_OF_NAME.get(" ".join(fields.get("type", "").lower().split()))
    if encoding is None or type_code is None:
        raise ValueError(
            f"stores its voxels in a way that is not read (type {fields.get('type', 'missing')!r}, encoding "
            f"{fields.get('encoding', 'missing')!r}); export it again, uncompressed or with gzip"
        )
    end = _ENDS.get(fields.get("endian", "").lower(), "")
    if not end and type_code[1] != "1" and encoding != "text":
        raise ValueError("does not say its byte order (endian); export it again")
    skipped, data_start = _skips(fields, content, data_start, encoding)
    return VolumeHeader(
        sizes=sizes,
        dtype=np.dtype((end or "<") + type_code),
        encoding=encoding,
        data_start=data_start,
        geometry=_geometry(fields, vectors, domains[:3]),
        components=components,
        components_last=bool(ranges) and ranges[0] > 0,
        skipped_bytes=skipped,
        metadata=metadata,
    )


def _fields(content: bytes) -> tuple[dict[str, str], dict[str, str], int]:
    """The format's fields by name in lower case, key/value pairs, and where the data begin."""
    fields: dict[str, str] = {}
    metadata: dict[str, str] = {}
    if not re.match(rb"NRRD000[1-5]\r?\n", content[:10]):
        raise ValueError(NOT_THIS_FORMAT)
    at = content.index(b"\n") + 1
    for _ in range(_LONGEST_HEADER_LINES):
        end = content.find(b"\n", at)
        if end < 0:
            # A header whose data lie elsewhere ends with the file.
            break
        line, at = decoded(content[at:end]).rstrip("\r"), end + 1
        if not line:
            return fields, {key: value.replace("\\n", "\n") for key, value in metadata.items()}, at
        if line.startswith("#"):
            continue
        name, separator, value = line.partition(":")
        if not separator:
            raise ValueError(NOT_THIS_FORMAT)
        if value.startswith("="):
            repeated = metadata.get(name, value[1:]) != value[1:]
            metadata[name] = value[1:]
        else:
            name = name.strip().lower()
            name = _SHORT_FIELDS.get(name, name)
            repeated = name in fields
            fields[name] = value.strip()
            if name not in _FIELDS:
                raise ValueError(f"has the unknown field {name[:40]!r} in its header; export it again")
        if repeated:
            raise ValueError(f"names {name!r} twice in its header; export it again")
    if "data file" in fields:
        raise ValueError(IN_ANOTHER_FILE.format(".nrrd"))
    raise ValueError(NOT_THIS_FORMAT)


def _skips(fields: dict[str, str], content: bytes, data_start: int, encoding: str) -> tuple[int, int]:
    """Decoded bytes before the voxels, and where the data begin after the lines that are to be skipped."""
    lines, skipped = (
        fields.get("line skip", "0"),
        fields.get("byte skip", "0"),
    )
    for _ in range(whole_numbers(lines)[0]):
        data_start = content.find(b"\n", data_start) + 1
        if not data_start:
            raise ValueError(NOT_THIS_FORMAT)
    if skipped == "-1" and encoding == "raw":
        return -1, data_start
    return whole_numbers(skipped)[0], data_start


def _vectors(text: str) -> list[np.ndarray | None]:
    """The vectors of a field such as ``space directions``; None where it says "none"."""
    found = list(_VECTOR.finditer(text))
    if _VECTOR.sub("", text).strip():
        raise ValueError(NOT_THIS_FORMAT)
    return [None if one[1] is None else numbers(one[1].replace(",", " ")) for one in found]


def _geometry(fields: dict[str, str], vectors: list[np.ndarray | None], domains: list[int]) -> ImageGeometry:
    if not vectors:
        return _geometry_of_spacings(fields, domains)
    axes = [vectors[axis] for axis in domains]
    origins = _vectors(fields.get("space origin", ""))
    space = len(vectors[domains[0]]) if vectors[domains[0]] is not None else 0  # type: ignore[arg-type]
    origin = origins[0] if origins and origins[0] is not None else np.zeros(space)
    if space not in (3, 4) or len(origins) > 1 or any(one is None or len(one) != space for one in (*axes, origin)):
        raise ValueError(NOT_THIS_FORMAT)
    columns = np.column_stack([one for one in axes if one is not None])
    if space == 4 and np.abs(columns[3]).max() > 0:
        raise ValueError(NOT_THIS_FORMAT)
    name = fields.get("space", "").lower().removesuffix("-time")
    if name not in _LPS_SIGNS:
        raise ValueError(f"lies in the unknown space {name[:40]!r}; export it again")
    to_lps_mm = np.array(_LPS_SIGNS[name]) * _units_mm(fields.get("space units", ""), range(3))
    return geometry_of_axes(columns[:3] * to_lps_mm[:, np.newaxis], origin[:3] * to_lps_mm)


def _geometry_of_spacings(fields: dict[str, str], domains: list[int]) -> ImageGeometry:
    """Voxel sizes without a place in the patient."""
    words = fields.get("spacings", "").split()
    if not words:
        raise ValueError(NO_VOXEL_SIZE)
    try:
        spacing = numbers(" ".join(words[axis] for axis in domains), 3) * _units_mm(fields.get("units", ""), domains)
    except (IndexError, ValueError):
        raise ValueError(NO_VOXEL_SIZE) from None
    return geometry_of_axes(np.diag(np.abs(spacing)), np.zeros(3))


def _units_mm(text: str, axes: range | list[int]) -> np.ndarray:
    """Millimetres of the unit of each of these axes; units that are not named are millimetres."""
    units = [unit.strip().lower() for unit in re.findall(r'"([^"]*)"', text)]
    if text.strip() and len(units) <= max(axes):
        raise ValueError(NOT_THIS_FORMAT)
    named = [units[axis] if units else "" for axis in axes]
    unknown = [unit for unit in named if unit and unit not in MM_OF_UNIT]
    if unknown:
        raise ValueError(f"measures its voxels in {unknown[0]!r}; export it again in millimetres")
    return np.array([MM_OF_UNIT.get(unit, 1.0) for unit in named])
