"""The one writer of CSV tables: UTF-8, whole or not at all, and with no cell that a spreadsheet would execute.

A spreadsheet program runs a cell that begins with = + - or @ as a formula, also behind blanks, and begins a new cell at
a tab, a line's end or, in much of Europe, at a semicolon. An apostrophe is written before each such sign, which makes
it plain text there (OWASP, CSV injection). `readable_cell` takes that apostrophe away again. Where the text itself had
apostrophes at that place it gets one more, so that every text comes back as it was. A number such as -1.5 stays as it
is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from .files import replace_file

Cell = str | int | float | None
"""What a cell may hold; None is an empty cell, and a float is written with all its digits."""

_EXECUTED = r"[=+\-@\uff1d\uff0b\uff0d\uff20]"
INVISIBLE = "\ufeff\u200b\u200e\u200f\u2060"
"""What pages and documents leave beside a copied text."""

_BLANKS = rf"(?:[^\S\t\r\n]|['{INVISIBLE}])*"
_CELL_BEGINS = r"(?:^|(?<=[;\t\r\n]))"
_TO_GUARD = re.compile(rf"{_CELL_BEGINS}(?={_BLANKS}(?:{_EXECUTED}|[\t\r\n]))")
_GUARDED = re.compile(rf"{_CELL_BEGINS}'(?={_BLANKS}(?:{_EXECUTED}|[\t\r\n]))")
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_NEEDS_CARE = re.compile(rf"[\",;\t\r\n]|^[\s'{INVISIBLE}]*{_EXECUTED}|^\s|\s$")


def safe_cell(text: str) -> str:
    """``text`` as a spreadsheet shows it without executing it; numbers stay as they are."""
    return text if _NUMBER.fullmatch(text) else _TO_GUARD.sub("'", text)


def readable_cell(cell: str) -> str:
    """Inverse of `safe_cell`."""
    return _GUARDED.sub("", cell) if "'" in cell else cell


def table_bytes(header: Sequence[str], rows: Iterable[Sequence[Cell] | Mapping[str, Cell]], bom: bool = False) -> bytes:
    """A header and its rows as CSV; a row that is a mapping is written in the order of ``header``.

    Characters that UTF-8 cannot hold, as file names may have them, are written as escapes. ``bom`` puts a byte-order
    mark first, by which Excel knows UTF-8.
    """
    lines = [_line(header)]
    lines += [_line([row.get(name) for name in header] if isinstance(row, Mapping) else row) for row in rows]
    return ("\ufeff" if bom else "").encode() + "".join(lines).encode("utf-8", errors="backslashreplace")


def table_lines(rows: Iterable[Sequence[Cell]]) -> bytes:
    """Rows alone, to be put below those of a table."""
    return "".join(map(_line, rows)).encode("utf-8", errors="backslashreplace")


def write_table(
    path: Path,
    header: Sequence[str],
    rows: Iterable[Sequence[Cell] | Mapping[str, Cell]],
    bom: bool = False,
    private: bool = False,
) -> None:
    """Write `table_bytes` by `replace_file`. Raises ValueError if the file cannot be written."""
    replace_file(path, table_bytes(header, rows, bom), private)


def _line(cells: Sequence[Cell]) -> str:
    # A line of one empty cell would be an empty line, which is no row.
    return (",".join(map(_written, cells)) or '""') + "\n"


def _written(cell: Cell) -> str:
    text = "" if cell is None else cell if isinstance(cell, str) else str(cell)
    if not _NEEDS_CARE.search(text):
        return text
    text = safe_cell(text)
    return '"' + text.replace('"', '""') + '"' if re.search(r"[\",;\t\r\n]|^\s|\s$", text) else text
