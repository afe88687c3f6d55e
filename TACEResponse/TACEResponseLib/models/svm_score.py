"""The SVM score: decision function of an RBF support vector machine, in NumPy. Positive leans to OR; no probability."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np

from .array_rules import FINITE, POSITIVE, Rule
from .fitting import Learner, one_by_one
from .selected_score import SELECTED_FEATURES, SELECTION_SETTINGS, SelectedScore, select_features

if TYPE_CHECKING:
    from .network_batch import NetworkRecipe

SVM_GAMMA = 0.2

SVM_COST = 1.0
"""scikit-learn's default; the paper states none."""


@dataclass(frozen=True, eq=False)
class SvmScore(SelectedScore):
    """m members: ``support_vectors`` (m, s, c), ``dual_coefficients`` (m, s), zero where a member has fewer,
    ``intercepts`` (m,), and ``gamma`` of the kernel."""

    support_vectors: np.ndarray
    dual_coefficients: np.ndarray
    intercepts: np.ndarray
    gamma: np.ndarray

    type_name: ClassVar[str] = "svm"
    rules: ClassVar[Mapping[str, Rule]] = {
        **SelectedScore.rules,
        "support_vectors": (FINITE, "msc"),
        "dual_coefficients": (FINITE, "ms"),
        "intercepts": (FINITE, "m"),
        "gamma": (POSITIVE, ""),
    }

    def _scores_of(self, member: int, scaled: np.ndarray) -> np.ndarray:
        squares = ((scaled[:, None] - self.support_vectors[member]) ** 2).sum(axis=2)
        kernel = np.exp(-float(self.gamma) * squares)
        scores: np.ndarray = kernel @ self.dual_coefficients[member] + self.intercepts[member]
        return scores

    @classmethod
    def join(cls, members: Sequence[Self]) -> Self:
        """One model of the members of several; those with fewer support vectors are filled up with zeros."""
        most = max(member.support_vectors.shape[1] for member in members)

        def filled(array: np.ndarray) -> np.ndarray:
            return np.pad(array, [(0, 0), (0, most - array.shape[1]), *[(0, 0)] * (array.ndim - 2)])

        return super().join(
            [
                replace(
                    member,
                    support_vectors=filled(member.support_vectors),
                    dual_coefficients=filled(member.dual_coefficients),
                )
                for member in members
            ]
        )


def fit_svm(
    features: np.ndarray,
    outcome: np.ndarray,
    selected: int = SELECTED_FEATURES,
    gamma: float = SVM_GAMMA,
    cost: float = SVM_COST,
) -> SvmScore:
    """Z-score, mRMR to ``selected`` features, scikit-learn's SVC with an RBF kernel (paper.md); one member."""
    from sklearn.svm import SVC

    arrays, scaled = select_features(features, outcome, selected)
    fitted = SVC(kernel="rbf", gamma=gamma, C=cost).fit(scaled, outcome)
    return SvmScore(
        **arrays,
        support_vectors=fitted.support_vectors_[None],
        dual_coefficients=fitted.dual_coef_,
        intercepts=fitted.intercept_,
        gamma=np.array(gamma),
    )


def make_learner(ensemble_size: int, recipe: NetworkRecipe | None) -> Learner:
    """The learner of the study."""
    fit = one_by_one(lambda features, outcome, *_: fit_svm(features, outcome))
    return Learner("svm", 1, fit, {**SELECTION_SETTINGS, "kernel": "rbf", "gamma": SVM_GAMMA, "C": SVM_COST})


SCORE = SvmScore
