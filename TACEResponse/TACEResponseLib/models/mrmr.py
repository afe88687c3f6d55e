"""Selecting features that tell the outcomes apart without telling the same twice: mRMR, exact aliases dropped first."""

from __future__ import annotations

import numpy as np

MRMR_VARIANT = "FCQ: F statistic over mean absolute Pearson correlation with the features chosen before"
"""Zhao, Anand, Wang, Maximum relevance and minimum redundancy feature selection methods for a marketing machine
learning platform, 2019; the paper names no variant."""

_ALIAS_CORRELATION = 1 - 1e-9


def distinct_columns(features: np.ndarray) -> np.ndarray:
    """Columns (ascending) of ``features`` (n, p) that are neither constant nor an exact alias of an earlier one.

    Two columns are aliases if their correlation is +-1 but for rounding: of Energy and TotalEnergy one stays.
    """
    spread = features.std(axis=0)
    varying = np.flatnonzero(spread > 1e-12 * np.abs(features).max(axis=0))
    scaled = (features[:, varying] - features[:, varying].mean(axis=0)) / (spread[varying] * np.sqrt(len(features)))
    correlation = np.abs(scaled.T @ scaled)
    earlier = np.tril(correlation > _ALIAS_CORRELATION, k=-1)
    kept: list[int] = []
    for column in range(len(varying)):
        if not earlier[column, kept].any():
            kept.append(column)
    return varying[kept]


def mrmr(features: np.ndarray, outcome: np.ndarray, count: int) -> np.ndarray:
    """Columns of ``features`` (n, p) chosen by mRMR (`MRMR_VARIANT`), in the order chosen; fewer if there are fewer.

    ``outcome`` is bool (n,). Aliases and constant columns are never chosen.
    """
    candidates = distinct_columns(features)
    values = features[:, candidates]
    relevance = _f_statistic(values, outcome)
    scaled = (values - values.mean(axis=0)) / (values.std(axis=0) * np.sqrt(len(values)))
    chosen = [int(np.argmax(relevance))]
    redundancy = np.zeros(len(candidates))
    while len(chosen) < min(count, len(candidates)):
        redundancy += np.abs(scaled.T @ scaled[:, chosen[-1]])
        quotient = relevance / np.maximum(redundancy / len(chosen), 1e-12)
        quotient[chosen] = -np.inf
        chosen.append(int(np.argmax(quotient)))
    return candidates[chosen]


def _f_statistic(values: np.ndarray, outcome: np.ndarray) -> np.ndarray:
    """One-way analysis of variance of two groups, a value for each column."""
    groups = values[outcome], values[~outcome]
    mean = values.mean(axis=0)
    between = sum(len(group) * (group.mean(axis=0) - mean) ** 2 for group in groups)
    within = sum(((group - group.mean(axis=0)) ** 2).sum(axis=0) for group in groups) / (len(values) - 2)
    ratio: np.ndarray = between / np.maximum(within, np.finfo(float).tiny)
    return ratio
