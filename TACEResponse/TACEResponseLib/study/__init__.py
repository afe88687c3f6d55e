"""A protocol over a cohort, and training a bundle."""

from .study_data import StudyData, join_cohort
from .train import train_bundle
from .training_settings import BUNDLE_KINDS, TrainingSettings

__all__ = ["BUNDLE_KINDS", "StudyData", "TrainingSettings", "join_cohort", "train_bundle"]
