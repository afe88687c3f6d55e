"""One series as the volumes that it holds: the phases of a dynamic series, told apart by tags or by order."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from .archive import ArchiveFile, ArchiveSeries
from .series_facts import SeriesFacts, facts_from_dicom

_PHASE_TAGS = (
    "TemporalPositionIdentifier",
    "AcquisitionNumber",
    "TriggerTime",
    "AcquisitionTime",
    "ContentTime",
    "EchoTime",
    "ImageType",
)
"""Tags by which the volumes of one series differ, the surest first."""


@dataclass(frozen=True)
class Phase:
    """One volume of a series; ``number`` counts from 1, ``told_by`` is the tag that told it from the others."""

    series: ArchiveSeries
    number: int
    files: tuple[ArchiveFile, ...]
    told_by: str
    facts: SeriesFacts


def split_phases(series: ArchiveSeries, identifier) -> list[Phase]:
    """The phases of a series in the order of time; ``identifier(phase number)`` names each.

    Raises ValueError if several images lie at the same position and nothing tells to which volume each belongs.
    """
    places = defaultdict(list)
    for one in series.files:
        places[(one["ImagePositionPatient"], one["ImageOrientationPatient"])].append(one)
    if max(map(len, places.values())) == 1:
        groups, told_by = [series.files], ""
    else:
        groups, told_by = _groups(series, list(places.values()))
    return [
        Phase(series, number, tuple(files), told_by, _facts(identifier(number), files))
        for number, files in enumerate(sorted(groups, key=_order), start=1)
    ]


def _groups(series: ArchiveSeries, places: list[list[ArchiveFile]]) -> tuple[list[list[ArchiveFile]], str]:
    for tag in _PHASE_TAGS:
        by_value = defaultdict(list)
        for one in series.files:
            by_value[one[tag]].append(one)
        groups = list(by_value.values())
        if len(groups) > 1 and all(len(group) == len({_place(one) for one in group}) for group in groups):
            sizes = sorted(map(len, groups))
            # A value a slice tells no volumes apart.
            if sizes[0] > 1:
                return groups, tag
    counts = {len(files) for files in places}
    if len(counts) == 1:
        [count] = counts
        ranked = [sorted(files, key=_order_of_one) for files in places]
        return [[files[at] for files in ranked] for at in range(count)], "order at each position"
    raise ValueError(
        f"series {series.first['SeriesNumber'] or 'without number'} ({series.first['SeriesDescription']}): several "
        "images lie at one position and no tag tells which belong together; export each phase as a series of its own."
    )


def _place(one: ArchiveFile) -> tuple[str, str]:
    return (one["ImagePositionPatient"], one["ImageOrientationPatient"])


def _order(files: list[ArchiveFile]) -> tuple:
    return min(map(_order_of_one, files))


def _order_of_one(one: ArchiveFile) -> tuple[float, str, str, float]:
    return (
        _number(one["TemporalPositionIdentifier"]),
        one["AcquisitionTime"],
        one["ContentTime"],
        _number(one["InstanceNumber"]),
    )


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


def _facts(identifier: str, files: list[ArchiveFile]) -> SeriesFacts:
    """Facts of the phase: the tags of its first slice in time."""
    first = min(files, key=_order_of_one)
    return facts_from_dicom(identifier, first.tags, len(files))
