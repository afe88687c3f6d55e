"""Auditing published tables: which printed cells cannot be derived from the others.

The file is a CSV with the columns ``kind, set, name, level, nor, or, p, percent_nor, percent_or, auc, accuracy,
sensitivity, specificity``; cells as printed, empty where nothing is. ``kind`` is

- ``group``: the number of patients (``nor``, ``or``) of a set;
- ``count``: patients of a set with a level of a variable; all levels may be given, or one;
- ``median``: median (first quartile-third quartile) in ``nor`` and ``or``;
- ``metric``: what a model (``name``) reached in a set.

Findings say "cannot be derived", not "wrong": the auditor knows only what is printed.
"""

from __future__ import annotations

import csv
import io
import re
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .table_one import categorical_test

COLUMNS = "kind set name level nor or p percent_nor percent_or auc accuracy sensitivity specificity".split()

_TWINS = 3
"""So many rows of one set with the same counts are more than chance explains; pairs are common in small sets."""


@dataclass(frozen=True)
class Finding:
    """One thing that does not fit; ``rows`` are the lines of the file, the header being 1."""

    check: str
    rows: tuple[int, ...]
    text: str


def read_published_table(path: Path) -> list[dict[str, str]]:
    """Rows of the file, each with its line in "row". Raises ValueError naming row and column of what is not clear."""
    try:
        reader = csv.DictReader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline=""))
        rows = [
            {**{key: (cell or "").strip() for key, cell in row.items() if key}, "row": str(line)}
            for line, row in enumerate(reader, start=2)
        ]
    except OSError as error:
        raise ValueError(f"{path.name} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise ValueError(f"{path.name} is not UTF-8 text; save it as CSV (UTF-8).") from error
    missing = [name for name in ("kind", "set", "name", "nor", "or") if not rows or name not in rows[0]]
    if missing:
        raise ValueError(
            f"{path.name} has no rows or lacks the column {missing[0]}; see tace-response audit-table --help."
        )
    for row in rows:
        if row["kind"] not in ("group", "count", "median", "metric"):
            raise ValueError(
                f"{path.name}, row {row['row']}: kind {row['kind']!r} is none of group, count, median, metric."
            )
        whole = ("nor", "or") if row["kind"] in ("group", "count") else ()
        for column in whole:
            if not row[column].isdecimal():
                raise ValueError(f"{path.name}, row {row['row']}, column {column}: {row[column]!r} is no count.")
        for column in ("p", "percent_nor", "percent_or", "auc", "accuracy", "sensitivity", "specificity"):
            if row.get(column) and not re.fullmatch(r"\d*\.?\d+|\d+\.", row[column]):
                raise ValueError(f"{path.name}, row {row['row']}, column {column}: {row[column]!r} is no number.")
        if row["kind"] != "group" and row["set"] not in {r["set"] for r in rows if r["kind"] == "group"}:
            raise ValueError(f"{path.name}, row {row['row']}: the set {row['set']!r} has no row of the kind group.")
    return rows


def audit(rows: list[dict[str, str]]) -> list[Finding]:
    """Everything in the rows of `read_published_table` that cannot be derived, check by check."""
    sizes = {row["set"]: (int(row["nor"]), int(row["or"])) for row in rows if row["kind"] == "group"}
    counts = [row for row in rows if row["kind"] == "count"]
    metrics = [row for row in rows if row["kind"] == "metric"]
    sums, unusable = _sums(counts, sizes)
    usable = [row for row in counts if (row["set"], row["name"]) not in unusable]
    return [
        *_accuracies(metrics, sizes),
        *_auc_granularity(metrics, sizes),
        *_shares(metrics, sizes),
        *sums,
        *_medians([row for row in rows if row["kind"] == "median"]),
        *_p_values(usable, sizes),
        *_percentages(usable, sizes),
        *_twins(usable, sizes),
    ]


def _accuracies(metrics: list[dict[str, str]], sizes: dict[str, tuple[int, int]]) -> list[Finding]:
    checked = [row for row in metrics if row.get("accuracy") and row.get("sensitivity") and row.get("specificity")]
    off = []
    for row in checked:
        nor, objective = sizes[row["set"]]
        implied = (float(row["sensitivity"]) * objective + float(row["specificity"]) * nor) / (nor + objective)
        rounding = (_half_unit(row["sensitivity"]) * objective + _half_unit(row["specificity"]) * nor) / (
            nor + objective
        )
        if abs(implied - float(row["accuracy"])) > rounding + _half_unit(row["accuracy"]) + 1e-12:
            off.append((row, implied))
    if not off:
        return []
    named = "; ".join(f"{row['name']} {row['set']} {row['accuracy']} for {implied:.3f}" for row, implied in off[:3])
    named += f"; and {len(off) - 3} more" if len(off) > 3 else ""
    text = f"accuracy does not follow from sensitivity and specificity in {len(off)} of {len(checked)} rows: {named}"
    return [Finding("accuracy", tuple(int(row["row"]) for row, _ in off), text)]


def _auc_granularity(metrics: list[dict[str, str]], sizes: dict[str, tuple[int, int]]) -> list[Finding]:
    findings = []
    for row in metrics:
        steps = 2 * sizes[row["set"]][0] * sizes[row["set"]][1]
        if row.get("auc") and not _is_fraction(row["auc"], steps):
            text = f"{row['name']} {row['set']}: AUC {row['auc']} is no multiple of 1/{steps} (half a pair of patients)"
            findings.append(Finding("AUC granularity", (int(row["row"]),), text))
    return findings


def _shares(metrics: list[dict[str, str]], sizes: dict[str, tuple[int, int]]) -> list[Finding]:
    findings = []
    for row in metrics:
        for column, patients in zip(("specificity", "sensitivity"), sizes[row["set"]], strict=True):
            if row.get(column) and not _is_fraction(row[column], patients):
                text = f"{row['name']} {row['set']}: {column} {row[column]} is no share of {patients} patients"
                findings.append(Finding("impossible share", (int(row["row"]),), text))
    return findings


def _sums(
    counts: list[dict[str, str]], sizes: dict[str, tuple[int, int]]
) -> tuple[list[Finding], set[tuple[str, str]]]:
    """Counts above their group, or levels that do not add up to it; and the variables that are unusable then."""
    groups: dict[tuple[str, str], list[dict[str, str]]] = defaultdict(list)
    for row in counts:
        groups[row["set"], row["name"]].append(row)
    findings, unusable = [], set()
    for (set_name, name), rows in groups.items():
        totals = tuple(sum(int(row[column]) for row in rows) for column in ("nor", "or"))
        size = sizes[set_name]
        too_many = any(total > limit for total, limit in zip(totals, size, strict=True))
        if too_many or (len(rows) > 1 and totals != size):
            text = f"{name}, {set_name}: counts sum to {totals[0]} and {totals[1]} of {size[0]} and {size[1]} patients"
            findings.append(Finding("sum", tuple(int(row["row"]) for row in rows), text))
            unusable.add((set_name, name))
    return findings, unusable


def _medians(rows: list[dict[str, str]]) -> list[Finding]:
    findings = []
    for row in rows:
        for column in ("nor", "or"):
            numbers = [float(number) for number in re.findall(r"\d+\.?\d*", row[column])]
            if len(numbers) == 3 and not numbers[1] <= numbers[0] <= numbers[2]:
                text = (
                    f"{row['name']}, {row['set']}: the median {numbers[0]:g} lies outside {numbers[1]:g}-{numbers[2]:g}"
                )
                findings.append(Finding("median", (int(row["row"]),), text))
    return findings


def _p_values(counts: list[dict[str, str]], sizes: dict[str, tuple[int, int]]) -> list[Finding]:
    findings = []
    for row in counts:
        if row.get("p"):
            p, test = categorical_test(_two_by_two(row, sizes))
            if abs(p - float(row["p"])) > _half_unit(row["p"]) + 5e-4:
                text = f"{row['name']}, {row['set']}: p {row['p']} is printed, {test} gives {p:.3f}"
                findings.append(Finding("p value", (int(row["row"]),), text))
    return findings


def _percentages(counts: list[dict[str, str]], sizes: dict[str, tuple[int, int]]) -> list[Finding]:
    findings = []
    for row in counts:
        for column, patients in zip(("nor", "or"), sizes[row["set"]], strict=True):
            printed = row.get(f"percent_{column}")
            percent = 100 * int(row[column]) / patients
            if printed and abs(percent - float(printed)) > _half_unit(printed) + 1e-9:
                text = f"{row['name']}, {row['set']}: {row[column]}/{patients} is {percent:.1f} %, printed {printed} %"
                findings.append(Finding("percentage", (int(row["row"]),), text))
    return findings


def _twins(counts: list[dict[str, str]], sizes: dict[str, tuple[int, int]]) -> list[Finding]:
    """Rows of a set with the same counts, a level and its complement being the same."""
    groups: dict[tuple[str, tuple[int, int]], dict[str, int]] = defaultdict(dict)
    for row in counts:
        size = sizes[row["set"]]
        pair = (int(row["nor"]), int(row["or"]))
        key = min(pair, (size[0] - pair[0], size[1] - pair[1]))
        groups[row["set"], key].setdefault(row["name"], int(row["row"]))
    return [
        Finding(
            "twin rows",
            tuple(names.values()),
            f"{len(names)} variables of the {set_name} set have equal counts or complements: {', '.join(names)}",
        )
        for (set_name, _), names in groups.items()
        if len(names) >= _TWINS
    ]


def _two_by_two(row: dict[str, str], sizes: dict[str, tuple[int, int]]) -> np.ndarray:
    size = np.array(sizes[row["set"]])
    having = np.array([int(row["nor"]), int(row["or"])])
    return np.array([having, size - having])


def _half_unit(printed: str) -> float:
    """Half of the last printed digit."""
    return 0.5 * 10.0 ** -len(printed.partition(".")[2])


def _is_fraction(printed: str, denominator: int) -> bool:
    """Whether some k / denominator rounds to the printed number."""
    nearest = round(float(printed) * denominator) / denominator
    return abs(nearest - float(printed)) <= _half_unit(printed) + 1e-12
