"""Which series of one study are T2, AP, PVP and DP: from names and tags alone, for the panel and for archives.

Rules of clinical.md; the patterns and times stand in ``assignment_rules.json``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ..cohort import SEQUENCES
from .classify import DYNAMIC, NEVER, PHASES, SeriesKind, classify
from .phase_times import place_by_time, time_text
from .rules import AssignmentRules, found, load_rules, plain_name
from .series_facts import SeriesFacts, moments_s

HIGH, MEDIUM, LOW = "high", "medium", "low"
"""Confidence: the name says it and nothing contradicts; a choice among several, or by time; look at the images."""


_UNTOLD = ", as no time tells them apart"


@dataclass(frozen=True)
class Choice:
    """The series that was assigned to a sequence, how sure that is and why, for a person to confirm."""

    identifier: str
    confidence: str
    reason: str


@dataclass(frozen=True)
class Assignment:
    """``chosen`` by sequence in the order of `SEQUENCES`, ``passed_over`` by identifier with the reason."""

    chosen: Mapping[str, Choice]
    passed_over: Mapping[str, str]
    warnings: tuple[str, ...] = ()


def assign_sequences(series: Sequence[SeriesFacts], rules: AssignmentRules | None = None) -> Assignment:
    """Assign the series of one study; a sequence for which none fits stays open.

    Parameters
    ----------
    series : sequence of SeriesFacts
        All of one study of one patient, each phase of a dynamic series on its own, identifiers differing.
    rules : AssignmentRules, optional
        From `load_rules`; those of the library by default.

    Returns
    -------
    Assignment
        Each choice with confidence and reason, every other series with why it was passed over. Several arterial phases:
        the late one, by name or time. Times that contradict the names make all three phases "low".
    """
    rules = load_rules() if rules is None else rules
    series = _on_one_clock(series)
    by_id = {facts.identifier: facts for facts in series}
    kinds = {facts.identifier: classify(facts, rules) for facts in series}
    kinds = place_by_time(by_id, kinds, rules)
    chosen: dict[str, Choice] = {}
    for sequence in map(str, SEQUENCES):
        candidates = [facts for facts in series if kinds[facts.identifier].kind == sequence]
        if candidates:
            arterial = by_id[chosen["AP"].identifier] if "AP" in chosen else None
            chosen[sequence] = _choose(sequence, candidates, kinds, arterial, rules)
    chosen = _checked_order(chosen, by_id)
    warnings = _agent_warnings(chosen, by_id, rules)
    if warnings and "DP" in chosen:
        chosen["DP"] = replace(chosen["DP"], confidence=LOW)
    return Assignment(chosen, _passed_over(series, kinds, chosen), warnings)


def _on_one_clock(series: Sequence[SeriesFacts]) -> list[SeriesFacts]:
    """Times that go on after midnight, and none where an anonymiser zeroed them."""
    times = moments_s([*(one.acquired_at_s for one in series), *(one.contrast_started_at_s for one in series)])
    return [
        replace(one, acquired_at_s=acquired, contrast_started_at_s=started)
        for one, acquired, started in zip(series, times[: len(series)], times[len(series) :], strict=True)
    ]


def _choose(
    sequence: str,
    candidates: list[SeriesFacts],
    kinds: Mapping[str, SeriesKind],
    arterial: SeriesFacts | None,
    rules: AssignmentRules,
) -> Choice:
    # A name is believed before a time.
    named = [facts for facts in candidates if kinds[facts.identifier].by_name]
    candidates = named or candidates
    pick = {"T2": _best_t2, "AP": _late_arterial}.get(sequence)
    best, why = pick(candidates, rules) if pick else _nearest(sequence, candidates, arterial, rules)
    reason = kinds[best.identifier].reason
    if len(candidates) > 1:
        reason += f"; of {len(candidates)} series {why}"
    if len(candidates) == 1 and named:
        return Choice(best.identifier, HIGH, reason)
    timed = (best.delay_s is not None or " s after the contrast agent" in reason) and not why.endswith(_UNTOLD)
    told = named and not why.endswith(_UNTOLD)
    return Choice(best.identifier, MEDIUM if told or timed else LOW, reason)


def _best_t2(candidates: list[SeriesFacts], rules: AssignmentRules) -> tuple[SeriesFacts, str]:
    """Fat-suppressed before others, spin echo trains before single shots, then the one with most slices."""

    def order(facts: SeriesFacts) -> tuple[bool, bool, int]:
        name = plain_name(facts.description)
        fat_suppressed = found(rules.fat_suppressed, name) is not None
        return (not fat_suppressed, found(rules.single_shot, name) is not None, -(facts.slice_count or 0))

    best = min(candidates, key=order)
    name = plain_name(best.description)
    return best, "the fat-suppressed one" if found(rules.fat_suppressed, name) else "the one that seems most usual"


def _late_arterial(candidates: list[SeriesFacts], rules: AssignmentRules) -> tuple[SeriesFacts, str]:
    late = [facts for facts in candidates if found(rules.late_arterial, plain_name(facts.description))]
    if len(late) == 1:
        return late[0], "the late arterial one by its name"
    among = late or candidates
    most_s = rules.delay_s["AP"][1]
    in_time = [facts for facts in among if facts.delay_s is None or facts.delay_s <= most_s] or among
    best = max(in_time, key=_moment)
    if sum(_moment(facts) == _moment(best) for facts in in_time) > 1:
        return in_time[0], f"the first{_UNTOLD}"
    return best, f"the late arterial one, the last by time{time_text(best)}"


def _nearest(
    sequence: str, candidates: list[SeriesFacts], arterial: SeriesFacts | None, rules: AssignmentRules
) -> tuple[SeriesFacts, str]:
    """The one nearest to the usual delay; without times the first."""
    best_s = rules.best_delay_s[sequence]

    def distance_s(facts: SeriesFacts) -> float | None:
        if facts.delay_s is not None:
            return abs(facts.delay_s - best_s)
        if arterial is None or facts.acquired_at_s is None or arterial.acquired_at_s is None:
            return None
        usual_arterial_s = sum(rules.delay_s["AP"]) / 2
        return abs(facts.acquired_at_s - arterial.acquired_at_s + usual_arterial_s - best_s)

    known = [
        (distance, number) for number, facts in enumerate(candidates) if (distance := distance_s(facts)) is not None
    ]
    if known:
        best = candidates[min(known)[1]]
        return best, f"the one nearest to {best_s:.0f} s after the contrast agent{time_text(best)}"
    return min(candidates, key=_moment), "the first"


def _moment(facts: SeriesFacts) -> tuple[float, int]:
    return (facts.acquired_at_s or 0.0, facts.temporal_position or 0)


def _checked_order(chosen: dict[str, Choice], by_id: Mapping[str, SeriesFacts]) -> dict[str, Choice]:
    """AP, PVP and DP follow each other in time; where they do not, no name is believed."""
    phases = [phase for phase in PHASES if phase in chosen]
    times = [by_id[chosen[phase].identifier].acquired_at_s for phase in phases]
    # Equal times are no times: they contradict nothing.
    told = [time for time in times if time is not None and times.count(time) == 1]
    if None in times or told == sorted(told):
        return chosen
    listed = ", ".join(f"{phase}{time_text(by_id[chosen[phase].identifier])}" for phase in phases)
    doubt = f"; but the times of the phases contradict their order ({listed})"
    return {
        sequence: replace(choice, confidence=LOW, reason=choice.reason + doubt) if sequence in phases else choice
        for sequence, choice in chosen.items()
    }


def _agent_warnings(
    chosen: Mapping[str, Choice], by_id: Mapping[str, SeriesFacts], rules: AssignmentRules
) -> tuple[str, ...]:
    agents = {plain_name(by_id[choice.identifier].contrast_agent) for choice in chosen.values()}
    # The words of the pattern only: what else a scanner's field holds may be a name.
    words = sorted({hit for agent in agents if (hit := found(rules.hepatobiliary_agents, agent))})
    if not words:
        return ()
    return (
        f"The contrast agent is hepatobiliary ({', '.join(words)}): its phase at 180 s is transitional, not "
        "delayed; the study used an extracellular agent.",
    )


def _passed_over(
    series: Sequence[SeriesFacts], kinds: Mapping[str, SeriesKind], chosen: Mapping[str, Choice]
) -> dict[str, str]:
    used = {choice.identifier: sequence for sequence, choice in chosen.items()}
    reasons = {}
    for facts in series:
        kind = kinds[facts.identifier]
        if facts.identifier in used:
            continue
        if kind.kind in (NEVER, DYNAMIC) or kind.kind not in chosen:
            reasons[facts.identifier] = kind.reason
        else:
            reasons[facts.identifier] = f"{kind.kind} too ({kind.reason}), but another was chosen"
    return reasons
