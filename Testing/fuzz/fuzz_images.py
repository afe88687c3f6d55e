"""Damaged images and masks: read as they are, refused in one sentence, or another valid file by other readers too.

A mutation of voxels, or of a number that means something, makes another valid file. It is told apart by a reader that
shares no code with ours: nibabel for NIfTI, ITK for NRRD, MHA and DICOM, pydicom's decoders for DICOM besides. What we
accept must be the truth, or what one of them reads; anything else is called silent.
"""

from __future__ import annotations

import gzip
import random
import warnings
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import nibabel
import numpy as np
import pydicom
import SimpleITK as sitk
from fuzz_corpus import IMAGES, MASKS, truth
from fuzz_mutators import mutated_bytes, mutated_lines
from fuzz_process import in_own_process
from TACEResponseLib.cohort import ArraySource, CaseKey, FileSource, ImageGeometry
from TACEResponseLib.imaging import canonical_voi, check_native_voi, read_voi
from TACEResponseLib.imaging.voi import Voi

KEY = CaseKey("P01")
_TAGS = {
    "Rows": (14, 16, 30, 0, 65535), "Columns": (16, 18, 34, 0), "BitsAllocated": (8, 12, 32, 0),
    "BitsStored": (8, 16, 17),
    "HighBit": (7, 15, 16), "PixelRepresentation": (1, 2), "SamplesPerPixel": (3, 0), "NumberOfFrames": ("2", "0", "x"),
    "PhotometricInterpretation": ("MONOCHROME1", "RGB", "PALETTE COLOR"), "RescaleSlope": ("0", "2", "1e400", "x"),
    "RescaleIntercept": ("-1024", "nan"), "ImagePositionPatient": (["0", "0", "0"], ["1", "2"], ["nan", "0", "0"]),
    "ImageOrientationPatient": (["1", "0", "0", "0", "1", "0"], ["0"] * 6), "PixelSpacing": (["0", "0"], ["15", "17"]),
    "SeriesInstanceUID": ("2.25.9",), "PatientID": ("P02", ""), "StudyDate": ("20210305",), "Modality": ("SR",),
}  # fmt: skip


def mask_path(folder: Path) -> Path:
    """The valid mask that goes with every image."""
    return MASKS["seg.nrrd gzip"](folder)


def image_case(seed: int, folder: Path) -> tuple[str, str]:
    """An image of some writer, mutated, with the valid mask."""
    chance = random.Random(seed)
    path = IMAGES[chance.choice(sorted(IMAGES))](folder)
    return _judged(_mutated(path, chance), mask_path(folder), "image")


def mask_case(seed: int, folder: Path) -> tuple[str, str]:
    """A mask of some writer, mutated, with the valid image."""
    chance = random.Random(seed)
    path = MASKS[chance.choice(sorted(MASKS))](folder)
    return _judged(IMAGES["nrrd, ITK"](folder), _mutated(path, chance), "mask")


def read_checked(image: Path, mask: Path) -> Voi:
    """Read as a prediction does, up to resampling."""
    voi = read_voi(KEY, "AP", FileSource(image, mask))
    check_native_voi(KEY, voi)
    return voi


def is_one_sentence(text: str) -> bool:
    """Whether a refusal names patient and sequence, and is one line that ends as a sentence does."""
    return text.startswith("Patient P01, AP: ") and text.endswith(".") and "\n" not in text and len(text) < 1500


def _judged(image: Path, mask: Path, role: str) -> tuple[str, str]:
    try:
        voi = read_checked(image, mask)
    except ValueError as error:
        return ("refused", "") if is_one_sentence(str(error)) else ("crash", f"not one sentence: {error}")
    if _same(voi, canonical_voi("AP", truth())):
        return "right", ""
    readers = [_by_nibabel] if ".nii" in (image if role == "image" else mask).name else [_by_itk]
    if image.is_dir():
        readers = [_by_pydicom, _by_itk_series]
    for reader in readers:
        theirs = in_own_process(_other_voi, reader, image, mask, role)
        if isinstance(theirs, list) and any(_same(voi, one) for one in theirs):
            return "right", "another valid file"
    return "silent", f"{image.name if role == 'image' else mask.name} was read as something else"


def _same(one: Voi, other: Voi) -> bool:
    return (
        one.mask.shape == other.mask.shape
        and np.array_equal(one.mask, other.mask)
        and np.allclose(one.voxels, other.voxels, rtol=1e-5, atol=1e-4, equal_nan=True)
        and np.allclose(one.spacing_mm, other.spacing_mm, rtol=1e-5)
        and np.allclose(one.placement.origin_mm, other.placement.origin_mm, rtol=1e-5, atol=1e-3)
        and np.allclose(one.placement.direction, other.placement.direction, atol=3e-3)
    )


def _mutated(path: Path, chance: random.Random) -> Path:
    if path.is_dir():
        file = chance.choice(sorted(path.iterdir()))
        if chance.random() < 0.5:
            _mutate_tags(file, chance)
        else:
            file.write_bytes(mutated_bytes(file.read_bytes(), chance, 1500))
        return path
    content = path.read_bytes()
    if path.name.endswith(".gz") and chance.random() < 0.6:
        path.write_bytes(gzip.compress(mutated_bytes(gzip.decompress(content), chance, 352), 1))
    elif path.suffix in (".nrrd", ".mha") and chance.random() < 0.6:
        end = b"\n\n" if path.suffix == ".nrrd" else b"LOCAL\n"
        header, data = content.split(end, 1)
        lines = mutated_lines((header + end.rstrip(b"\n")).decode("latin-1").split("\n"), chance)
        path.write_bytes("\n".join(lines).encode("latin-1") + (b"\n\n" if path.suffix == ".nrrd" else b"\n") + data)
    else:
        path.write_bytes(mutated_bytes(content, chance, 600))
    return path


