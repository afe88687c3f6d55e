"""Auditing published tables: which printed cells cannot be derived from the others.

A finding means "cannot be derived", not "wrong": the auditor sees only what is printed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from math import comb

import numpy as np

from ..cohort import named_and_more
from .audit_p_values import mean_p_values, usual_p_values
from .published_table import (
    METRIC_COLUMNS,
    Row,
    count_in,
    half_unit,
    median_and_quartiles,
    number_in,
    percentage_in,
    sizes_of,
)

_P_SLACK = 5e-4
"""Statistics programs differ by so much in p."""

_EXPECTED_TWINS = 0.01
"""Equal rows are reported if chance would make fewer than this many such groups of rows in the set."""

Sizes = dict[str, tuple[int, int]]


@dataclass(frozen=True)
class Finding:
    """One thing that does not fit; ``rows`` are the lines of the file, the header being 1."""

    check: str
    rows: tuple[int, ...]
    text: str


def audit(rows: Sequence[Row]) -> list[Finding]:
    """Everything in the rows of `read_published_table` that cannot be derived, check by check."""
    sizes = sizes_of(rows)
    counts, metrics, means, medians = (
        [row for row in rows if row["kind"] == kind] for kind in ("count", "metric", "mean", "median")
    )
    sums, unusable = _sums(counts, sizes)
    usable = [row for row in counts if (row["set"], row["name"]) not in unusable]
    return [
        *_accuracies(metrics, sizes),
        *_auc_granularity(metrics, sizes),
        *_impossible_aucs(metrics),
        *_shares(metrics, sizes),
        *_intervals(metrics),
        *sums,
        *_medians(medians),
        *_p_values_of_counts(usable, sizes),
        *_p_values_of_means(means, sizes),
        *_percentages(usable, sizes),
        *_twins(usable, sizes),
    ]


def _accuracies(metrics: Sequence[Row], sizes: Sizes) -> list[Finding]:
    checked = [row for row in metrics if row.get("accuracy") and row.get("sensitivity") and row.get("specificity")]
    off = []
    for row in checked:
        nor, objective = sizes[row["set"]]
        accuracy, sensitivity, specificity = (
            number_in(row, name) for name in ("accuracy", "sensitivity", "specificity")
        )
        implied = (sensitivity.value * objective + specificity.value * nor) / (nor + objective)
        rounding = (sensitivity.half_unit * objective + specificity.half_unit * nor) / (nor + objective)
        if not accuracy.agrees_with(implied - rounding, implied + rounding):
            off.append((row, implied))
    if not off:
        return []
    named = named_and_more(
        (f"{row['name']} {row['set']} {row['accuracy']} for {implied:.3f}" for row, implied in off), 3, "; "
    )
    text = f"accuracy does not follow from sensitivity and specificity in {len(off)} of {len(checked)} rows: {named}"
    return [Finding("accuracy", tuple(int(row["row"]) for row, _ in off), text)]


def _auc_granularity(metrics: Sequence[Row], sizes: Sizes) -> list[Finding]:
    findings = []
    for row in metrics:
        steps = 2 * sizes[row["set"]][0] * sizes[row["set"]][1]
        if row.get("auc") and not _is_fraction(row, "auc", steps):
            where = f"{row['name']} {row['set']}"
            text = f"{where}: AUC {row['auc']} is not a multiple of 1/{steps} (half a pair of patients)"
            findings.append(Finding("AUC granularity", (int(row["row"]),), text))
    return findings


def _impossible_aucs(metrics: Sequence[Row]) -> list[Finding]:
    """A rising curve through (1 - specificity, sensitivity) has an area between two rectangles."""
    findings = []
    for row in metrics:
        if not (row.get("auc") and row.get("sensitivity") and row.get("specificity")):
            continue
        area, sensitivity, specificity = (number_in(row, name) for name in ("auc", "sensitivity", "specificity"))
        least = max(sensitivity.value - sensitivity.half_unit, 0) * max(specificity.value - specificity.half_unit, 0)
        missed = max(1 - sensitivity.value - sensitivity.half_unit, 0)
        most = 1 - missed * max(1 - specificity.value - specificity.half_unit, 0)
        if not area.agrees_with(least, most):
            text = (
                f"{row['name']} {row['set']}: no curve through sensitivity {row['sensitivity']} and specificity "
                f"{row['specificity']} has the AUC {row['auc']}; it lies between {least:.3f} and {most:.3f}"
            )
            findings.append(Finding("impossible AUC", (int(row["row"]),), text))
    return findings


def _shares(metrics: Sequence[Row], sizes: Sizes) -> list[Finding]:
    findings = []
    for row in metrics:
        nor, objective = sizes[row["set"]]
        for column, patients in (("specificity", nor), ("sensitivity", objective), ("accuracy", nor + objective)):
            if row.get(column) and not _is_fraction(row, column, patients):
                text = f"{row['name']} {row['set']}: {column} {row[column]} is not a share of {patients} patients"
                findings.append(Finding("impossible share", (int(row["row"]),), text))
    return findings


def _intervals(metrics: Sequence[Row]) -> list[Finding]:
    findings = []
    for row in metrics:
        for column in METRIC_COLUMNS:
            printed = number_in(row, column) if row.get(column) else None
            if printed and printed.interval and not printed.interval[0] <= printed.value <= printed.interval[1]:
                text = f"{row['name']} {row['set']}: {column} {row[column]} lies outside its own interval"
                findings.append(Finding("interval", (int(row["row"]),), text))
    return findings


def _sums(counts: Sequence[Row], sizes: Sizes) -> tuple[list[Finding], set[tuple[str, str]]]:
    """Counts above their group, or levels that do not add up to it; and the variables that are unusable then."""
    findings, unusable = [], set()
    for (set_name, name), rows in _by_variable(counts).items():
        totals = tuple(sum(count_in(row, column) for row in rows) for column in ("nor", "or"))
        size = sizes[set_name]
        too_many = any(total > limit for total, limit in zip(totals, size, strict=True))
        if too_many or (len(rows) > 1 and totals != size):
            text = f"{name}, {set_name}: counts sum to {totals[0]} and {totals[1]} of {size[0]} and {size[1]} patients"
            findings.append(Finding("sum", tuple(int(row["row"]) for row in rows), text))
            unusable.add((set_name, name))
    return findings, unusable


def _medians(rows: Sequence[Row]) -> list[Finding]:
    findings = []
    for row in rows:
        for column in ("nor", "or"):
            numbers = median_and_quartiles(row[column])
            if numbers and not numbers[1] <= numbers[0] <= numbers[2]:
                text = (
                    f"{row['name']}, {row['set']}: the median {numbers[0]:g} lies outside {numbers[1]:g}-{numbers[2]:g}"
                )
                findings.append(Finding("median", (int(row["row"]),), text))
    return findings


def _p_values_of_counts(counts: Sequence[Row], sizes: Sizes) -> list[Finding]:
    findings = []
    for (set_name, name), rows in _by_variable(counts).items():
        for row in rows:
            if not row.get("p"):
                continue
            # One p beside several levels is that of the whole variable, p at each level are those of the levels.
            whole = len(rows) > 2 and sum(bool(other.get("p")) for other in rows) == 1
            table = np.array([[count_in(one, "nor"), count_in(one, "or")] for one in (rows if whole else [row])])
            if not whole:
                table = np.vstack([table, np.array(sizes[set_name]) - table])
            p_values = usual_p_values(table)
            printed = number_in(row, "p")
            if not any(printed.agrees_with(p, p, _P_SLACK) for p in p_values.values()):
                due = next(iter(p_values))
                text = f"{name}, {set_name}: p {row['p']} is printed, {due} gives {p_values[due]:.3f}"
                findings.append(Finding("p value", (int(row["row"]),), text))
    return findings


def _p_values_of_means(means: Sequence[Row], sizes: Sizes) -> list[Finding]:
    findings = []
    for row in means:
        if not (row.get("p") and row["nor"] and row["or"]):
            continue
        ranges = mean_p_values(row["nor"], row["or"], sizes[row["set"]])
        printed = number_in(row, "p")
        if not any(printed.agrees_with(low, high, _P_SLACK) for low, high in ranges.values()):
            low, high = ranges["t test"]
            text = f"{row['name']}, {row['set']}: p {row['p']} is printed, a t test gives {low:.3f} to {high:.3f}"
            findings.append(Finding("p value", (int(row["row"]),), text))
    return findings


def _percentages(counts: Sequence[Row], sizes: Sizes) -> list[Finding]:
    findings = []
    for row in counts:
        for column, patients in zip(("nor", "or"), sizes[row["set"]], strict=True):
            cell = percentage_in(row, column)
            percent = 100 * count_in(row, column) / patients
            if cell and abs(percent - float(cell)) > half_unit(cell) + 1e-9:
                text = f"{row['name']}, {row['set']}: {count_in(row, column)}/{patients} is {percent:.1f} %"
                findings.append(Finding("percentage", (int(row["row"]),), f"{text}, printed {cell} %"))
    return findings


def _twins(counts: Sequence[Row], sizes: Sizes) -> list[Finding]:
    """Variables of a set with the same counts, a level and its complement being the same, beyond chance."""
    variables: dict[str, set[str]] = defaultdict(set)
    groups: dict[tuple[str, tuple[int, int]], dict[str, int]] = defaultdict(dict)
    for row in counts:
        size, pair = sizes[row["set"]], (count_in(row, "nor"), count_in(row, "or"))
        variables[row["set"]].add(row["name"])
        key = min(pair, (size[0] - pair[0], size[1] - pair[1]))
        groups[row["set"], key].setdefault(row["name"], int(row["row"]))
    return [
        Finding(
            "twin rows",
            tuple(names.values()),
            f"{len(names)} variables of the {set_name} set have equal counts or complements: {', '.join(names)}",
        )
        for (set_name, pair), names in groups.items()
        if len(names) > 1
        and _expected_twins(len(variables[set_name]), len(names), sizes[set_name], pair) < _EXPECTED_TWINS
    ]


def _expected_twins(variables: int, alike: int, size: tuple[int, int], pair: tuple[int, int]) -> float:
    """Groups of ``alike`` variables with the same counts, as improbable as this ``pair`` or more, that chance makes.

    Each variable has its own share of patients, uniform between 0 and 1 and the same in both outcomes: its counts are
    beta-binomial. A pair of counts and its complement are one case.
    """
    from scipy.special import betaln, gammaln

    nor, objective = np.arange(size[0] + 1)[:, None], np.arange(size[1] + 1)[None, :]
    ways = sum(
        gammaln(patients + 1) - gammaln(having + 1) - gammaln(patients - having + 1)
        for patients, having in zip(size, (nor, objective), strict=True)
    )
    chance = np.exp(ways + betaln(nor + objective + 1, sum(size) - nor - objective + 1))
    chance = chance + chance[::-1, ::-1]
    as_improbable = chance[chance <= chance[pair] * (1 + 1e-9)]
    # A case and its complement both are cells of the table, hence half.
    return comb(variables, alike) * float((as_improbable**alike).sum()) / 2


def _by_variable(counts: Sequence[Row]) -> dict[tuple[str, str], list[Row]]:
    groups: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in counts:
        groups[row["set"], row["name"]].append(row)
    return groups


def _is_fraction(row: Row, column: str, denominator: int) -> bool:
    """Whether some k / denominator rounds to the printed number."""
    printed = number_in(row, column)
    nearest = round(printed.value * denominator) / denominator
    return printed.agrees_with(nearest, nearest)
