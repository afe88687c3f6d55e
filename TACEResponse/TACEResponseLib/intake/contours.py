"""Closed planar contours in patient coordinates as voxels of an image's geometry."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..cohort import ImageGeometry

_OFF_PLANE = 0.1
"""Largest distance of a contour's point from the plane of a slice, in slices."""

_HOLE = 0.95
"""A contour of which at least this share lies within another is a hole in it, ..."""

_CROSSING = 0.75
"""... one of which at most this share does crosses it, and both together are drawn; between the two nobody knows."""

_SAME_POINT_DIGITS = 3
"""Points that agree to so many digits of a pixel are one."""

Mask = NDArray[np.uint8]
Points = NDArray[np.float64]


def filled_contours(
    contours_mm: Sequence[Points],
    geometry: ImageGeometry,
    shape: tuple[int, int, int],
    exclusive_mm: Sequence[Points] = (),
) -> Mask:
    """Voxels whose centres lie inside the contours.

    A contour that runs back along its own way encloses a hole (keyhole technique: even-odd rule); any other one holds
    all that it runs around (non-zero winding), also where it crosses itself. Within one slice a contour inside another
    is a hole, and one inside the hole is an island; contours that cross are one area, as contouring programs show them;
    a contour that is there twice counts once.

    Parameters
    ----------
    contours_mm : sequence of ndarray, (n_points, 3)
        LPS, each closed in the plane of one slice; those of fewer than three points enclose nothing.
    geometry : ImageGeometry
    shape : tuple of int
        (K, J, I).
    exclusive_mm : sequence of ndarray, (n_points, 3)
        Contours of the type CLOSEDPLANAR_XOR, which combine with the others by exclusive or (DICOM PS3.3 C.8.8.6.3).

    Returns
    -------
    ndarray, uint8, (K, J, I)

    Raises
    ------
    ValueError
        If a contour lies between or across slices or outside the image, or if two cross such that one may be a hole in
        the other or an addition to it.
    """
    mask = np.zeros(shape, dtype=np.uint8)
    for k, areas in _by_slice(contours_mm, geometry, shape).items():
        for area in _areas(areas, k):
            mask[k] ^= area
    for k, areas in _by_slice(exclusive_mm, geometry, shape).items():
        for area in areas:
            mask[k] ^= area
    return mask


def _by_slice(
    contours_mm: Sequence[Points], geometry: ImageGeometry, shape: tuple[int, int, int]
) -> dict[int, list[Mask]]:
    direction = np.array(geometry.direction).reshape(3, 3)
    filled: dict[int, list[Mask]] = defaultdict(list)
    for points_mm in contours_mm:
        if len(points_mm) < 3:
            continue
        indices = (points_mm - geometry.origin_mm) @ direction / geometry.spacing_mm
        slices = indices[:, 2]
        k = round(float(slices.mean()))
        if np.abs(slices - k).max() > _OFF_PLANE:
            raise ValueError(
                "a contour lies between or across the slices of the image; export it on this image, or draw the VOI."
            )
        outside = indices[:, :2].min() < -0.5 or (indices[:, :2].max(axis=0) > np.array(shape[:0:-1]) - 0.5).any()
        if not 0 <= k < shape[0] or outside:
            raise ValueError("a contour lies outside the image; export it on this image, or draw the VOI.")
        filled[k].append(_inside(indices[:, :2], (shape[1], shape[2])))
    return filled


def _areas(areas: Sequence[Mask], k: int) -> list[Mask]:
    """Areas of which each lies inside or outside each other: those that cross are joined, copies left out."""
    separate: list[Mask] = []
    for area in sorted(areas, key=np.count_nonzero, reverse=True):
        joined = area
        apart = []
        for other in separate:
            if np.array_equal(joined, other):
                joined = other
            elif _crosses(joined, other, k):
                joined = joined | other
            else:
                apart.append(other)
        separate = [one for one in apart if not np.array_equal(one, joined)] + [joined]
    return separate


def _crosses(one: Mask, other: Mask, k: int) -> bool:
    """Whether two areas overlap in part. Raises ValueError if the smaller may be a hole in the larger as well."""
    shared = np.count_nonzero(one & other)
    smaller = min(np.count_nonzero(one), np.count_nonzero(other))
    if not shared or shared >= _HOLE * smaller:
        return False
    if shared > _CROSSING * smaller:
        raise ValueError(
            f"on slice {k + 1} two contours cross, and nobody can tell whether the smaller is a hole in the larger or "
            "an addition to it; join them in the contouring program, or draw the VOI."
        )
    return True


def _inside(points: Points, shape: tuple[int, int]) -> Mask:
    """Pixel centres (J, I) inside the polygon ``points`` (i, j): crossings of each row to the left are counted."""
    even_odd, winding = np.zeros((2, *shape), dtype=np.uint8)
    ends = np.roll(points, -1, axis=0)
    columns = np.arange(shape[1])
    for row in range(max(0, int(np.floor(points[:, 1].min()))), min(shape[0], int(points[:, 1].max()) + 2)):
        crosses = (points[:, 1] <= row) != (ends[:, 1] <= row)
        start, end = points[crosses], ends[crosses]
        at = start[:, 0] + (row - start[:, 1]) / (end[:, 1] - start[:, 1]) * (end[:, 0] - start[:, 0])
        order = np.argsort(at)
        to_the_left = np.searchsorted(at[order], columns, side="left")
        turns = np.concatenate([[0], np.cumsum(np.sign(end[:, 1] - start[:, 1])[order])])
        even_odd[row] = to_the_left % 2
        winding[row] = turns[to_the_left] != 0
    return even_odd if _returns(points) else winding


def _returns(points: Points) -> bool:
    """Whether the polygon runs back along one of its own edges: the bridge to a hole (keyhole technique)."""
    corners = [tuple(corner) for corner in points.round(_SAME_POINT_DIGITS).tolist()]
    edges = {(start, end) for start, end in zip(corners, corners[1:] + corners[:1], strict=True) if start != end}
    return any((end, start) in edges for start, end in edges)
