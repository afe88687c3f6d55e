"""What is done with a case and with a cohort, once for command line, panel, scripts, workers and clusters."""

from .case import CaseFeatures, CaseResult, FeatureRecipe, extract_case, predict_case, read_images
from .case_files import PREDICTION_FILE, REPORT_FILE, case_folder, write_case_files
from .cohort import (
    FEATURES_FILE,
    PREDICTIONS_FILE,
    CohortResult,
    CohortRun,
    batch_folder,
    extract_cohort,
    predict_cohort,
)
from .jobs import ExtractJob, PredictJob

__all__ = [
    "FEATURES_FILE",
    "PREDICTIONS_FILE",
    "PREDICTION_FILE",
    "REPORT_FILE",
    "CaseFeatures",
    "CaseResult",
    "CohortResult",
    "CohortRun",
    "ExtractJob",
    "FeatureRecipe",
    "PredictJob",
    "batch_folder",
    "case_folder",
    "extract_case",
    "extract_cohort",
    "predict_case",
    "predict_cohort",
    "read_images",
    "write_case_files",
]
