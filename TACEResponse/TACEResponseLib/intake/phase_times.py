"""The phase of dynamic series whose names do not say it: by when they were acquired."""

from __future__ import annotations

from collections.abc import Mapping

from .classify import DYNAMIC, NEVER, SeriesKind
from .rules import AssignmentRules
from .series_facts import SeriesFacts

_ARTERIAL_RUN_S = 25.0
"""Arterial phases of one breath-hold lie within this of the first."""


def time_text(facts: SeriesFacts) -> str:
    """ ", at 10:15:28" or ", temporal position 2"; empty if neither is known."""
    if facts.acquired_at_s is not None:
        seconds = int(facts.acquired_at_s)
        return f" at {seconds // 3600:02d}:{seconds % 3600 // 60:02d}:{seconds % 60:02d}"
    return "" if facts.temporal_position is None else f" at temporal position {facts.temporal_position}"


def place_by_time(
    by_id: Mapping[str, SeriesFacts], kinds: Mapping[str, SeriesKind], rules: AssignmentRules
) -> dict[str, SeriesKind]:
    """Kinds in which "dynamic" became AP, PVP or DP where times allow it.

    The arterial phase is the one that a name or a contrast time says, or else the first dynamic one after the
    pre-contrast one; without any pre-contrast series, the first of four or more dynamic phases is taken for it.
    """
    placed = dict(kinds)
    dynamic = [facts for facts in by_id.values() if kinds[facts.identifier].kind == DYNAMIC]
    if not dynamic:
        return placed
    if any(facts.acquired_at_s is None for facts in dynamic):
        return _by_order(dynamic, placed)
    dynamic.sort(key=lambda facts: (facts.acquired_at_s, facts.temporal_position or 0))
    arterial = [
        by_id[identifier].acquired_at_s
        for identifier, kind in kinds.items()
        if kind.kind == "AP" and by_id[identifier].acquired_at_s is not None
    ]
    if arterial:
        start_s, source = max(arterial), "the arterial phase"
    else:
        dynamic = _after_contrast(dynamic, by_id, placed)
        if not dynamic:
            return placed
        first_s = dynamic[0].acquired_at_s
        run = [facts for facts in dynamic if facts.acquired_at_s - first_s <= _ARTERIAL_RUN_S]
        for facts in run:
            placed[facts.identifier] = SeriesKind("AP", "the first dynamic phase after the contrast agent by time")
        start_s, source = run[-1].acquired_at_s, "the phase taken for the arterial one"
        dynamic = dynamic[len(run) :]
    for facts in dynamic:
        after_s = facts.acquired_at_s - start_s
        placed[facts.identifier] = _after_arterial(after_s, source, rules)
    return placed


def _after_arterial(after_s: float, source: str, rules: AssignmentRules) -> SeriesKind:
    if after_s < 0:
        return SeriesKind(NEVER, f"pre-contrast or early arterial: {-after_s:.0f} s before {source}")
    for phase, (least_s, most_s) in rules.after_arterial_s.items():
        if least_s <= after_s < most_s:
            return SeriesKind(phase, f"{after_s:.0f} s after {source} by its time")
    return SeriesKind(NEVER, f"{after_s:.0f} s after {source}: neither the portal venous nor the delayed phase")


def _after_contrast(
    dynamic: list[SeriesFacts], by_id: Mapping[str, SeriesFacts], placed: dict[str, SeriesKind]
) -> list[SeriesFacts]:
    """The dynamic phases after the contrast agent, in order of time; those before are marked in ``placed``."""
    before = [
        by_id[identifier].acquired_at_s
        for identifier, kind in placed.items()
        if kind.kind == NEVER and kind.reason.startswith("pre-contrast") and by_id[identifier].acquired_at_s is not None
    ]
    if before:
        after = [facts for facts in dynamic if facts.acquired_at_s > max(before)]
    elif len(dynamic) >= 4:
        after = dynamic[1:]
    elif all(facts.contrast_agent for facts in dynamic):
        after = dynamic
    else:
        after = []
    for facts in dynamic:
        if facts in after:
            continue
        reason = "pre-contrast: the first of the dynamic phases by time"
        if not after:
            reason = "a dynamic series of which neither name nor tags say whether contrast agent was given"
        placed[facts.identifier] = SeriesKind(NEVER, reason)
    return after


def _by_order(dynamic: list[SeriesFacts], placed: dict[str, SeriesKind]) -> dict[str, SeriesKind]:
    """Without times only pre-contrast, AP, PVP, DP or AP, PVP, DP in the order of temporal positions are understood."""
    positions = [facts.temporal_position for facts in dynamic]
    taken = any(placed[identifier].kind in ("AP", "PVP", "DP") for identifier in placed)
    if None in positions or len(set(positions)) < len(positions) or len(dynamic) not in (3, 4) or taken:
        for facts in dynamic:
            reason = f"{placed[facts.identifier].reason}; its time is not known"
            placed[facts.identifier] = SeriesKind(NEVER, reason)
        return placed
    names = ("AP", "PVP", "DP") if len(dynamic) == 3 else (NEVER, "AP", "PVP", "DP")
    for name, facts in zip(names, sorted(dynamic, key=lambda facts: facts.temporal_position), strict=True):
        place = f"temporal position {facts.temporal_position} of {len(dynamic)}"
        reason = f"pre-contrast: {place}" if name == NEVER else f"{place}; times are not known"
        placed[facts.identifier] = SeriesKind(name, reason)
    return placed
