"""What learns and what has been learnt: scaler, networks, logistic regression, merged models, bundles."""

from .bundle import SCHEMA_VERSION, Estimate, ModelBundle
from .bundle_io import load_bundle, save_bundle
from .dnn_score import DnnScore
from .find_bundle import find_bundle, shipped_bundles
from .folded_network import FoldedNetworks
from .linear_predictor import LinearPredictor, expit, logit
from .published_clinical import published_clinical_bundle
from .scaler import ZScore, fit_z_score
from .score_model import ScoreModel, ensemble_score

__all__ = [
    "SCHEMA_VERSION",
    "DnnScore",
    "Estimate",
    "FoldedNetworks",
    "LinearPredictor",
    "ModelBundle",
    "ScoreModel",
    "ZScore",
    "ensemble_score",
    "expit",
    "find_bundle",
    "fit_z_score",
    "load_bundle",
    "logit",
    "published_clinical_bundle",
    "save_bundle",
    "shipped_bundles",
]
