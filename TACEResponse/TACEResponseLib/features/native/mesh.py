"""Area, volume and vertices of the triangle mesh that PyRadiomics lays around a VOI.

The mesh is a marching-cubes surface at half height between voxel centres: its vertices are the midpoints between a
voxel inside and a face neighbour outside. Which triangles join them in a cell of 2x2x2 voxel centres depends on
PyRadiomics' own case table; what each of the 256 cells adds to area and volume was measured by
``Testing/tools/measure_mesh_table.py`` and stands in ``mesh_table.json``.
"""

from __future__ import annotations

import functools
import json
from pathlib import Path

import numpy as np

_FAR_AWAY = 10**6
_STEPS_TO_OTHER_ROWS = (1, 2, 4)
_BLOCK = 256


@functools.cache
def _table() -> dict[str, np.ndarray]:
    """The measured table as arrays: what a cell adds to the volume where it stands and for each step along (K, J, I)
    away from the origin, in 1/48 of a voxel, and how many eighths of each kind of normal its area consists of."""
    table = json.loads((Path(__file__).parent / "mesh_table.json").read_text(encoding="utf-8"))
    cells = table["cells"]
    return {
        "volume": np.array([cell["volume_48ths"] for cell in cells]) / 48,
        "volume_per_shift": np.array([cell["volume_per_shift_48ths"] for cell in cells]) / 48,
        "area": np.array([cell["area_8ths"] for cell in cells]) / 8,
        "normals": np.array(table["normals_kji"], dtype=float),
    }


def mesh_area_and_volume(padded_mask: np.ndarray, spacing_kji: np.ndarray) -> tuple[float, float]:
    """Area in mm^2 and volume in mm^3 of the mesh.

    The volume is the sum of the signed tetrahedra between the triangles and the origin. As the mesh has holes in a few
    ambiguous cells, it depends slightly on where the VOI lies: ``padded_mask`` is its bounding box with one voxel of
    padding, as in PyRadiomics.
    """
    table = _table()
    corners = padded_mask.view(np.uint8)
    edges = corners[:, :, :-1] | corners[:, :, 1:] << 1
    faces = edges[:, :-1] | edges[:, 1:] << 2
    codes = faces[:-1] | faces[1:] << 4
    on_surface = np.flatnonzero((codes != 0) & (codes != 255))
    surface_codes = codes.ravel()[on_surface]
    positions = np.array(np.unravel_index(on_surface, codes.shape))
    shift_volume = np.sum(table["volume_per_shift"][surface_codes].T * positions)
    code_counts = np.bincount(surface_codes, minlength=256)
    volume = (code_counts @ table["volume"] + shift_volume) * np.prod(spacing_kji)

    k, j, i = spacing_kji
    normal_lengths = np.linalg.norm(table["normals"] * (j * i, k * i, k * j), axis=1)
    return code_counts @ table["area"] @ normal_lengths, volume


def mesh_vertices(padded_mask: np.ndarray) -> np.ndarray:
    """Vertices (n, 3) along (K, J, I) in half voxels, so that they are integers; each has one odd coordinate."""
    vertices = []
    for axis in range(3):
        here, next_along = [slice(None)] * 3, [slice(None)] * 3
        here[axis], next_along[axis] = slice(None, -1), slice(1, None)
        crossings = 2 * np.argwhere(padded_mask[tuple(here)] != padded_mask[tuple(next_along)])
        crossings[:, axis] += 1
        vertices.append(crossings)
    return np.concatenate(vertices)


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
