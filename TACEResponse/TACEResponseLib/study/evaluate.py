"""A frozen bundle on patients it never saw."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..cohort import CLINICAL_FACTS
from ..evaluation import DecisionCurves, Performance, at_threshold, decision_curves, frozen_performance
from ..evaluation.roc import ThresholdResult
from ..models import ModelBundle, expit
from ..models.wording import CLINICAL_CODING
from .study_data import StudyData
from .training_overlap import check_no_overlap, recalibration_remarks


@dataclass(frozen=True, eq=False)
class Evaluation:
    """How a bundle did on new patients.

    ``data`` are the patients who got a probability, ``log_odds`` (n,) theirs and ``refit_log_odds`` (n, B) those of the
    bundle's refits, ``left_out`` the number of patients in whom a fact that the bundle needs is unknown,
    ``out_of_range`` (n,) the numbers of features outside their training range.
    """

    bundle: ModelBundle
    data: StudyData
    log_odds: np.ndarray
    refit_log_odds: np.ndarray
    left_out: int
    out_of_range: np.ndarray

    @property
    def probability(self) -> np.ndarray:
        """(n,) of OR, 0-1."""
        return expit(self.log_odds)

    @cached_property
    def performance(self) -> Performance:
        """At the bundle's own threshold."""
        predicted = self.probability >= self.bundle.threshold
        return frozen_performance(self.log_odds, self.probability, predicted, self.data.outcome)

    @property
    def at_threshold(self) -> ThresholdResult:
        """Counts at the bundle's own threshold."""
        return at_threshold(self.probability, self.data.outcome, self.bundle.threshold)

    @property
    def decision_curves(self) -> DecisionCurves:
        """Net benefit of the bundle ("model"), of treating all and of treating none."""
        return decision_curves({"model": self.probability}, self.data.outcome)

    @property
    def out_of_range_patients(self) -> int:
        """Number of patients unlike the training patients."""
        return int((self.out_of_range > self.bundle.out_of_range_limit).sum())

    @property
    def remarks(self) -> list[str]:
        """What a reader of the numbers must know."""
        remarks = [*self.data.remarks, *recalibration_remarks(self.data, self.bundle)]
        if self.bundle.demonstration and not self.data.is_phantom:
            remarks.append("The model was trained on phantoms: its probabilities mean nothing for patients.")
        if self.left_out:
            remarks.append(
                f"{self.left_out} of {self.left_out + len(self.data.cases)} patients are left out, as a fact that the "
                "model needs is unknown and nothing is imputed."
            )
        if self.bundle.unknown_facts == "drop":
            remarks += [
                f"{CLINICAL_CODING[name]}: unknown in {count} of {len(self.data.cases)} patients; the model's term is "
                "dropped for them."
                for name, count in self.data.missing_facts.items()
                if name in self.bundle.required_facts
            ]
        return remarks


def evaluate(data: StudyData, bundle: ModelBundle) -> Evaluation:
    """Let the bundle predict every patient whose needed facts are known.

    Raises ValueError for patients on whom the model was trained, for features of another feature
    set or other settings, and if patients of one outcome only are left.
    """
    features = _features(data, bundle)
    check_no_overlap(data, features, bundle)
    needed = [CLINICAL_FACTS.index(name) for name in bundle.required_facts]
    known = ~np.isnan(data.facts[:, needed]).any(axis=1)
    if bundle.unknown_facts == "drop":
        known = np.ones(len(data.cases), dtype=bool)
    kept = data.subset(np.flatnonzero(known))
    if kept.outcome.size == 0 or kept.outcome.all() or not kept.outcome.any():
        raise ValueError(
            f"{len(kept.cases)} of {len(data.cases)} patients have every fact that the model {bundle.name} needs, "
            f"{int(kept.outcome.sum())} of them with OR; both OR and NOR are needed to evaluate a model. Fill in "
            f"{', '.join(bundle.required_facts)}."
        )
    predicted = [
        bundle.log_odds(None if features is None else row, facts)
        for row, facts in zip(features[known] if features is not None else kept.facts, _facts(kept), strict=True)
    ]
    outside = np.zeros(len(kept.cases), dtype=int)
    if features is not None:
        own = features[known]
        outside = ((own < bundle.feature_minimum) | (own > bundle.feature_maximum)).sum(axis=1)
    return Evaluation(
        bundle,
        kept,
        np.array([log_odds for log_odds, _ in predicted]),
        np.array([refits for _, refits in predicted]),
        int((~known).sum()),
        outside,
    )


def _facts(data: StudyData) -> list[dict[str, bool | None]]:
    return [
        {name: None if np.isnan(value) else bool(value) for name, value in zip(CLINICAL_FACTS, row, strict=True)}
        for row in data.facts
    ]


def _features(data: StudyData, bundle: ModelBundle) -> np.ndarray | None:
    """(n, n_features) in the bundle's order, or None if it needs none."""
    if not bundle.required_sequences:
        return None
    if data.table is None:
        raise ValueError(f"The model {bundle.name} needs features of {', '.join(bundle.required_sequences)}.")
    columns = bundle.feature_columns(data.feature_names, data.table.feature_set, data.table.settings)
    return data.features[:, columns]
