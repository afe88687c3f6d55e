"""The DNN score: softmax probability of OR of one or several networks, 0-1. A score, not a calibrated probability."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from .folded_network import FoldedNetworks


@dataclass(frozen=True, eq=False)
class DnnScore:
    """m networks, each with the z-score of its own training patients (``mean`` and ``scale`` (m, n_features))."""

    mean: np.ndarray
    scale: np.ndarray
    networks: FoldedNetworks

    type_name: ClassVar[str] = "dnn"

    @property
    def member_count(self) -> int:
        """Number of networks."""
        return self.networks.count

    @property
    def feature_count(self) -> int:
        """Number of features that a patient needs."""
        return self.networks.feature_count

    def member_scores(self, features: np.ndarray) -> np.ndarray:
        """Scores (n, m) of patients (n, n_features), unscaled."""
        features = np.asarray(features, dtype=float)
        return self.networks.probabilities((features[None] - self.mean[:, None]) / self.scale[:, None])

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Arrays by name, for a bundle."""
        return {"mean": self.mean, "scale": self.scale, **self.networks.to_arrays()}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> DnnScore:
        """Inverse of `to_arrays`."""
        return cls(arrays["mean"], arrays["scale"], FoldedNetworks.from_arrays(arrays))
