"""A protocol over a cohort, and training a bundle."""

from .study_data import StudyData, join_cohort
from .train import BUNDLE_KINDS, TrainingSettings, train_bundle

__all__ = ["BUNDLE_KINDS", "StudyData", "TrainingSettings", "join_cohort", "train_bundle"]
