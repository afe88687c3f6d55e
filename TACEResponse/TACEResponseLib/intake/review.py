"""The table that a person confirms or corrects before the cohort is used."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from ..cohort import SEQUENCES, read_table, write_table

CONFIRMED = "confirmed"


@dataclass(frozen=True)
class ReviewRow:
    """One volume or VOI object of the archive. ``sequence`` is what a person changes; ``series`` names it without UID.

    ``voi`` says where the VOI of a chosen sequence comes from, ``voi_name`` and ``voi_ml`` how its segment is called
    and its volume, for several lesions by number.
    """

    patient_id: str
    study_date: str
    study: str
    series: str
    series_number: str
    description: str
    phase: str
    slices: str
    sequence: str
    confidence: str
    voi: str
    voi_name: str
    voi_ml: str
    reason: str


def write_review(path: Path, rows: Iterable[ReviewRow]) -> None:
    """Write the table. Raises ValueError if the file cannot be written."""
    write_table(path, [field.name for field in fields(ReviewRow)], map(asdict, rows), bom=True)


@dataclass(frozen=True)
class ReviewedRow:
    """One row as a person left it; ``sequence`` is empty for a volume that is not to be used."""

    row: int
    patient_id: str
    series: str
    sequence: str


def read_review(path: Path) -> list[ReviewedRow]:
    """The rows of a table that a person went through.

    Raises ValueError naming the row for an unknown sequence, a sequence twice for one patient, or missing columns.
    """
    needed = ("patient_id", "series", "sequence")
    try:
        records = read_table(path, needed).records(needed)
    except ValueError as error:
        raise ValueError(f"The review table {path} cannot be read: {error}") from error
    known = list(map(str, SEQUENCES))
    rows: list[ReviewedRow] = []
    taken: set[tuple[str, str]] = set()
    for number, row in records:
        sequence = row["sequence"].upper()
        if sequence and sequence not in known:
            raise ValueError(f"{path.name}, row {number}: {sequence!r} is none of {', '.join(known)}.")
        if sequence and (row["patient_id"], sequence) in taken:
            raise ValueError(f"{path.name}, row {number}: {sequence} is there twice for {row['patient_id']}.")
        taken.add((row["patient_id"], sequence))
        rows.append(ReviewedRow(number, row["patient_id"], row["series"], sequence))
    return rows


def check_every_row_is_known(rows: Sequence[ReviewedRow], known: Mapping[str, Container[str]], table: str) -> None:
    """Raises ValueError naming every row that is not a volume of its patient; ``known`` are the names by pseudonym."""
    strangers = [one for one in rows if one.series not in known.get(one.patient_id, ())]
    if strangers:
        listed = ", ".join(f"row {one.row} ({one.patient_id}, {one.series})" for one in strangers)
        count = "1 row fits" if len(strangers) == 1 else f"{len(strangers)} rows fit"
        raise ValueError(
            f"{table}: {count} no series of this archive, so nothing was processed: {listed}. The archive, the key of "
            "the pseudonyms or how series are split into phases is another than when the table was written: run intake "
            "without --reviewed and confirm the new table."
        )
