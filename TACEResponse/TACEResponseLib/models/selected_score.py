"""What the scores of a few selected features have in common: z-score, then mRMR."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ..cohort import Json
from .array_rules import COLUMNS, FINITE, POSITIVE, Rule
from .mrmr import MRMR_VARIANT, mrmr
from .scaler import fit_z_score
from .score_model import ScoreModel

SELECTED_FEATURES = 10

SELECTION_SETTINGS: Mapping[str, Json] = {
    "selected_features": SELECTED_FEATURES,
    "selection": f"mRMR, {MRMR_VARIANT}; exact aliases removed",
}


@dataclass(frozen=True, eq=False)
class SelectedScore(ScoreModel):
    """m members: ``columns`` (m, c) of the features used, their ``mean`` and ``scale`` (m, c); ``total_features`` that
    a patient has."""

    columns: np.ndarray
    mean: np.ndarray
    scale: np.ndarray
    total_features: np.ndarray

    rules: ClassVar[Mapping[str, Rule]] = {
        "columns": (COLUMNS, "mc"),
        "mean": (FINITE, "mc"),
        "scale": (POSITIVE, "mc"),
        "total_features": (POSITIVE, ""),
    }

    @property
    def feature_count(self) -> int:
        """Number of features that a patient needs."""
        return int(self.total_features)

    @property
    def used_columns(self) -> np.ndarray:
        """Sorted columns of the features that any member uses."""
        return np.unique(self.columns)

    def check(self, feature_count: int) -> None:
        """As of `ScoreModel`, and for columns beyond the features."""
        super().check(feature_count)
        if self.columns.max(initial=-1) >= feature_count:
            raise ValueError("columns name features that are not there")

    def member_scores(self, features: np.ndarray) -> np.ndarray:
        """Scores (n, m) of patients (n, n_features), unscaled."""
        features = np.asarray(features, dtype=float)
        scores = np.empty((len(features), self.member_count))
        for member in range(self.member_count):
            scaled = (features[:, self.columns[member]] - self.mean[member]) / self.scale[member]
            scores[:, member] = self._scores_of(member, scaled)
        return scores

    @abstractmethod
    def _scores_of(self, member: int, scaled: np.ndarray) -> np.ndarray:
        """Scores (n,) by one member of patients whose selected features are ``scaled`` (n, c)."""


def select_features(
    features: np.ndarray, outcome: np.ndarray, selected: int
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """The arrays of a `SelectedScore` of one member, and the scaled training features (n, c) that were selected."""
    scaler = fit_z_score(features)
    scaled = scaler.apply(features)
    columns = mrmr(scaled, outcome, selected)
    arrays = {
        "columns": columns[None],
        "mean": scaler.mean[None, columns],
        "scale": scaler.scale[None, columns],
        "total_features": np.array(features.shape[1]),
    }
    return arrays, scaled[:, columns]
