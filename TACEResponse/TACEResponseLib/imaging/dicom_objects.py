"""Opening DICOM files whatever they hold: no preamble, damaged lengths, bombs."""

from __future__ import annotations

import mmap
import warnings
import zlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

if TYPE_CHECKING:
    from pydicom import Dataset
    from pydicom.tag import BaseTag

DAMAGED = "is a damaged or cut-off DICOM image, or no image at all; copy it again, or remove it."

MOST_FILE_BYTES = 1 << 30
"""A DICOM file that is larger, unpacked, is not read."""

_FIRST_TAGS = {(0x0002, 0x0000), (0x0002, 0x0001), (0x0002, 0x0002), (0x0002, 0x0010)} | {
    (0x0008, element) for element in (0x0000, 0x0001, 0x0005, 0x0008, 0x0012, 0x0013, 0x0014, 0x0016)
}
"""Tags with which a DICOM object without the 128 bytes of preamble and the letters DICM begins."""

_DEFLATED = "1.2.840.10008.1.2.1.99"


def open_dicom(path: Path, stop_before_pixels: bool = True, keywords: Sequence[str] | None = None) -> Dataset | None:
    """Parse a DICOM file, with or without preamble; None if it is a file of another kind.

    With ``keywords`` only these elements are kept, which is faster.

    Raises ValueError if the file begins as DICOM does and cannot be understood, or if it is larger than a gigabyte.
    """
    import pydicom

    with path.open("rb") as file:
        start = file.read(132)
        with_preamble = start[128:] == b"DICM"
        first = (int.from_bytes(start[:2], "little"), int.from_bytes(start[2:4], "little"))
        if not with_preamble and first not in _FIRST_TAGS:
            return None
        # Through a map of the file, as a damaged length would otherwise ask for gigabytes.
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            if len(content) > MOST_FILE_BYTES:
                raise ValueError(f"{path} is larger than {MOST_FILE_BYTES / 2**30:g} GB; give a single series.")
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    if with_preamble:
                        _check_deflated_size(content)
                    return pydicom.dcmread(
                        cast(BinaryIO, content),
                        stop_before_pixels=stop_before_pixels,
                        force=not with_preamble,
                        specific_tags=None if keywords is None else _tags(tuple(keywords)),
                    )
            except Exception as error:
                # pydicom raises many kinds for bytes that make no sense.
                raise ValueError(f"{path} {DAMAGED}") from error


@cache
def _tags(keywords: tuple[str, ...]) -> list[BaseTag]:
    from pydicom.tag import Tag

    return [Tag(keyword) for keyword in keywords]


def _check_deflated_size(content: mmap.mmap) -> None:
    """Refuse a deflated object that would unpack to more than a gigabyte."""
    meta_end = 144 + int.from_bytes(content[140:144], "little")
    if _DEFLATED.encode() in content[:meta_end]:
        stream = zlib.decompressobj(-zlib.MAX_WBITS)
        stream.decompress(content[meta_end:], MOST_FILE_BYTES)
        if stream.unconsumed_tail:
            raise ValueError("it unpacks to more than a gigabyte")
