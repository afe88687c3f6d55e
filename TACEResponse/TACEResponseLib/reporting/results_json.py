"""What results.json of a study and of an evaluation holds, key by key (Docs/study.md)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from ..cohort import Json
from ..evaluation import Calibration, DecisionCurves, Estimate, Performance
from ..study.evaluate import Evaluation
from ..study.results import (
    Comparison,
    NestedCvPerformance,
    NestedCvResult,
    Optimism,
    PublishedPerformance,
    PublishedResult,
    StudyResult,
)
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


def study_json(result: StudyResult) -> dict[str, Json]:
    """Of a study. The keys keep the names that the protocols had first: ``paper`` holds the published protocol,
    ``honest`` nested cross-validation, ``leak_audit`` the optimism."""
    tables = result.tables
    return {
        "schema": SCHEMA,
        "cohort": asdict(result.cohort),
        "settings": settings_json(result),
        "remarks": result.remarks,
        **(_nested_cv_json(result.nested_cv) if result.nested_cv else {}),
        **(_published_json(result.published) if result.published else {}),
        **({} if result.optimism is None else {"leak_audit": [_optimism_json(one) for one in result.optimism]}),
        "table_one": [asdict(row) for row in tables.table_one],
        "table_one_left_out": tables.table_one_left_out,
        "univariate": [asdict(row) for row in tables.univariate],
        "multivariate": [asdict(row) for row in tables.multivariate],
        **({} if tables.redundancy is None else {"redundancy": asdict(tables.redundancy)}),
    }


def settings_json(result: StudyResult) -> dict[str, Json]:
    """The settings of a study."""
    features = result.data.table.settings if result.data.table is not None else None
    return {
        "protocol": result.settings.protocol,
        "quick": result.settings.is_quick,
        "honest": asdict(result.settings.nested_cv),
        "learners": dict(result.learner_settings),
        "where_the_paper_is_silent": SILENT_DECISIONS | ({} if features is None else {"features": features.as_dict()}),
    }


def evaluation_json(evaluation: Evaluation, recalibration: SiteRecalibration | None) -> dict[str, Json]:
    """Of a frozen bundle on new patients, and of a site recalibration made on the same patients."""
    bundle, data, performance = evaluation.bundle, evaluation.data, evaluation.performance
    counts = evaluation.at_threshold
    return {
        "schema": SCHEMA,
        "bundle": {
            "name": bundle.name,
            "sha256": bundle.sha256,
            "demonstration": bundle.demonstration,
            "cohort_size": bundle.cohort_size,
            "prevalence": bundle.prevalence,
        },
        "patients": len(data.outcome),
        "responders": data.responders,
        "prevalence": float(data.outcome.mean()),
        "mean_probability": float(evaluation.probability.mean()),
        "left_out_unknown_facts": evaluation.left_out,
        "phantoms": data.is_phantom,
        "cohort_sha256": data.sha256(),
        "remarks": evaluation.remarks,
        **_auc_json(performance.auc),
        "threshold": bundle.threshold,
        "true_positive": counts.true_positive,
        "true_negative": counts.true_negative,
        **_shares_json(performance),
        **_calibration_json(performance.calibration, "calibration_"),
        "calibration_can_be_judged": performance.calibration.can_be_judged,
        "out_of_range_patients": evaluation.out_of_range_patients,
        "decision_curve": _curves_json(evaluation.decision_curves),
        **({} if recalibration is None else {"recalibration": _recalibration_json(recalibration)}),
    }


def _recalibration_json(one: SiteRecalibration) -> dict[str, Json]:
    return {
        **asdict(one.fitted),
        "before": _calibration_json(one.before),
        "after": _calibration_json(one.after),
        "after_is": one.after_is,
        "patients_needed_for_intercept": one.patients_for_intercept,
        "patients_needed_for_slope": one.patients_for_slope,
    }


def _nested_cv_json(result: NestedCvResult) -> dict[str, Json]:
    centres, null = result.centres, result.permutation_null
    return {
        "honest": {title: _nested_cv_performance_json(one) for title, one in result.models.items()},
        "honest_comparisons": _comparisons_json(result.comparisons),
        "decision_curves": {} if result.decision_curves is None else _curves_json(result.decision_curves),
        "readers": {} if result.readers is None else asdict(result.readers),
        "selected_features": {
            score: [asdict(one) for one in features] for score, features in result.selected_features.items()
        },
        "external": {title: _performance_json(one) for title, one in result.external.items()},
        "external_comparisons": _comparisons_json(result.external_comparisons),
        **(
            {}
            if centres is None
            else {
                "leave_one_centre_out": {
                    name: {
                        "patients": one.patients,
                        "responders": one.responders,
                        "models": None
                        if one.models is None
                        else {title: _performance_json(own) for title, own in one.models.items()},
                    }
                    for name, one in centres.items()
                }
            }
        ),
        **({} if null is None else {"permutation_null": {score: asdict(one) for score, one in null.items()}}),
    }


def _published_json(result: PublishedResult) -> dict[str, Json]:
    return {
        "paper_sets": {name: asdict(one) for name, one in result.sets.items()},
        "paper": {
            title: {name: _published_performance_json(one) for name, one in sets.items()}
            for title, sets in result.models.items()
        },
        "paper_comparisons": {name: _comparisons_json(rows) for name, rows in result.comparisons.items()},
    }


def _performance_json(one: Performance) -> dict[str, Json]:
    return {
        **_auc_json(one.auc),
        **_shares_json(one),
        **_calibration_json(one.calibration, "calibration_"),
        "calibration_can_be_judged": one.calibration.can_be_judged,
    }


def _nested_cv_performance_json(one: NestedCvPerformance) -> dict[str, Json]:
    return {
        **_auc_json(one.auc),
        "auc_these_predictions": one.auc_these_predictions,
        **_performance_json(one),
        "penalised_parts": one.penalised_parts,
    }


def _published_performance_json(one: PublishedPerformance) -> dict[str, Json]:
    return {
        **_auc_json(one.auc),
        "sensitivity": one.sensitivity,
        "specificity": one.specificity,
        "accuracy": one.accuracy,
        "penalised": one.penalised,
    }


def _optimism_json(one: Optimism) -> dict[str, Json]:
    return {
        "model": one.model,
        "paper_train": one.published_train,
        "paper_test": one.published_test,
        "honest": one.nested_cv.value,
        "honest_low": one.nested_cv.low,
        "honest_high": one.nested_cv.high,
        "gap": one.gap,
    }


def _auc_json(one: Estimate) -> dict[str, Json]:
    return {"auc": one.value, "auc_low": one.low, "auc_high": one.high}


def _shares_json(one: Performance) -> dict[str, Json]:
    shares = {"accuracy": one.accuracy, "sensitivity": one.sensitivity, "specificity": one.specificity}
    return {
        **{name: share.value for name, share in shares.items()},
        **{f"{name}_interval": [share.low, share.high] for name, share in shares.items()},
    }


def _calibration_json(one: Calibration, prefix: str = "") -> dict[str, Json]:
    return {f"{prefix}{name}": getattr(one, name) for name in ("intercept", "slope", "ici", "brier")}


def _comparisons_json(rows: Sequence[Comparison]) -> list[Json]:
    return [asdict(one) for one in rows]


def _curves_json(curves: DecisionCurves) -> dict[str, Json]:
    return {
        "thresholds": curves.thresholds.tolist(),
        "net_benefit": {name: benefit.tolist() for name, benefit in curves.net_benefit.items()},
    }
