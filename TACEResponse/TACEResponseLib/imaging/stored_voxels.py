"""The voxels that a file stores, exactly as many as its header promises."""

from __future__ import annotations

import bz2
import zlib
from typing import Protocol

import numpy as np

from .volume_header import VolumeHeader

_MOST_TEXT_VALUES = 1 << 24
_LONGEST_NUMBER = 32
_DAMAGED = "is damaged: its compressed data fail; copy or export it again"


class _Stream(Protocol):
    eof: bool
    unused_data: bytes

    def decompress(self, data: bytes, max_length: int) -> bytes: ...


def stored_voxels(content: bytes, header: VolumeHeader) -> np.ndarray:
    """The voxels of a file's bytes, (K, J, I) or (K, J, I, component), in the file's own type.

    Raises ValueError with the rest of a sentence about the file if there are fewer or more bytes than promised, or if
    the compressed data fail their checksum. Never takes more memory than the promised voxels and one block.
    """
    stored = memoryview(content)[header.data_start :]
    if header.stored_bytes is not None:
        _check_length(len(stored), header.stored_bytes)
    promised = header.skipped_bytes + header.voxel_bytes
    if header.encoding in ("text", "hex"):
        values = _text_values(bytes(stored), header)
    else:
        if header.encoding == "raw":
            voxels, held = stored, len(stored)
            promised = header.voxel_bytes if header.skipped_bytes < 0 else promised
            if header.skipped_bytes < 0:
                voxels = stored[max(held - header.voxel_bytes, 0) :]
                held = len(voxels)
        else:
            unpacked = _unpacked(stored, header.encoding, promised)
            voxels, held = memoryview(unpacked), len(unpacked)
        _check_length(held, promised)
        values = np.frombuffer(voxels, header.dtype, header.value_count, max(header.skipped_bytes, 0))
    shape = header.sizes[::-1]
    if header.components == 1:
        return values.reshape(shape)
    if header.components_last:
        return np.moveaxis(values.reshape(header.components, *shape), 0, -1)
    return values.reshape(*shape, header.components)


def first_unpacked_bytes(content: bytes, count: int) -> bytes:
    """The first ``count`` bytes of gzip data. Raises ValueError if it is damaged there."""
    try:
        return zlib.decompressobj(32 + zlib.MAX_WBITS).decompress(content[: 1 << 16], count)
    except zlib.error as error:
        raise ValueError(_DAMAGED) from error


def _check_length(held: int, promised: int) -> None:
    if held < promised:
        raise ValueError(f"is cut off: {held} of {promised} bytes are there; copy or export it again")
    if held > promised:
        raise ValueError(
            f"holds more than its header says ({'over ' if held == promised + 1 else ''}{held} bytes instead of "
            f"{promised}); export it again"
        )


def _unpacked(stored: memoryview, encoding: str, promised: int) -> bytes:
    """Decompressed data, at most one byte more than promised; checksums are compared (CRC-32, Adler-32)."""
    parts: list[bytes] = []
    length = 0
    left: bytes | memoryview = stored
    while True:
        stream: _Stream = bz2.BZ2Decompressor() if encoding == "bzip2" else zlib.decompressobj(32 + zlib.MAX_WBITS)  # type: ignore[assignment]
        try:
            parts.append(stream.decompress(left, promised + 1 - length))  # type: ignore[arg-type]
        except (zlib.error, OSError, EOFError) as error:
            raise ValueError(_DAMAGED) from error
        length += len(parts[-1])
        if length > promised or not stream.eof:
            break
        # A gzip file may hold several members, as bgzip writes them, and zeros after the last (RFC 1952 2.2).
        left = stream.unused_data.lstrip(b"\0")
        if not left:
            break
        if encoding != "gzip":
            raise ValueError("holds more than its header says; export it again")
    if length <= promised and not stream.eof:
        raise ValueError("is cut off; copy or export it again")
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _text_values(stored: bytes, header: VolumeHeader) -> np.ndarray:
    """Voxels written as numbers or hexadecimal digits."""
    if header.value_count > _MOST_TEXT_VALUES or len(stored) > _LONGEST_NUMBER * header.value_count + 4096:
        raise ValueError("holds more text than its voxels need; export it again, uncompressed or with gzip")
    try:
        if header.encoding == "hex":
            raw = bytes.fromhex(stored.decode("ascii"))
        else:
            values = np.array([float(word) for word in stored.decode("ascii").split()])
    except ValueError as error:
        raise ValueError("is damaged: its voxels are not written as numbers; copy or export it again") from error
    if header.encoding == "hex":
        _check_length(len(raw), header.voxel_bytes)
        return np.frombuffer(raw, header.dtype)
    _check_length(values.size, header.value_count)
    return values.astype(header.dtype)
