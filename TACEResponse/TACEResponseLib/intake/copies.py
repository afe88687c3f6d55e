"""Images that an archive holds more than once: files copied, and series exported again under other UIDs."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence

from ..imaging.dicom_objects import open_dicom
from ..imaging.dicom_pixels import read_frames
from ..imaging.pixel_format import PixelFormat
from .archive import ArchiveSeries
from .headers import ArchiveImage
from .phases import Phase
from .series_facts import number_of


def without_copies(series: ArchiveSeries) -> tuple[ArchiveSeries, int]:
    """The series without the copies of its images, and how many they are.

    A copy has the same SOPInstanceUID, the same position and the same pixels: anonymisers give different images the
    same UID.
    """
    alike: dict[tuple[str, int | None, str], list[ArchiveImage]] = defaultdict(list)
    for one in series.images:
        alike[one["SOPInstanceUID"], one.frame, one["ImagePositionPatient"]].append(one)
    if len(alike) == len(series.images):
        return series, 0
    kept: list[ArchiveImage] = []
    for images in alike.values():
        seen = set()
        for one in images:
            digest = _pixels(one) if len(images) > 1 else ""
            if digest not in seen:
                seen.add(digest)
                kept.append(one)
    return ArchiveSeries(series.uid, kept), len(series.images) - len(kept)


def copied_phases(phases: Sequence[Phase]) -> dict[str, Phase]:
    """{identifier: the first phase with the very same images} for each phase that is a copy of an earlier one."""
    alike: dict[tuple[object, ...], list[Phase]] = defaultdict(list)
    for phase in phases:
        alike[_outline(phase)].append(phase)
    copies: dict[str, Phase] = {}
    for group in alike.values():
        first_with: dict[tuple[str, ...], Phase] = {}
        for phase in group if len(group) > 1 else ():
            images = _sorted(phase)
            middle = (_pixels(images[len(images) // 2]),)
            original = first_with.setdefault(middle, phase)
            if original is not phase and all(
                _pixels(one) == _pixels(other) for one, other in zip(images, _sorted(original), strict=True)
            ):
                copies[phase.facts.identifier] = original
    return copies


def _outline(phase: Phase) -> tuple[object, ...]:
    """What two copies have in common before their pixels are looked at."""
    images = _sorted(phase)
    ends = [tuple(round(part, 1) for part in _position(one)) for one in (images[0], images[-1])]
    shared = [images[0][keyword] for keyword in ("StudyDate", "SeriesDescription", "Rows", "Columns")]
    return (*shared, len(images), *ends)


def _sorted(phase: Phase) -> list[ArchiveImage]:
    return sorted(phase.images, key=_position)


def _position(one: ArchiveImage) -> tuple[float, ...]:
    return tuple(number_of(part) or 0.0 for part in one["ImagePositionPatient"].split("\\"))


def _pixels(one: ArchiveImage) -> str:
    """A digest of the stored values, however they are compressed; what cannot be read is a copy of nothing."""
    try:
        dataset = open_dicom(one.path)
        if dataset is None:
            return str(one.path)
        [values] = read_frames(one.path, PixelFormat.of(dataset), [one.frame or 0])
    except ValueError:
        return f"{one.path} {one.frame}"
    return hashlib.sha256(values.astype("<i4").tobytes()).hexdigest()
