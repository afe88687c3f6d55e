"""Where the images of one series lie: which make one stack, and which lie at the same position of it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .archive import ArchiveSeries
from .headers import ArchiveImage

_SAME_DIRECTION = 1e-3
"""Largest difference of a direction cosine within one stack; the reader of voxels is stricter."""

_SAME_SPACING_MM = 1e-4

_SAME_POSITION = 0.1
"""Images closer than this share of the slice thickness lie at the same position."""

_SAME_POSITION_MM = (0.05, 0.25)
"""Without a thickness, and at most."""


Numbers = NDArray[np.float64]


_EVEN = 0.02
"""Largest difference between the steps of an evenly spaced stack, in steps."""


class Place(NamedTuple):
    """``geometry`` counts the orientations and matrices of a series, ``position`` the slices of one of them."""

    geometry: int
    position: int


class _Stack(NamedTuple):
    """Images of one matrix and geometry (orientation and pixel spacing), with their distances along the normal."""

    matrix: tuple[str, str]
    geometry: Numbers
    images: list[ArchiveImage]
    distances_mm: list[float]


def places_of(series: ArchiveSeries) -> dict[ArchiveImage, Place]:
    """The place of each image of a series, by position along the normal of its plane; a hair beside is the same place.

    Raises ValueError if an image does not say where it lies.
    """
    stacks: list[_Stack] = []
    for one in series.images:
        if (one["NumberOfFrames"] or "1") != "1" and one.frame is None:
            raise ValueError(
                f"series {series.number} holds several images in one file that does not say where each lies; export "
                "the original series again."
            )
        frame = _numbers(one["ImageOrientationPatient"], 6), _numbers(one["PixelSpacing"], 2)
        position = _numbers(one["ImagePositionPatient"], 3)
        if frame[0] is None or frame[1] is None or position is None:
            raise ValueError(
                f"an image of series {series.number} does not say where it lies in the patient; export the original "
                "series again."
            )
        geometry = np.concatenate([frame[0], frame[1]])
        matrix = (one["Rows"], one["Columns"])
        stack = next((known for known in stacks if known.matrix == matrix and _alike(known.geometry, geometry)), None)
        if stack is None:
            stack = _Stack(matrix, geometry, [], [])
            stacks.append(stack)
        stack.images.append(one)
        stack.distances_mm.append(float(position @ np.cross(stack.geometry[:3], stack.geometry[3:6])))
    places: dict[ArchiveImage, Place] = {}
    for number, stack in enumerate(stacks):
        positions = _positions(stack.images, np.array(stack.distances_mm))
        places |= {one: Place(number, int(position)) for one, position in zip(stack.images, positions, strict=True)}
    # In the order of the series.
    return {one: places[one] for one in series.images}


def interleave(one: Sequence[ArchiveImage], other: Sequence[ArchiveImage]) -> bool:
    """Whether two volumes are the odd and the even slices of one evenly spaced stack."""
    geometry = _numbers(one[0]["ImageOrientationPatient"], 6)
    if geometry is None or abs(len(one) - len(other)) > 1:
        return False
    normal = np.cross(geometry[:3], geometry[3:])
    places = []
    for number, images in enumerate((one, other)):
        for image in images:
            position = _numbers(image["ImagePositionPatient"], 3)
            if position is None:
                return False
            places.append((float(position @ normal), number))
    places.sort()
    steps_mm = np.diff([distance_mm for distance_mm, _ in places])
    alternate = all(before[1] != after[1] for before, after in pairwise(places))
    return alternate and bool(np.ptp(steps_mm) <= _EVEN * steps_mm.mean())


def _alike(known: Numbers, other: Numbers) -> bool:
    difference = np.abs(known - other)
    return bool(difference[:6].max() <= _SAME_DIRECTION and difference[6:].max() <= _SAME_SPACING_MM)


def _positions(images: Sequence[ArchiveImage], distances_mm: Numbers) -> NDArray[np.int64]:
    """The number of each image's position along the normal."""
    least, most = _SAME_POSITION_MM
    thickness_mm = _numbers(images[0]["SliceThickness"], 1)
    same_mm = least if thickness_mm is None else float(np.clip(_SAME_POSITION * thickness_mm[0], 1e-3, most))
    order = np.argsort(distances_mm, kind="stable")
    positions = np.empty(len(images), np.int64)
    positions[order] = np.concatenate([[0], np.cumsum(np.diff(distances_mm[order]) > same_mm)])
    return positions


def _numbers(text: str, count: int) -> Numbers | None:
    try:
        values = np.array([float(part) for part in text.split("\\")])
    except ValueError:
        return None
    return values if values.size == count and np.isfinite(values).all() else None
