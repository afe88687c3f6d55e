"""What a prediction is: the fields of ``prediction.json`` (architecture.md) as plain frozen data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..cohort import CaseKey, CaseWarning, Json
from ..scores import PublishedScores


@dataclass(frozen=True)
class Contribution:
    """A term of the linear predictor against the training mean, in log odds of OR.

    ``value`` is the coded input (radiomics score, or 0/1 for a fact) or None if unknown; then the three log odds are
    None too. ``log_odds_low`` and ``log_odds_high`` are the 95 % bootstrap interval of the term.
    """

    term: str
    label: str
    value: float | None
    log_odds: float | None
    log_odds_low: float | None
    log_odds_high: float | None

    @property
    def includes_no_effect(self) -> bool:
        """The interval includes 0: the term is not distinguishable from no effect."""
        return self.effect is not None and self.effect[1] <= 0.0 <= self.effect[2]

    @property
    def effect(self) -> tuple[float, float, float] | None:
        """The log odds and the ends of their interval; None if the term is unknown."""
        if self.log_odds is None or self.log_odds_low is None or self.log_odds_high is None:
            return None
        return self.log_odds, self.log_odds_low, self.log_odds_high


@dataclass(frozen=True)
class Position:
    """Where the patient's score stands: share (0-100) of the training OR and NOR patients whose score lies below."""

    or_percentile: float
    nor_percentile: float


@dataclass(frozen=True)
class PerturbationBand:
    """The middle 95 % of the probabilities that the same case gets when its VOIs are drawn a little differently.

    ``draws`` perturbed sets of VOIs, named by ``seed``; ``settings`` are those of `repeatability.PerturbationSettings`.
    It says what drawing changes and is no part of the model's uncertainty. Where a needed fact is unknown, ``low``
    belongs to the smallest and ``high`` to the largest estimate over its levels.
    """

    low: float
    high: float
    draws: int
    seed: int
    settings: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Prediction:
    """The result for one case.

    Probabilities are of objective response (OR), 0-1. ``probability`` is None when a needed fact is unknown; then
    ``probability_range`` is (smallest, largest) estimate over the levels of the unknown facts, and
    ``probability_low`` to ``probability_high`` the envelope of their 95 % intervals. ``predicted_class`` is
    "OR", "NOR" or "undecided". ``unknown_facts`` names the needed facts that are unknown, whether the result is a range
    over them or they were dropped. ``score_only_*`` is the model of the score alone, offered when all are unknown.
    ``out_of_range_count`` is the number of features outside their training range; None without images.
    ``demonstration_only`` is True when a demonstration bundle was used on data that is not a phantom: the number must
    be shown struck through as DEMONSTRATION. ``is_phantom`` says that every image used carries PHANTOM.
    ``perturbation`` is the band over perturbed VOIs, where one was asked for. ``published`` are the published scores of
    the same facts, which are no part of the model.
    """

    key: CaseKey
    bundle_name: str
    bundle_sha256: str
    bundle_demonstration: bool
    is_phantom: bool
    probability: float | None
    probability_low: float
    probability_high: float
    probability_range: tuple[float, float] | None
    predicted_class: str
    threshold: float
    scores: Mapping[str, float]
    contributions: tuple[Contribution, ...]
    position: Position | None
    warnings: tuple[CaseWarning, ...]
    sentence: str
    provenance: Mapping[str, Json] = field(default_factory=dict)
    unknown_facts: tuple[str, ...] = ()
    out_of_range_count: int | None = None
    score_only_probability: float | None = None
    score_only_low: float | None = None
    score_only_high: float | None = None
    perturbation: PerturbationBand | None = None
    published: PublishedScores = field(default_factory=PublishedScores)

    @property
    def patient_id(self) -> str:
        """The patient's identifier as the manifest has it."""
        return self.key.patient_id

    @property
    def estimates(self) -> tuple[float, float]:
        """Smallest and largest estimate: the range over unknown facts, or the probability twice."""
        if self.probability_range is not None:
            return self.probability_range
        assert self.probability is not None
        return self.probability, self.probability

    @property
    def score_only(self) -> tuple[float, float, float] | None:
        """The probability of the model of the score alone with its interval, where one is offered."""
        if self.score_only_probability is None or self.score_only_low is None or self.score_only_high is None:
            return None
        return self.score_only_probability, self.score_only_low, self.score_only_high

    @property
    def demonstration_only(self) -> bool:
        """A demonstration model's number for a patient who is no phantom."""
        return self.bundle_demonstration and not self.is_phantom
