"""The texts of a result, for the report, the panel and plain text."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ..cohort import FACT_OF_TERM, TERMS
from ..models import ModelBundle
from ..models.classifiers import CLASSIFIERS
from ..models.shipped_models import shipped_text
from .result import Contribution, Prediction

RESEARCH_USE_ONLY = "Research use only. Not for diagnosis or treatment decisions."

NO_INDICATION = "Does not judge whether TACE is indicated."

ONE_LESION = "One lesion was measured; the outcome is that of the whole patient."

PHANTOM = "PHANTOM: synthetic images, not a patient."

FACT_NAMES = {name: fact.name for name, fact in FACT_OF_TERM.items()}
"""What each fact of `cohort.CLINICAL_FACTS` is called within a sentence."""

FACT_LEVELS = {name: term.levels for name, term in TERMS.items()}
"""What False and True of each fact mean."""


PUBLISHED_SCORES = "Published scores of the clinical facts (they predict survival, not response)"
"""What the scores are; stands before them wherever they are shown."""


def per_hundred(probability: float) -> str:
    """A probability as patients of 100, never 0 or 100: "<1", "1" ... "99", ">99"."""
    if probability < 0.005:
        return "<1"
    if probability >= 0.995:
        return ">99"
    return str(math.floor(100 * probability + 0.5))


def interval_per_hundred(low: float, high: float) -> str:
    """E.g. "44-77", or "<1 to 12" where a sign would make a hyphen look like an arrow."""
    edges = per_hundred(low), per_hundred(high)
    return "-".join(edges) if all(edge.isdigit() for edge in edges) else " to ".join(edges)


def percent_of_threshold(threshold: float) -> str:
    """The threshold with the decimal that tells it from a rounded estimate beside it, e.g. "48.7 %"."""
    return f"{100 * threshold:.1f} %"


def score_label(name: str) -> str:
    """E.g. "DNN radiomics score, 0-1": a score is never called a probability."""
    classifier = CLASSIFIERS.get(name)
    label = f"{name if classifier is None else classifier.title} radiomics score"
    return f"{label}, 0-1" if classifier is not None and classifier.is_0_to_1 else label


def term_label(term: str) -> str:
    """What a term of a model, a fact or a score, is called."""
    return capitalised(FACT_NAMES[term]) if term in FACT_NAMES else score_label(term)


def level_text(contribution: Contribution) -> str:
    """The patient's value of a term: "B or C", "0.71" or "unknown"."""
    if contribution.value is None:
        return "unknown"
    if contribution.term in FACT_LEVELS:
        return FACT_LEVELS[contribution.term][int(contribution.value)]
    return f"{contribution.value:.2f}"


def contribution_text(contribution: Contribution) -> str:
    """What a term does to the odds of response, against the training mean."""
    if contribution.effect is None:
        return "unknown, so without contribution"
    if contribution.includes_no_effect:
        return "not distinguishable from no effect"
    factor, low, high = (f"{math.exp(value):.2f}" for value in contribution.effect)
    direction = "raises" if contribution.effect[0] > 0 else "lowers"
    return f"{direction} the odds, × {factor} ({low}-{high})"


def strip_text(prediction: Prediction) -> tuple[tuple[str, str, str], ...]:
    """What must be seen first, as (kind, title, text): phantom images, a demonstration model."""
    phantom = ("phantom", "PHANTOM", "Synthetic images, not a patient.")
    remark = "It was trained on phantoms; its numbers say nothing about a patient."
    demonstration = ("demonstration", "DEMONSTRATION MODEL", remark)
    return ((phantom,) if prediction.is_phantom else ()) + ((demonstration,) if prediction.bundle_demonstration else ())


def training_subjects(is_demonstration: bool) -> str:
    """What a model was trained on: a demonstration model on phantoms."""
    return "training phantoms" if is_demonstration else "training patients"


def position_text(prediction: Prediction, bundle: ModelBundle) -> str:
    """Where the patient stands among the training patients; empty if that is unknown or must not be stated."""
    if prediction.position is None or prediction.demonstration_only:
        return ""
    if bundle.position_score == "probability":
        subject = "The estimate"
    else:
        subject = f"The radiomics score, {prediction.scores[bundle.position_score]:.2f},"
    return (
        f"{subject} is higher than that of {prediction.position.or_percentile:.0f} % of the "
        f"{training_subjects(bundle.demonstration)} with objective response and of "
        f"{prediction.position.nor_percentile:.0f} % of those without."
    )


def class_text(prediction: Prediction) -> str:
    """The predicted class, or that none is named."""
    threshold = percent_of_threshold(prediction.threshold)
    if prediction.predicted_class == "OR":
        return f"Class: objective response (OR); the whole uncertainty lies above the threshold of {threshold}."
    if prediction.predicted_class == "NOR":
        return f"Class: no objective response (NOR); the whole uncertainty lies below the threshold of {threshold}."
    return f"No class is named: the uncertainty includes the threshold of {threshold}."


