"""VOIs become numbers: settings, feature sets, engines, feature vectors and feature tables."""

from .engine import Engine, EngineResult
from .engines import ENGINES, get_engine
from .extraction import extract_features
from .feature_sets import FEATURE_SETS, FeatureSet, get_feature_set
from .feature_vector import FeatureVector
from .settings import PAPER_SETTINGS, FeatureSettings
from .settings_file import read_settings
from .table import FeatureTable, append_to_feature_table, provenance_path, read_feature_table, write_feature_table

__all__ = [
    "ENGINES",
    "FEATURE_SETS",
    "PAPER_SETTINGS",
    "Engine",
    "EngineResult",
    "FeatureSet",
    "FeatureSettings",
    "FeatureTable",
    "FeatureVector",
    "append_to_feature_table",
    "extract_features",
    "get_engine",
    "get_feature_set",
    "provenance_path",
    "read_feature_table",
    "read_settings",
    "write_feature_table",
]
