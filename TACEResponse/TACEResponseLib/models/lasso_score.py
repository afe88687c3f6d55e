"""The Lasso score: a linear combination of the features that the Lasso kept. No probability."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from .array_rules import FINITE, Rule
from .fitting import Learner, one_by_one
from .folds import inner_parts
from .linear_score import LinearScore, linear_arrays
from .scaler import fit_z_score

if TYPE_CHECKING:
    from .network_batch import NetworkRecipe

ALPHA_FOLDS = 5

ALPHAS = 30

SMALLEST_ALPHA_SHARE = 0.03
"""Smallest alpha tried, as a share of the smallest one that leaves no feature; the largest tried is that one."""

MOST_ITERATIONS = 5000

_FINAL_ITERATIONS = 50_000


@dataclass(frozen=True, eq=False)
class LassoScore(LinearScore):
    """m members, each with the penalty of its fit, ``alphas`` (m,)."""

    alphas: np.ndarray

    type_name: ClassVar[str] = "lasso"
    rules: ClassVar[Mapping[str, Rule]] = {**LinearScore.rules, "alphas": (FINITE, "m")}


def fit_lasso(
    features: np.ndarray,
    outcome: np.ndarray,
    patients: np.ndarray,
    random: np.random.Generator,
    alpha: float | None = None,
) -> LassoScore:
    """Z-score and scikit-learn's Lasso on the outcome as 0 and 1 (paper.md); one member.

    The paper states no ``alpha``: by default the one of `ALPHAS` values with the least squared error in a stratified
    cross-validation within these patients (``LassoCV``), in as many folds as the rarer outcome has patients if those
    are fewer than `ALPHA_FOLDS`. Rows with the same number in ``patients`` (n,), a bootstrap's repeats, share a fold.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import Lasso, LassoCV

    scaler = fit_z_score(features)
    scaled = scaler.apply(features)
    target = outcome.astype(float)
    if alpha is None:
        parts = inner_parts(outcome, ALPHA_FOLDS, random, patients)
        search = LassoCV(alphas=ALPHAS, eps=SMALLEST_ALPHA_SHARE, cv=parts, tol=1e-3, max_iter=MOST_ITERATIONS)
        with warnings.catch_warnings():
            # Of 150 fits the smallest alphas may stop short of the last digit, which does not move the choice.
            warnings.simplefilter("ignore", ConvergenceWarning)
            alpha = float(search.fit(scaled, target).alpha_)
    fitted = Lasso(alpha=alpha, max_iter=_FINAL_ITERATIONS).fit(scaled, target)
    return LassoScore(**linear_arrays(scaler, fitted), alphas=np.array([alpha]))


def make_learner(ensemble_size: int, recipe: NetworkRecipe | None) -> Learner:
    """The learner of the study."""
    settings = {
        "alpha": f"least squared error in {ALPHA_FOLDS} stratified folds within the training patients",
        "alphas": f"{ALPHAS}, down to {SMALLEST_ALPHA_SHARE} of the smallest that leaves no feature",
    }
    return Learner("lasso", 1, one_by_one(fit_lasso), settings)


SCORE = LassoScore
