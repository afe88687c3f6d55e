"""The features of one case, and how they are made from its VOIs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from ..cohort import CaseKey
from .settings import FeatureSettings


@dataclass(frozen=True, eq=False)
class FeatureVector:
    """Features of one case; ``is_phantom`` only if every image says that it is one.

    ``names`` are ``<SEQUENCE>_<class>_<Feature>``, ``values`` float64 of the same length, NaN where undefined, with the
    reason in ``undefined``. ``input_sha256`` maps a sequence to (hash of canonical image, hash of canonical mask).
    """

    key: CaseKey
    names: tuple[str, ...]
    values: np.ndarray
    settings: FeatureSettings
    feature_set: str
    engine: str
    is_phantom: bool = False
    undefined: Mapping[str, str] = field(default_factory=dict)
    input_sha256: Mapping[str, tuple[str, str]] = field(default_factory=dict)
