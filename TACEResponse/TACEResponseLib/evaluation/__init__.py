"""Judging scores and probabilities: ROC, intervals, calibration, decision curves, tables, audits."""

from .agreement import ReaderPair, cohen_kappa, reader_pairs
from .audit import Finding, audit
from .calibration import (
    Calibration,
    Recalibration,
    calibration,
    calibration_band,
    calibration_curve,
    patients_for_recalibration,
    patients_for_slope,
    recalibrate,
)
from .decision_curves import DecisionCurves, decision_curves
from .intervals import (
    Estimate,
    auc_interval,
    bootstrap_interval,
    corrected_resampled_interval,
    permutation_p,
    wilson_interval,
)
from .odds_ratios import OddsRatio, odds_ratios, univariate_odds_ratios
from .performance import Performance, frozen_performance
from .published_table import read_published_table
from .redundancy import aliases, following_size
from .roc import Z_95, Auc, AucDifference, at_threshold, auc, compare_auc, delong_auc, holm, roc_curve, youden_threshold
from .sample_size import SampleSize, sample_size
from .score_judgement import FollowUp, ScoreJudgement, judge_score
from .survival import FEW_EVENTS, ConcordanceIndex, KaplanMeierCurve, harrell_c, kaplan_meier, log_rank_p, months_text
from .table_one import TableOneRow, categorical_test, continuous_test, table_one, table_one_left_out

__all__ = [
    "FEW_EVENTS",
    "Z_95",
    "Auc",
    "AucDifference",
    "Calibration",
    "ConcordanceIndex",
    "DecisionCurves",
    "Estimate",
    "Finding",
    "FollowUp",
    "KaplanMeierCurve",
    "OddsRatio",
    "Performance",
    "ReaderPair",
    "Recalibration",
    "SampleSize",
    "ScoreJudgement",
    "TableOneRow",
    "aliases",
    "at_threshold",
    "auc",
    "auc_interval",
    "audit",
    "bootstrap_interval",
    "calibration",
    "calibration_band",
    "calibration_curve",
    "categorical_test",
    "cohen_kappa",
    "compare_auc",
    "continuous_test",
    "corrected_resampled_interval",
    "decision_curves",
    "delong_auc",
    "following_size",
    "frozen_performance",
    "harrell_c",
    "holm",
    "judge_score",
    "kaplan_meier",
    "log_rank_p",
    "months_text",
    "odds_ratios",
    "patients_for_recalibration",
    "patients_for_slope",
    "permutation_p",
    "read_published_table",
    "reader_pairs",
    "recalibrate",
    "roc_curve",
    "sample_size",
    "table_one",
    "table_one_left_out",
    "univariate_odds_ratios",
    "wilson_interval",
    "youden_threshold",
]
