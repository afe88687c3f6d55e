"""The manifest: a CSV with one row per case. All its errors are reported at once, each with row and column.

Columns (architecture.md): ``patient_id``, ``lesion``, ``reader``, ``session`` (the key; the last three are "1" where
empty), ``<SEQ>_image``, ``<SEQ>_mask``, ``<SEQ>_label``, the clinical facts (`FACTS`), the outcome, and any others,
which are kept as text. Paths are relative to the manifest. A cohort table is a manifest without the images.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .case import Case, CaseKey, FileSource
from .case_names import case_folder_names, check_identifier, folder_name, normal_identifier
from .clinical_record import ClinicalRecord
from .clinical_values import parse_date, parse_number, parse_yes_no
from .facts import FACT_OF_TERM, FACTS
from .manifest_columns import KEY_COLUMNS, READER_PREFIX, SOURCE_COLUMN, column_problems, meant_header, sequences_of
from .mrecist import is_objective_response, mrecist_category
from .selection import LESION_DIAMETER_COLUMN
from .table_numbers import with_decimal_point, with_decimal_points
from .table_reading import read_table
from .texts import printable, shortened

_LONGEST_PROBLEM = 500


@dataclass(frozen=True)
class ManifestProblem:
    """One error; ``row`` counts as a spreadsheet does, the header being row 1. None concerns the whole table."""

    row: int | None
    column: str | None
    text: str

    def __str__(self) -> str:
        column = self.column and f"column {printable(self.column, line_ends=False)}"
        place = ", ".join(part for part in (self.row and f"row {self.row}", column) if part)
        return shortened(f"{place}: {self.text}" if place else self.text, _LONGEST_PROBLEM)


class ManifestError(ValueError):
    """Everything that is wrong with a manifest."""

    def __init__(self, name: str, problems: list[ManifestProblem]) -> None:
        self.problems = tuple(problems)
        count = "1 error" if len(problems) == 1 else f"{len(problems)} errors"
        super().__init__("\n  ".join([f"{name} has {count}; nothing was processed:", *map(str, problems)]))


def read_manifest(path: Path) -> list[Case]:
    """Read a manifest or a cohort table.

    The outcome of a row is ``response`` (OR or NOR), or follows from ``mrecist``, or from ``baseline_mm``,
    ``follow_up_mm`` and what goes with them, or from reader 1's ``mrecist_1``; where several are given they must agree,
    but other readers may differ. Files are not opened: one that is missing is an error of its case, found on reading.

    Raises
    ------
    ManifestError
        With all errors: unreadable or empty file, missing, repeated or misspelt columns, identifiers that cannot name a
        folder or clash, rows twice, cells that cannot be understood, an image without a mask, outcomes that contradict
        each other.
    """
    try:
        table = read_table(path)
    except ValueError as error:
        raise ManifestError(path.name, [ManifestProblem(None, None, str(error))]) from error
    problems = [ManifestProblem(None, column, text) for column, text in column_problems(table)]
    header = meant_header(table.header)
    if "patient_id" not in header and table.header_number(("patient_id",)) is not None:
        raise ManifestError(path.name, problems)
    rows: list[_Row] = []
    for line in table.rows:
        if len(line.cells) != len(header):
            problems.append(ManifestProblem(line.number, None, table.width_text(line)))
        else:
            rows.append(_Row(line.number, dict(zip(header, line.cells, strict=True)), problems))
    if table.may_have_decimal_commas:
        _read_decimal_commas(rows, header)
    sequences = sequences_of(header)
    cases: list[Case] = []
    row_of: dict[CaseKey, int] = {}
    for row in rows:
        case = _case(row, sequences, path.parent)
        if case.key in row_of and case.key.patient_id:
            row.problem("patient_id", f"{case.key} is already in row {row_of[case.key]}; each case has one row.")
            continue
        row_of[case.key] = row.number
        cases.append(case)
    problems += _problems_between(cases, row_of)
    if problems:
        raise ManifestError(path.name, sorted(problems, key=lambda problem: _place(problem, header)))
    return cases


def _place(problem: ManifestProblem, header: list[str]) -> tuple[int, int]:
    """Errors of the table first, then by row and, within one, by column."""
    return problem.row or 0, header.index(problem.column) if problem.row and problem.column in header else len(header)


def _read_decimal_commas(rows: list[_Row], header: list[str]) -> None:
    """Give all numbers a decimal point, each column by its notation; an ambiguous number is an error."""
    measured = {fact.column for fact in FACTS}
    texts = {*KEY_COLUMNS, *(name for name in header if SOURCE_COLUMN.fullmatch(name))}
    for column in [name for name in header if name not in texts]:
        try:
            if column in measured:
                raise ValueError
            points = with_decimal_points([row.cells[column] for row in rows])
        except ValueError:
            points = [row.parsed(column, with_decimal_point, "") for row in rows]
        for row, cell in zip(rows, points, strict=True):
            row.cells[column] = cell


class _Row:
    """A row's cells; what is wrong with one is noted and reading goes on."""

    def __init__(self, number: int, cells: dict[str, str], problems: list[ManifestProblem]) -> None:
        self.number = number
        self.cells = cells
        self._problems = problems

    def problem(self, column: str | None, text: str) -> None:
        self._problems.append(ManifestProblem(self.number, column, text))

    def parsed(self, column: str, parse: Callable[[str], Any], unknown: Any = None) -> Any:
        """The parsed cell; ``unknown`` where it is empty, absent or wrong."""
        cell = self.cells.get(column, "")
        if not cell:
            return unknown
        try:
            return parse(cell)
        except ValueError as error:
            self.problem(column, str(error))
            return unknown


