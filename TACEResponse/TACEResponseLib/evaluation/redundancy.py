"""Which features repeat another one, or follow only the size of the lesion."""

from __future__ import annotations

import numpy as np

FOLLOWS_SIZE = 0.9
"""Absolute rank correlation with the volume from which on a feature follows size."""


def aliases(features: np.ndarray, names: tuple[str, ...]) -> list[tuple[str, str]]:
    """(feature, earlier feature of the same rank order) for each column of (n, p) that adds nothing; ties included."""
    ranks = _ranks(features)
    correlation = np.abs(ranks.T @ ranks)
    found = []
    for column in range(features.shape[1]):
        same = np.flatnonzero(correlation[column, :column] > 1 - 1e-9)
        if same.size:
            found.append((names[column], names[int(same[0])]))
    return found


def following_size(features: np.ndarray, names: tuple[str, ...], volume: np.ndarray) -> list[tuple[str, float]]:
    """Features whose rank correlation with the volume (n,) is at least `FOLLOWS_SIZE`, strongest first."""
    correlation = _ranks(volume[:, None])[:, 0] @ _ranks(features)
    order = np.argsort(-np.abs(correlation), kind="stable")
    return [(names[n], float(correlation[n])) for n in order if abs(correlation[n]) >= FOLLOWS_SIZE]


def _ranks(values: np.ndarray) -> np.ndarray:
    """Mean ranks of each column, centred and of length 1; zero for a constant column."""
    from scipy.stats import rankdata

    ranks = rankdata(values, axis=0)
    ranks -= ranks.mean(axis=0)
    length = np.sqrt((ranks**2).sum(axis=0))
    return ranks / np.where(length > 0, length, 1.0)
