"""Published tables as CSV: rows with their cells as printed, and what a printed cell holds.

The file is a CSV with the columns ``kind, set, name, level, nor, or, p, percent_nor, percent_or, auc, accuracy,
sensitivity, specificity``; cells as printed, empty where nothing is. ``kind`` is

- ``group``: the number of patients (``nor``, ``or``) of a set;
- ``count``: patients of a set with a level of a variable; all levels may be given, or one;
- ``mean``: mean and standard deviation in ``nor`` and ``or``, such as 59.42±12.54;
- ``median``: median and quartiles in ``nor`` and ``or``, such as 3.46 (2.27-5.4);
- ``metric``: what a model (``name``) reached in a set, with or without its interval.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..cohort import read_table

KINDS = ("group", "count", "mean", "median", "metric")

_NEEDED = ("kind", "set", "name", "nor", "or")

METRIC_COLUMNS = ("auc", "accuracy", "sensitivity", "specificity")

_UNSIGNED = r"(?:\d+\.?\d*|\.\d+)"
_DASHES = str.maketrans({"–": "-", "—": "-", "−": "-", "·": ".", "≤": "<", "≥": ">", "\u00a0": " ", "\u2009": " "})
_FOOTNOTE_MARKS = "*†‡§¶#^ "


@dataclass(frozen=True)
class Printed:
    """A printed number: ``value``, half of its last printed digit, ``relation`` ("" or "<" or ">"), its interval."""

    value: float
    half_unit: float
    relation: str = ""
    interval: tuple[float, float] | None = None

    def agrees_with(self, low: float, high: float, slack: float = 1e-12) -> bool:
        """Whether a number known to lie from ``low`` to ``high`` can be printed so."""
        if self.relation == "<":
            return low <= self.value + slack
        if self.relation == ">":
            return high >= self.value - slack
        return low - self.half_unit - slack <= self.value <= high + self.half_unit + slack


Row = Mapping[str, str]


def read_published_table(path: Path) -> list[dict[str, str]]:
    """Rows of the file, each with its line in "row". Raises ValueError naming row and column of what is not clear."""
    try:
        table = read_table(path, _NEEDED)
        records = table.records(_NEEDED, may_be_short=True)
    except ValueError as error:
        raise ValueError(f"{path.name}: {error} See tace-response audit-table --help.") from error
    rows = [{**cells, "row": str(number)} for number, cells in records]
    if table.may_have_decimal_commas:
        rows = [{name: re.sub(r"(?<=\d),(?=\d)", ".", cell) for name, cell in row.items()} for row in rows]
    _check_groups(path.name, rows)
    for row in rows:
        _check_row(path.name, row)
    return rows


def sizes_of(rows: Sequence[Row]) -> dict[str, tuple[int, int]]:
    """Patients with NOR and with OR by set."""
    return {row["set"]: (count_in(row, "nor"), count_in(row, "or")) for row in rows if row["kind"] == "group"}


def printed_number(cell: str) -> Printed | None:
    """The number in a cell such as ``.774``, ``77.4 %``, ``<0.001`` or ``0.95 (0.90-0.99)``; None if it is not clear.

    A percentage becomes a share only where the cell has a %.
    """
    cell = cell.translate(_DASHES).strip(_FOOTNOTE_MARKS)
    match = re.fullmatch(
        rf"([<>=]?)\s*({_UNSIGNED})\s*(%?)(?:\s*[(\[]\s*(?:95\s*%\s*CI\s*:?,?)?\s*({_UNSIGNED})\s*%?\s*(?:-|,|;|to)\s*"
        rf"({_UNSIGNED})\s*%?\s*[)\]])?",
        cell,
    )
    if match is None:
        return None
    relation, number, percent, low, high = match.groups()
    scale = 0.01 if percent else 1.0
    interval = None if low is None else (scale * float(low), scale * float(high))
    return Printed(
        scale * float(number), scale * half_unit(number), relation if relation in ("<", ">") else "", interval
    )


def half_unit(printed: str) -> float:
    """Half of the last printed digit."""
    return 0.5 * 10.0 ** -len(printed.partition(".")[2])


def number_in(row: Row, column: str) -> Printed:
    """The number in a cell of a table that was read. Raises ValueError for another cell."""
    printed = printed_number(row[column])
    if printed is None:
        raise ValueError(f"row {row['row']}, column {column}: {row[column]!r} is not a number.")
    return printed


def count_in(row: Row, column: str) -> int:
    """The count in a cell such as ``22`` or ``22 (37.3 %)``. Raises ValueError for another cell."""
    return int(_count_match(row, column)[1])


def percentage_in(row: Row, column: str) -> str:
    """The printed percentage of the column's group: from ``percent_nor`` or ``percent_or``, or beside the count."""
    beside = _count_match(row, column)[2]
    return row.get(f"percent_{column}", "").rstrip("% ") or beside or ""


