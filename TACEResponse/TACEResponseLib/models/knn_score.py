"""The KNN score: share of responders among the k nearest training patients, in NumPy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from .array_rules import FINITE, POSITIVE, ZERO_OR_ONE, Rule
from .fitting import Learner, one_by_one
from .selected_score import SELECTED_FEATURES, SELECTION_SETTINGS, SelectedScore, select_features

if TYPE_CHECKING:
    from .network_batch import NetworkRecipe

NEIGHBOURS = 4


@dataclass(frozen=True, eq=False)
class KnnScore(SelectedScore):
    """m members: scaled training ``rows`` (m, n, c), their ``outcome`` (m, n) as 0 or 1, and ``neighbours``, the k.

    Scores are 0-1 in steps of 1/k.
    """

    rows: np.ndarray
    outcome: np.ndarray
    neighbours: np.ndarray

    type_name: ClassVar[str] = "knn"
    rules: ClassVar[Mapping[str, Rule]] = {
        **SelectedScore.rules,
        "rows": (FINITE, "mnc"),
        "outcome": (ZERO_OR_ONE, "mn"),
        "neighbours": (POSITIVE, ""),
    }

    def check(self, feature_count: int) -> None:
        """As of `SelectedScore`, and for more neighbours than training patients."""
        super().check(feature_count)
        if not 1 <= int(self.neighbours) <= self.rows.shape[1]:
            raise ValueError(f"neighbours is not among 1 to {self.rows.shape[1]}")

    def _scores_of(self, member: int, scaled: np.ndarray) -> np.ndarray:
        squares = ((scaled[:, None] - self.rows[member]) ** 2).sum(axis=2)
        nearest = np.argsort(squares, axis=1, kind="stable")[:, : int(self.neighbours)]
        shares: np.ndarray = self.outcome[member][nearest].mean(axis=1)
        return shares


def fit_knn(
    features: np.ndarray, outcome: np.ndarray, selected: int = SELECTED_FEATURES, neighbours: int = NEIGHBOURS
) -> KnnScore:
    """Z-score, mRMR to ``selected`` features, k nearest neighbours (paper.md); one member."""
    arrays, scaled = select_features(features, outcome, selected)
    return KnnScore(**arrays, rows=scaled[None], outcome=outcome.astype(float)[None], neighbours=np.array(neighbours))


def make_learner(ensemble_size: int, recipe: NetworkRecipe | None) -> Learner:
    """The learner of the study."""
    fit = one_by_one(lambda features, outcome, *_: fit_knn(features, outcome))
    return Learner("knn", 1, fit, {**SELECTION_SETTINGS, "neighbours": NEIGHBOURS})


SCORE = KnnScore
