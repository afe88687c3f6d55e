"""What results.json of a study and of an evaluation holds, key by key (Docs/study.md)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import cast

import numpy as np

from ..cohort import Json
from ..evaluation import Calibration, Performance
from ..study.evaluate import Evaluation
from ..study.results import NestedCvPerformance, Optimism, PublishedPerformance, StudyResult
from ..study.site_recalibration import SiteRecalibration

SCHEMA = 1

SILENT_DECISIONS: dict[str, Json] = {
    "loss of the DNN": "cross-entropy, both outcomes with equal weight",
    "weight decay of the DNN": "none",
    "lesion of a patient with several": "the largest, unless --lesions all",
    "test of normality in Table 1": "Kolmogorov-Smirnov with Lilliefors' correction, in each group, p > .05",
    "separated outcomes": "ridge penalty (C = 1 on standardised terms)",
    "accuracy of the published protocol": "at .5, for the SVM at 0 (our guess from the printed numbers)",
}
"""Where the paper is silent and no learner's settings state it; recorded with every study."""


def as_json(value: object) -> Json:
    """Results by the names of their fields, and those whose keys are older than the fields by these."""
    if isinstance(value, Performance):
        return _performance(value)
    if isinstance(value, PublishedPerformance):
        names = ("sensitivity", "specificity", "accuracy", "penalised")
        return {**_auc(value), **{name: getattr(value, name) for name in names}}
    if isinstance(value, Optimism):
        mean, low, high = value.nested_cv
        return {
            "model": value.model,
            "paper_train": value.published_train,
            "paper_test": value.published_test,
            "honest": mean,
            "honest_low": low,
            "honest_high": high,
            "gap": value.gap,
        }
    if isinstance(value, Calibration):
        return {name: getattr(value, name) for name in ("intercept", "slope", "ici", "brier")}
    if is_dataclass(value):
        return {field.name: as_json(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(name): as_json(part) for name, part in value.items()}
    if isinstance(value, np.ndarray):
        return cast(Json, value.tolist())
    return [as_json(part) for part in value] if isinstance(value, (list, tuple)) else cast(Json, value)


def study_json(result: StudyResult) -> dict[str, Json]:
    """Of a study. The keys keep the names that the protocols had first: ``paper`` holds the published protocol,
    ``honest`` nested cross-validation, ``leak_audit`` the optimism."""
    numbers: dict[str, object] = {
        "schema": SCHEMA,
        "cohort": result.cohort,
        "settings": settings_json(result),
        "remarks": result.remarks,
    }
    nested, published = result.nested_cv, result.published
    if nested is not None:
        numbers |= {
            "honest": nested.models,
            "honest_comparisons": nested.comparisons,
            "decision_curves": nested.decision_curves or {},
            "readers": nested.readers or {},
            "selected_features": nested.selected_features,
            "external": nested.external,
            "external_comparisons": nested.external_comparisons,
        }
        optional = {"leave_one_centre_out": nested.centres, "permutation_null": nested.permutation_null}
        numbers |= {name: part for name, part in optional.items() if part is not None}
    if published is not None:
        numbers |= {
            "paper_sets": published.sets,
            "paper": published.models,
            "paper_comparisons": published.comparisons,
        }
    if result.optimism is not None:
        numbers["leak_audit"] = result.optimism
    numbers |= {field.name: getattr(result.tables, field.name) for field in fields(result.tables)}
    if result.tables.redundancy is None:
        del numbers["redundancy"]
    return {name: as_json(part) for name, part in numbers.items()}


def settings_json(result: StudyResult) -> dict[str, Json]:
    """The settings of a study."""
    features = result.data.table.settings if result.data.table is not None else None
    return {
        "protocol": result.settings.protocol,
        "quick": result.settings.is_quick,
        "honest": as_json(result.settings.nested_cv),
        "learners": dict(result.learner_settings),
        "where_the_paper_is_silent": SILENT_DECISIONS | ({} if features is None else {"features": features.as_dict()}),
    }


def evaluation_json(evaluation: Evaluation, recalibration: SiteRecalibration | None) -> dict[str, Json]:
    """Of a frozen bundle on new patients, and of a site recalibration made on the same patients."""
    bundle, data, counts = evaluation.bundle, evaluation.data, evaluation.at_threshold
    names = ("name", "sha256", "demonstration", "cohort_size", "prevalence")
    performance = _performance(evaluation.performance)
    numbers: dict[str, Json] = {
        "schema": SCHEMA,
        "bundle": {name: getattr(bundle, name) for name in names},
        "patients": len(data.outcome),
        "responders": data.responders,
        "prevalence": float(data.outcome.mean()),
        "mean_probability": float(evaluation.probability.mean()),
        "left_out_unknown_facts": evaluation.left_out,
        "phantoms": data.is_phantom,
        "cohort_sha256": data.sha256(),
        "remarks": evaluation.remarks,
        **{name: performance[name] for name in ("auc", "auc_low", "auc_high")},
        "threshold": bundle.threshold,
        "true_positive": counts.true_positive,
        "true_negative": counts.true_negative,
        **performance,
        "out_of_range_patients": evaluation.out_of_range_patients,
        "decision_curve": as_json(evaluation.decision_curves),
    }
    return numbers if recalibration is None else numbers | {"recalibration": _recalibration(recalibration)}


def _recalibration(one: SiteRecalibration) -> dict[str, Json]:
    return {
        **cast(dict[str, Json], as_json(one.fitted)),
        "before": as_json(one.before),
        "after": as_json(one.after),
        "after_is": one.after_is,
        "patients_needed_for_intercept": one.patients_for_intercept,
        "patients_needed_for_slope": one.patients_for_slope,
    }


def _performance(one: Performance) -> dict[str, Json]:
    shares = {"accuracy": one.accuracy, "sensitivity": one.sensitivity, "specificity": one.specificity}
    fit = cast(dict[str, Json], as_json(one.calibration))
    return {
        **_auc(one),
        **({"auc_these_predictions": one.auc_these_predictions} if isinstance(one, NestedCvPerformance) else {}),
        **{name: share.value for name, share in shares.items()},
        **{f"{name}_interval": [share.low, share.high] for name, share in shares.items()},
        **{f"calibration_{name}": value for name, value in fit.items()},
        "calibration_can_be_judged": one.calibration.can_be_judged,
        **({"penalised_parts": one.penalised_parts} if isinstance(one, NestedCvPerformance) else {}),
    }


def _auc(one: Performance | PublishedPerformance) -> dict[str, Json]:
    return {"auc": one.auc.value, "auc_low": one.auc.low, "auc_high": one.auc.high}
