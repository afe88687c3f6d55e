"""Which examination is the one before the first TACE, by dates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ..cohort import read_table
from ..cohort.clinical_values import parse_date
from .archive import ArchivePatient, ArchiveStudy

_ANGIOGRAPHY = ("XA", "RF")


@dataclass(frozen=True)
class StudyChoice:
    """The MR studies of the day before the first TACE, the first study after it, and what to confirm.

    ``before`` are all MR studies of one date, by time: an examination may be under several study UIDs. ``tace_date`` is
    YYYYMMDD or empty.
    """

    before: tuple[ArchiveStudy, ...]
    after: ArchiveStudy | None
    tace_date: str
    certain: bool
    reason: str


def choose_studies(patient: ArchivePatient, tace_date: str) -> StudyChoice:
    """The last MR studies up to the day of the first TACE, and the first after it.

    Without a given date, an angiography in the archive is taken for the TACE; without that either, the first MR study
    is taken and has to be confirmed. Raises ValueError if there is no MR study, none is dated, or all are after TACE.
    """
    studies = [study for study in patient.studies if study.of_modality("MR")]
    if not studies:
        raise ValueError("the archive holds no MR series of this patient; add them, or remove the patient.")
    source = "by the date given"
    if not tace_date:
        angiographies = [study.date for study in patient.studies if study.of_modality(*_ANGIOGRAPHY) and study.date]
        tace_date, source = (min(angiographies), "its angiography is taken for it") if angiographies else ("", "")
    if not tace_date:
        reason = "the date of the TACE is not known"
        if len(studies) == 1:
            return StudyChoice((studies[0],), None, "", False, f"the only MR study; {reason}")
        same_day = _of_day(studies, studies[0])
        return StudyChoice(same_day, None, "", False, f"the first of {len(studies)} MR studies; {reason}")
    undated = [study for study in studies if not study.date]
    if undated:
        raise ValueError(
            f"{len(undated)} of {len(studies)} MR studies have no date, so that nobody can tell which lies before the "
            "TACE; export them with their dates."
        )
    before = [study for study in studies if study.date <= tace_date]
    after = [study for study in studies if study.date > tace_date]
    if not before:
        raise ValueError(
            f"all {len(studies)} MR studies are later than the first TACE ({source}); add the study before it to the "
            "archive, or correct the date."
        )
    reason = f"the last of {len(before)} MR studies up to the first TACE ({source}); {len(after)} after it"
    same_day_as_tace = before[-1].date == tace_date
    if same_day_as_tace:
        reason += "; it is of the same day as the TACE"
    certain = source.startswith("by") and not same_day_as_tace
    return StudyChoice(_of_day(before, before[-1]), after[0] if after else None, tace_date, certain, reason)


def _of_day(studies: list[ArchiveStudy], chosen: ArchiveStudy) -> tuple[ArchiveStudy, ...]:
    return tuple(study for study in studies if study is chosen or (study.date and study.date == chosen.date))


def check_every_row_fits(rows: Mapping[str, int], patient_ids: Iterable[str], table: str) -> None:
    """Raises ValueError naming every row of a table ({patient: row number}) whose patient is not in the archive."""
    known = set(patient_ids)
    strangers = {patient_id: number for patient_id, number in rows.items() if patient_id not in known}
    if not strangers:
        return
    plain = {_plain(patient_id) for patient_id in known}
    near = any(_plain(patient_id) in plain for patient_id in strangers)
    listed = ", ".join(f"row {number} ({patient_id})" for patient_id, number in strangers.items())
    hint = (
        "The archive has IDs that differ from these only in leading zeros, blanks or capitals, as spreadsheet programs "
        "change them: format the column as text and write the IDs as the archive has them."
        if near
        else "Correct the IDs, or remove the rows."
    )
    count = "1 row fits" if len(strangers) == 1 else f"{len(strangers)} rows fit"
    raise ValueError(f"{table}: {count} no patient of the archive, so nothing was processed: {listed}. {hint}")


def _plain(patient_id: str) -> str:
    return patient_id.strip().casefold().lstrip("0")


@dataclass(frozen=True)
class TaceDate:
    """The date of a patient's first TACE (YYYYMMDD) and the table's row that gives it."""

    date: str
    row: int


def read_tace_dates(path: Path) -> dict[str, TaceDate]:
    """The dates by PatientID from a CSV with ``patient_id`` and ``tace_date`` (year-month-day).

    Raises ValueError naming the row for a column that is missing, a patient twice, or what is not a date.
    """
    needed = ("patient_id", "tace_date")
    try:
        records = read_table(path, needed).records(needed)
    except ValueError as error:
        raise ValueError(f"The table of TACE dates {path} cannot be read: {error}") from error
    dates: dict[str, TaceDate] = {}
    for number, row in records:
        patient_id, cell = row["patient_id"], row["tace_date"]
        if not patient_id:
            raise ValueError(f"{path.name}, row {number}: the patient_id is missing; fill it or remove the row.")
        if patient_id in dates:
            raise ValueError(f"{path.name}, row {number}: patient {patient_id} is there twice; keep the first TACE.")
        try:
            dates[patient_id] = TaceDate(f"{parse_date(cell):%Y%m%d}", number)
        except ValueError as error:
            raise ValueError(f"{path.name}, row {number}: {error}") from error
    return dates
