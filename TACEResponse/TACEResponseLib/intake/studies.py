"""Which study is the one before the first TACE, by dates."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from .archive import ArchivePatient, ArchiveStudy

_ANGIOGRAPHY = ("XA", "RF")


@dataclass(frozen=True)
class StudyChoice:
    """The MR studies before and after the first TACE, ``tace_date`` (YYYYMMDD or empty), and what to confirm."""

    before: ArchiveStudy
    after: ArchiveStudy | None
    tace_date: str
    certain: bool
    reason: str


def choose_studies(patient: ArchivePatient, tace_date: str) -> StudyChoice:
    """The last MR study up to the day of the first TACE, and the first after it.

    Without a given date, an angiography in the archive is taken for the TACE; without that either, the first MR study
    is taken and has to be confirmed. Raises ValueError if there is no MR study, none is dated, or all are after TACE.
    """
    studies = [study for study in patient.studies if study.of_modality("MR")]
    if not studies:
        raise ValueError("no MR series in the archive.")
    source = "by the date given"
    if not tace_date:
        angiographies = [study.date for study in patient.studies if study.of_modality(*_ANGIOGRAPHY) and study.date]
        tace_date, source = (min(angiographies), "its angiography is taken for it") if angiographies else ("", "")
    if not tace_date:
        reason = "the date of the TACE is not known"
        if len(studies) == 1:
            return StudyChoice(studies[0], None, "", False, f"the only MR study; {reason}")
        return StudyChoice(studies[0], None, "", False, f"the first of {len(studies)} MR studies; {reason}")
    undated = [study for study in studies if not study.date]
    if undated:
        raise ValueError(f"{len(undated)} of {len(studies)} MR studies have no date, so that none is told before TACE.")
    before = [study for study in studies if study.date <= tace_date]
    after = [study for study in studies if study.date > tace_date]
    if not before:
        raise ValueError(f"all {len(studies)} MR studies are later than the first TACE ({source}).")
    reason = f"the last of {len(before)} MR studies up to the first TACE ({source}); {len(after)} after it"
    same_day = before[-1].date == tace_date
    if same_day:
        reason += "; it is of the same day as the TACE"
    return StudyChoice(
        before[-1], after[0] if after else None, tace_date, source.startswith("by") and not same_day, reason
    )


def read_tace_dates(path: Path) -> dict[str, str]:
    """{PatientID: YYYYMMDD} from a CSV with ``patient_id`` and ``tace_date`` (year-month-day).

    Raises ValueError naming the row for a column that is missing, a patient twice, or what is no date.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"The table of TACE dates {path} cannot be read; check the path, save it as UTF-8.") from error
    if not rows or not {"patient_id", "tace_date"} <= set(rows[0]):
        raise ValueError(f"The table of TACE dates {path} needs the columns patient_id and tace_date and a row below.")
    dates: dict[str, str] = {}
    for number, row in enumerate(rows, start=2):
        patient_id, cell = (row["patient_id"] or "").strip(), (row["tace_date"] or "").strip()
        if patient_id in dates:
            raise ValueError(f"{path.name}, row {number}: patient {patient_id} is there twice; keep the first TACE.")
        try:
            dates[patient_id] = datetime.strptime(cell, "%Y-%m-%d").strftime("%Y%m%d")
        except ValueError as error:
            raise ValueError(
                f"{path.name}, row {number}: {cell!r} is no date; write year-month-day, for example 2021-08-31."
            ) from error
    return dates
