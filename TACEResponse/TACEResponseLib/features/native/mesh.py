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
