"""The score of a linear discriminant analysis whose covariance is shrunk (Ledoit and Wolf). No probability."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from .fitting import Learner, one_by_one
from .linear_score import LinearScore, linear_arrays
from .scaler import fit_z_score

if TYPE_CHECKING:
    from .network_batch import NetworkRecipe


@dataclass(frozen=True, eq=False)
class LdaScore(LinearScore):
    """m members of a linear discriminant analysis; the score is the log odds that its normal model gives."""

    type_name: ClassVar[str] = "lda"


def fit_lda(features: np.ndarray, outcome: np.ndarray) -> LdaScore:
    """Z-score and scikit-learn's ``LinearDiscriminantAnalysis``, its shrinkage by Ledoit and Wolf's formula from the
    training patients alone; one member."""
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    scaler = fit_z_score(features)
    model = LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto")
    return LdaScore(**linear_arrays(scaler, model.fit(scaler.apply(features), outcome)))


def make_learner(ensemble_size: int, recipe: NetworkRecipe | None) -> Learner:
    """The learner, tuned within each training part."""
    fit = one_by_one(lambda features, outcome, *_: fit_lda(features, outcome))
    return Learner("lda", 1, fit, {"shrinkage": "Ledoit and Wolf's formula on the training patients"})


SCORE = LdaScore
