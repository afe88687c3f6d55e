"""The KNN score: share of responders among the k nearest training patients, in NumPy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import ClassVar

import numpy as np

from .mrmr import mrmr
from .scaler import fit_z_score


@dataclass(frozen=True, eq=False)
class KnnScore:
    """m members: ``columns`` (m, c) of the features used, their ``mean`` and ``scale`` (m, c), scaled training ``rows``
    (m, n, c), their ``outcome`` (m, n) as 0 or 1, and ``neighbours``, the k."""

    columns: np.ndarray
    mean: np.ndarray
    scale: np.ndarray
    rows: np.ndarray
    outcome: np.ndarray
    neighbours: np.ndarray
    total_features: np.ndarray

    type_name: ClassVar[str] = "knn"

    @property
    def member_count(self) -> int:
        """Number of members."""
        return len(self.columns)

    @property
    def feature_count(self) -> int:
        """Number of features that a patient needs."""
        return int(self.total_features)

    @property
    def used_columns(self) -> np.ndarray:
        """Sorted columns of the features that any member uses."""
        return np.unique(self.columns)

    def member_scores(self, features: np.ndarray) -> np.ndarray:
        """Scores (n, m) of patients (n, n_features), unscaled: 0-1 in steps of 1/k."""
        features = np.asarray(features, dtype=float)
        scores = np.empty((len(features), self.member_count))
        for member in range(self.member_count):
            scaled = (features[:, self.columns[member]] - self.mean[member]) / self.scale[member]
            squares = ((scaled[:, None] - self.rows[member]) ** 2).sum(axis=2)
            nearest = np.argsort(squares, axis=1, kind="stable")[:, : int(self.neighbours)]
            scores[:, member] = self.outcome[member][nearest].mean(axis=1)
        return scores

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Arrays by name, for a bundle."""
        return {name: np.asarray(getattr(self, name)) for name in [field.name for field in fields(self)]}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> KnnScore:
        """Inverse of `to_arrays`."""
        return cls(**{name: arrays[name] for name in [field.name for field in fields(cls)]})

    @classmethod
    def join(cls, members: list[KnnScore]) -> KnnScore:
        """One model of the members of several, all fitted with the same numbers of rows and features."""
        first = members[0]
        stacked = ("columns", "mean", "scale", "rows", "outcome")
        joined = {name: np.concatenate([getattr(member, name) for member in members]) for name in stacked}
        return cls(**joined, neighbours=first.neighbours, total_features=first.total_features)


def fit_knn(features: np.ndarray, outcome: np.ndarray, selected: int = 10, neighbours: int = 4) -> KnnScore:
    """Z-score, mRMR to ``selected`` features, k nearest neighbours (paper.md); one member."""
    scaler = fit_z_score(features)
    scaled = scaler.apply(features)
    columns = mrmr(scaled, outcome, selected)
    return KnnScore(
        columns=columns[None],
        mean=scaler.mean[None, columns],
        scale=scaler.scale[None, columns],
        rows=scaled[None][:, :, columns],
        outcome=outcome.astype(float)[None],
        neighbours=np.array(neighbours),
        total_features=np.array(features.shape[1]),
    )
