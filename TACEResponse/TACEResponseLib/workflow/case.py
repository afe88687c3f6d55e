"""What is done with one case: images, features, prediction. Command line, panel, scripts and workers all call this."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

from ..cohort import SEQUENCES, Case, CaseKey, Progress, part_of
from ..features import PAPER_SETTINGS, Engine, FeatureSettings, FeatureVector, extract_features, get_engine
from ..imaging import SEQUENCES_AT_ONCE, CaseImages, read_case_images
from ..models import ModelBundle
from ..prediction import Prediction, predict_from_features
from .published_scores import published_scores


@dataclass(frozen=True)
class FeatureRecipe:
    """How the features of a case are made: of which sequences, which features, with which settings and engine."""

    sequences: tuple[str, ...] = tuple(map(str, SEQUENCES))
    feature_set: str = "paper110"
    settings: FeatureSettings = PAPER_SETTINGS
    engine: str | Engine = "native"

    def of_case(self, case: Case) -> FeatureRecipe:
        """The recipe with the sequences that the case has; all four, which will be missed, if it has none."""
        own = tuple(str(sequence) for sequence in SEQUENCES if sequence in case.sources)
        return replace(self, sequences=own or tuple(map(str, SEQUENCES)))

    @classmethod
    def of_model(cls, bundle: ModelBundle, engine: str | Engine = "native") -> FeatureRecipe:
        """The features that a model needs. Engines are interchangeable: the one used is recorded, not compared."""
        assert bundle.feature_set is not None
        assert bundle.settings is not None
        return cls(bundle.required_sequences, bundle.feature_set, bundle.settings, engine)


class CaseFeatures(NamedTuple):
    """Images that passed the input checks, and their features."""

    images: CaseImages
    features: FeatureVector


class CaseResult(NamedTuple):
    """A prediction and what it was made of; images and features are None for a model that needs no images."""

    prediction: Prediction
    images: CaseImages | None
    features: FeatureVector | None


def read_images(
    case: Case, recipe: FeatureRecipe, progress: Progress | None = None, one_thread: bool = False
) -> CaseImages:
    """The images of the recipe's sequences, checked and resampled. Raises ValueError as `read_case_images` does."""
    settings = recipe.settings
    return read_case_images(
        case,
        recipe.sequences,
        settings.spacing_mm,
        settings.bin_width if settings.bin_count is None else None,
        progress,
        sequences_at_once=1 if one_thread else SEQUENCES_AT_ONCE,
        normalisation_scale=settings.scale_of_normalised,
    )


def extract_case(
    case: Case,
    recipe: FeatureRecipe,
    progress: Progress | None = None,
    *,
    images: CaseImages | None = None,
    one_thread: bool = False,
) -> CaseFeatures:
    """Read the images of a case and compute its features.

    Parameters
    ----------
    case : Case
    recipe : FeatureRecipe
    progress : callable, optional
        Called as ``progress(done, total, text)`` before each step, by sequence, and at the end; what it raises cancels.
    images : CaseImages, optional
        The case's images where they have been read already.
    one_thread : bool
        Whether other cases are done beside this one.

    Raises
    ------
    ValueError
        Naming the patient: a sequence that is missing or refused by the input checks, images of another case or made
        with other settings, or an engine that cannot answer.
    """
    count = len(recipe.sequences)
    if images is None:
        images = read_images(case, recipe, part_of(progress, 0, 2 * count), one_thread)
    _check_images(case.key, images, recipe)
    engine = get_engine(recipe.engine) if isinstance(recipe.engine, str) else recipe.engine
    if one_thread:
        engine.sequences_at_once = 1
    extracting = part_of(progress, count, 2 * count)
    features = extract_features(images, recipe.sequences, recipe.feature_set, recipe.settings, engine, extracting)
    return CaseFeatures(images, features)


def predict_case(
    case: Case,
    bundle: ModelBundle,
    progress: Progress | None = None,
    *,
    engine: str | Engine = "native",
    images: CaseImages | None = None,
    one_thread: bool = False,
) -> CaseResult:
    """Predict objective response for one case; only what the model requires is required of the case.

    Parameters
    ----------
    case : Case
    bundle : ModelBundle
    progress, images, one_thread
        As in `extract_case`.
    engine : str or Engine
        Recorded, not compared with the one that the model was trained with: engines are interchangeable.

    Raises
    ------
    ValueError
        As `extract_case`, and for an undefined feature, with its reason, or settings other than the model's.
    """
    steps = 2 * len(bundle.required_sequences) + 1
    features = None
    if not bundle.required_sequences:
        images = None
    else:
        recipe, extracting = FeatureRecipe.of_model(bundle, engine), part_of(progress, 0, steps)
        images, features = extract_case(case, recipe, extracting, images=images, one_thread=one_thread)
    warnings = () if images is None else images.warnings
    prediction = predict_from_features(case.key, features, case.clinical, bundle, warnings)
    prediction = replace(prediction, published=published_scores(case, images))
    if progress is not None:
        progress(steps, steps, f"{case.key}: predicted")
    return CaseResult(prediction, images, features)


def _check_images(key: CaseKey, images: CaseImages, recipe: FeatureRecipe) -> None:
    if images.key != key:
        raise ValueError(f"{key.label}: the images given are those of {images.key}; give this case's own.")
    for sequence, resampled in images.resampled.items():
        if resampled.spacing_mm != recipe.settings.spacing_mm:
            raise ValueError(
                f"{key.label}, {sequence}: the image was resampled to {resampled.spacing_mm} mm, but the features need "
                f"{recipe.settings.spacing_mm} mm; read the images with the same settings."
            )
