"""What every radiomics score has in common, whatever learnt it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Protocol

import numpy as np


class ScoreModel(Protocol):
    """One or several fitted members of one type: an ensemble of seeds, or the bootstrap refits of a bundle.

    A member holds all that its own fit learnt, scaler and selection included, so that it takes features as they were
    measured.
    """

    type_name: ClassVar[str]

    @property
    def member_count(self) -> int:
        """Number of fitted members."""

    @property
    def feature_count(self) -> int:
        """Number of features that a patient needs."""

    def member_scores(self, features: np.ndarray) -> np.ndarray:
        """Scores (n, member_count) of patients (n, n_features), unscaled."""

    def to_arrays(self) -> dict[str, np.ndarray]:
        """All it holds as named arrays without objects."""

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> ScoreModel:
        """Inverse of `to_arrays`."""


def ensemble_score(model: ScoreModel, features: np.ndarray) -> np.ndarray:
    """Mean score of the members, (n,)."""
    return model.member_scores(features).mean(axis=1)
