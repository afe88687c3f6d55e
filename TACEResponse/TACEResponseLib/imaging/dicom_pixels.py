"""The pixels of DICOM images: lengths are checked against what the header promises before anything is decoded."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .codestreams import check_codestream
from .dicom_objects import open_dicom
from .pixel_format import NATIVE_SYNTAXES, PixelFormat
from .quiet_itk import quiet_itk

if TYPE_CHECKING:
    from pydicom import Dataset


def read_frames(path: Path, pixels: PixelFormat, frames: list[int]) -> list[np.ndarray]:
    """The stored values of some frames of a file, each (rows, columns), before rescaling.

    Raises ValueError with the file's name if the pixels are not exactly as many as the header promises, or damaged.
    """
    dataset = open_dicom(path, stop_before_pixels=False, keywords=["PixelData"])
    try:
        if dataset is None or "PixelData" not in dataset:
            raise ValueError("it holds no pixels")
        if pixels.transfer_syntax in NATIVE_SYNTAXES:
            values = _native(dataset.PixelData, pixels)
            stored = [values[frame] for frame in frames]
        else:
            stored = _compressed(dataset, pixels, frames)
    except (ValueError, RuntimeError) as error:
        # GDCM's own messages have several lines.
        reason = str(error) if isinstance(error, ValueError) else "its compressed pixels fail"
        raise ValueError(
            f"{path} is a damaged or cut-off DICOM image ({reason}); copy or export the series again."
        ) from error
    return [_meant_values(values, pixels) for values in stored]


def _native(content: bytes, pixels: PixelFormat) -> np.ndarray:
    """Uncompressed frames (frames, rows, columns); an odd length is padded by one byte (DICOM PS3.5 8.1.1)."""
    if not isinstance(content, bytes):
        raise ValueError("its pixels are not of one piece")
    promised = pixels.frames * pixels.rows * pixels.columns * pixels.bits_allocated // 8
    if len(content) != promised + promised % 2 and len(content) != promised:
        raise ValueError(
            f"{len(content)} bytes of pixels instead of {promised} for {pixels.frames} x {pixels.columns} x "
            f"{pixels.rows} pixels of {pixels.bits_allocated} bits"
        )
    dtype = np.dtype(f"{'>' if pixels.big_endian else '<'}u{pixels.bits_allocated // 8}")
    values = np.frombuffer(content, dtype, promised // dtype.itemsize)
    return values.reshape(pixels.frames, pixels.rows, pixels.columns).astype(dtype.newbyteorder("="), copy=False)


def _meant_values(stored: np.ndarray, pixels: PixelFormat) -> np.ndarray:
    """The stored bits as numbers: other bits of the word, such as an old overlay's, are cleared."""
    word, bits = stored.dtype.itemsize * 8, pixels.bits_stored
    if bits == word and not pixels.signed:
        values = stored
    else:
        # To the top of the word and down again: down, the sign goes along.
        signed = stored.dtype.str.replace("u", "i")
        values = (stored << (word - bits)).view(signed if pixels.signed else stored.dtype) >> (word - bits)
    if not pixels.inverted:
        return values
    return (-1 - values) if pixels.signed else (2**bits - 1) - values


def _compressed(dataset: Dataset, pixels: PixelFormat, frames: list[int]) -> list[np.ndarray]:
    from pydicom.encaps import generate_frames

    streams = list(generate_frames(dataset.PixelData, number_of_frames=pixels.frames))
    if len(streams) != pixels.frames:
        raise ValueError(f"{len(streams)} compressed images instead of {pixels.frames}")
    with tempfile.TemporaryDirectory(prefix="tace-response-") as folder:
        return [_decoded(streams[frame], pixels, Path(folder) / f"{frame}.dcm") for frame in frames]


def _decoded(stream: bytes, pixels: PixelFormat, path: Path) -> np.ndarray:
    """One compressed image, by GDCM from a file that holds nothing else and whose codestream was checked."""
    import SimpleITK as sitk
    from pydicom.dataset import FileDataset, FileMetaDataset
    from pydicom.encaps import encapsulate
    from pydicom.uid import UID, MRImageStorage

    check_codestream(stream, pixels)
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = MRImageStorage, UID("2.25.1")
    meta.TransferSyntaxUID = UID(pixels.transfer_syntax)
    bare = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    bare.SOPClassUID, bare.SOPInstanceUID, bare.Modality = MRImageStorage, UID("2.25.1"), "MR"
    bare.SamplesPerPixel, bare.PhotometricInterpretation = 1, "MONOCHROME2"
    bare.Rows, bare.Columns = pixels.rows, pixels.columns
    bare.BitsAllocated, bare.BitsStored, bare.HighBit = pixels.bits_allocated, pixels.bits_stored, pixels.high_bit
    bare.PixelRepresentation = int(pixels.signed)
    bare.PixelData = encapsulate([stream])
    bare["PixelData"].VR, bare["PixelData"].is_undefined_length = "OB", True
    bare.save_as(path, enforce_file_format=True)
    reader = sitk.ImageFileReader()
    reader.SetImageIO("GDCMImageIO")
    reader.SetFileName(str(path))
    with quiet_itk():
        values = sitk.GetArrayFromImage(reader.Execute())
    if values.size != pixels.rows * pixels.columns or values.dtype.itemsize * 8 != pixels.bits_allocated:
        raise ValueError("its compressed pixels are of another size or type")
    lowest, highest = (
        (-(2 ** (pixels.bits_stored - 1)), 2 ** (pixels.bits_stored - 1) - 1)
        if pixels.signed
        else (0, 2**pixels.bits_stored - 1)
    )
    if values.min() < lowest or values.max() > highest:
        raise ValueError(f"its compressed pixels have values beyond {pixels.bits_stored} bits")
    return values.reshape(pixels.rows, pixels.columns).view(f"u{values.dtype.itemsize}")
