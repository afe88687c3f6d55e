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
Kind: {bundle.kind}. {_shrinkage(bundle)}

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

{_calibration(bundle, outer_folds)}
{few}
## How it was made
{bundle.provenance["command"]}
"""


def _shrinkage(bundle: ModelBundle) -> str:
    """How the second stage was shrunk, one sentence a line."""
    facts = bundle.calibration
    test = f"likelihood ratio {facts['chi_squared']:.1f}, {facts['terms']} terms, p = {facts['p_value']:.2g}"
    if not facts["slope"]:
        return (
            f"Its scores and facts cannot be told from chance in these data ({test}):\nit gives every patient the "
            f"prevalence, {bundle.prevalence:.3f}."
        )
    return (
        f"Its logistic regression was fitted to out-of-fold scores ({test}).\nIts coefficients are multiplied by "
        f"{facts['slope']:.2f}, which that likelihood ratio gives; the mean probability is the prevalence, "
        f"{bundle.prevalence:.3f}."
    )


def _calibration(bundle: ModelBundle, outer_folds: int) -> str:
    """Calibration of the model as it ships, in the outer cross-validation."""
    measured = bundle.calibration["cross_validated"]
    slope = (
        "not defined, as every patient gets the prevalence" if measured["slope"] is None else f"{measured['slope']:.2f}"
    )
    return (
        f"Calibration of the same predictions, each part with its own model made like this one ({outer_folds} parts):\n"
        f"slope {slope} (1 is perfect), intercept {measured['intercept']:+.2f} (0 is perfect), Brier score "
        f"{measured['brier']:.3f} (the prevalence alone: {measured['brier_of_prevalence']:.3f}).\n"
    )
