"""What a folder of DICOM files holds: patients, their studies and series, by the headers alone."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ..cohort import Progress
from .headers import ArchiveImage, read_header

VOI_MODALITIES = ("SEG", "RTSTRUCT")


@dataclass
class ArchiveSeries:
    """The images of one SeriesInstanceUID; a SEG or an RTSTRUCT counts as one image."""

    uid: str
    images: list[ArchiveImage] = field(default_factory=list)

    @property
    def first(self) -> ArchiveImage:
        """The image whose tags speak for the series."""
        return self.images[0]

    @property
    def number(self) -> str:
        """SeriesNumber as messages name it."""
        return self.first["SeriesNumber"] or "without number"


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

    @property
    def time(self) -> str:
        """StudyTime of its first file, by which studies of one day are ordered."""
        return next(iter(self.series.values())).first["StudyTime"]


@dataclass
class ArchivePatient:
    """The studies of one PatientID, by date and time."""

    patient_id: str
    studies: list[ArchiveStudy]

    @property
    def images(self) -> Iterator[ArchiveImage]:
        """All images of all studies."""
        for study in self.studies:
            for series in study.series.values():
                yield from series.images


@dataclass(frozen=True)
class Archive:
    """All patients of a folder; ``damaged`` are files and folders that cannot be read, with the reason."""

    patients: tuple[ArchivePatient, ...]
    damaged: tuple[tuple[Path, str], ...]
    other_files: int


def read_archive(folder: Path, progress: Progress | None = None) -> Archive:
    """Read the headers of every DICOM file below ``folder``; ``progress`` counts the files, whose total is not known.

    Links to files and folders are followed, each folder once. A directory of files (DICOMDIR) is passed over. Raises
    ValueError if the folder cannot be opened or holds no DICOM file.
    """
    if not folder.is_dir():
        raise ValueError(f"The folder {folder} does not exist; give the folder with the DICOM files.")
    images: list[ArchiveImage] = []
    damaged: list[tuple[Path, str]] = []
    texts: dict[str, str] = {}
    others = 0
    for count, path in enumerate(_files_below(folder, damaged)):
        if progress is not None and count % 100 == 0:
            progress(0, 0, f"reading headers, {count} files")
        try:
            found = read_header(path, texts)
        except ValueError as error:
            damaged.append((path, str(error)))
            continue
        images += found
        others += not found
    if not images:
        also = "; those it has are damaged or cut off" if damaged else ""
        raise ValueError(f"The folder {folder} holds no DICOM files{also}.")
    return Archive(tuple(_patients(images)), tuple(damaged), others)


def _files_below(folder: Path, damaged: list[tuple[Path, str]]) -> Iterator[Path]:
    """Regular files, also behind links; what cannot be opened goes to ``damaged``."""

    def unreadable(error: OSError) -> None:
        damaged.append((Path(str(error.filename)), f"cannot be opened: {error.strerror}"))

    visited: set[tuple[int, int]] = set()
    for parent, folders, names in os.walk(folder, followlinks=True, onerror=unreadable):
        here = os.stat(parent)
        if (here.st_dev, here.st_ino) in visited:
            # A link back to a folder that was read: a loop, or the same files again.
            folders.clear()
            continue
        visited.add((here.st_dev, here.st_ino))
        folders.sort()
        for name in sorted(names):
            path = Path(parent) / name
            if path.is_file():
                yield path
            elif path.is_symlink():
                damaged.append((path, "a link to nothing"))


def _patients(images: Iterable[ArchiveImage]) -> Iterator[ArchivePatient]:
    by_patient: dict[str, list[ArchiveImage]] = defaultdict(list)
    for one in images:
        by_patient[one["PatientID"]].append(one)
    for patient_id, own in sorted(by_patient.items()):
        studies: dict[str, ArchiveStudy] = {}
        for one in own:
            study = studies.setdefault(one["StudyInstanceUID"], ArchiveStudy(one["StudyInstanceUID"], one["StudyDate"]))
            uid = one["SeriesInstanceUID"]
            study.series.setdefault(uid, ArchiveSeries(uid)).images.append(one)
        yield ArchivePatient(
            patient_id, sorted(studies.values(), key=lambda study: (study.date, study.time, study.uid))
        )


def _whole(text: str) -> int:
    return int(text) if text.isdecimal() else 0
