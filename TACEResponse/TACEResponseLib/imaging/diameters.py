"""Largest distances between points of a voxel grid, without SciPy's hulls: their import costs more than the distances.

Points are integers from 0 along (K, J, I), in steps of ``step_mm_kji``: voxel centres, or half voxels for the vertices
of a mesh.
"""

from __future__ import annotations

import numpy as np

_FAR_AWAY = 10**6
_STEPS_TO_OTHER_ROWS = (1, 2, 4)
_BLOCK = 256
_PAIRS_AT_ONCE = 1 << 20


def largest_distance(points: np.ndarray, step_mm_kji: np.ndarray) -> float:
    """Largest distance between two points, in mm: between two corners of their convex hull."""
    corners_mm = _hull_candidates(points) * step_mm_kji
    squares = np.sum(corners_mm**2, axis=1)
    widest_squared = 0.0
    for start in range(0, len(corners_mm), _BLOCK):
        block = slice(start, start + _BLOCK)
        products = corners_mm[block] @ corners_mm[start:].T
        widest_squared = max(widest_squared, (squares[block, None] + squares[start:] - 2 * products).max())
    return float(np.sqrt(widest_squared))


def largest_distance_in_plane(points: np.ndarray, step_mm_kji: np.ndarray, axis: int) -> float:
    """Largest distance, in mm, between two points that share their coordinate along ``axis``.

    In a plane, the farthest two points of two rows are at opposite ends of these rows; so it is enough to know the
    two ends of each row and to look at the opposite ends of any two rows.
    """
    across_rows, along_rows = (other for other in range(3) if other != axis)
    first, last = _row_ends(points[:, [axis, across_rows, along_rows]])
    n_planes, n_rows = first.shape
    # Over all planes, from the first end of one row to the last of another.
    widest = np.full((n_rows, n_rows), -2 * _FAR_AWAY, np.int32)
    planes_at_once = max(1, _PAIRS_AT_ONCE // n_rows**2)
    for start in range(0, n_planes, planes_at_once):
        block = slice(start, start + planes_at_once)
        np.maximum(widest, (last[block, None, :] - first[block, :, None]).max(axis=0), out=widest)
    row, other_row = np.nonzero(widest >= 0)
    sides = np.column_stack([np.abs(row - other_row), widest[row, other_row]])
    sides = sides * step_mm_kji[[across_rows, along_rows]]
    return float(np.sqrt(np.sum(sides**2, axis=1).max()))


def _row_ends(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """First and last position of a point in each row; the columns of ``points`` are plane, row and position.

    A row without a point has its first end far to the right and its last far to the left.
    """
    plane, row, position = points.T.astype(np.int32)
    shape = (int(plane.max()) + 1, int(row.max()) + 1)
    first, last = np.full(shape, _FAR_AWAY, np.int32), np.full(shape, -_FAR_AWAY, np.int32)
    np.minimum.at(first, (plane, row), position)
    np.maximum.at(last, (plane, row), position)
    return first, last


def _hull_candidates(points: np.ndarray) -> np.ndarray:
    """The points (m, 3) that may be corners of the convex hull.

    A corner is an end of its row. It cannot lie on or within the straight line between the ends of two other rows, one
    as far to this side of it as the other is to that; a few such pairs in four directions leave few candidates.
    """
    first, last = _row_ends(points)
    candidates = []
    for end, outwards in ((last, 1), (first, -1)):
        height = outwards * end
        reach = max(_STEPS_TO_OTHER_ROWS)
        others = np.pad(height, reach, constant_values=-_FAR_AWAY)
        is_candidate = height > -_FAR_AWAY
        for steps in _STEPS_TO_OTHER_ROWS:
            for down, right in ((0, steps), (steps, 0), (steps, steps), (steps, -steps)):
                one_side = _shifted(others, reach, height.shape, down, right)
                other_side = _shifted(others, reach, height.shape, -down, -right)
                is_candidate &= 2 * height > one_side + other_side
        plane, row = np.nonzero(is_candidate)
        candidates.append(np.column_stack([plane, row, end[plane, row]]))
    return np.concatenate(candidates)


def _shifted(padded: np.ndarray, padding: int, shape: tuple[int, int], down: int, right: int) -> np.ndarray:
    return padded[padding + down : padding + down + shape[0], padding + right : padding + right + shape[1]]
