"""What one series is, by its name and tags alone."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .rules import AssignmentRules, RuleLayer, found, plain_name
from .series_facts import SeriesFacts

NEVER = "never"
DYNAMIC = "dynamic"
UNKNOWN = "unknown"

PHASES = ("AP", "PVP", "DP")

_DELAY_IN_NAME = re.compile(
    r"(?<![\w.,])(?P<number>\d+(?:[.,]\d+)?)\s?"
    r"(?:(?P<minutes>minutos?|minuten?|minutes?|min|mn|мин|分钟?|분)|(?:seconds?|sec|sek|seg|сек|s|秒|초))(?![a-z])"
)
_BREATH_HOLD = re.compile(r"(bh|breath\w*|breathhold)\s*$")

_T2_LEAST_ECHO_TIME_MS = 60
_T2_LEAST_REPETITION_TIME_MS = 1000
_T1_MOST_ECHO_TIME_MS = 10
_T1_MOST_REPETITION_TIME_MS = 30


@dataclass(frozen=True)
class SeriesKind:
    """``kind`` is a sequence's name, "dynamic" (a T1 series whose phase its name does not say), "never" or "unknown".

    ``by_name`` tells a kind that the name says from one inferred from times; ``reason`` is a phrase for a person.
    """

    kind: str
    reason: str
    by_name: bool = False


def classify(facts: SeriesFacts, rules: AssignmentRules) -> SeriesKind:
    """The kind of one series: first what is never assigned, then the description, the protocol's name, the times."""
    never = _never_by_tags(facts, rules)
    if never is not None:
        return never
    for text, source in ((facts.description, "its name"), (facts.protocol, "its protocol's name")):
        for layer in rules.layers if text else ():
            kind = _by_name(text, source, layer, rules, facts)
            if kind is not None:
                return kind
    return _by_echo_times(facts) or SeriesKind(UNKNOWN, "neither its name nor its tags say what it is")


def _never_by_tags(facts: SeriesFacts, rules: AssignmentRules) -> SeriesKind | None:
    for layer in rules.layers:
        for rule in layer.never:
            hit = rule.image_type & set(facts.image_type)
            if hit:
                return SeriesKind(NEVER, f"{rule.kind}: its image type is {', '.join(sorted(hit))}")
    if facts.slice_count is not None and facts.slice_count < rules.fewest_slices:
        return SeriesKind(NEVER, f"only {facts.slice_count} slices: a localiser or single images")
    if facts.plane not in (None, "transverse"):
        return SeriesKind(NEVER, f"not transverse: its slices are {facts.plane}")
    return None


def _by_name(text: str, source: str, layer: RuleLayer, rules: AssignmentRules, facts: SeriesFacts) -> SeriesKind | None:
    name = plain_name(text)
    for rule in layer.never:
        words = found(rule.name, name)
        if words is not None:
            return SeriesKind(NEVER, f'{rule.kind}: {source} holds "{words}"')
    if words := found(layer.sequences.get("T2", ()), name):
        return SeriesKind("T2", f'{source} holds "{words}"', by_name=True)
    phases = _phases_in(name, layer)
    delay_s, delay_source = _delay(text, source, facts)
    if len(phases) == 1:
        [(phase, words)] = phases.items()
        if delay_s is not None and delay_s >= rules.hepatobiliary_from_s:
            return SeriesKind(NEVER, f"hepatobiliary phase: {delay_s / 60:.0f} min after the contrast agent")
        return SeriesKind(phase, f'{source} holds "{words}"', by_name=True)
    dynamic = found(layer.dynamic, name)
    if delay_s is not None and (dynamic or len(phases) > 1 or facts.contrast_agent):
        return _by_delay(delay_s, delay_source, rules)
    if len(phases) > 1:
        return SeriesKind(DYNAMIC, f"{source} names several phases: {', '.join(sorted(phases.values()))}")
    return SeriesKind(DYNAMIC, f'{source} holds "{dynamic}" and no phase') if dynamic else None


def _phases_in(name: str, layer: RuleLayer) -> dict[str, str]:
    """The phases that a name holds and by which words. "Late" belongs to "late arterial" before it means delayed."""
    phases = {}
    for phase in PHASES:
        patterns = layer.sequences.get(phase, ())
        words = found(patterns, name)
        if words is not None:
            phases[phase] = words
            for pattern in patterns if phase == "AP" else ():
                name = pattern.sub(" ", name)
    return phases


def _delay(text: str, source: str, facts: SeriesFacts) -> tuple[float | None, str]:
    """Seconds after the contrast agent, from the tags or else from the name ("3min"), and where they stand."""
    if facts.delay_s is not None:
        return facts.delay_s, "its tags"
    plain = text.casefold().replace("_", " ").replace("-", " ")
    for hit in _DELAY_IN_NAME.finditer(plain):
        if not _BREATH_HOLD.search(plain[: hit.start()]):
            return float(hit["number"].replace(",", ".")) * (60 if hit["minutes"] else 1), source
    return None, ""


def _by_delay(delay_s: float, source: str, rules: AssignmentRules) -> SeriesKind:
    if delay_s < 0:
        return SeriesKind(NEVER, f"pre-contrast: acquired {-delay_s:.0f} s before the contrast agent")
    if delay_s >= rules.hepatobiliary_from_s:
        return SeriesKind(NEVER, f"hepatobiliary phase: {delay_s / 60:.0f} min after the contrast agent by {source}")
    for phase, (least_s, most_s) in rules.delay_s.items():
        if least_s <= delay_s < most_s:
            return SeriesKind(phase, f"{delay_s:.0f} s after the contrast agent by {source}")
    return SeriesKind(UNKNOWN, f"{delay_s:.0f} s after the contrast agent by {source} is none of the three phases")


def _by_echo_times(facts: SeriesFacts) -> SeriesKind | None:
    if facts.echo_time_ms is None or facts.repetition_time_ms is None:
        return None
    times = f"TR {facts.repetition_time_ms:.0f} ms, TE {facts.echo_time_ms:.3g} ms"
    if facts.echo_time_ms >= _T2_LEAST_ECHO_TIME_MS and facts.repetition_time_ms >= _T2_LEAST_REPETITION_TIME_MS:
        return SeriesKind("T2", f"T2-weighted by {times}; its name does not say so")
    is_t1 = facts.echo_time_ms <= _T1_MOST_ECHO_TIME_MS and facts.repetition_time_ms <= _T1_MOST_REPETITION_TIME_MS
    if is_t1 and facts.contrast_agent:
        return SeriesKind(DYNAMIC, f"T1-weighted with contrast agent by {times}; its name says no phase")
    return None