def mean_and_deviation(cell: str) -> tuple[str, str] | None:
    """Both numbers of a cell such as ``59.42±12.54`` or ``59.42 (12.54)``, as printed; None if it is not clear."""
    match = _MEAN.fullmatch(cell.translate(_DASHES).strip(_FOOTNOTE_MARKS))
    return None if match is None else (match[1], match[2])


def median_and_quartiles(cell: str) -> tuple[float, float, float] | None:
    """The three numbers of a cell such as ``3.46 (2.27-5.4)``; None if it is not clear."""
    match = _MEDIAN.fullmatch(cell.translate(_DASHES).strip(_FOOTNOTE_MARKS))
    return None if match is None else (float(match[1]), float(match[2]), float(match[3]))


def _count_match(row: Row, column: str) -> re.Match[str]:
    match = _COUNT.fullmatch(row[column].translate(_DASHES).strip(_FOOTNOTE_MARKS))
    if match is None:
        raise ValueError(f"row {row['row']}, column {column}: {row[column]!r} is not a count.")
    return match


_COUNT = re.compile(rf"(\d+)(?:\s*/\s*\d+)?(?:\s*[(\[]\s*({_UNSIGNED})\s*%?\s*[)\]])?")
_MEAN = re.compile(rf"(-?{_UNSIGNED})\s*(?:±|\+/-|\+-|\()\s*({_UNSIGNED})\)?")
_MEDIAN = re.compile(
    rf"(-?{_UNSIGNED})\s*[(\[]\s*(?:IQR:?)?\s*(-?{_UNSIGNED})\s*(?:-|,|;|to)\s*(-?{_UNSIGNED})\s*[)\]]"
)


def _check_groups(name: str, rows: Sequence[Row]) -> None:
    seen: set[str] = set()
    for row in rows:
        if row["kind"] == "group" and row["set"] in seen:
            raise ValueError(f"{name}, row {row['row']}: the set {row['set']!r} has a second row of the kind group.")
        if row["kind"] == "group":
            seen.add(row["set"])
    for row in rows:
        if row["kind"] in KINDS and row["set"] not in seen:
            raise ValueError(f"{name}, row {row['row']}: the set {row['set']!r} has no row of the kind group.")


def _check_row(name: str, row: Row) -> None:
    where = f"{name}, row {row['row']}"
    if row["kind"] not in KINDS:
        raise ValueError(f"{where}: the kind {row['kind']!r} is not one of {', '.join(KINDS)}.")
    for column in ("nor", "or"):
        cell = row[column].translate(_DASHES).strip(_FOOTNOTE_MARKS)
        if row["kind"] in ("group", "count") and not _COUNT.fullmatch(cell):
            raise ValueError(f"{where}, column {column}: {row[column]!r} is not a count.")
        if row["kind"] == "group" and count_in(row, column) == 0:
            raise ValueError(f"{where}, column {column}: a set needs patients of both outcomes.")
        if row["kind"] == "mean" and cell and mean_and_deviation(cell) is None:
            raise ValueError(f"{where}, column {column}: {row[column]!r} is not a mean with its standard deviation.")
        if row["kind"] == "median" and cell and not (median_and_quartiles(cell) or printed_number(cell)):
            raise ValueError(f"{where}, column {column}: {row[column]!r} is not a median with its quartiles.")
    for column in ("p", "percent_nor", "percent_or", *METRIC_COLUMNS):
        if row.get(column) and printed_number(row[column]) is None:
            raise ValueError(f"{where}, column {column}: {row[column]!r} is not a number.")
    for column in METRIC_COLUMNS:
        if row.get(column) and number_in(row, column).value > 1:
            raise ValueError(f"{where}, column {column}: {row[column]!r} is above 1; write a percentage with %.")
    if row.get("p") and not number_in(row, "p").value <= 1:
        raise ValueError(f"{where}, column p: {row['p']!r} is above 1.")
