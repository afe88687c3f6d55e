"""How a DICOM object stores its pixels, checked before anything is decoded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .dicom_frames import frame_count

if TYPE_CHECKING:
    from pydicom import Dataset

MOST_PIXELS = 1 << 24
"""Pixels of one image, 4096 x 4096; a larger image is not one of MR."""

NATIVE_SYNTAXES = (
    "1.2.840.10008.1.2",  # Implicit VR Little Endian
    "1.2.840.10008.1.2.1",  # Explicit VR Little Endian
    "1.2.840.10008.1.2.1.99",  # Deflated
    "1.2.840.10008.1.2.2",  # Explicit VR Big Endian
)

_LOSSY_SYNTAXES = (
    "1.2.840.10008.1.2.4.50",  # JPEG baseline
    "1.2.840.10008.1.2.4.51",  # JPEG extended
    "1.2.840.10008.1.2.4.81",  # JPEG-LS near lossless
)

_MAYBE_LOSSY_SYNTAX = "1.2.840.10008.1.2.4.91"
"""JPEG 2000 of either kind."""

COMPRESSED_SYNTAXES = (
    *_LOSSY_SYNTAXES,
    _MAYBE_LOSSY_SYNTAX,
    "1.2.840.10008.1.2.4.57",  # JPEG lossless
    "1.2.840.10008.1.2.4.70",  # JPEG lossless, first-order prediction
    "1.2.840.10008.1.2.4.80",  # JPEG-LS lossless
    "1.2.840.10008.1.2.4.90",  # JPEG 2000 lossless
    "1.2.840.10008.1.2.5",  # RLE
)


FORMAT_KEYWORDS = (
    *("Rows", "Columns", "NumberOfFrames", "SamplesPerPixel", "PhotometricInterpretation", "ModalityLUTSequence"),
    *("BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation", "LossyImageCompression"),
)
"""The elements of an object that `PixelFormat.of` reads."""


@dataclass(frozen=True)
class PixelFormat:
    """How a DICOM object stores its pixels (DICOM PS3.3 C.7.6.3)."""

    rows: int
    columns: int
    frames: int
    bits_allocated: int
    bits_stored: int
    high_bit: int
    signed: bool
    inverted: bool
    transfer_syntax: str
    big_endian: bool
    lossy: bool

    @classmethod
    def of(cls, dataset: Dataset) -> PixelFormat:
        """The format of an object's pixels.

        Raises ValueError, without the file's name, for colour, for a format that is not read and for numbers that
        contradict each other.
        """
        if _number(dataset, "SamplesPerPixel", 1) != 1:
            raise ValueError("it is a colour image; give the series with one grey value per pixel")
        if dataset.get("ModalityLUTSequence"):
            raise ValueError("its values are to be taken from a table (Modality LUT), which no MR image needs")
        bits_allocated = _number(dataset, "BitsAllocated")
        bits_stored = _number(dataset, "BitsStored", bits_allocated)
        photometric = str(dataset.get("PhotometricInterpretation", "MONOCHROME2"))
        syntax = str(getattr(dataset, "file_meta", {}).get("TransferSyntaxUID", "") or "")
        lossy = str(dataset.get("LossyImageCompression", ""))
        one = cls(
            rows=_number(dataset, "Rows"),
            columns=_number(dataset, "Columns"),
            frames=frame_count(dataset),
            bits_allocated=bits_allocated,
            bits_stored=bits_stored,
            high_bit=_number(dataset, "HighBit", bits_stored - 1),
            signed=_number(dataset, "PixelRepresentation", 0) == 1,
            inverted=photometric == "MONOCHROME1",
            transfer_syntax=syntax or NATIVE_SYNTAXES[1],
            big_endian=dataset.original_encoding[1] is False,
            lossy=lossy == "01" or syntax in _LOSSY_SYNTAXES or (syntax == _MAYBE_LOSSY_SYNTAX and lossy != "00"),
        )
        if photometric not in ("MONOCHROME1", "MONOCHROME2"):
            raise ValueError(f"its pixels are of the kind {photometric}; give the series with one grey value per pixel")
        if (
            bits_allocated not in (8, 16, 32)
            or not 1 <= bits_stored <= bits_allocated
            or one.high_bit != bits_stored - 1
        ):
            raise ValueError(
                f"its pixels have {bits_stored} bits up to bit {one.high_bit} of {bits_allocated}, which is not read"
            )
        if not 0 < one.rows * one.columns <= MOST_PIXELS:
            raise ValueError(f"its size of {one.columns} x {one.rows} pixels is not one of MR")
        if one.transfer_syntax not in (*NATIVE_SYNTAXES, *COMPRESSED_SYNTAXES):
            raise ValueError(
                f"its pixels are stored in a way that is not read (transfer syntax {one.transfer_syntax}); load the "
                "series in 3D Slicer and save the volume as .nrrd, or convert it to an uncompressed transfer syntax"
            )
        return one


def _number(dataset: Dataset, keyword: str, default: int | None = None) -> int:
    try:
        value = dataset.get(keyword)
        return default if value is None and default is not None else int(value)
    except Exception as error:
        raise ValueError(f"its {keyword} is missing or damaged") from error