def perturbation_text(prediction: Prediction) -> str:
    """What drawing the VOIs differently changes; empty where it was not asked or no number may be stated."""
    band = prediction.perturbation
    if band is None or prediction.demonstration_only:
        return ""
    edges = interval_per_hundred(band.low, band.high)
    return f"VOIs drawn a little differently, {band.draws} times: {edges}. This is not part of the model uncertainty."


def outcome_text(bundle: ModelBundle) -> str:
    """Outcome and time, e.g. "objective response (mRECIST CR or PR, MR about 3 months after the first TACE)"."""
    if bundle.outcome.endswith(")"):
        return f"{bundle.outcome[:-1]}, {bundle.time_horizon})"
    return f"{bundle.outcome} ({bundle.time_horizon})"


def result_sentence(prediction: Prediction, bundle: ModelBundle) -> str:
    """The result as a sentence.

    "Of 100 patients with this score and these facts, about 62 had an objective response (mRECIST CR or PR, MR about 3
    months after the first TACE). Model uncertainty 44-77. In the training cohort: 49. [class] Does not judge whether
    TACE is indicated." With a demonstration model and no phantom, no number is stated.
    """
    if prediction.demonstration_only:
        return (
            f"DEMONSTRATION, not a result: the model {bundle.name} was trained on phantoms and says nothing about a "
            f"patient. {NO_INDICATION}"
        )
    parts = [PHANTOM] if prediction.is_phantom else []
    parts += [*_unknown_text(prediction), _estimate_text(prediction, bundle)]
    parts.append(f"Model uncertainty {interval_per_hundred(prediction.probability_low, prediction.probability_high)}.")
    parts.append(_cohort_text(bundle))
    if prediction.score_only is not None:
        alone, low, high = prediction.score_only
        parts.append(f"By the score alone: {_about(alone)}, model uncertainty {interval_per_hundred(low, high)}.")
    return " ".join([*parts, class_text(prediction), NO_INDICATION])


def plain_text(prediction: Prediction) -> str:
    """The result as plain text to paste into a radiology report."""
    lines = [f"Estimated response to TACE. {RESEARCH_USE_ONLY}", prediction.sentence]
    if perturbation_text(prediction):
        lines.append(perturbation_text(prediction))
    if prediction.scores:
        lines.append(ONE_LESION)
    certain = [one.text for one in prediction.published.results if not one.deciding]
    if certain:
        lines.append(f"{PUBLISHED_SCORES}: {'; '.join(certain)}.")
    if prediction.warnings:
        lines.append("Warnings:")
        lines += [f"- {warning_text(w.text, w.sequence)}" for w in prediction.warnings]
    origin = shipped_text(prediction.bundle_name, prediction.bundle_sha256)
    lines.append(f"Model {prediction.bundle_name}, SHA-256 {prediction.bundle_sha256[:12]}, {origin}.")
    return "\n".join(lines)


def warning_text(text: str, sequence: str | None) -> str:
    """A warning with the sequence that it concerns."""
    return text if sequence is None else f"{sequence}: {text}"


def capitalised(text: str) -> str:
    """The text with a capital first letter, the rest as it is."""
    return text[:1].upper() + text[1:]


def listed(names: Sequence[str]) -> str:
    """ "a", "a and b", "a, b and c"."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _unknown_text(prediction: Prediction) -> list[str]:
    if not prediction.unknown_facts:
        return []
    names = listed([FACT_NAMES[name] for name in prediction.unknown_facts])
    left_out = "" if prediction.probability is None else ", left out of the model"
    return [f"Unknown: {names}{left_out}."]


def _estimate_text(prediction: Prediction, bundle: ModelBundle) -> str:
    outcome = outcome_text(bundle)
    article = "an" if outcome[:1].lower() in "aeiou" else "a"
    had = f"had {article} {outcome}"
    who = f"Of 100 patients{_with_text(prediction, bundle)}"
    if prediction.probability is not None:
        return f"{who}, {_about(prediction.probability)} {had}."
    smallest, largest = map(per_hundred, prediction.estimates)
    unknown = "the unknown fact" if len(prediction.unknown_facts) == 1 else "the unknown facts"
    if smallest == largest:
        return f"{who}, {_about(prediction.estimates[0])} {had}, whatever {unknown}."
    return f"{who}, about {smallest} to {largest} {had}, depending on {unknown}."


def _with_text(prediction: Prediction, bundle: ModelBundle) -> str:
    known = len(bundle.required_facts) - len(prediction.unknown_facts)
    parts = ["this score"] if prediction.scores else []
    if known:
        parts.append("these known facts" if prediction.unknown_facts else "these facts")
    return f" with {' and '.join(parts)}" if parts else ""


def _cohort_text(bundle: ModelBundle) -> str:
    training = bundle.cohort_responders / bundle.cohort_size
    text = f"In the training cohort: {per_hundred(training)}."
    if not math.isclose(bundle.prevalence, training, abs_tol=1e-6):
        text += f" Share of responders assumed here: {per_hundred(bundle.prevalence)}."
    return text


def _about(probability: float) -> str:
    number = per_hundred(probability)
    if number.startswith("<"):
        return "fewer than 1"
    return "more than 99" if number.startswith(">") else f"about {number}"
