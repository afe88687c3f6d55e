"""The radiomics classifiers: one file each, and one entry here.

The file of a classifier defines its score, a dataclass made from `ScoreModel` named ``SCORE``, and how it is learnt:
``make_learner(ensemble_size, recipe)`` gives a `Learner`. Its first lines import nothing heavier than NumPy, as a
prediction imports the file of the score that its bundle holds.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .fitting import Learner
    from .network_batch import NetworkRecipe
    from .score_model import ScoreModel


@dataclass(frozen=True)
class Classifier:
    """``title`` is what reports call it, ``module`` its file; its score lies between 0 and 1 if ``is_0_to_1``.

    ``learner_module`` is the file of ``make_learner`` where that is another one.
    """

    title: str
    module: str
    is_0_to_1: bool = False
    learner_module: str = ""

    @property
    def score_type(self) -> type[ScoreModel]:
        """The class of its fitted models."""
        score: type[ScoreModel] = importlib.import_module(f".{self.module}", __package__).SCORE
        return score


CLASSIFIERS: dict[str, Classifier] = {
    "knn": Classifier("KNN", "knn_score", is_0_to_1=True),
    "svm": Classifier("SVM", "svm_score"),
    "lasso": Classifier("Lasso", "lasso_score"),
    "dnn": Classifier("DNN", "dnn_score", is_0_to_1=True, learner_module="network_training"),
    "elastic_net": Classifier("Elastic net", "elastic_net_score"),
    "lda": Classifier("Shrinkage LDA", "lda_score"),
}
"""By the name that commands and bundles use."""

RADIOMICS_SCORES: tuple[str, ...] = ("knn", "svm", "lasso", "dnn")
"""Those of the paper (paper.md), which a study learns unless told otherwise."""


def get_learner(name: str, ensemble_size: int = 10, recipe: NetworkRecipe | None = None) -> Learner:
    """The learner of one of the `CLASSIFIERS`; ``ensemble_size`` and ``recipe`` (by default the paper's) concern the
    DNN only.

    Raises ValueError for another name.
    """
    if name not in CLASSIFIERS:
        raise ValueError(f"There is no radiomics score {name!r}; choose one of {', '.join(CLASSIFIERS)}.")
    module = CLASSIFIERS[name].learner_module or CLASSIFIERS[name].module
    learner: Learner = importlib.import_module(f".{module}", __package__).make_learner(ensemble_size, recipe)
    return learner
