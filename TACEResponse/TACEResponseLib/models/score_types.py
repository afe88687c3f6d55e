"""The types of score that a bundle may hold."""

from __future__ import annotations

from .dnn_score import DnnScore
from .score_model import ScoreModel

SCORE_TYPES: dict[str, type[ScoreModel]] = {model.type_name: model for model in (DnnScore,)}