def _case(row: _Row, sequences: tuple[str, ...], folder: Path) -> Case:
    sources = {sequence: source for sequence in sequences if (source := _source(row, sequence, folder)) is not None}
    mrecist, response = _outcome(row)
    row.parsed(LESION_DIAMETER_COLUMN, parse_number)
    used = {
        *(column for column in KEY_COLUMNS),
        *(f"{sequence}_{kind}" for sequence in sequences for kind in ("image", "mask", "label")),
        *(fact.column for fact in FACT_OF_TERM.values()),
        *("response", "mrecist"),
        *(column for column in row.cells if column.startswith(READER_PREFIX)),
    }
    return Case(
        key=_key(row),
        sources=sources,
        clinical=_clinical(row),
        objective_response=response,
        mrecist=mrecist,
        first_tace_date=row.parsed("tace_date", parse_date),
        columns={column: cell for column, cell in row.cells.items() if column not in used},
    )


def _key(row: _Row) -> CaseKey:
    if row.cells.get("patient_id") == "":
        row.problem("patient_id", "the patient's identifier is missing.")
    parts = {column: row.cells.get(column, "") for column in KEY_COLUMNS}
    for column, text in parts.items():
        parts[column] = normal_identifier(text)
        if text:
            row.parsed(column, check_identifier)
    return CaseKey(**{column: text for column, text in parts.items() if text or column == "patient_id"})


def _source(row: _Row, sequence: str, folder: Path) -> FileSource | None:
    image, mask = (row.cells.get(f"{sequence}_{kind}", "") for kind in ("image", "mask"))
    label = row.cells.get(f"{sequence}_label", "")
    if not image and not mask:
        if label:
            row.problem(f"{sequence}_label", "a label is given without image and mask.")
        return None
    for kind, cell in (("image", image), ("mask", mask)):
        if not cell:
            row.problem(f"{sequence}_{kind}", f"the {kind} is missing; {sequence} needs image and mask, or neither.")
            return None
    return FileSource(folder / image, folder / mask, _label(label))


def _label(cell: str) -> int | str | None:
    """A label value, a segment's name, or None."""
    return int(cell) if cell.isdecimal() else cell or None


def _clinical(row: _Row) -> ClinicalRecord:
    return ClinicalRecord({fact.column: row.parsed(fact.column, fact.read) for fact in FACTS})


def _outcome(row: _Row) -> tuple[dict[str, str], bool | None]:
    """Categories by reader, and the outcome on which all statements but those of other readers agree."""
    categories = {
        column.removeprefix("mrecist").removeprefix("_"): cell.upper()
        for column, cell in row.cells.items()
        if cell and (column == "mrecist" or column.startswith(READER_PREFIX))
    }
    statements: dict[str, bool] = {}
    response = row.parsed("response", _response)
    if response is not None:
        statements["response"] = response
    for reader in categories:
        column = f"{READER_PREFIX}{reader}" if reader else "mrecist"
        outcome = row.parsed(column, lambda cell: is_objective_response(cell.upper()))
        if outcome is not None and reader == "":
            statements["mrecist"] = outcome
        elif outcome is not None and reader == "1" and not statements:
            statements[column] = outcome
    measured = _measured_category(row)
    if measured is not None:
        statements["baseline_mm and follow_up_mm"] = bool(is_objective_response(measured))
        categories.setdefault("", measured)
    if len(set(statements.values())) > 1:
        outcomes = "; ".join(f"{column}: {'OR' if value else 'NOR'}" for column, value in statements.items())
        row.problem(next(iter(statements)), f"the outcomes contradict each other ({outcomes}); correct or empty one.")
    return categories, next(iter(statements.values()), None)


def _measured_category(row: _Row) -> str | None:
    lengths = {column: row.parsed(column, parse_number) for column in ("baseline_mm", "follow_up_mm", "smallest_mm")}
    new_lesion = row.parsed("new_lesion", parse_yes_no, False)
    if lengths["baseline_mm"] is None or lengths["follow_up_mm"] is None:
        return None
    try:
        return mrecist_category(**lengths, new_lesion=new_lesion, non_target=row.cells.get("non_target") or None)
    except ValueError as error:
        row.problem("baseline_mm", str(error))
        return None


def _response(cell: str) -> bool:
    if cell.upper() in ("OR", "NOR"):
        return cell.upper() == "OR"
    raise ValueError(f"{cell!r} is neither OR (CR or PR) nor NOR (SD or PD); write one of them or leave it empty.")


def _problems_between(cases: list[Case], row_of: Mapping[CaseKey, int]) -> list[ManifestProblem]:
    """Names that clash, and rows of one patient that contradict each other."""
    problems = []
    owner: dict[str, CaseKey] = {}
    for case in cases:
        namesake = owner.setdefault(folder_name(case.key).casefold(), case.key)
        try:
            case_folder_names((namesake, case.key))
        except ValueError as error:
            problems.append(ManifestProblem(row_of[case.key], "patient_id", str(error)))
    first: dict[str, Case] = {}
    for case in cases:
        if case.objective_response is None:
            continue
        other = first.setdefault(case.key.patient_id, case)
        if other.objective_response != case.objective_response:
            problems.append(
                ManifestProblem(
                    row_of[case.key],
                    "response",
                    f"the outcome is the patient's and differs from that of row {row_of[other.key]}, the same patient.",
                )
            )
    return problems
