"""What another drawing of the VOIs would change: the probability over perturbed VOIs, apart from model uncertainty."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..cohort import Case, CaseWarning, Progress
from ..features import Engine
from ..imaging import CaseImages
from ..models import ModelBundle
from ..prediction import PerturbationBand, Prediction, predict_from_features
from ..repeatability import DEFAULT_PERTURBATION, PerturbationSettings, perturb_images
from .case import FeatureRecipe, extract_case

FEWEST_DRAWS = 10
"""Fewer do not show the middle 95 %."""

_VISIBLE = 0.01
"""Smaller differences of a probability do not show in a number of 100."""


def with_perturbation_band(
    prediction: Prediction,
    case: Case,
    bundle: ModelBundle,
    images: CaseImages | None,
    draws: int,
    seed: int = 1,
    settings: PerturbationSettings = DEFAULT_PERTURBATION,
    engine: str | Engine = "native",
    progress: Progress | None = None,
) -> Prediction:
    """The prediction with the band over ``draws`` perturbed sets of its VOIs; all its other numbers stay as they are.

    Parameters
    ----------
    prediction : Prediction
        Made from ``case``, ``bundle`` and ``images`` by `predict_case`.
    case : Case
    bundle : ModelBundle
        One that needs images.
    images : CaseImages
    draws : int
        At least 10. Each perturbs every sequence's VOI by itself, extracts the features anew and predicts.
    seed : int
        The same seed gives the same band.
    settings : PerturbationSettings
    engine : str or Engine
    progress : callable, optional
        ``progress(done, total, text)`` before each draw and at the end; what it raises cancels.

    Returns
    -------
    Prediction
        With ``perturbation``, and a warning if the estimate lies outside it; or, where a perturbed VOI has no
        features, without it and with a warning that says why.

    Raises
    ------
    ValueError
        For too few draws, or a bundle that needs no images.
    """
    check_draws(draws, bundle)
    assert images is not None  # as the model needs them
    recipe = FeatureRecipe.of_model(bundle, engine)
    low: list[float] = []
    high: list[float] = []
    for draw in range(draws):
        if progress is not None:
            progress(draw, draws, f"{case.key}: perturbed VOIs, {draw} of {draws}")
        try:
            own = perturb_images(images, settings, (seed, draw))
            features = extract_case(case, recipe, images=own).features
            drawn = predict_from_features(case.key, features, case.clinical, bundle)
        except ValueError as error:
            text = f"The effect of drawing the VOIs differently cannot be estimated: {error}"
            return replace(prediction, warnings=(*prediction.warnings, CaseWarning("no_perturbation_band", text)))
        low.append(drawn.estimates[0])
        high.append(drawn.estimates[1])
    if progress is not None:
        progress(draws, draws, f"{case.key}: perturbed VOIs done")
    band = PerturbationBand(
        float(np.percentile(low, 2.5)), float(np.percentile(high, 97.5)), draws, seed, settings.as_dict()
    )
    least, most = prediction.estimates
    warnings = prediction.warnings
    if band.high < least - _VISIBLE or most + _VISIBLE < band.low:
        text = (
            "The estimate lies outside the range that slightly different VOIs give: the score depends on how smooth "
            "the outline is. Draw the VOIs again before relying on the number."
        )
        warnings = (*warnings, CaseWarning("estimate_outside_band", text))
    return replace(prediction, perturbation=band, warnings=warnings)


def check_draws(draws: int, bundle: ModelBundle) -> None:
    """Raise ValueError for too few draws, or a bundle that needs no images."""
    if draws < FEWEST_DRAWS:
        raise ValueError(f"{draws} perturbations are too few; use at least {FEWEST_DRAWS}.")
    if not bundle.required_sequences:
        raise ValueError(f"The model {bundle.name} needs no images, so there is no VOI to perturb.")
