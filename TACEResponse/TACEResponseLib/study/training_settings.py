"""What is trained, and how."""

from __future__ import annotations

from dataclasses import dataclass

from ..models.classifiers import CLASSIFIERS
from ..models.network_batch import PAPER_RECIPE, NetworkRecipe

BUNDLE_KINDS: dict[str, tuple[str | None, bool]] = {
    "cd": ("dnn", True),
    "cl": ("lasso", True),
    "clinical": (None, True),
    **{name: (name, False) for name in CLASSIFIERS},
}
"""Kind of bundle -> its radiomics score and whether the clinical facts belong to it."""

FEWEST_PATIENTS = 10
"""Of each outcome. So few train no useful model; with fewer the folds within folds become empty."""


@dataclass(frozen=True)
class TrainingSettings:
    """How a bundle is trained; all of it is recorded in the bundle.

    ``outer_folds`` estimate slope and threshold, ``inner_folds`` give the out-of-fold scores, ``refit_folds`` those
    within each of the ``refits`` bootstraps, whose score is one network instead of ``ensemble_size``.
    """

    seed: int = 1
    ensemble_size: int = 10
    outer_folds: int = 5
    inner_folds: int = 5
    refits: int = 100
    refit_folds: int = 3
    recipe: NetworkRecipe = PAPER_RECIPE


DEFAULT_SETTINGS = TrainingSettings()
