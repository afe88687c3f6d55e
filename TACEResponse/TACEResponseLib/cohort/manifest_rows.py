"""The cells of a manifest as a spreadsheet program left them: separators, empty rows and columns, the row's number."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

from .table_writing import readable_cell

_SEPARATORS = (",", ";", "\t")


def read_rows(path: Path) -> list[tuple[int, list[str]]]:
    """(spreadsheet's row number, stripped cells) of the header and of every row that is not empty.

    Commas, semicolons or tabs separate the cells; a first line such as ``sep=;``, which Excel takes for itself, is no
    row. Columns without a name are left out where all their cells are empty, as spreadsheets leave some at the end.

    Raises ValueError if the file cannot be read, is no UTF-8 text, no CSV, or holds no row below the header.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise ValueError(f"the file cannot be read ({error.strerror}); check the path {path}.") from error
    except UnicodeDecodeError as error:
        raise ValueError("the file is not UTF-8 text; save it as CSV (UTF-8).") from error
    said = re.match(r"\"?sep=(.)\"?\r?\n", text, re.IGNORECASE)
    if said:
        text = text[said.end() :]
    separator = said[1] if said else _separator(text)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True))
    except csv.Error as error:
        raise ValueError(f"the file is no CSV ({error}); check quotation marks.") from error
    filled = [
        (number, [readable_cell(cell).strip() for cell in row])
        for number, row in enumerate(rows, start=1)
        if any(map(str.strip, row))
    ]
    if len(filled) < 2:
        raise ValueError("there is no row below the header; add a row for each case.")
    return _without_empty_columns(filled)


def _separator(text: str) -> str:
    """The separator that the header has most of, outside quotation marks; a comma if it has none."""
    header = next((line for line in text.splitlines() if line.strip()), "")
    unquoted = re.sub(r'"[^"]*"', "", header)
    return max(_SEPARATORS, key=unquoted.count)


def _without_empty_columns(rows: list[tuple[int, list[str]]]) -> list[tuple[int, list[str]]]:
    """The rows without the columns that have neither a name nor a cell."""
    header = rows[0][1]
    width = max(len(cells) for _, cells in rows)
    kept = [
        column
        for column in range(width)
        if (column < len(header) and header[column])
        or any(cells[column : column + 1] not in ([], [""]) for _, cells in rows)
    ]
    return [(number, [cells[column] for column in kept if column < len(cells)]) for number, cells in rows]
