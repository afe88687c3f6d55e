"""A frozen bundle on patients it never saw."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..cohort import CLINICAL_FACTS
from ..evaluation import (
    at_threshold,
    calibration,
    decision_curve,
    delong_auc,
    wilson_interval,
)
from ..models import ModelBundle, expit
from ..models.wording import CLINICAL_CODING
from .judgements import DECISION_THRESHOLDS
from .known_patients import check_unknown, recalibration_remarks
from .study_data import StudyData


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

    def numbers(self) -> dict[str, object]:
        """What results.json holds; DeLong and Wilson intervals, as the model is frozen."""
        outcome, probability = self.data.outcome, self.probability
        auc = delong_auc(self.log_odds, outcome)
        fit = calibration(probability, outcome)
        chosen = at_threshold(probability, outcome, self.bundle.threshold)
        right = (probability >= self.bundle.threshold) == outcome
        shares = {"accuracy": right, "sensitivity": right[outcome], "specificity": right[~outcome]}
        curves = decision_curve({"model": probability}, outcome, DECISION_THRESHOLDS)
        return {
            "schema": 1,
            "bundle": {
                "name": self.bundle.name,
                "sha256": self.bundle.sha256,
                "demonstration": self.bundle.demonstration,
                "cohort_size": self.bundle.cohort_size,
                "prevalence": self.bundle.prevalence,
            },
            "patients": len(outcome),
            "responders": int(outcome.sum()),
            "prevalence": float(outcome.mean()),
            "mean_probability": float(probability.mean()),
            "left_out_unknown_facts": self.left_out,
            "phantoms": self.data.is_phantom,
            "cohort_sha256": self.data.sha256(),
            "remarks": [*self.data.remarks, *self._remarks()],
            "auc": auc.value,
            "auc_low": auc.low,
            "auc_high": auc.high,
            "threshold": self.bundle.threshold,
            "true_positive": chosen.true_positive,
            "true_negative": chosen.true_negative,
            **{name: float(members.mean()) for name, members in shares.items()},
            **{
                f"{name}_interval": list(wilson_interval(int(members.sum()), members.size))
                for name, members in shares.items()
            },
            **{f"calibration_{name}": getattr(fit, name) for name in ("intercept", "slope", "ici", "brier")},
            "calibration_can_be_judged": fit.can_be_judged,
            "out_of_range_patients": int((self.out_of_range > self.bundle.out_of_range_limit).sum()),
            "decision_curve": {
                "thresholds": DECISION_THRESHOLDS.tolist(),
                "net_benefit": {name: curve.tolist() for name, curve in curves.items()},
            },
        }

    def _remarks(self) -> list[str]:
        remarks = recalibration_remarks(self.data, self.bundle.provenance)
        if self.bundle.demonstration and not self.data.is_phantom:
            remarks.append("The model learnt from phantoms: what it says of patients means nothing.")
        if self.left_out:
            remarks.append(
                f"{self.left_out} patients are left out, as a fact that the model needs is unknown in them and "
                "nothing is imputed."
            )
        if self.bundle.unknown_facts == "drop":
            remarks += [
                f"{CLINICAL_CODING[name]} is unknown in {count} patients; the model's term is dropped for them."
                for name, count in self.data.missing_facts.items()
                if name in self.bundle.required_facts
            ]
        return remarks


def evaluate(data: StudyData, bundle: ModelBundle) -> Evaluation:
    """Let the bundle predict every patient whose needed facts are known.

    Raises ValueError for patients whom the model learnt from or was recalibrated on, for features of another feature
    set or other settings, and if patients of one outcome only are left.
    """
    features = _features(data, bundle)
    check_unknown(data, features, bundle.name, bundle.provenance)
    needed = [CLINICAL_FACTS.index(name) for name in bundle.required_facts]
    known = ~np.isnan(data.facts[:, needed]).any(axis=1)
    if bundle.unknown_facts == "drop":
        known = np.ones(len(data.cases), dtype=bool)
    kept = data.subset(np.flatnonzero(known))
    if kept.outcome.size == 0 or kept.outcome.all() or not kept.outcome.any():
        raise ValueError(
            f"{len(kept.cases)} of {len(data.cases)} patients have every fact that the model {bundle.name} needs, "
            f"{int(kept.outcome.sum())} of them with OR; both OR and NOR are needed to judge a model. Fill in "
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
