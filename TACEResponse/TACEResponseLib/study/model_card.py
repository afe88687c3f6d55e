"""The text that goes with a trained bundle: what it learnt from, what it can be used for, and how far to trust it."""

from __future__ import annotations

import numpy as np

from ..models import ModelBundle
from .study_data import StudyData

FEW_EVENTS = 100
"""Fewer patients of the rarer outcome cannot judge calibration (honesty.md)."""


def model_card(bundle: ModelBundle, data: StudyData, outer_probability: np.ndarray, outer_folds: int) -> str:
    """MODEL_CARD.md of a bundle trained on ``data``."""
    one_word = "phantoms" if bundle.demonstration else "patients"
    subjects = "phantoms (synthetic images, no patients)" if bundle.demonstration else "patients"
    auc = _auc(outer_probability, data.outcome)
    rarer = min(bundle.cohort_responders, bundle.cohort_size - bundle.cohort_responders)
    purpose = (
        "**Demonstration only.** It learnt from phantoms. Its number says nothing about a patient: on images that are "
        "no phantom it is struck out everywhere."
        if bundle.demonstration
        else "**Research use only.** Not for diagnosis or treatment decisions."
    )
    needs = [*bundle.required_sequences, *bundle.clinical_coding.values()]
    terms = "\n".join(
        f"| {term} | {coefficient:+.3f} | {low:+.3f} to {high:+.3f} |"
        for term, coefficient, (low, high) in zip(
            bundle.predictor.terms,
            bundle.predictor.coefficients,
            np.percentile(bundle.predictor.refit_coefficients, (2.5, 97.5), axis=0).T,
            strict=True,
        )
    )
    missing = ", ".join(f"{name} in {count}" for name, count in data.missing_facts.items()) or "none"
    remarks = "".join(f"- {remark}\n" for remark in data.remarks)
    few = (
        f"{rarer} {one_word} of the rarer outcome: fewer than about {FEW_EVENTS} cannot judge calibration.\n"
        if rarer < FEW_EVENTS
        else ""
    )
    return f"""# {bundle.name}

Probability of {bundle.outcome}, {bundle.time_horizon}.

{purpose}

## What it learnt from
{bundle.cohort_size} {subjects}, {bundle.cohort_responders} with objective response. Unknown facts: {missing}.
{remarks}
## What it needs
{"; ".join(needs)}.

## The model
Kind: {bundle.kind}. The linear predictor was fitted to out-of-fold scores and multiplied by \
{bundle.calibration["slope"]:.2f}, the slope of
{outer_folds}-fold cross-validated linear predictors (clipped to 0..1).

| term | coefficient | 95 % of the bootstrap refits |
|---|---|---|
{terms}

The interval shown with a patient is the 2.5th to 97.5th percentile over {len(bundle.predictor.refit_intercepts)} \
bootstrap refits of the
whole chain. Each refit uses one model instead of an ensemble, so that the interval is rather too wide than too narrow;
the slope is the same in all.

Threshold {bundle.threshold:.3f}: {bundle.threshold_rule}.

## How well it does
AUC of the {outer_folds}-fold cross-validation of the whole chain on these {one_word}: {auc:.3f}.
One cross-validation of one cohort, no test on others.
{few}
## How it was made
{bundle.provenance["command"]}
"""


def _auc(probability: np.ndarray, outcome: np.ndarray) -> float:
    """Share of pairs of one OR and one NOR patient in which OR has the larger probability, ties counting half."""
    difference = probability[outcome][:, None] - probability[~outcome][None, :]
    return float(np.mean((difference > 0) + 0.5 * (difference == 0)))
