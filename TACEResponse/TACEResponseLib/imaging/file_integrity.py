"""Finding damaged and cut-off files that ITK reads in silence.

Measured with ITK 5.4: a NIfTI file cut in half is read, with zeros for the rest; one changed byte in the compressed
data of a NRRD file gives half the volume wrong. So lengths are compared before reading and gzip's checksum after it.
"""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

_CHUNK_BYTES = 1 << 20
_LONGEST_HEADER_BYTES = 1 << 20
_GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS


@dataclass(frozen=True)
class _StoredData:
    """How a file stores its voxels: from byte ``start``, as "raw", "gzip", "zlib" or "other".

    Uncompressed, ``bytes_before_voxels`` (NIfTI's header) stand there before ``voxel_bytes`` of voxels.
    """

    start: int
    encoding: str
    voxel_bytes: int
    bytes_before_voxels: int = 0


def check_before_reading(path: Path, role: str, metadata: Mapping[str, str], voxel_bytes: int) -> None:
    """Check that a NRRD, NIfTI or MHA file holds all the data that its header promises.

    Parameters
    ----------
    path : Path
    role : str
        "image" or "mask", for messages.
    metadata : mapping
        The header as SimpleITK gives it.
    voxel_bytes : int
        Size of all voxels in memory, in the type in which SimpleITK reads them.

    Raises
    ------
    ValueError
        If data are missing, or the voxels or their spacing are not in this file. Data compressed by gzip are checked by
        `check_after_reading`.
    """
    with path.open("rb") as file:
        stored = _stored_data(file, path, role, metadata, voxel_bytes)
        file.seek(stored.start)
        if stored.encoding == "raw":
            held = path.stat().st_size - stored.start
        elif stored.encoding == "zlib":
            held = _uncompressed_length(file, path, role)
        else:
            return
    _check_length(path, role, held, stored)


def check_after_reading(path: Path, role: str, metadata: Mapping[str, str], voxels: np.ndarray) -> None:
    """Check the voxels read from a file compressed by gzip against its checksum.

    The CRC-32 at the file's end covers the voxels as stored. Where it does not match those in memory (another byte
    order, rescaled values, several gzip members, or damage), the file is decompressed once more to decide.

    Raises
    ------
    ValueError
        If the compressed data are damaged or cut off.
    """
    with path.open("rb") as file:
        stored = _stored_data(file, path, role, metadata, voxels.nbytes)
        if stored.encoding != "gzip" or _checksum_matches(file, stored, voxels):
            return
        file.seek(stored.start)
        held = _uncompressed_length(file, path, role)
    _check_length(path, role, held, stored)


def _check_length(path: Path, role: str, held: int, stored: _StoredData) -> None:
    expected = stored.bytes_before_voxels + stored.voxel_bytes
    if held < expected:
        raise ValueError(
            f"the {role} {path} is cut off: {held} of {expected} bytes are there; copy or export it again."
        )


def _stored_data(file: BinaryIO, path: Path, role: str, metadata: Mapping[str, str], voxel_bytes: int) -> _StoredData:
    name = path.name.lower()
    if name.endswith(".nrrd"):
        encoding = _nrrd_encoding(file, path, role)
        encoding = {"gz": "gzip", "gzip": "gzip", "raw": "raw"}.get(encoding, "other")
        return _StoredData(file.tell(), encoding, voxel_bytes)
    if name.endswith(".mha"):
        encoding = _meta_image_encoding(file, path, role)
        return _StoredData(file.tell(), encoding, voxel_bytes)
    # NIfTI: where a slope is given, the voxels in memory are of another type than those in the file.
    voxels = math.prod(max(int(metadata.get(f"dim[{axis}]", 1)), 1) for axis in range(1, 8))
    return _StoredData(
        start=0,
        encoding="gzip" if name.endswith(".gz") else "raw",
        voxel_bytes=voxels * int(metadata["bitpix"]) // 8,
        bytes_before_voxels=int(float(metadata["vox_offset"])),
    )


def _nrrd_encoding(file: BinaryIO, path: Path, role: str) -> str:
    """The field ``encoding`` of a NRRD header; leaves ``file`` at the first byte of data."""
    fields = {}
    for line in _header_lines(file, path, role):
        text = line.decode("latin-1").strip()
        if not text:
            break
        name, separator, value = text.partition(": ")
        if separator:
            fields[name.lower()] = value.strip().lower()
    if "data file" in fields or "datafile" in fields:
        raise ValueError(f"the {role} {path} keeps its voxels in another file; save it as one .nrrd file.")
    if "spacings" not in fields and "space directions" not in fields:
        raise ValueError(f"the {role} {path} does not say how large its voxels are; export it again with its spacing.")
    return fields.get("encoding", "")


def _meta_image_encoding(file: BinaryIO, path: Path, role: str) -> str:
    """How a MetaImage stores its data; leaves ``file`` at the first byte of data."""
    fields = {}
    for line in _header_lines(file, path, role):
        name, _, value = line.decode("latin-1").partition("=")
        fields[name.strip()] = value.strip()
        if name.strip() == "ElementDataFile":
            break
    if fields.get("ElementDataFile", "").upper() != "LOCAL":
        raise ValueError(f"the {role} {path} keeps its voxels in another file; save it as one .mha file.")
    if "ElementSpacing" not in fields and "ElementSize" not in fields:
        raise ValueError(f"the {role} {path} does not say how large its voxels are; export it again with its spacing.")
    if fields.get("BinaryData", "True").lower() != "true":
        return "other"
    return "zlib" if fields.get("CompressedData", "False").lower() == "true" else "raw"


def _header_lines(file: BinaryIO, path: Path, role: str) -> Iterator[bytes]:
    while file.tell() < _LONGEST_HEADER_BYTES:
        line = file.readline(_LONGEST_HEADER_BYTES)
        if not line:
            return
        yield line
    raise ValueError(f"the {role} {path} has no readable header; copy or export it again.")


def _checksum_matches(file: BinaryIO, stored: _StoredData, voxels: np.ndarray) -> bool:
    """Whether gzip's trailer (RFC 1952: CRC-32, then length mod 2^32) fits what stands before the voxels and these."""
    file.seek(stored.start)
    try:
        before = zlib.decompressobj(_GZIP_OR_ZLIB).decompress(file.read(_CHUNK_BYTES), stored.bytes_before_voxels or 1)
    except zlib.error:
        return False
    before = before[: stored.bytes_before_voxels]
    file.seek(-8, 2)
    checksum, length = struct.unpack("<II", file.read(8))
    if length != (len(before) + voxels.nbytes) % 2**32:
        return False
    return checksum == zlib.crc32(np.ascontiguousarray(voxels), zlib.crc32(before))


def _uncompressed_length(file: BinaryIO, path: Path, role: str) -> int:
    """Bytes that the compressed rest of ``file`` holds; its checksum is compared (gzip CRC-32, zlib Adler-32)."""
    length = 0
    stream = zlib.decompressobj(_GZIP_OR_ZLIB)
    try:
        while chunk := file.read(_CHUNK_BYTES):
            while chunk:
                if stream.eof:
                    stream = zlib.decompressobj(_GZIP_OR_ZLIB)
                length += len(stream.decompress(chunk))
                # A gzip file may hold several members, and padding after the last.
                chunk = stream.unused_data.lstrip(b"\0\n")
    except zlib.error as error:
        raise ValueError(f"the {role} {path} is damaged: its compressed data fail; copy or export it again.") from error
    if not stream.eof:
        raise ValueError(f"the {role} {path} is cut off; copy or export it again.")
    return length
