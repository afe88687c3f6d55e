"""A published score as data, and what it says of a patient of whom not everything is known."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from math import inf, nextafter
from types import MappingProxyType

from ..cohort import Between
from .facts import FACTS, ScoreFacts

NOT_COVERED = "not covered"
"""The group of a patient for whom a score was not made."""


@dataclass(frozen=True)
class Known:
    """The facts of `ScoreFacts`, each a number (yes is 1, no is 0). A score reads only those that it asks for."""

    bilirubin_umol_l: float = 0.0
    albumin_g_l: float = 0.0
    platelets_10e9_l: float = 0.0
    inr: float = 0.0
    creatinine_mg_dl: float = 0.0
    afp_ng_ml: float = 0.0
    child_pugh_points: float = 0.0
    ecog: float = 0.0
    portal_venous_invasion: float = 0.0
    liver_involvement_above_half: float = 0.0
    number_of_tumours: float = 0.0
    largest_diameter_cm: float = 0.0
    hepatitis_c: float = 0.0


@dataclass(frozen=True)
class Group:
    """One group of a score; ``median_survival_months`` in the cohort that the score comes from, where printed."""

    name: str
    median_survival_months: float | None = None


@dataclass(frozen=True)
class Score:
    """One published score.

    ``facts`` are fields of `ScoreFacts`, ``value`` is the number for known facts, and ``group`` the name of the group
    for facts and number (None for a score without groups). ``groups`` go from the best to the worst prognosis.
    ``cuts`` are the limits of single facts inside the rule, ``value_cuts`` those of the number, with the rounding of
    which a value near them is remarked. ``decimals`` is how the number is
    printed; None where it only orders the groups. ``remark`` goes with every result.
    ``levels`` replace the values that stand for an unknown fact, beside its cuts.
    """

    name: str
    title: str
    facts: tuple[str, ...]
    rule: str
    value: Callable[[Known], float]
    source: str
    population: str
    performance: str
    group: Callable[[Known, float], str | None] = lambda _known, _value: None
    groups: tuple[Group, ...] = ()
    predicts: str = "survival"
    cuts: Mapping[str, tuple[float, ...]] = field(default_factory=lambda: MappingProxyType({}))
    value_cuts: tuple[float, ...] = ()
    decimals: int | None = 0
    remark: str = ""
    levels: Mapping[str, tuple[float, ...]] = field(default_factory=lambda: MappingProxyType({}))

    def survival_months(self, group: str) -> float | None:
        """Median survival in months of a group in the score's own cohort, where it was printed."""
        return next((one.median_survival_months for one in self.groups if one.name == group), None)


@dataclass(frozen=True)
class ScoreResult:
    """What a score says of one patient.

    ``value`` is None where an unknown fact changes it. ``groups`` are all that remain possible, from best to worst;
    empty for a score without groups. ``deciding`` names the unknown facts that would narrow them down. ``remarks`` are
    sentences on values within rounding of a cut and on where size and number come from.
    """

    score: Score
    value: float | None
    groups: tuple[str, ...]
    deciding: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def group(self) -> str | None:
        """The group, or None where several remain possible or the score has none."""
        return self.groups[0] if len(self.groups) == 1 else None

    @property
    def value_text(self) -> str:
        """The number as it is printed; empty where it is unknown."""
        return "" if self.value is None or self.score.decimals is None else f"{self.value:.{self.score.decimals}f}"

    @property
    def group_text(self) -> str:
        """The group, or those that remain possible with what would decide."""
        facts = _listed([FACTS[name].title for name in self.deciding], "and")
        if not self.groups:
            return f"needs {facts}" if facts else ""
        if len(self.groups) == 1:
            return self.groups[0]
        return f"{_listed(self.groups, 'or')} ({facts} {'decides' if len(self.deciding) == 1 else 'decide'})"

    @property
    def text(self) -> str:
        """Title, number and group, e.g. "Up-to-7 9.3, beyond"."""
        text = f"{self.score.title} {self.value_text}".strip()
        return text if self.group_text in ("", self.value_text) else f"{text}, {self.group_text}"

    @property
    def sentence(self) -> str:
        """Also what it predicts, e.g. "Up-to-7 9.3, beyond. Predicts survival, not response."."""
        text = self.text
        months = self.score.survival_months(self.group) if self.group else None
        if months is not None:
            text += f": median survival {months:g} months in the cohort that it comes from ({self.score.population})"
        return f"{text}. Predicts {self.score.predicts}, not response."


