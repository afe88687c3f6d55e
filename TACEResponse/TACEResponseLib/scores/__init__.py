"""Published scores beside the model: they need only facts, and predict survival, not response."""

from ..cohort import Between
from .catalogue import all_scores, published_scores
from .facts import FACTS, ScoreFacts
from .of_case import score_facts
from .score import NOT_COVERED, Group, Known, PublishedScores, Score, ScoreResult, score_result

__all__ = [
    "FACTS",
    "NOT_COVERED",
    "Between",
    "Group",
    "Known",
    "PublishedScores",
    "Score",
    "ScoreFacts",
    "ScoreResult",
    "all_scores",
    "published_scores",
    "score_facts",
    "score_result",
]
