"""The four radiomics classifiers of the study as learners, their settings in one place (paper.md)."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial

from .fitting import Learner, fit_one_by_one
from .knn_score import fit_knn
from .lasso_score import ALPHA_FOLDS, ALPHAS, SMALLEST_ALPHA_SHARE, fit_lasso
from .mrmr import MRMR_VARIANT
from .network_batch import PAPER_RECIPE, NetworkRecipe
from .network_training import train_networks
from .svm_score import fit_svm

SELECTED_FEATURES = 10

NEIGHBOURS = 4

SVM_GAMMA = 0.2

SVM_COST = 1.0
"""scikit-learn's default; the paper states none."""

RADIOMICS_SCORES: tuple[str, ...] = ("knn", "svm", "lasso", "dnn")


def get_learner(name: str, ensemble_size: int = 10, recipe: NetworkRecipe = PAPER_RECIPE) -> Learner:
    """The learner of a score in `RADIOMICS_SCORES`; ``ensemble_size`` and ``recipe`` concern the DNN only.

    Raises ValueError for another name.
    """
    selection = {"selected_features": SELECTED_FEATURES, "selection": f"mRMR, {MRMR_VARIANT}; exact aliases removed"}
    if name == "knn":
        fit = partial(fit_one_by_one, lambda x, y, *_: fit_knn(x, y, SELECTED_FEATURES, NEIGHBOURS))
        return Learner("knn", 1, fit, {**selection, "neighbours": NEIGHBOURS})
    if name == "svm":
        fit = partial(fit_one_by_one, lambda x, y, *_: fit_svm(x, y, SELECTED_FEATURES, SVM_GAMMA, SVM_COST))
        return Learner("svm", 1, fit, {**selection, "kernel": "rbf", "gamma": SVM_GAMMA, "C": SVM_COST})
    if name == "lasso":
        settings = {
            "alpha": f"least squared error in {ALPHA_FOLDS} stratified folds within the training patients",
            "alphas": f"{ALPHAS}, down to {SMALLEST_ALPHA_SHARE} of the smallest that leaves no feature",
        }
        return Learner("lasso", 1, partial(fit_one_by_one, fit_lasso), settings)
    if name == "dnn":

        def fit_networks(features, jobs, progress=None):
            return train_networks(features, jobs, recipe, progress=progress)

        return Learner("dnn", ensemble_size, fit_networks, {**asdict(recipe), "seeds": ensemble_size})
    raise ValueError(f"There is no radiomics score {name!r}; choose one of {', '.join(RADIOMICS_SCORES)}.")
