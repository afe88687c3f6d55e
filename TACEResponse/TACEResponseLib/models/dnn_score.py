"""The DNN score: softmax probability of OR of one or several networks, 0-1. A score, not a calibrated probability."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from .array_rules import FINITE, POSITIVE, WEIGHTS, Rule
from .folded_network import FoldedNetworks
from .score_model import ScoreModel

_OUTPUTS = 2


@dataclass(frozen=True, eq=False)
class DnnScore(ScoreModel):
    """m networks, each with the z-score of its own training patients (``mean`` and ``scale`` (m, n_features))."""

    mean: np.ndarray
    scale: np.ndarray
    networks: FoldedNetworks

    type_name: ClassVar[str] = "dnn"

    @classmethod
    def array_rules(cls, arrays: Mapping[str, np.ndarray]) -> Mapping[str, Rule]:
        """Each layer has as many inputs as the one before has outputs."""
        rules: dict[str, Rule] = {"mean": (FINITE, "mf"), "scale": (POSITIVE, "mf")}
        inputs = "f"
        for layer in range(sum(name.startswith("weight_") for name in arrays)):
            outputs, rank = chr(ord("A") + layer), chr(ord("0") + layer)
            rules |= {f"row_scale_{layer}": (WEIGHTS, f"m{outputs}"), f"bias_{layer}": (WEIGHTS, f"m{outputs}")}
            if f"factor_{layer}" in arrays:
                rules |= {f"factor_{layer}": (WEIGHTS, f"m{rank}{inputs}")}
                rules |= {f"factor_scale_{layer}": (WEIGHTS, f"m{rank}")}
                inputs = rank
            rules[f"weight_{layer}"] = (WEIGHTS, f"m{outputs}{inputs}")
            inputs = outputs
        return rules

    def check(self, feature_count: int) -> None:
        """As of `ScoreModel`, and if the last layer does not give the two outputs."""
        if not self.networks.layers or self.networks.layers[-1].bias.shape[1] != _OUTPUTS:
            raise ValueError("a layer is missing")

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
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> Self:
        """Inverse of `to_arrays`."""
        return cls(arrays["mean"], arrays["scale"], FoldedNetworks.from_arrays(arrays))

    def stored(self, features: np.ndarray, is_refit: bool) -> DnnScore:
        """Ensembles in 8 bits a weight, refits of low rank too."""
        from .network_storage import low_rank, quantised

        mean, scale = self.mean.astype(np.float32), self.scale.astype(np.float32)
        if not is_refit:
            return DnnScore(mean, scale, quantised(self.networks))
        scaled = (np.asarray(features, dtype=float)[None] - self.mean[:, None]) / self.scale[:, None]
        return DnnScore(mean, scale, low_rank(self.networks, scaled))


SCORE = DnnScore
