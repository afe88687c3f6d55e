"""One series as the volumes that it holds: the phases of a dynamic series, told apart by tags or by order."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from .archive import ArchiveSeries
from .headers import ArchiveImage
from .places import Place, places_of
from .series_facts import (
    SeriesFacts,
    acquisition_time_s,
    facts_from_dicom,
    moments_s,
    number_of,
    time_of_day_s,
)

_ORDERED_TAGS = ("TemporalPositionIdentifier", "AcquisitionNumber", "TriggerTime", "AcquisitionTime", "ContentTime")
"""Tags that count up through the volumes of one series, the surest first."""

_KIND_TAGS = ("SeriesNumber", "SeriesDescription", "EchoTime", "ImageType")
"""Tags by which images of one series differ in kind."""

_LEAST_DELAY_S = 5.0
"""Trigger times that are closer together than this are of the heart beat, not of the contrast agent."""

_Clock = Mapping[ArchiveImage, Mapping[str, float | None]]


@dataclass(frozen=True)
class Phase:
    """One volume of a series.

    ``number`` counts from 1 in the order of time; ``told_by`` is the tag that told it from the others, "" for the only
    one. ``lacking`` counts the positions at which the series' other volumes have an image and this one has none: it is
    not whole then.
    """

    series: ArchiveSeries
    number: int
    images: tuple[ArchiveImage, ...]
    told_by: str
    facts: SeriesFacts
    lacking: int = 0

    @property
    def text(self) -> str:
        """E.g. "series 5, phase 2", as messages name it."""
        return f"series {self.series.number}" + (f", phase {self.number}" if self.told_by else "")


@dataclass(frozen=True)
class _Group:
    """Images that belong together, and how many positions of their volume they lack."""

    images: list[ArchiveImage]
    lacking: int = 0


def split_phases(series: ArchiveSeries, identifier: Callable[[Sequence[ArchiveImage], int], str]) -> list[Phase]:
    """The phases of a series in the order of time; ``identifier(images, number)`` names each, the only one as 0.

    A volume has one image at each position that any volume of the same orientation and matrix has. Where the values of
    a tag make parts of volumes, as when the second changes within one pass or odd and even slices are acquired one
    after the other, the parts that follow each other are joined. What is still not whole is marked as lacking.

    Raises ValueError if images do not say where they lie, or if several lie at the same position and nothing tells to
    which volume each belongs.
    """
    places = places_of(series)
    clock = _clock(series.images)
    if len({place.geometry for place in places.values()}) == 1 and len(set(places.values())) == len(places):
        groups, told_by = [_Group(list(places))], ""
    else:
        groups, told_by = _told_apart(series, places, clock)
    starts_s = _starts_s(groups, clock)
    known = [(start_s, number) for number, start_s in enumerate(starts_s) if start_s is not None]
    if len(known) == len(groups):
        groups = [groups[number] for _, number in sorted(known)]
        starts_s = [start_s for start_s, _ in sorted(known)]
    phases = []
    for number, (group, start_s) in enumerate(zip(groups, starts_s, strict=True), start=1):
        first = min(group.images, key=lambda one: _order(clock[one]))
        name = identifier(group.images, number if told_by else 0)
        facts = facts_from_dicom(name, first.tags, len(group.images) + group.lacking)
        if told_by:
            facts = replace(facts, acquired_at_s=start_s)
        phases.append(Phase(series, number, tuple(group.images), told_by, facts, group.lacking))
    return phases


def _clock(images: Sequence[ArchiveImage]) -> _Clock:
    """What orders the images: the numbers of `_ORDERED_TAGS`, of which the times go on after midnight."""
    acquired = moments_s([acquisition_time_s(one.tags) for one in images])
    content = moments_s([time_of_day_s(one["ContentTime"]) for one in images])
    plain = ("TemporalPositionIdentifier", "AcquisitionNumber", "TriggerTime", "InstanceNumber")
    return {
        one: {tag: number_of(one[tag]) for tag in plain} | {"AcquisitionTime": acquired_s, "ContentTime": content_s}
        for one, acquired_s, content_s in zip(images, acquired, content, strict=True)
    }


def _order(values: Mapping[str, float | None]) -> tuple[float, ...]:
    tags = ("TemporalPositionIdentifier", "AcquisitionTime", "TriggerTime", "ContentTime", "InstanceNumber")
    return tuple(values[tag] or 0.0 for tag in tags)


def _told_apart(series: ArchiveSeries, places: Mapping[ArchiveImage, Place], clock: _Clock) -> tuple[list[_Group], str]:
    found = []
    # An image whose tag is wrong would make one volume more than there are images at a position.
    most: dict[int, int] = defaultdict(int)
    for place, count in Counter(places.values()).items():
        most[place.geometry] = max(most[place.geometry], count)
    volume_count = sum(most.values())
    for tag in (*_ORDERED_TAGS, *_KIND_TAGS):
        groups = _by_tag(tag, places, clock)
        lacking = sum(group.lacking > 0 for group in groups)
        if len(groups) > 1 and not lacking:
            return groups, tag
        if lacking <= len(groups) / 2 and len(groups) == volume_count:
            found.append((lacking, groups, tag))
    if ranked := _by_rank(places, clock):
        return ranked, "order at each position"
    if found:
        _, groups, tag = min(found, key=lambda one: one[0])
        return groups, tag
    if len({place.geometry for place in places.values()}) > 1:
        raise ValueError(
            f"series {series.number} mixes images of several orientations or matrices, and no tag tells which belong "
            "together; export each volume as a series of its own."
        )
    raise ValueError(
        f"in series {series.number} several images lie at one position and no tag tells which belong together; export "
        "each phase as a series of its own."
    )


def _by_tag(tag: str, places: Mapping[ArchiveImage, Place], clock: _Clock) -> list[_Group]:
    """The volumes that a tag's values make; none if a value has two images at one position."""
    whole: dict[int, set[Place]] = defaultdict(set)
    for place in places.values():
        whole[place.geometry].add(place)
    ordered = tag in _ORDERED_TAGS
    by_value: dict[float | str, list[ArchiveImage]] = defaultdict(list)
    for one in places:
        value = clock[one][tag] if ordered else one[tag]
        by_value[-1.0 if value is None else value].append(one)
    groups: list[list[ArchiveImage]] = []
    held: set[Place] = set()
    for value in sorted(by_value) if ordered else by_value:
        part = by_value[value]
        own = {places[one] for one in part}
        [geometry, *others] = {place.geometry for place in own}
        if len(own) < len(part) or others:
            return []
        if ordered and held and held < whole[geometry] and not held & own:
            groups[-1] += part
            held |= own
        else:
            groups.append(list(part))
            held = own
    return [_Group(group, len(whole[places[group[0]].geometry]) - len(group)) for group in groups]


