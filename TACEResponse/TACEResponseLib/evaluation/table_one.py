"""Table 1: OR against NOR, each variable by the paper's rule, the test named in each row (paper.md, honesty.md)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

_NORMAL_P = 0.05
_LEAST_EXPECTED = 5.0
_MOST_LEVELS = 8


@dataclass(frozen=True)
class TableOneRow:
    """One line: what is shown for NOR and OR, the p value with its test (None where none applies), and the
    standardised difference (OR minus NOR over the pooled standard deviation)."""

    variable: str
    level: str
    nor: str
    objective: str
    p: float | None
    test: str
    standardised_difference: float | None
    missing: int


def table_one(columns: Mapping[str, Sequence[str]], outcome: np.ndarray) -> list[TableOneRow]:
    """Rows for every column of text cells (n,) that holds numbers or a few levels; others are left out.

    Continuous: Kolmogorov-Smirnov with Lilliefors' correction in each group, then Student's t (both p > .05) or
    Mann-Whitney U. Categorical: chi-square without continuity correction, or Fisher's exact test if an expected count
    is below 5. Empty cells are left out and counted.
    """
    rows: list[TableOneRow] = []
    for name, cells in columns.items():
        known = np.array([bool(cell) for cell in cells])
        levels = sorted({cell for cell in cells if cell})
        numbers = _as_numbers(cells)
        if len(levels) < 2:
            continue
        if numbers is not None and len(levels) > _MOST_LEVELS:
            rows.append(_continuous_row(name, numbers[known], outcome[known], int((~known).sum())))
        elif len(levels) <= _MOST_LEVELS:
            rows += _categorical_rows(name, np.array(cells)[known], outcome[known], levels, int((~known).sum()))
    return rows


def table_one_left_out(columns: Mapping[str, Sequence[str]]) -> list[str]:
    """Names of the columns that `table_one` cannot show: text of more than eight different cells."""
    return [
        name
        for name, cells in columns.items()
        if len({cell for cell in cells if cell}) > _MOST_LEVELS and _as_numbers(cells) is None
    ]


def categorical_test(counts: np.ndarray) -> tuple[float, str]:
    """(p, name of the test) of a table of counts (levels, groups), the paper's rule."""
    from scipy.stats import chi2_contingency, fisher_exact

    counts = np.asarray(counts)
    counts = counts[counts.sum(axis=1) > 0]
    expected = np.outer(counts.sum(axis=1), counts.sum(axis=0)) / counts.sum()
    if len(counts) < 2:
        return 1.0, "one level only"
    if (expected < _LEAST_EXPECTED).any() and counts.shape == (2, 2):
        return float(fisher_exact(counts)[1]), "Fisher"
    if (expected < _LEAST_EXPECTED).any():
        return float(fisher_exact(counts).pvalue), "Fisher-Freeman-Halton"
    return float(chi2_contingency(counts, correction=False)[1]), "chi-square"


def continuous_test(nor: np.ndarray, objective: np.ndarray) -> tuple[float, str]:
    """(p, name of the test) of two groups of values, the paper's rule."""
    from scipy.stats import mannwhitneyu, ttest_ind
    from statsmodels.stats.diagnostic import lilliefors

    normal = all(
        len(group) > 3 and np.ptp(group) > 0 and lilliefors(group)[1] > _NORMAL_P for group in (nor, objective)
    )
    if normal:
        return float(ttest_ind(objective, nor)[1]), "t"
    return float(mannwhitneyu(objective, nor)[1]), "Mann-Whitney"


def _as_numbers(cells: Sequence[str]) -> np.ndarray | None:
    try:
        return np.array([float(cell) if cell else np.nan for cell in cells])
    except ValueError:
        return None


def _continuous_row(name: str, values: np.ndarray, outcome: np.ndarray, missing: int) -> TableOneRow:
    nor, objective = values[~outcome], values[outcome]
    if len(nor) < 2 or len(objective) < 2:
        return TableOneRow(
            name, "", _summary(nor, False), _summary(objective, False), None, "too few values", None, missing
        )
    p, test = continuous_test(nor, objective)
    spread = np.sqrt((nor.var(ddof=1) + objective.var(ddof=1)) / 2)
    difference = float((objective.mean() - nor.mean()) / spread) if spread > 0 else 0.0
    as_mean = test == "t"
    return TableOneRow(name, "", _summary(nor, as_mean), _summary(objective, as_mean), p, test, difference, missing)


def _summary(values: np.ndarray, as_mean: bool) -> str:
    if values.size == 0:
        return ""
    if as_mean:
        return f"{values.mean():.2f} ± {values.std(ddof=1):.2f}"
    low, middle, high = np.percentile(values, (25, 50, 75))
    return f"{middle:.4g} ({low:.4g}-{high:.4g})"


def _categorical_rows(
    name: str, cells: np.ndarray, outcome: np.ndarray, levels: list[str], missing: int
) -> list[TableOneRow]:
    counts = np.array([[np.sum((cells == level) & ~outcome), np.sum((cells == level) & outcome)] for level in levels])
    totals = counts.sum(axis=0)
    if (totals == 0).any():
        return []
    p, test = categorical_test(counts)
    rows = []
    for number, (level, (nor, objective)) in enumerate(zip(levels, counts, strict=True)):
        shares = (nor / totals[0], objective / totals[1])
        spread = np.sqrt(sum(share * (1 - share) for share in shares) / 2)
        difference = float((shares[1] - shares[0]) / spread) if spread > 0 else 0.0
        first = number == 0
        rows.append(
            TableOneRow(
                variable=name,
                level=level,
                nor=f"{nor} ({100 * shares[0]:.1f} %)",
                objective=f"{objective} ({100 * shares[1]:.1f} %)",
                p=p if first else None,
                test=test if first else "",
                standardised_difference=difference,
                missing=missing,
            )
        )
    return rows