@dataclass(frozen=True)
class PublishedScores:
    """What all scores say of one patient; ``note`` says why there is none where the facts cannot be right."""

    results: tuple[ScoreResult, ...] = ()
    note: str = ""


def score_result(score: Score, facts: ScoreFacts) -> ScoreResult | None:
    """What the score says, or None where nothing is known of the facts that it asks for.

    Unknown facts take every value that can make a difference, so that ``groups`` holds all that remain possible.
    """
    if not any(facts.known(name) for name in score.facts):
        return None
    levels = {name: _levels(score, facts, name) for name in score.facts}
    open_facts = [name for name, values in levels.items() if len(values) > 1]
    values: set[float] = set()
    outcome: dict[tuple[float, ...], str | None] = {}
    for chosen in product(*levels.values()):
        known = Known(**dict(zip(levels, chosen, strict=True)))
        value = score.value(known)
        values.add(value)
        outcome[chosen] = score.group(known, value)
    remaining = {group for group in outcome.values() if group is not None}
    order = [group.name for group in score.groups] + [NOT_COVERED]
    number = values.pop() if len(values) == 1 else None
    return ScoreResult(
        score,
        number,
        tuple(sorted(remaining, key=order.index)),
        tuple(open_facts) if not remaining and number is None else _deciding(list(levels), open_facts, outcome),
        _remarks(score, facts, number),
    )


def _listed(names: Sequence[str], last: str) -> str:
    """ "A", "A or B", "A, B or C"; empty for none."""
    return f" {last} ".join(part for part in (", ".join(names[:-1]), *names[-1:]) if part)


def _levels(score: Score, facts: ScoreFacts, name: str) -> tuple[float, ...]:
    """The one value of a known fact, or those that stand for all that an unknown one can be."""
    stated = getattr(facts, name)
    if stated is not None and not isinstance(stated, Between):
        return (float(stated),)
    low, high = (stated.low, stated.high) if isinstance(stated, Between) else (-inf, inf)
    beside = [near for cut in score.cuts.get(name, ()) for near in (nextafter(cut, -inf), cut, nextafter(cut, inf))]
    fact = FACTS[name]
    ends = [end for end in (low, high, fact.least, fact.most) if 0 < end < inf]
    candidates = {*score.levels.get(name, fact.levels), *beside, *ends}
    if fact.whole:
        candidates = {one for one in candidates if one == round(one)}
    return tuple(sorted(one for one in candidates if low <= one <= high)) or (low,)


def _deciding(names: list[str], open_facts: list[str], outcome: dict[tuple[float, ...], str | None]) -> tuple[str, ...]:
    """The unknown facts that change the group, whatever the others are."""
    found = []
    for name in open_facts:
        place = names.index(name)
        seen: dict[tuple[float, ...], str | None] = {}
        for chosen, group in outcome.items():
            others = chosen[:place] + chosen[place + 1 :]
            if seen.setdefault(others, group) != group:
                found.append(name)
                break
    return tuple(found)


def _remarks(score: Score, facts: ScoreFacts, value: float | None) -> tuple[str, ...]:
    """Sentences on values within rounding of a cut, and on the source of size and number."""
    remarks = []
    for name, cuts in score.cuts.items():
        stated, fact = getattr(facts, name), FACTS[name]
        if isinstance(stated, (int, float)):
            remarks += [
                f"{fact.text(stated)} lies within rounding of the cut of {score.title} at {cut:g}"
                f"{' ' + fact.unit if fact.unit else ''}."
                for cut in cuts
                if fact.rounding and abs(stated - cut) <= fact.rounding
            ]
    if value is not None and score.decimals is not None:
        half = 0.5 * 10.0**-score.decimals
        remarks += [
            f"{score.title} {value:.{score.decimals + 1}f} lies within rounding of its cut at {cut:g}."
            for cut in score.value_cuts
            if abs(value - cut) <= half
        ]
    if score.remark:
        remarks.append(score.remark)
    sources = {"largest_diameter_cm": facts.diameter_source, "number_of_tumours": facts.count_source}
    remarks += [
        f"{FACTS[name].title}: {source}."
        for name, source in sources.items()
        if name in score.facts and facts.known(name) and source != "entered"
    ]
    return tuple(remarks)
