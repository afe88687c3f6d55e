"""The text that goes with a trained bundle: its training patients, its intended use, and how far to trust it."""

from __future__ import annotations

import numpy as np

from ..models import ModelBundle
from ..prediction.wording import term_label
from .study_data import StudyData
from .training_settings import TrainingSettings

FEW_EVENTS = 100
"""With fewer patients of the rarer outcome calibration cannot be judged (honesty.md)."""

_AUC_NAMES = {"probability": "the model"}


def model_card(bundle: ModelBundle, data: StudyData, settings: TrainingSettings) -> str:
    """MODEL_CARD.md of a bundle trained on ``data``."""
    one_word = "phantoms" if bundle.demonstration else "patients"
    subjects = "phantoms (synthetic images, no patients)" if bundle.demonstration else "patients"
    outer_folds = settings.outer_folds
    aucs = "\n".join(
        f"- {_AUC_NAMES.get(name, f'{name} score alone')}: {mean:.3f} ({low:.3f}-{high:.3f})"
        for name, (mean, low, high) in bundle.provenance["cross_validated_auc"].items()
    )
    rarer = min(bundle.cohort_responders, bundle.cohort_size - bundle.cohort_responders)
    purpose = (
        "**Demonstration only.** It was trained on phantoms. Its probability means nothing for a patient: for images "
        "of patients it is struck out everywhere."
        if bundle.demonstration
        else "**Research use only.** Not for diagnosis or treatment decisions."
    )
    needs = [*bundle.required_sequences, *bundle.clinical_coding.values()]
    terms = "\n".join(
        f"| {term_label(term)} | {coefficient:+.3f} | {low:+.3f} to {high:+.3f} |"
        for term, coefficient, (low, high) in zip(
            bundle.predictor.terms,
            bundle.predictor.coefficients,
            np.percentile(bundle.predictor.refit_coefficients, (2.5, 97.5), axis=0).T,
            strict=True,
        )
    )
    missing = ", ".join(f"{name} in {count}" for name, count in data.missing_facts.items()) or "none"
    members = (
        f"Each refit uses one network where the model uses {settings.ensemble_size}, so that the interval is rather "
        "too wide than too narrow."
        if "dnn" in bundle.scores and settings.ensemble_size > 1
        else ""
    )
    remarks = "".join(f"- {remark}\n" for remark in data.remarks)
    few = (
        f"{rarer} {one_word} of the rarer outcome: calibration cannot be judged with fewer than about {FEW_EVENTS}.\n"
        if rarer < FEW_EVENTS
        else ""
    )
    return f"""# {bundle.name}

Probability of {bundle.outcome}, {bundle.time_horizon}.

{purpose}

## Training data
{bundle.cohort_size} {subjects}, {bundle.cohort_responders} with objective response. Unknown facts: {missing}.
{remarks}
## Required input
{"; ".join(needs)}.

## The model
Kind: {bundle.kind}. The linear predictor was fitted to out-of-fold scores and multiplied by \
{bundle.calibration["slope"]:.2f}, the slope of
{outer_folds}-fold cross-validated linear predictors (clipped to 0..1).

| term | coefficient | 95 % of the bootstrap refits |
|---|---|---|
{terms}

The interval shown with a patient is the 2.5th to 97.5th percentile over {len(bundle.predictor.refit_intercepts)} \
bootstrap refits (patients drawn with
replacement) of the whole chain from scaler to calibration. {members}

Threshold {bundle.threshold:.3f}: {bundle.threshold_rule}.

## How well it does
AUC in the {outer_folds} test parts of a cross-validation of the whole chain on these {one_word}: mean, in brackets \
its corrected
resampled-t 95 % interval (Nadeau and Bengio). One cross-validation of one cohort, no test on others.

{aucs}

{few}
## How it was made
{bundle.provenance["command"]}
"""