def _mutate_tags(file: Path, chance: random.Random) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        data = pydicom.dcmread(file, force=True)
        keyword = chance.choice((*_TAGS, "PixelData"))
        try:
            if keyword == "PixelData":
                pixels = data.PixelData
                cut = pixels[: len(pixels) // 2]
                data.PixelData = chance.choice((pixels[:-2], pixels + b"\0\0", cut, b"", pixels * 2))
            elif chance.random() < 0.2 and keyword in data:
                delattr(data, keyword)
            else:
                tag, vr = pydicom.datadict.tag_for_keyword(keyword), pydicom.datadict.dictionary_VR(keyword)
                value = chance.choice(_TAGS[keyword])
                data[keyword] = pydicom.DataElement(tag, vr, value, validation_mode=pydicom.config.IGNORE)
            data.save_as(file, enforce_file_format=False)
        except Exception:
            # What pydicom does not write is cut off instead.
            file.write_bytes(file.read_bytes()[:-40])


def _other_voi(reader, image: Path, mask: Path, role: str) -> list[Voi]:
    """The case with one file read by another library."""
    source = truth()
    found = []
    for voxels, geometry in reader(image if role == "image" else mask):
        if role == "image":
            place = {"origin_mm": geometry.origin_mm, "direction": geometry.direction}
            one = ArraySource(voxels, source.mask, geometry.spacing_mm, mask_geometry=source.geometry, **place)
        else:
            one = replace(source, mask=np.rint(voxels) != 0, mask_geometry=geometry)
        with suppress(ValueError):
            found.append(canonical_voi("AP", one))
    return found


def _by_itk(path: Path) -> list[tuple[np.ndarray, ImageGeometry]]:
    image = sitk.ReadImage(str(path))
    array = sitk.GetArrayFromImage(image)
    geometry = ImageGeometry(image.GetSpacing()[:3], image.GetOrigin()[:3], image.GetDirection()[:9])
    return [(array, geometry)]


def _by_nibabel(path: Path) -> list[tuple[np.ndarray, ImageGeometry]]:
    content = path.read_bytes()
    if content.startswith(b"\x1f\x8b"):
        content = gzip.decompress(content.rstrip(b"\0") if content.endswith(bytes(64)) else content)
    kind = (
        nibabel.Nifti2Image
        if 540 in (int.from_bytes(content[:4], o) for o in ("little", "big"))
        else nibabel.Nifti1Image
    )
    image = kind.from_bytes(content)
    array = np.squeeze(image.get_fdata()).T
    mm = {0: 1.0, 1: 1000.0, 2: 1.0, 3: 0.001}[int(image.header["xyzt_units"]) & 7]
    sizes = np.abs(image.header.get_zooms()[:3])
    found = []
    for place in (image.header.get_sform, image.header.get_qform, lambda: np.diag([-1, -1, 1, 1])):
        try:
            matrix = place()
        except ValueError:
            # A form that is not used may be damaged.
            continue
        steps = np.diag([-1.0, -1, 1]) @ matrix[:3, :3]
        direction = steps / np.sqrt((steps**2).sum(axis=0))
        left, _, right = np.linalg.svd(direction)
        origin = np.diag([-1.0, -1, 1]) @ matrix[:3, 3] * mm
        found.append(
            (array, ImageGeometry(tuple(sizes * mm), tuple(origin.tolist()), tuple((left @ right).ravel().tolist())))
        )
    return found


def _by_itk_series(folder: Path) -> list[tuple[np.ndarray, ImageGeometry]]:
    names = sitk.ImageSeriesReader.GetGDCMSeriesFileNames(str(folder))
    image = sitk.ReadImage(names, sitk.sitkFloat32) if len(names) > 1 else sitk.ReadImage(names[0], sitk.sitkFloat32)
    return [(sitk.GetArrayFromImage(image), ImageGeometry(image.GetSpacing(), image.GetOrigin(), image.GetDirection()))]


def _by_pydicom(folder: Path) -> list[tuple[np.ndarray, ImageGeometry]]:
    from pydicom.pixels import apply_modality_lut

    images = [pydicom.dcmread(file, force=True) for file in folder.iterdir()]
    source = truth()
    if len(images) == 1:
        return [(images[0].pixel_array, source.geometry)]
    for one in images:
        if "TransferSyntaxUID" not in one.file_meta:
            one.file_meta.TransferSyntaxUID = pydicom.uid.ImplicitVRLittleEndian
    images.sort(key=lambda one: float(one.ImagePositionPatient[2]))
    array = np.stack([apply_modality_lut(one.pixel_array, one) for one in images])
    spacing = (float(images[0].PixelSpacing[1]), float(images[0].PixelSpacing[0]))
    step = float(images[1].ImagePositionPatient[2] - images[0].ImagePositionPatient[2])
    axes = np.array([float(value) for value in images[0].ImageOrientationPatient]).reshape(2, 3)
    direction = np.column_stack([*axes, np.cross(*axes)])
    place = tuple(float(value) for value in images[0].ImagePositionPatient)
    return [(array, ImageGeometry((*spacing, step), place, tuple(direction.ravel().tolist())))]
