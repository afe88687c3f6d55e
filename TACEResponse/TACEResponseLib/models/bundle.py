"""A model as a folder: ``model.json``, ``arrays.npz`` and ``MODEL_CARD.md``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ..cohort import named_and_more
from ..features import FeatureSettings
from .linear_predictor import LinearPredictor, expit, logit
from .score_model import ScoreModel, ensemble_score

SCHEMA_VERSION = 2
"""2: layers of networks may be of low rank, and a factor of recalibration no longer comes from an outer run. Bundles of
schema 1 are read."""


@dataclass(frozen=True)
class Estimate:
    """What a bundle says of one patient whose needed facts are all known.

    ``probability`` of OR 0-1 with its 95 % percentile interval over the bundle's bootstrap refits; ``scores`` by model
    name, 0-1 for KNN and DNN (empty for a clinical-only bundle); ``terms`` maps a term (a score's name or a clinical
    fact) to (coded value, log odds against the training mean, low, high).
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
    predictor : LinearPredictor
        The logistic regression of scores and facts, recalibrated, with its bootstrap refits.
    score_only : LinearPredictor or None
        The calibrated model of the score alone.
    scores, refit_scores : dict
        Score models by name: the deployed ensemble, and the bootstrap refits (one member a refit).
    clinical_coding : dict
        Fact -> what True means, in words.
    unknown_facts : str
        "range": the estimate needs every fact. "drop": an unknown fact may also be left out (None or absent).
    prevalence : float
        Share of OR that the probabilities assume; see `with_prevalence`.
    calibration : dict
        How the linear predictor was recalibrated: slope and intercept, and what they were estimated on.
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
    provenance: Mapping[str, Any]
    card: str
    predictor: LinearPredictor
    prevalence: float
    score_only: LinearPredictor | None = None
    scores: Mapping[str, ScoreModel] = field(default_factory=dict)
    refit_scores: Mapping[str, ScoreModel] = field(default_factory=dict)
    clinical_coding: Mapping[str, str] = field(default_factory=dict)
    unknown_facts: str = "range"
    calibration: Mapping[str, Any] = field(default_factory=dict)
    # The scores of the patient seen last: unknown facts and what-if ask for him up to sixteen times.
    _latest_scores: dict[bytes, tuple[dict[str, float], dict[str, np.ndarray]]] = field(
        default_factory=dict, init=False, repr=False
    )

    def estimate(self, features: np.ndarray | None, facts: Mapping[str, bool]) -> Estimate:
        """Probability of one patient.

        Parameters
        ----------
        features : array (n_features,) or None
            In the order of ``feature_names``, unscaled; None for a bundle that needs no images.
        facts : dict
            Every one of ``required_facts``, True or False; where ``unknown_facts`` is "drop", also None or absent.

        Raises
        ------
        ValueError
            For an unknown fact that may not be dropped, and for features that are missing, undefined or of another
            number.
        """
        return self._estimate(self.predictor, features, facts)

    def log_odds(
        self, features: np.ndarray | None, facts: Mapping[str, bool | None], score_only: bool = False
    ) -> tuple[float, np.ndarray]:
        """Log odds of OR of one patient and those by each refit (B,), of the model or of its score alone.

        Arguments and errors as of `estimate`.
        """
        predictor = self.score_only if score_only else self.predictor
        if predictor is None:
            raise ValueError(f"The model {self.name} cannot predict from its score alone.")
        values, refit_values = self._terms(predictor, *self._scores(features), facts)
        return predictor.log_odds(values, refit_values)

    def feature_columns(
        self, names: Sequence[str], feature_set: str | None, settings: FeatureSettings | None
    ) -> list[int]:
        """Where the model's features, in its order, stand among ``names`` (columns with prefix).

        Raises ValueError for features of another set or with other settings, of unknown origin (both None), or if some
        are missing.
        """
        needed = f"the model {self.name} needs the set {self.feature_set} and the settings {self.settings}"
        if settings is None:
            raise ValueError(
                "The feature table has no provenance file, so that nobody knows how its features were made; "
                f"{needed}. Extract them again."
            )
        if settings != self.settings or feature_set != self.feature_set:
            raise ValueError(
                f"The features were made with the set {feature_set} and the settings {settings}, but {needed}; extract "
                "them again with those."
            )
        column = {name: number for number, name in enumerate(names)}
        missing = [name for name in self.feature_names if name not in column]
        if missing:
            raise ValueError(
                f"{len(missing)} features that the model {self.name} needs are missing, such as {missing[0]}; extract "
                f"them again for {', '.join(self.required_sequences)}."
            )
        return [column[name] for name in self.feature_names]

    def estimate_from_score_only(self, features: np.ndarray) -> Estimate | None:
        """The calibrated model of the score alone, for when no fact is known; None if the bundle has none."""
        if self.score_only is None:
            return None
        return self._estimate(self.score_only, features, {})

    def with_prevalence(self, prevalence: float) -> ModelBundle:
        """The same bundle for a place where another share of patients responds.

        Adds logit(prevalence) - logit(own prevalence) to the log odds of every patient, of every refit and of the
        threshold, which assumes that only the share of responders differs, not what they look like. The uncertainty of
        the training share stays in the interval. ``cohort_size`` and ``cohort_responders`` stay those of the training.
        """
        if not 0.0 < prevalence < 1.0:
            raise ValueError(f"The share of responders must lie between 0 and 1 (for example 0.49), not {prevalence}.")
        shift = float(logit(prevalence) - logit(self.prevalence))
        return replace(
            self,
            prevalence=prevalence,
            predictor=self.predictor.shifted(shift),
            score_only=None if self.score_only is None else self.score_only.shifted(shift),
            threshold=float(expit(logit(self.threshold) + shift)),
            threshold_rule=f"{self.threshold_rule}, moved with the assumed share of responders to {prevalence:.3f}",
        )

    def _estimate(
        self, predictor: LinearPredictor, features: np.ndarray | None, facts: Mapping[str, bool | None]
    ) -> Estimate:
        scores, refit_scores = self._scores(features)
        values, refit_values = self._terms(predictor, scores, refit_scores, facts)
        probability, low, high = predictor.probability(values, refit_values)
        if not np.isfinite([probability, low, high]).all():
            raise ValueError(
                f"The model {self.name} gives no probability for these features, which it was not made for."
            )
        return Estimate(probability, low, high, scores, predictor.term_log_odds(values, refit_values))

    def _terms(
        self,
        predictor: LinearPredictor,
        scores: Mapping[str, float],
        refit_scores: Mapping[str, np.ndarray],
        facts: Mapping[str, bool | None],
    ) -> tuple[np.ndarray, np.ndarray]:
        values = np.empty(len(predictor.terms))
        refit_values = np.empty((len(predictor.refit_intercepts), len(predictor.terms)))
        for number, term in enumerate(predictor.terms):
            if term in scores:
                values[number], refit_values[:, number] = scores[term], refit_scores[term]
            else:
                values[number] = refit_values[:, number] = self._fact(term, facts)
        return values, refit_values

    def _fact(self, name: str, facts: Mapping[str, bool | None]) -> float:
        if facts.get(name) is not None:
            return float(bool(facts[name]))
        if self.unknown_facts == "drop":
            return np.nan
        raise ValueError(f"The model {self.name} needs the fact {name}, which is unknown.")

    def _scores(self, features: np.ndarray | None) -> tuple[dict[str, float], dict[str, np.ndarray]]:
        if not self.scores:
            return {}, {}
        if features is None:
            raise ValueError(f"The model {self.name} needs the features of {', '.join(self.required_sequences)}.")
        values = np.ascontiguousarray(features, dtype=float)
        if values.shape != (len(self.feature_names),):
            raise ValueError(f"The model {self.name} needs {len(self.feature_names)} features, not {values.shape}.")
        undefined = [name for name, value in zip(self.feature_names, values, strict=True) if not np.isfinite(value)]
        if undefined:
            raise ValueError(
                f"The model {self.name} needs features that are undefined for this VOI: {named_and_more(undefined)}."
            )
        patient = values.tobytes()
        latest = self._latest_scores.get(patient)
        if latest is None:
            row = values[None]
            latest = (
                {name: float(ensemble_score(model, row)[0]) for name, model in self.scores.items()},
                {name: model.member_scores(row)[0] for name, model in self.refit_scores.items()},
            )
            self._latest_scores.clear()
            self._latest_scores[patient] = latest
        return latest