def _by_rank(places: Mapping[ArchiveImage, Place], clock: _Clock) -> list[_Group]:
    """The first images of all positions, the second of all, ... by InstanceNumber.

    None unless all positions have as many and the numbers run through the volumes one after the other, or through the
    positions: numbers in another order would put a volume together from several.
    """
    at: dict[Place, list[tuple[float, ArchiveImage]]] = defaultdict(list)
    for one, place in places.items():
        number = clock[one]["InstanceNumber"]
        if number is None:
            return []
        at[place].append((number, one))
    ranked = [sorted(images, key=lambda image: image[0]) for images in at.values()]
    differ = len({number for images in ranked for number, _ in images}) == len(places)
    if not differ or len({len(images) for images in ranked}) > 1 or len({place.geometry for place in at}) > 1:
        return []
    volumes = list(zip(*ranked, strict=True))
    if not _follow_each_other(volumes) and not _follow_each_other(ranked):
        return []
    return [_Group([image for _, image in volume]) for volume in volumes]


def _follow_each_other(parts: Sequence[Sequence[tuple[float, ArchiveImage]]]) -> bool:
    """Whether the numbers of each part all come before those of the next, and differ."""
    numbers = [[number for number, _ in part] for part in parts]
    spans = sorted((min(own), max(own)) for own in numbers)
    return all(last < first for (_, last), (first, _) in pairwise(spans))


def _starts_s(groups: Sequence[_Group], clock: _Clock) -> list[float | None]:
    """When each phase began; groups come in the order of the tag that told them apart.

    Equal times are no times: only trigger times or offsets can tell such phases apart. Nor are times of one phase that
    lie among those of another.
    """
    times = [[time_s for one in group.images if (time_s := clock[one]["AcquisitionTime"])] for group in groups]
    spans = sorted((min(own), max(own)) for own in times if own)
    if any(first < last for (_, last), (first, _) in pairwise(spans)):
        return [None] * len(groups)
    starts = [min(own, default=None) for own in times]
    known = {start for start in starts if start is not None}
    if None in starts or len(known) == len(starts):
        return starts
    triggers = [min((clock[one]["TriggerTime"] or 0.0 for one in group.images), default=0.0) for group in groups]
    in_order = sorted(trigger / 1000 for trigger in triggers)
    if len(known) == 1 and min(later - earlier for earlier, later in pairwise(in_order)) >= _LEAST_DELAY_S:
        start_s = known.pop()
        return [start_s + trigger / 1000 for trigger in triggers]
    return [None] * len(groups)
