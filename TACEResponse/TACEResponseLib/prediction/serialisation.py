"""``prediction.json`` and the rows of ``predictions.csv`` (architecture.md).

A demonstration model's numbers for a patient who is no phantom must not be taken for a probability by mistake: then
``probability``, ``probability_low``, ``probability_high``, ``probability_range``, ``perturbation`` and ``score_only``
are null (empty in the table), ``class`` is "undecided", and the struck-out values stand under
``demonstration_numbers`` (in the table as the text "DEMONSTRATION 0.62" in a column of their own).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..cohort import CaseKey, CaseWarning, Json, public, replace_file, write_table
from ..scores import PublishedScores, ScoreResult, published_scores
from .result import Contribution, PerturbationBand, Position, Prediction

PREDICTION_SCHEMA_VERSION = 1

PREDICTION_COLUMNS = (
    *CaseKey._fields,
    "model",
    "model_sha256",
    "probability",
    "probability_low",
    "probability_high",
    "perturbation_low",
    "perturbation_high",
    "range_low",
    "range_high",
    "score_only_probability",
    "class",
    "threshold",
    "scores",
    "unknown_facts",
    "is_phantom",
    "demonstration_only",
    "demonstration_number",
    "warnings",
    "published_scores",
    "error",
)
"""Columns of ``predictions.csv``. ``probability`` is empty when a needed fact is unknown; the range columns are empty
otherwise, the perturbation columns where no band over perturbed VOIs was asked for. ``scores`` reads "dnn=0.71",
``warnings`` lists codes; both and ``unknown_facts`` are separated by blanks. ``published_scores`` reads "HAP 1, B;
Up-to-7 9.3, beyond", or holds why there is none. ``error`` says why a case has no result;
its other cells are empty then."""

_NUMBERS = (
    "probability",
    "probability_low",
    "probability_high",
    "probability_range",
    "perturbation",
    "score_only",
    "class",
)


def prediction_to_dict(prediction: Prediction) -> dict[str, Any]:
    """The content of ``prediction.json`` in plain JSON types."""
    numbers: dict[str, Any] = {
        "probability": prediction.probability,
        "probability_low": prediction.probability_low,
        "probability_high": prediction.probability_high,
        "probability_range": None if prediction.probability_range is None else list(prediction.probability_range),
        "perturbation": None if prediction.perturbation is None else asdict(prediction.perturbation),
        "score_only": None,
        "class": prediction.predicted_class,
    }
    if prediction.score_only_probability is not None:
        numbers["score_only"] = {
            "probability": prediction.score_only_probability,
            "probability_low": prediction.score_only_low,
            "probability_high": prediction.score_only_high,
        }
    struck_out = None
    if prediction.demonstration_only:
        struck_out, numbers = numbers, {**dict.fromkeys(_NUMBERS), "class": "undecided"}
    return {
        "schema": PREDICTION_SCHEMA_VERSION,
        **prediction.key._asdict(),
        "bundle": {
            "name": prediction.bundle_name,
            "sha256": prediction.bundle_sha256,
            "demonstration": prediction.bundle_demonstration,
        },
        "is_phantom": prediction.is_phantom,
        "demonstration_only": prediction.demonstration_only,
        **numbers,
        "demonstration_numbers": struck_out,
        "threshold": prediction.threshold,
        "scores": dict(prediction.scores),
        "contributions": [asdict(contribution) for contribution in prediction.contributions],
        "position": None if prediction.position is None else asdict(prediction.position),
        "unknown_facts": list(prediction.unknown_facts),
        "out_of_range_count": prediction.out_of_range_count,
        "warnings": [{"code": w.code, "sequence": w.sequence, "text": w.text} for w in prediction.warnings],
        "published_scores": [_published_fields(result) for result in prediction.published.results],
        "published_scores_note": prediction.published.note,
        "sentence": prediction.sentence,
        "provenance": dict(prediction.provenance),
    }


def prediction_from_dict(fields: Mapping[str, Any]) -> Prediction:
    """Inverse of `prediction_to_dict`. Raises ValueError for a newer schema and for missing or misshapen fields."""
    schema = fields.get("schema")
    if schema != PREDICTION_SCHEMA_VERSION:
        raise ValueError(f"it has the schema {schema!r}, but this version reads {PREDICTION_SCHEMA_VERSION}.")
    try:
        numbers = fields["demonstration_numbers"] or fields
        score_only = numbers["score_only"] or dict.fromkeys(("probability", "probability_low", "probability_high"))
        return Prediction(
            key=CaseKey(*(fields[name] for name in CaseKey._fields)),
            bundle_name=fields["bundle"]["name"],
            bundle_sha256=fields["bundle"]["sha256"],
            bundle_demonstration=fields["bundle"]["demonstration"],
            is_phantom=fields["is_phantom"],
            probability=numbers["probability"],
            probability_low=numbers["probability_low"],
            probability_high=numbers["probability_high"],
            probability_range=None if numbers["probability_range"] is None else tuple(numbers["probability_range"]),
            predicted_class=numbers["class"],
            threshold=fields["threshold"],
            scores=fields["scores"],
            contributions=tuple(Contribution(**contribution) for contribution in fields["contributions"]),
            position=None if fields["position"] is None else Position(**fields["position"]),
            warnings=tuple(CaseWarning(w["code"], w["text"], w["sequence"]) for w in fields["warnings"]),
            sentence=fields["sentence"],
            provenance=fields["provenance"],
            unknown_facts=tuple(fields["unknown_facts"]),
            out_of_range_count=fields["out_of_range_count"],
            score_only_probability=score_only["probability"],
            score_only_low=score_only["probability_low"],
            score_only_high=score_only["probability_high"],
            perturbation=None if numbers.get("perturbation") is None else PerturbationBand(**numbers["perturbation"]),
            published=_published_of(fields),
        )
    except (KeyError, TypeError) as error:
        raise ValueError(f"a field is missing or of the wrong kind ({error}).") from error


def write_prediction(path: Path, prediction: Prediction) -> None:
    """Write ``prediction.json``, strictly valid JSON, whole or not at all.

    Raises ValueError if a number of the prediction is not finite or the file cannot be written.
    """
    text = json.dumps(prediction_to_dict(prediction), indent=1, ensure_ascii=False, allow_nan=False)
    replace_file(path, (text + "\n").encode("utf-8"))


def read_prediction(path: Path) -> Prediction:
    """Read a ``prediction.json``; equal to the Prediction that was written. Raises ValueError naming the file."""
    try:
        fields = json.loads(path.read_text(encoding="utf-8"), parse_constant=_refuse_constant)
        if not isinstance(fields, dict):
            raise ValueError("it holds no JSON object.")
        return prediction_from_dict(fields)
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise ValueError(f"{path} cannot be read as a prediction: {error}") from error


def prediction_row(prediction: Prediction) -> dict[str, str]:
    """One row of ``predictions.csv`` by the names of `PREDICTION_COLUMNS`."""
    band = prediction.perturbation
    numbers = {
        "probability": prediction.probability,
        "probability_low": prediction.probability_low,
        "probability_high": prediction.probability_high,
        "perturbation_low": None if band is None else band.low,
        "perturbation_high": None if band is None else band.high,
        "range_low": None if prediction.probability_range is None else prediction.probability_range[0],
        "range_high": None if prediction.probability_range is None else prediction.probability_range[1],
        "score_only_probability": prediction.score_only_probability,
    }
    cells = {name: "" if value is None else f"{value:.6f}" for name, value in numbers.items()}
    cells["class"] = prediction.predicted_class
    cells["demonstration_number"] = ""
    if prediction.demonstration_only:
        estimates = prediction.probability_range or (prediction.probability,)
        cells = {**dict.fromkeys(numbers, ""), "class": "undecided"}
        cells["demonstration_number"] = "DEMONSTRATION " + " to ".join(f"{value:.2f}" for value in estimates)
    return {
        **prediction.key._asdict(),
        "model": prediction.bundle_name,
        "model_sha256": prediction.bundle_sha256,
        **cells,
        "threshold": f"{prediction.threshold:.6f}",
        "scores": " ".join(f"{name}={value:.6f}" for name, value in prediction.scores.items()),
        "unknown_facts": " ".join(prediction.unknown_facts),
        "is_phantom": _yes_no(prediction.is_phantom),
        "demonstration_only": _yes_no(prediction.demonstration_only),
        "warnings": " ".join(_code(warning) for warning in prediction.warnings),
        "published_scores": prediction.published.note or "; ".join(one.text for one in prediction.published.results),
    }


def write_predictions_table(
    path: Path, predictions: Iterable[Prediction], errors: Mapping[CaseKey, str] | None = None
) -> None:
    """Write ``predictions.csv``, one row per case, whole or not at all.

    ``errors`` are the cases without a result, with the reason; they follow the others. Raises ValueError if the table
    cannot be written.
    """
    rows = [prediction_row(prediction) for prediction in predictions]
    rows += [{**key._asdict(), "error": public(error)} for key, error in (errors or {}).items()]
    write_table(path, PREDICTION_COLUMNS, rows)


def _published_fields(result: ScoreResult) -> dict[str, Json]:
    return {
        "name": result.score.name,
        "title": result.score.title,
        "value": result.value,
        "groups": list(result.groups),
        "deciding_facts": list(result.deciding),
        "remarks": list(result.remarks),
        "predicts": result.score.predicts,
        "source": result.score.source,
    }


def _published_of(fields: Mapping[str, Any]) -> PublishedScores:
    """Results of an earlier version have none."""
    scores = {score.name: score for score in published_scores()}
    results = tuple(
        ScoreResult(
            scores[one["name"]],
            one["value"],
            tuple(one["groups"]),
            tuple(one["deciding_facts"]),
            tuple(one["remarks"]),
        )
        for one in fields.get("published_scores", ())
    )
    return PublishedScores(results, fields.get("published_scores_note", ""))


def _refuse_constant(name: str) -> None:
    raise ValueError(f"it holds {name}, which is not a number.")


def _yes_no(value: bool) -> str:
    return "yes" if value else "no"


def _code(warning: CaseWarning) -> str:
    return warning.code if warning.sequence is None else f"{warning.sequence}:{warning.code}"
