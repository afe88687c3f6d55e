"""The header of one DICOM file as text by keyword: one image, or one a frame of a multi-frame file."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..imaging.dicom_frames import element_text, image_tags
from ..imaging.dicom_objects import open_dicom
from .series_facts import DICOM_KEYWORDS

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

KEYWORDS = (
    *DICOM_KEYWORDS,
    "AccessionNumber",
    "AcquisitionNumber",
    "Columns",
    "ContentTime",
    "FrameOfReferenceUID",
    "ImagePositionPatient",
    "InstanceNumber",
    "IssuerOfPatientID",
    "LossyImageCompression",
    "Modality",
    "NumberOfFrames",
    "PatientBirthDate",
    "PatientID",
    "PatientName",
    "PatientSex",
    "PatientSize",
    "PatientWeight",
    "PixelSpacing",
    "Rows",
    "SOPClassUID",
    "SOPInstanceUID",
    "SeriesInstanceUID",
    "SeriesNumber",
    "SliceThickness",
    "StudyDate",
    "StudyInstanceUID",
    "StudyTime",
    "TemporalPositionTimeOffset",
    "TriggerTime",
)

_ALSO_NEEDED = (
    "SharedFunctionalGroupsSequence",
    "PerFrameFunctionalGroupsSequence",
    "ContrastBolusAgentSequence",
)
_DIRECTORY = "1.2.840.10008.1.3.10"


@dataclass(frozen=True, eq=False)
class ArchiveImage:
    """One image: a file, or one frame (from 0) of a file with several; its tags as text by keyword.

    Several values are joined by a backslash. A frame has the tags that a file of its own would have.
    """

    path: Path
    tags: Mapping[str, str]
    frame: int | None = None

    def __getitem__(self, keyword: str) -> str:
        return self.tags.get(keyword, "")


def read_header(path: Path, texts: dict[str, str]) -> list[ArchiveImage]:
    """The images of a file, none for a file of another kind and for a directory of files (DICOMDIR).

    ``texts`` is kept between calls, so that equal texts of many files are held once. Raises ValueError for a DICOM file
    that cannot be understood.
    """
    try:
        dataset = open_dicom(path, keywords=(*KEYWORDS, *_ALSO_NEEDED))
    except OSError as error:
        raise ValueError(f"cannot be opened: {error.strerror or 'it is damaged or cut off'}") from error
    except ValueError as error:
        raise ValueError("damaged or cut off") from error
    if dataset is None:
        return []
    try:
        with warnings.catch_warnings():
            # Values against the standard, as old scanners write them; what matters is checked when it is used.
            warnings.simplefilter("ignore")
            return list(_images(path, dataset, texts))
    except Exception as error:
        # pydicom raises many kinds for bytes that make no sense.
        raise ValueError(f"damaged or cut off ({error})") from error


def _images(path: Path, dataset: Dataset, texts: dict[str, str]) -> Iterator[ArchiveImage]:
    meta = dataset.file_meta
    if _DIRECTORY in (meta.get("MediaStorageSOPClassUID"), dataset.get("SOPClassUID")):
        return
    tags = {keyword: text for keyword in KEYWORDS if (text := element_text(dataset, keyword))}
    tags["TransferSyntaxUID"] = str(meta.get("TransferSyntaxUID", ""))
    missing = [name for name in ("SeriesInstanceUID", "StudyInstanceUID", "SOPInstanceUID") if not tags.get(name)]
    if missing:
        raise ValueError(f"it has no {missing[0]}")
    if tags.get("Modality") != "MR" or "PerFrameFunctionalGroupsSequence" not in dataset:
        yield ArchiveImage(path, _shared(tags, texts))
        return
    for number, own in enumerate(image_tags(dataset, KEYWORDS)):
        if "TriggerTime" not in own and (offset_s := own.get("TemporalPositionTimeOffset")):
            own["TriggerTime"] = f"{1000 * float(offset_s):g}"
        yield ArchiveImage(path, _shared(tags | own, texts), number)


def _shared(tags: Mapping[str, str], texts: dict[str, str]) -> dict[str, str]:
    return {keyword: texts.setdefault(text, text) for keyword, text in tags.items()}
