"""The one reader of tables: cells of a CSV as a spreadsheet program left it."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from .table_text import read_text
from .table_writing import INVISIBLE, readable_cell
from .texts import named_and_more

_SEPARATORS = (",", ";", "\t", "|")
_MOST_ROWS = 1_000_000
_TITLE_ROWS = 20
_BESIDE = "".join(filter(str.isspace, map(chr, range(0x3001)))) + INVISIBLE


@dataclass(frozen=True)
class TableRow:
    """A row that is not empty; ``number`` counts as a spreadsheet does, the first row of the file being 1."""

    number: int
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """Header and rows, cells stripped of blanks. ``first_number`` is the row of the header."""

    header: tuple[str, ...]
    rows: tuple[TableRow, ...]
    separator: str

    @property
    def may_have_decimal_commas(self) -> bool:
        """Whether a comma in a cell may separate decimals: it does not separate cells."""
        return self.separator != ","

    def records(self, needed: Sequence[str] = (), may_be_short: bool = False) -> list[tuple[int, dict[str, str]]]:
        """(row's number, cells by column) of each row; with ``may_be_short`` missing cells at its end are empty.

        Raises ValueError, without the file's name, for a column of ``needed`` that is missing, a column that is there
        twice or has cells but no name, and a row with more or fewer cells than the header.
        """
        missing = [name for name in needed if name not in self.header]
        if missing:
            raise ValueError(f"the column {missing[0]} is missing; {self.advice(needed)}.")
        twice = sorted({name for name in self.header if self.header.count(name) > 1})
        if twice:
            what = f"column {named_and_more(twice, 1)} is there" if twice[0] else "columns without a name are there"
            raise ValueError(f"the {what} more than once; give every column a name of its own.")
        for row in self.rows:
            if len(row.cells) > len(self.header) or (len(row.cells) < len(self.header) and not may_be_short):
                raise ValueError(f"row {row.number}: {self.width_text(row)}")
        return [
            (row.number, {name: cell or "" for name, cell in zip_longest(self.header, row.cells)}) for row in self.rows
        ]

    def width_text(self, row: TableRow) -> str:
        """What is wrong with a row of another length than the header."""
        marks = "decimal commas and quotation marks" if self.separator == "," else "separators and quotation marks"
        return f"{len(row.cells)} cells where the header has {len(self.header)}; check {marks}."

    def header_number(self, needed: Sequence[str]) -> int | None:
        """Number of the row that holds the names of the columns where the first one is a title; None if none does."""
        found = (row.number for row in self.rows[:_TITLE_ROWS] if set(needed) <= set(row.cells))
        return next(found, None)

    def advice(self, needed: Sequence[str]) -> str:
        """What to do where a column of ``needed`` is missing."""
        number = self.header_number(needed)
        if number is not None:
            return f"the columns' names are in row {number}, delete the rows above it"
        if len(self.header) == 1 and any(sign in self.header[0] for sign in _SEPARATORS):
            return "each row is one cell in quotation marks, import it into a spreadsheet as CSV and save it again"
        return f"the columns are {named_and_more(map(repr, self.header), 8)}"


def read_table(path: Path, needed: Sequence[str] = ("patient_id",)) -> Table:
    """Read a table.

    Commas, semicolons, tabs or upright bars separate the cells; the one by which the header has the columns of
    ``needed``, or else most columns. A first line such as ``sep=;``, which Excel takes for itself, is no row. Columns
    without a name are left out where all their cells are empty, as spreadsheets leave some at the end. Cells that were
    written so that no spreadsheet executes them come back as they were.

    Raises ValueError, without the file's name, if the file cannot be read as text (see `read_text`) or as CSV, or holds
    no row below the header.
    """
    text = read_text(path)
    if re.match(r"\s*<(!doctype|html|\?xml|table)", text, re.IGNORECASE):
        raise ValueError("the file is a web page or XML, not CSV; open it in a spreadsheet and save it as CSV UTF-8.")
    named = re.match(r'"?sep=([^\w"\r\n])"?[,;\t]*(?:\r\n|\r|\n|$)', text, re.IGNORECASE)
    if named:
        text = text[named.end() :]
    separator = named[1] if named else _separator(text, needed)
    rows = []
    try:
        for number, cells in enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True), 1):
            if any(map(str.strip, cells)):
                rows.append(TableRow(number, tuple(map(_clean, cells))))
            if number > _MOST_ROWS:
                raise ValueError(f"the file has more than {_MOST_ROWS} rows; is it the right one?")
    except csv.Error as error:
        raise ValueError(f"the file is not CSV ({error}); check quotation marks.") from error
    if len(rows) < 2:
        raise ValueError("there is no row below the header; add a row for each case.")
    header, *below = _without_empty_columns(rows)
    return Table(header.cells, tuple(below), separator)


def _clean(cell: str) -> str:
    """The cell without the guard against spreadsheets, and without blanks and invisible signs at its ends."""
    return readable_cell(cell.lstrip(_BESIDE)).strip(_BESIDE)


def _separator(text: str, needed: Sequence[str]) -> str:
    """The separator by which the header has the needed columns and most cells; a comma if it has only one."""
    header = next((line for line in text.splitlines() if line.strip()), "")

    def merit(separator: str) -> tuple[int, int]:
        try:
            cells = [_clean(cell) for cell in next(csv.reader([header], delimiter=separator), [])]
        except csv.Error:
            return 0, 0
        return len(set(needed) & set(cells)), len(cells)

    return max(_SEPARATORS, key=merit)


def _without_empty_columns(rows: list[TableRow]) -> list[TableRow]:
    """The rows without the columns that have neither a name nor a cell."""
    header = rows[0].cells
    width = max(len(row.cells) for row in rows)
    filled = {column for column, name in enumerate(header) if name}
    for column in range(width):
        if column not in filled and any(row.cells[column : column + 1] not in ((), ("",)) for row in rows):
            filled.add(column)
    if len(filled) == width:
        return rows
    kept = sorted(filled)
    return [TableRow(row.number, tuple(row.cells[c] for c in kept if c < len(row.cells))) for row in rows]
