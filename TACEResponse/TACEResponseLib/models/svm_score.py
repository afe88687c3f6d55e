"""The SVM score: decision function of an RBF support vector machine, in NumPy. Positive leans to OR; no probability."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import ClassVar

import numpy as np

from .mrmr import mrmr
from .scaler import fit_z_score


@dataclass(frozen=True, eq=False)
class SvmScore:
    """m members: ``columns``, ``mean`` and ``scale`` (m, c), ``support_vectors`` (m, s, c), ``dual_coefficients``
    (m, s), zero where a member has fewer, ``intercepts`` (m,), and ``gamma`` of the kernel."""

    columns: np.ndarray
    mean: np.ndarray
    scale: np.ndarray
    support_vectors: np.ndarray
    dual_coefficients: np.ndarray
    intercepts: np.ndarray
    gamma: np.ndarray
    total_features: np.ndarray

    type_name: ClassVar[str] = "svm"

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
        """Scores (n, m) of patients (n, n_features), unscaled."""
        features = np.asarray(features, dtype=float)
        scores = np.empty((len(features), self.member_count))
        for member in range(self.member_count):
            scaled = (features[:, self.columns[member]] - self.mean[member]) / self.scale[member]
            squares = ((scaled[:, None] - self.support_vectors[member]) ** 2).sum(axis=2)
            kernel = np.exp(-float(self.gamma) * squares)
            scores[:, member] = kernel @ self.dual_coefficients[member] + self.intercepts[member]
        return scores

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Arrays by name, for a bundle."""
        return {name: np.asarray(getattr(self, name)) for name in [field.name for field in fields(self)]}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> SvmScore:
        """Inverse of `to_arrays`."""
        return cls(**{name: arrays[name] for name in [field.name for field in fields(cls)]})

    @classmethod
    def join(cls, members: list[SvmScore]) -> SvmScore:
        """One model of the members of several; those with fewer support vectors are filled up with zeros."""
        most = max(member.support_vectors.shape[1] for member in members)

        def filled(array: np.ndarray) -> np.ndarray:
            widths = [(0, 0), (0, most - array.shape[1]), *[(0, 0)] * (array.ndim - 2)]
            return np.pad(array, widths)

        parts = {
            name: [getattr(member, name) for member in members] for name in ("columns", "mean", "scale", "intercepts")
        }
        for name in ("support_vectors", "dual_coefficients"):
            parts[name] = [filled(getattr(member, name)) for member in members]
        joined = {name: np.concatenate(arrays) for name, arrays in parts.items()}
        return cls(**joined, gamma=members[0].gamma, total_features=members[0].total_features)


def fit_svm(
    features: np.ndarray, outcome: np.ndarray, selected: int = 10, gamma: float = 0.2, cost: float = 1.0
) -> SvmScore:
    """Z-score, mRMR to ``selected`` features, scikit-learn's SVC with an RBF kernel (paper.md); one member."""
    from sklearn.svm import SVC

    scaler = fit_z_score(features)
    scaled = scaler.apply(features)
    columns = mrmr(scaled, outcome, selected)
    fitted = SVC(kernel="rbf", gamma=gamma, C=cost).fit(scaled[:, columns], outcome)
    return SvmScore(
        columns=columns[None],
        mean=scaler.mean[None, columns],
        scale=scaler.scale[None, columns],
        support_vectors=fitted.support_vectors_[None],
        dual_coefficients=fitted.dual_coef_,
        intercepts=fitted.intercept_,
        gamma=np.array(gamma),
        total_features=np.array(features.shape[1]),
    )
