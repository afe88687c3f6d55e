"""Case + ModelBundle -> Prediction: the one path to a probability (architecture.md, rule 7)."""

from .result import Contribution, Position, Prediction

__all__ = ["Contribution", "Position", "Prediction"]
