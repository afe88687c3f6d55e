"""The p values that a published table may rightly print: those of every test that is usual for such rows."""

from __future__ import annotations

from itertools import product

import numpy as np

from .published_table import half_unit, mean_and_deviation
from .table_one import categorical_test

_COCHRAN_SHARE = 0.2
"""Up to this share of expected counts below 5, none below 1, a chi-square of a larger table is usual (Cochran 1954)."""


def usual_p_values(counts: np.ndarray) -> dict[str, float]:
    """Name of the test -> p of counts (levels, groups); the first is what the paper's rule asks for.

    With an expected count below 5 an uncorrected chi-square of a 2 x 2 table is not among them; Yates' correction is,
    as SPSS prints it.
    """
    from scipy.stats import chi2_contingency, fisher_exact, mannwhitneyu

    counts = np.asarray(counts)
    p, name = categorical_test(counts)
    values = {name: p}
    counts = counts[counts.sum(axis=1) > 0]
    if len(counts) < 2:
        return values
    if counts.shape == (2, 2):
        values.setdefault("Fisher", float(fisher_exact(counts)[1]))
        values["chi-square with Yates' correction"] = float(chi2_contingency(counts, correction=True)[1])
        return values
    expected = np.outer(counts.sum(axis=1), counts.sum(axis=0)) / counts.sum()
    if np.mean(expected < 5) <= _COCHRAN_SHARE and expected.min() >= 1:
        values.setdefault("chi-square", float(chi2_contingency(counts, correction=False)[1]))
        values.setdefault("Fisher-Freeman-Halton", float(fisher_exact(counts).pvalue))
    levels = np.arange(len(counts))
    nor, objective = (np.repeat(levels, counts[:, group]) for group in (0, 1))
    values["Mann-Whitney"] = float(mannwhitneyu(objective, nor)[1])
    return values


def mean_p_values(nor: str, objective: str, size: tuple[int, int]) -> dict[str, tuple[float, float]]:
    """Name of the test -> least and largest p of two printed means with standard deviations, given their rounding."""
    from scipy.stats import ttest_ind_from_stats

    printed = [cell for group in (nor, objective) for cell in mean_and_deviation(group) or ()]
    corners = [(float(cell) - half_unit(cell), float(cell) + half_unit(cell)) for cell in printed]
    crosses = corners[0][0] <= corners[2][1] and corners[2][0] <= corners[0][1]
    ranges = {}
    for name, equal_variances in (("t test", True), ("Welch's t test", False)):
        values = [
            ttest_ind_from_stats(
                mean, max(spread, 1e-12), size[0], other, max(other_spread, 1e-12), size[1], equal_variances
            )[1]
            for mean, spread, other, other_spread in product(*corners)
        ]
        ranges[name] = (float(min(values)), 1.0 if crosses else float(max(values)))
    return ranges
