"""Published scores beside the model: they need only facts, and predict survival, not response."""

from .catalogue import all_scores, published_scores
from .facts import FACTS, Between, ScoreFacts
from .score import NOT_COVERED, Group, Known, Score, ScoreResult, score_result

__all__ = [
    "FACTS",
    "NOT_COVERED",
    "Between",
    "Group",
    "Known",
    "Score",
    "ScoreFacts",
    "ScoreResult",
    "all_scores",
    "published_scores",
    "score_result",
]
