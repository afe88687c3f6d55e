"""A result in the scene, so that a saved .mrb shows it again."""

from __future__ import annotations

import json

import slicer

from ..prediction import Prediction, prediction_from_dict, prediction_to_dict
from .roles import RESULT_PARAMETER

SCHEMA_VERSION = 1


def storeResult(
    parameterNode: slicer.vtkMRMLScriptedModuleNode,
    prediction: Prediction,
    fingerprint: tuple[str, ...],
    provenance: dict[str, int],
) -> None:
    """Keep a prediction, the fingerprint of its inputs, and how it came about, in the parameter node."""
    fields = {
        "schema": SCHEMA_VERSION,
        "prediction": prediction_to_dict(prediction),
        "fingerprint": list(fingerprint),
        "provenance": provenance,
    }
    parameterNode.SetParameter(RESULT_PARAMETER, json.dumps(fields, allow_nan=False))


def storedResult(
    parameterNode: slicer.vtkMRMLScriptedModuleNode,
) -> tuple[Prediction, tuple[str, ...], dict[str, int]] | None:
    """What `storeResult` kept; None if the scene has no result. Raises ValueError for one that cannot be read."""
    text = parameterNode.GetParameter(RESULT_PARAMETER)
    if not text:
        return None
    try:
        fields = json.loads(text)
        if fields["schema"] != SCHEMA_VERSION:
            raise ValueError(f"it has the schema {fields['schema']!r}, but this version reads {SCHEMA_VERSION}.")
        return prediction_from_dict(fields["prediction"]), tuple(fields["fingerprint"]), dict(fields["provenance"])
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"The result in the scene cannot be read ({error}); predict again.") from error


def removeResult(parameterNode: slicer.vtkMRMLScriptedModuleNode) -> None:
    """Forget the stored result."""
    parameterNode.UnsetParameter(RESULT_PARAMETER)
