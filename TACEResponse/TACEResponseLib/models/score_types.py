"""The types of score that a bundle may hold."""

from __future__ import annotations

import importlib

from .score_model import ScoreModel

_CLASSES = {
    "knn": ("knn_score", "KnnScore"),
    "svm": ("svm_score", "SvmScore"),
    "lasso": ("lasso_score", "LassoScore"),
    "dnn": ("dnn_score", "DnnScore"),
}
"""Type name: module and class. A prediction imports only the type that its bundle holds."""

SCORE_TYPES = tuple(_CLASSES)


def score_type(name: str) -> type[ScoreModel]:
    """The class with this `type_name`. Raises KeyError for a name that is not in `SCORE_TYPES`."""
    module, class_name = _CLASSES[name]
    return getattr(importlib.import_module(f".{module}", __package__), class_name)
