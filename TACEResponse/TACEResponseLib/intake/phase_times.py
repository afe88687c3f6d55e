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
        seconds = int(facts.acquired_at_s) % 86_400
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
    if not _have_times(dynamic):
        return _by_order(dynamic, placed)
    at_s = {name: facts.acquired_at_s for name, facts in by_id.items() if facts.acquired_at_s is not None}
    dynamic.sort(key=lambda facts: (at_s[facts.identifier], facts.temporal_position or 0))
    arterial = [at_s[name] for name, kind in kinds.items() if kind.kind == "AP" and name in at_s]
    if arterial:
        start_s, source = max(arterial), "the arterial phase"
    else:
        dynamic = _after_contrast(dynamic, at_s, placed)
        if not dynamic:
            return placed
        first_s = at_s[dynamic[0].identifier]
        run = [facts for facts in dynamic if at_s[facts.identifier] - first_s <= _ARTERIAL_RUN_S]
        for facts in run:
            placed[facts.identifier] = SeriesKind("AP", "the first dynamic phase after the contrast agent by time")
        start_s, source = at_s[run[-1].identifier], "the phase taken for the arterial one"
        dynamic = dynamic[len(run) :]
    for facts in dynamic:
        placed[facts.identifier] = _after_arterial(at_s[facts.identifier] - start_s, source, rules)
    return placed


def _have_times(dynamic: list[SeriesFacts]) -> bool:
    """Whether times order the phases. Equal times are no times, as anonymisers and some scanners write them."""
    positions: dict[float, set[int | None]] = {}
    for facts in dynamic:
        if facts.acquired_at_s is None:
            return False
        positions.setdefault(facts.acquired_at_s, set()).add(facts.temporal_position)
    differ = any(len(own - {None}) > 1 for own in positions.values())
    return not differ and (len(positions) > 1 or len(dynamic) == 1)


def _after_arterial(after_s: float, source: str, rules: AssignmentRules) -> SeriesKind:
    if after_s < 0:
        return SeriesKind(NEVER, f"pre-contrast or early arterial: {-after_s:.0f} s before {source}")
    for phase, (least_s, most_s) in rules.after_arterial_s.items():
        if least_s <= after_s < most_s:
            return SeriesKind(phase, f"{after_s:.0f} s after {source} by its time")
    return SeriesKind(NEVER, f"{after_s:.0f} s after {source}: neither the portal venous nor the delayed phase")


def _after_contrast(
    dynamic: list[SeriesFacts], at_s: Mapping[str, float], placed: dict[str, SeriesKind]
) -> list[SeriesFacts]:
    """The dynamic phases after the contrast agent, in order of time; those before are marked in ``placed``."""
    before = [
        at_s[name]
        for name, kind in placed.items()
        if kind.kind == NEVER and kind.reason.startswith("pre-contrast") and name in at_s
    ]
    if before:
        after = [facts for facts in dynamic if at_s[facts.identifier] > max(before)]
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
    positions = {facts.temporal_position: facts for facts in dynamic if facts.temporal_position is not None}
    taken = any(kind.kind in ("AP", "PVP", "DP") for kind in placed.values())
    if len(positions) < len(dynamic) or len(dynamic) not in (3, 4) or taken:
        for facts in dynamic:
            reason = f"{placed[facts.identifier].reason}; its time is not known"
            placed[facts.identifier] = SeriesKind(NEVER, reason)
        return placed
    names = ("AP", "PVP", "DP") if len(dynamic) == 3 else (NEVER, "AP", "PVP", "DP")
    for name, (position, facts) in zip(names, sorted(positions.items()), strict=True):
        place = f"temporal position {position} of {len(dynamic)}"
        reason = f"pre-contrast: {place}" if name == NEVER else f"{place}; times are not known"
        placed[facts.identifier] = SeriesKind(name, reason)
    return placed
