"""A model as a folder: ``model.json``, ``arrays.npz`` and ``MODEL_CARD.md``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..features import FeatureSettings

SCHEMA_VERSION = 1


@dataclass(frozen=True)
class Estimate:
    """What a bundle says of one patient whose needed facts are all known.

    ``probability`` of OR 0-1 with its 95 % percentile interval over the bundle's bootstrap refits; ``scores`` by model
    name, 0-1 (empty for a clinical-only bundle); ``terms`` maps a term (a score's name or a clinical fact) to (coded
    value, log odds against the training mean, low, high).
    """

    probability: float
    probability_low: float
    probability_high: float
    scores: Mapping[str, float]
    terms: Mapping[str, tuple[float, float, float, float]]


@dataclass(frozen=True, eq=False)
class ModelBundle:
    """Everything that predicting with one frozen model needs.

    Attributes
    ----------
    name : str
    schema_version : int
    kind : str
        "clinical", "radiomics" or "merged" (CL and CD).
    demonstration : bool
        True for a model trained on phantoms.
    required_sequences : tuple of str
        Empty for a model that needs no images.
    required_facts : tuple of str
        Of `cohort.CLINICAL_FACTS`.
    feature_set : str or None
    settings : FeatureSettings or None
    feature_names : tuple of str
        ``<SEQUENCE>_<class>_<Feature>``, the order of every array.
    outcome, time_horizon : str
        E.g. "objective response (mRECIST CR or PR)", "MR about 3 months after the first TACE".
    cohort_size, cohort_responders : int
        Patients learnt from and those of them with OR; their ratio is the prevalence.
    threshold : float
        Probability at or above which the class is OR.
    threshold_rule : str
        How it was chosen.
    training_scores : dict
        {"OR": array, "NOR": array}: out-of-fold scores of the score named by ``position_score``.
    position_score : str
        Which number ``training_scores`` holds: a score's name ("dnn") or "probability".
    feature_minimum, feature_maximum : arrays (n_features,)
        Training ranges.
    out_of_range_limit : float
        95th percentile of the leave-one-out out-of-range counts in training.
    sha256 : str
        Of the whole bundle (model.json and the arrays).
    provenance : dict
        What it was trained on, by which command, seeds, versions.
    card : str
        Text of MODEL_CARD.md.
    """

    name: str
    schema_version: int
    kind: str
    demonstration: bool
    required_sequences: tuple[str, ...]
    required_facts: tuple[str, ...]
    feature_set: str | None
    settings: FeatureSettings | None
    feature_names: tuple[str, ...]
    outcome: str
    time_horizon: str
    cohort_size: int
    cohort_responders: int
    threshold: float
    threshold_rule: str
    training_scores: Mapping[str, np.ndarray]
    position_score: str
    feature_minimum: np.ndarray
    feature_maximum: np.ndarray
    out_of_range_limit: float
    sha256: str
    provenance: Mapping[str, object]
    card: str

    def estimate(self, features: np.ndarray | None, facts: Mapping[str, bool]) -> Estimate:
        """Probability of one patient.

        Parameters
        ----------
        features : array (n_features,) or None
            In the order of ``feature_names``, unscaled; None for a bundle that needs no images.
        facts : dict
            Every one of ``required_facts``, True or False.
        """
        raise NotImplementedError

    def estimate_from_score_only(self, features: np.ndarray) -> Estimate | None:
        """The calibrated model of the score alone, for when no fact is known; None if the bundle has none."""
        raise NotImplementedError
