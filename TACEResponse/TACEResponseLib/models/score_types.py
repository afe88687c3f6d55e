"""The types of score that a bundle may hold."""

from __future__ import annotations

from .dnn_score import DnnScore
from .knn_score import KnnScore
from .lasso_score import LassoScore
from .score_model import ScoreModel
from .svm_score import SvmScore

SCORE_TYPES: dict[str, type[ScoreModel]] = {
    model.type_name: model for model in (KnnScore, SvmScore, LassoScore, DnnScore)
}
