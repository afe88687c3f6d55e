"""Largest distances between points of a lattice, without SciPy's hulls: their import costs more than the distances.

Points are integers along (K, J, I) in half voxels, so that voxel centres and the vertices between them both fit.
"""

from __future__ import annotations

import numpy as np

_FAR_AWAY = 10**6
_STEPS_TO_OTHER_ROWS = (1, 2, 4)
_BLOCK = 256


def largest_distance(vertices: np.ndarray, spacing_kji: np.ndarray) -> float:
    """Largest distance between two vertices, in mm: between two corners of their convex hull."""
    points = _hull_candidates(vertices) * (spacing_kji / 2)
    squares = np.sum(points**2, axis=1)
    widest_squared = 0.0
    for start in range(0, len(points), _BLOCK):
        block = slice(start, start + _BLOCK)
        products = points[block] @ points[start:].T
        widest_squared = max(widest_squared, (squares[block, None] + squares[start:] - 2 * products).max())
    return np.sqrt(widest_squared)


def largest_distance_in_plane(vertices: np.ndarray, spacing_kji: np.ndarray, axis: int) -> float:
    """Largest distance, in mm, between two vertices that share their coordinate along ``axis``.

    In a plane, the farthest two vertices of two rows are at opposite ends of these rows; so it is enough to know the
    two ends of each row and to look for the widest opposite ends of any two rows that are so and so many rows apart.
    """
    across_rows, along_rows = (other for other in range(3) if other != axis)
    first, last = _row_ends(vertices[:, [axis, across_rows, along_rows]])
    n_rows = first.shape[1]
    rows_apart = np.arange(n_rows)
    widest = np.array(
        [
            max((last[:, n:] - first[:, : n_rows - n]).max(), (last[:, : n_rows - n] - first[:, n:]).max())
            for n in rows_apart
        ]
    )
    occurs = widest >= 0
    sides = np.column_stack([rows_apart, widest])[occurs] * spacing_kji[[across_rows, along_rows]] / 2
    return np.sqrt(np.sum(sides**2, axis=1).max())


def _row_ends(vertices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """First and last position of a vertex in each row; the columns of ``vertices`` are plane, row and position.

    A row without a vertex has its first end far to the right and its last far to the left.
    """
    plane, row, position = vertices.T
    shape = (int(plane.max()) + 1, int(row.max()) + 1)
    first, last = np.full(shape, _FAR_AWAY), np.full(shape, -_FAR_AWAY)
    np.minimum.at(first, (plane, row), position)
    np.maximum.at(last, (plane, row), position)
    return first, last


def _hull_candidates(vertices: np.ndarray) -> np.ndarray:
    """The vertices (m, 3) that may be corners of the convex hull.

    A corner is an end of its row. It cannot lie on or within the straight line between the ends of two other rows, one
    as far to this side of it as the other is to that; a few such pairs in four directions leave few candidates.
    """
    first, last = _row_ends(vertices)
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
