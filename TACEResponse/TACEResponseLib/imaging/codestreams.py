"""Compressed DICOM pixels before they reach a decoder: do the codestream's own numbers fit the header's?

A decoder in C may write past an image that is larger than promised, or print its own messages. JPEG and JPEG-LS (ITU
T.81, T.87) name precision, rows and columns in the frame header, JPEG 2000 (ITU T.800) in the marker SIZ; RLE (DICOM
PS3.5 G) has one segment a byte of the word.
"""

from __future__ import annotations

import struct
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .pixel_format import PixelFormat

_RLE = "1.2.840.10008.1.2.5"
_FRAME_HEADERS = {*range(0xC0, 0xD0), 0xF7} - {0xC4, 0xC8, 0xCC}
_WITHOUT_LENGTH = {0x01, *range(0xD0, 0xD8)}


def check_codestream(stream: bytes, pixels: PixelFormat) -> None:
    """Raises ValueError, without the file's name, where a compressed image contradicts its DICOM header."""
    try:
        if pixels.transfer_syntax == _RLE:
            _check_rle(stream, pixels)
            return
        if stream[:4] == b"\xff\x4f\xff\x51":
            precision, rows, columns, components = _of_jpeg_2000(stream)
        else:
            precision, rows, columns, components = _of_jpeg(stream)
    except (IndexError, struct.error) as error:
        raise ValueError("its compressed pixels are cut off") from error
    if (rows, columns, components) != (pixels.rows, pixels.columns, 1) or precision > pixels.bits_allocated:
        raise ValueError(
            f"its compressed pixels are {columns} x {rows} of {precision} bits instead of {pixels.columns} x "
            f"{pixels.rows} of {pixels.bits_stored} bits"
        )


def _of_jpeg(stream: bytes) -> tuple[int, int, int, int]:
    """Precision, rows, columns and components from the frame header; the stream must also end as JPEG does."""
    if stream[:2] != b"\xff\xd8" or b"\xff\xd9" not in stream[-4:]:
        raise ValueError("its compressed pixels are cut off or not JPEG")
    at = 2
    while at < len(stream):
        if stream[at] != 0xFF:
            break
        marker = stream[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        if marker in _FRAME_HEADERS:
            return struct.unpack_from(">BHHB", stream, at + 4)
        at += 2 if marker in _WITHOUT_LENGTH else 2 + struct.unpack_from(">H", stream, at + 2)[0]
    raise ValueError("its compressed pixels have no frame header")


def _of_jpeg_2000(stream: bytes) -> tuple[int, int, int, int]:
    _, _, right, bottom, left, top, *tile, components, precision = struct.unpack_from(">HHIIIIIIIIHB", stream, 4)
    width, height, tile_left, tile_top = tile
    if not (tile_left <= left < tile_left + width and tile_top <= top < tile_top + height):
        raise ValueError("its compressed pixels lie outside their tiles")
    if b"\xff\xd9" not in stream[-4:]:
        raise ValueError("its compressed pixels are cut off")
    return (precision & 0x7F) + 1, bottom - top, right - left, components


def _check_rle(stream: bytes, pixels: PixelFormat) -> None:
    """Each segment unpacks to one byte a pixel, counted run by run without copying."""
    segments, *starts = struct.unpack_from("<16I", stream)
    if segments != pixels.bits_allocated // 8:
        raise ValueError(f"its compressed pixels have {segments} segments of {pixels.bits_allocated // 8}")
    starts = [*starts[:segments], len(stream)]
    if starts[0] != 64 or starts != sorted(starts):
        raise ValueError("the segments of its compressed pixels lie across each other")
    promised = pixels.rows * pixels.columns
    for start, end in pairwise(starts):
        at, unpacked = start, 0
        while at < end and unpacked < promised:
            count = stream[at]
            unpacked += count + 1 if count < 128 else 257 - count if count > 128 else 0
            at += count + 2 if count < 128 else 2 if count > 128 else 1
        if unpacked != promised or at > end:
            raise ValueError("its compressed pixels are cut off or damaged")
