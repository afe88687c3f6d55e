"""The elastic net score: a linear combination of the features, lasso and ridge penalty mixed. No probability."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from ..cohort import Json
from .array_rules import FINITE, Rule
from .fitting import Learner, one_by_one
from .folds import inner_parts
from .lasso_score import ALPHA_FOLDS, ALPHAS, MOST_ITERATIONS, SMALLEST_ALPHA_SHARE
from .linear_score import LinearScore, linear_arrays
from .scaler import fit_z_score

if TYPE_CHECKING:
    from .network_batch import NetworkRecipe

LASSO_SHARES = (0.2, 0.5, 0.8)
"""Shares of the lasso penalty tried; the Lasso has a score of its own."""


@dataclass(frozen=True, eq=False)
class ElasticNetScore(LinearScore):
    """m members, each with the penalty of its fit: ``alphas`` and ``lasso_shares`` (m,)."""

    alphas: np.ndarray
    lasso_shares: np.ndarray

    type_name: ClassVar[str] = "elastic_net"
    rules: ClassVar[Mapping[str, Rule]] = {**LinearScore.rules, "alphas": (FINITE, "m"), "lasso_shares": (FINITE, "m")}


def fit_elastic_net(
    features: np.ndarray, outcome: np.ndarray, patients: np.ndarray, random: np.random.Generator
) -> ElasticNetScore:
    """Z-score and scikit-learn's ``ElasticNetCV`` on the outcome as 0 and 1, tuned in folds as `fit_lasso`; one
    member."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import ElasticNetCV

    scaler = fit_z_score(features)
    search = ElasticNetCV(
        l1_ratio=list(LASSO_SHARES),
        alphas=ALPHAS,
        eps=SMALLEST_ALPHA_SHARE,
        cv=inner_parts(outcome, ALPHA_FOLDS, random, patients),
        tol=1e-3,
        max_iter=MOST_ITERATIONS,
    )
    with warnings.catch_warnings():
        # As in `fit_lasso`.
        warnings.simplefilter("ignore", ConvergenceWarning)
        fitted = search.fit(scaler.apply(features), outcome.astype(float))
    return ElasticNetScore(
        **linear_arrays(scaler, fitted), alphas=np.array([fitted.alpha_]), lasso_shares=np.array([fitted.l1_ratio_])
    )


def make_learner(ensemble_size: int, recipe: NetworkRecipe | None) -> Learner:
    """The learner, tuned within each training part."""
    settings: dict[str, Json] = {
        "alpha": f"least squared error in {ALPHA_FOLDS} stratified folds within the training patients",
        "alphas": f"{ALPHAS}, down to {SMALLEST_ALPHA_SHARE} of the smallest that leaves no feature",
        "shares of the lasso penalty": list(LASSO_SHARES),
    }
    return Learner("elastic_net", 1, one_by_one(fit_elastic_net), settings)


SCORE = ElasticNetScore
