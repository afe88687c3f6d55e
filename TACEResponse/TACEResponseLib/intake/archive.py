"""What a folder of DICOM files holds: patients, their studies and series, by the headers alone."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ..cohort import Progress
from .series_facts import DICOM_KEYWORDS

_KEYWORDS = (
    *DICOM_KEYWORDS,
    "PatientID",
    "PatientName",
    "PatientBirthDate",
    "PatientSex",
    "StudyInstanceUID",
    "StudyDate",
    "SeriesInstanceUID",
    "SeriesNumber",
    "SOPInstanceUID",
    "Modality",
    "NumberOfFrames",
    "InstanceNumber",
    "ImagePositionPatient",
    "TriggerTime",
    "AcquisitionNumber",
    "ContentTime",
    "FrameOfReferenceUID",
)

VOI_MODALITIES = ("SEG", "RTSTRUCT")


@dataclass(frozen=True)
class ArchiveFile:
    """One DICOM file: its tags as text by keyword ("" where absent, several values joined by a backslash)."""

    path: Path
    tags: dict[str, str]

    def __getitem__(self, keyword: str) -> str:
        return self.tags.get(keyword, "")


@dataclass
class ArchiveSeries:
    """The files of one SeriesInstanceUID."""

    uid: str
    files: list[ArchiveFile] = field(default_factory=list)

    @property
    def first(self) -> ArchiveFile:
        """The file whose tags speak for the series."""
        return self.files[0]


@dataclass
class ArchiveStudy:
    """The series of one StudyInstanceUID; ``date`` is YYYYMMDD or empty."""

    uid: str
    date: str
    series: dict[str, ArchiveSeries] = field(default_factory=dict)

    def of_modality(self, *modalities: str) -> list[ArchiveSeries]:
        """Series of these modalities, in the order of their numbers."""
        chosen = [series for series in self.series.values() if series.first["Modality"] in modalities]
        return sorted(chosen, key=lambda series: (_whole(series.first["SeriesNumber"]), series.uid))


@dataclass
class ArchivePatient:
    """The studies of one PatientID, by date."""

    patient_id: str
    studies: list[ArchiveStudy]
    persons: set[tuple[str, str, str]]

    def check_one_person(self) -> None:
        """Raises ValueError if birth date or sex differ, or names where no birth date tells that they are one.

        Also without PatientID: whose studies these are, and which of the next archive are his, cannot be told then.
        """
        if not self.patient_id:
            count = len(self.studies)
            have = "1 study has" if count == 1 else f"{count} studies have"
            raise ValueError(
                f"{have} no PatientID (StudyInstanceUID {self.studies[0].uid}{', ...' if count > 1 else ''}), so that "
                "nobody can tell whose files these are; give each patient a PatientID in the archive."
            )
        births, sexes = ({person[at] for person in self.persons if person[at]} for at in (1, 2))
        names = {_plain_person(person[0]) for person in self.persons if person[0]}
        differ = [name for name, values in (("birth date", births), ("sex", sexes)) if len(values) > 1]
        if not births and len(names) > 1:
            differ.append("name")
        if differ:
            raise ValueError(
                f"two patients share this ID ({' and '.join(differ)} differ between their files); give one of them "
                "another PatientID in the archive, or export them to folders of their own."
            )


@dataclass(frozen=True)
class Archive:
    """All patients of a folder; ``damaged`` are files that say they are DICOM but cannot be read, with the reason."""

    patients: tuple[ArchivePatient, ...]
    damaged: tuple[tuple[Path, str], ...]
    other_files: int


def read_archive(folder: Path, progress: Progress | None = None) -> Archive:
    """Read the headers of every DICOM file below ``folder``; ``progress`` is called at every hundredth.

    Raises ValueError if the folder cannot be opened or holds no DICOM file.
    """
    if not folder.is_dir():
        raise ValueError(f"The folder {folder} does not exist; give the folder with the DICOM files.")
    files: list[ArchiveFile] = []
    damaged: list[tuple[Path, str]] = []
    others = 0
    for count, path in enumerate(_files_below(folder)):
        if progress is not None and count % 100 == 0:
            progress(0, 1, f"reading headers, {count} files")
        try:
            one = _read_header(path)
        except ValueError as error:
            damaged.append((path, str(error)))
            continue
        if one is None:
            others += 1
        else:
            files.append(one)
    if not files:
        found = "; those it has are damaged or cut off" if damaged else ""
        raise ValueError(f"The folder {folder} holds no DICOM files{found}.")
    return Archive(tuple(_patients(files)), tuple(damaged), others)


def _files_below(folder: Path) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            if name.upper() != "DICOMDIR":
                yield Path(parent) / name


def _read_header(path: Path) -> ArchiveFile | None:
    """The header, None for a file of another kind. Raises ValueError for a DICOM file that cannot be understood."""
    import pydicom
    from pydicom.errors import InvalidDicomError

    try:
        dataset = pydicom.dcmread(path, stop_before_pixels=True, specific_tags=list(_KEYWORDS))
        tags = {keyword: _text(dataset.get(keyword)) for keyword in _KEYWORDS}
    except InvalidDicomError:
        return None
    except OSError as error:
        raise ValueError(f"cannot be opened: {error.strerror}") from error
    except Exception as error:
        # pydicom raises many kinds for bytes that make no sense.
        raise ValueError(f"damaged or cut off ({type(error).__name__})") from error
    missing = [name for name in ("SeriesInstanceUID", "StudyInstanceUID", "SOPInstanceUID") if not tags[name]]
    if missing:
        raise ValueError(f"damaged or cut off: it has no {missing[0]}")
    return ArchiveFile(path, {keyword: text for keyword, text in tags.items() if text})


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, list | tuple) or type(value).__name__ == "MultiValue":
        return "\\".join(str(one) for one in value)
    return str(value).strip(" \0")


def _patients(files: list[ArchiveFile]) -> list[ArchivePatient]:
    by_patient: dict[str, list[ArchiveFile]] = defaultdict(list)
    for one in files:
        by_patient[one["PatientID"]].append(one)
    patients = []
    for patient_id, own in sorted(by_patient.items()):
        studies: dict[str, ArchiveStudy] = {}
        seen: set[str] = set()
        for one in own:
            study = studies.setdefault(one["StudyInstanceUID"], ArchiveStudy(one["StudyInstanceUID"], one["StudyDate"]))
            series = study.series.setdefault(one["SeriesInstanceUID"], ArchiveSeries(one["SeriesInstanceUID"]))
            # A file that was copied twice into the archive is one image.
            if one["SOPInstanceUID"] not in seen:
                seen.add(one["SOPInstanceUID"])
                series.files.append(one)
        persons = {(one["PatientName"], one["PatientBirthDate"], one["PatientSex"]) for one in own}
        ordered = sorted(studies.values(), key=lambda study: (study.date, study.uid))
        patients.append(ArchivePatient(patient_id, ordered, persons))
    return patients


def _plain_person(name: str) -> str:
    return " ".join(sorted(name.casefold().replace("^", " ").split()))


def _whole(text: str) -> int:
    return int(text) if text.isdecimal() else 0
