"""How far features repeat when a tumour is drawn again: ICC, overlap of VOIs, perturbation of a VOI."""

from .icc import DEFAULT_FORM, ICC_FORMS, Icc, icc
from .overlap import Overlap, overlap, overlaps
from .perturb import DEFAULT_PERTURBATION, PerturbationSettings, perturb, perturb_images
from .plan import PLAN_COLUMNS, plan_redrawing
from .redrawn import FEW_PAIRS, FEWEST_PAIRS, INTER_OBSERVER, TEST_RETEST, Redrawn, find_redrawn
from .stable_features import (
    GOOD_ICC,
    FeatureChoice,
    Repeatability,
    StableFeatures,
    icc_warnings,
    read_stable_features,
    repeatability,
    stable_features,
    stable_names,
    write_stable_features,
)

__all__ = [
    "DEFAULT_FORM",
    "DEFAULT_PERTURBATION",
    "FEWEST_PAIRS",
    "FEW_PAIRS",
    "GOOD_ICC",
    "ICC_FORMS",
    "INTER_OBSERVER",
    "PLAN_COLUMNS",
    "TEST_RETEST",
    "FeatureChoice",
    "Icc",
    "Overlap",
    "PerturbationSettings",
    "Redrawn",
    "Repeatability",
    "StableFeatures",
    "find_redrawn",
    "icc",
    "icc_warnings",
    "overlap",
    "overlaps",
    "perturb",
    "perturb_images",
    "plan_redrawing",
    "read_stable_features",
    "repeatability",
    "stable_features",
    "stable_names",
    "write_stable_features",
]
