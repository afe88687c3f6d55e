"""From features and facts to a prediction: the one path to a probability."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import product

import numpy as np

from .. import __version__
from ..cohort import CaseKey, CaseWarning, ClinicalRecord, Json, named_and_more
from ..features import FeatureVector
from ..models import Estimate, ModelBundle
from .cautions import clinical_cautions, demonstration_warning, out_of_range_warning, unknown_facts_warning
from .result import Contribution, Position, Prediction
from .wording import result_sentence, term_label

_UNDEFINED_NAMED = 3


def predict_from_features(
    key: CaseKey,
    features: FeatureVector | None,
    clinical: ClinicalRecord,
    bundle: ModelBundle,
    image_warnings: Sequence[CaseWarning] = (),
) -> Prediction:
    """Predict objective response from features and clinical facts.

    Parameters
    ----------
    key : CaseKey
    features : FeatureVector or None
        None for a bundle that needs no images.
    clinical : ClinicalRecord
    bundle : ModelBundle
    image_warnings : sequence of CaseWarning
        Those of the input checks; they become the prediction's.

    Raises
    ------
    ValueError
        Naming the patient: features that are missing, undefined (with the reason), or made with settings or a feature
        set other than the bundle's.
    """
    values = _feature_values(key, features, bundle)
    facts = clinical.facts()
    unknown = tuple(name for name in bundle.required_facts if facts[name] is None)
    estimates = _estimates(values, facts, unknown, bundle)
    probabilities = [estimate.probability for estimate in estimates]
    is_range = len(estimates) > 1
    low = min(estimate.probability_low for estimate in estimates)
    high = max(estimate.probability_high for estimate in estimates)
    score_only = None
    if is_range and set(unknown) == set(bundle.required_facts) and values is not None:
        score_only = bundle.estimate_from_score_only(values)
    probability = None if is_range else probabilities[0]
    is_phantom = features is not None and features.is_phantom
    count, range_warning = (None, None) if values is None else out_of_range_warning(values, bundle)
    warnings = [demonstration_warning(bundle)] if bundle.demonstration and not is_phantom else []
    warnings += [unknown_facts_warning(unknown, bundle)] if unknown else []
    warnings += [*clinical_cautions(clinical), *image_warnings]
    warnings += [] if range_warning is None else [range_warning]
    prediction = Prediction(
        key=key,
        bundle_name=bundle.name,
        bundle_sha256=bundle.sha256,
        bundle_demonstration=bundle.demonstration,
        is_phantom=is_phantom,
        probability=probability,
        probability_low=low,
        probability_high=high,
        probability_range=(min(probabilities), max(probabilities)) if is_range else None,
        predicted_class=_class_of(min(low, *probabilities), max(high, *probabilities), bundle.threshold),
        threshold=bundle.threshold,
        scores=dict(estimates[0].scores),
        contributions=_contributions(estimates[0], unknown, bundle),
        position=_position(estimates[0].scores, probability, bundle),
        warnings=tuple(warnings),
        sentence="",
        provenance=_provenance(features, bundle),
        unknown_facts=unknown,
        out_of_range_count=count,
        score_only_probability=None if score_only is None else score_only.probability,
        score_only_low=None if score_only is None else score_only.probability_low,
        score_only_high=None if score_only is None else score_only.probability_high,
    )
    return replace(prediction, sentence=result_sentence(prediction, bundle))


def _feature_values(key: CaseKey, features: FeatureVector | None, bundle: ModelBundle) -> np.ndarray | None:
    """The values in the bundle's order, or None if it needs none."""
    if not bundle.required_sequences:
        return None
    if features is None:
        raise ValueError(
            f"{key.label}: the model {bundle.name} needs the features of {', '.join(bundle.required_sequences)}."
        )
    try:
        columns = bundle.feature_columns(features.names, features.feature_set, features.settings)
    except ValueError as error:
        raise ValueError(f"{key.label}: {error}") from error
    values = features.values[columns]
    undefined = [name for name, value in zip(bundle.feature_names, values, strict=True) if not np.isfinite(value)]
    if undefined:
        named = named_and_more((_undefined_text(name, features) for name in undefined), _UNDEFINED_NAMED, "; ")
        raise ValueError(
            f"{key.label}: the model {bundle.name} cannot be used, as features are undefined ({named}). Check "
            "the VOI of that sequence."
        )
    return values


def _undefined_text(name: str, features: FeatureVector) -> str:
    sequence, _, feature = name.partition("_")
    return f"{sequence}, {feature}: {features.undefined.get(name, 'no value')}"


def _estimates(
    values: np.ndarray | None,
    facts: Mapping[str, bool | None],
    unknown: tuple[str, ...],
    bundle: ModelBundle,
) -> list[Estimate]:
    """One estimate, or one for each combination of levels of the unknown facts."""
    known = {name: level for name in bundle.required_facts if (level := facts[name]) is not None}
    if bundle.unknown_facts == "drop":
        return [bundle.estimate(values, known)]
    return [
        bundle.estimate(values, known | dict(zip(unknown, levels, strict=True)))
        for levels in product((False, True), repeat=len(unknown))
    ]


def _class_of(lowest: float, highest: float, threshold: float) -> str:
    """OR or NOR only if estimate and interval lie wholly on one side of the threshold."""
    if lowest > threshold:
        return "OR"
    return "NOR" if highest < threshold else "undecided"


def _contributions(estimate: Estimate, unknown: tuple[str, ...], bundle: ModelBundle) -> tuple[Contribution, ...]:
    """In the model's order; those of unknown facts are blank."""
    return tuple(
        Contribution(term, term_label(term), *((None,) * 4 if term in unknown else estimate.terms[term]))
        for term in bundle.predictor.terms
    )


def _position(scores: Mapping[str, float], probability: float | None, bundle: ModelBundle) -> Position | None:
    own = probability if bundle.position_score == "probability" else scores.get(bundle.position_score)
    below = [np.asarray(bundle.training_scores.get(outcome, ())) for outcome in ("OR", "NOR")]
    if own is None or not all(len(scores_of_outcome) for scores_of_outcome in below):
        return None
    return Position(*(float(100 * np.mean(scores_of_outcome < own)) for scores_of_outcome in below))


def _provenance(features: FeatureVector | None, bundle: ModelBundle) -> dict[str, Json]:
    """What is needed to make the same number again, without paths, dates or hosts; plain JSON."""
    versions = {"TACEResponse": __version__, "python": platform.python_version(), "numpy": np.__version__}
    provenance: dict[str, Json] = {"prevalence": float(bundle.prevalence), "versions": versions}
    if features is None:
        return provenance
    import SimpleITK as sitk

    versions["SimpleITK"] = sitk.Version.VersionString()
    return provenance | {
        "settings": features.settings.as_dict(),
        "feature_set": features.feature_set,
        "engine": features.engine,
        "inputs": {
            sequence: {"image_sha256": image, "mask_sha256": mask}
            for sequence, (image, mask) in features.input_sha256.items()
        },
    }
