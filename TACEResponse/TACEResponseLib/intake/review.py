"""The table that a person confirms or corrects before the cohort is used."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from ..cohort import SEQUENCES, write_table

CONFIRMED = "confirmed"


@dataclass(frozen=True)
class ReviewRow:
    """One volume of the archive. ``sequence`` is what a person changes; ``series`` names it without its UID."""

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
    reason: str


def write_review(path: Path, rows: Iterable[ReviewRow]) -> None:
    """Write the table. Raises ValueError if the file cannot be written."""
    write_table(path, [field.name for field in fields(ReviewRow)], map(asdict, rows), bom=True)


def read_review(path: Path) -> dict[str, str]:
    """{series: sequence} of a table that a person went through; rows with an empty sequence are left out.

    Raises ValueError naming the row for an unknown sequence, a sequence twice for one patient, or missing columns.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"The review table {path} cannot be read; check the path, save it as CSV (UTF-8).") from error
    first_line = text.partition("\n")[0]
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=";" if ";" in first_line else ",")
    missing = {"patient_id", "series", "sequence"} - set(reader.fieldnames or ())
    if missing:
        raise ValueError(f"The review table {path.name} has no column {min(missing)}; keep the columns as written.")
    known = list(map(str, SEQUENCES))
    confirmed: dict[str, str] = {}
    taken: set[tuple[str, str]] = set()
    for number, row in enumerate(reader, start=2):
        sequence = (row["sequence"] or "").strip().upper()
        if not sequence:
            continue
        if sequence not in known:
            raise ValueError(f"{path.name}, row {number}: {sequence!r} is none of {', '.join(known)}.")
        if (row["patient_id"], sequence) in taken:
            raise ValueError(f"{path.name}, row {number}: {sequence} is there twice for {row['patient_id']}.")
        taken.add((row["patient_id"], sequence))
        confirmed[row["series"]] = sequence
    return confirmed
