"""Measure the area and volume of PyRadiomics' surface mesh inside a cell of 2x2x2 voxels, for each of the 256 cells.

    python Testing/tools/measure_mesh_table.py

writes TACEResponse/TACEResponseLib/features/native/mesh_table.json. Nothing of PyRadiomics is read or copied: its mesh
is a black box that is called on 2x2x2 masks (and on 3x2x2 ones, to see how the volume changes when a cell is moved: the
volume is a sum of tetrahedra that reach to the origin, and the mesh is not always closed).

Area: a triangle between edge midpoints of the cell has a normal of which only 3 small integers matter; how its area
changes with the spacing depends on them alone. Measuring the area at many spacings and solving for non-negative
coefficients therefore gives the area at every spacing, as a whole number of eighths for each kind of normal.
"""

from __future__ import annotations

import itertools
import json
import math
from pathlib import Path

import numpy as np
from radiomics import __version__ as pyradiomics_version
from radiomics import cShape
from scipy.optimize import nnls

TARGET = Path(__file__).resolve().parents[2] / "TACEResponse/TACEResponseLib/features/native/mesh_table.json"
UNIT_CELL = np.ones(3)
N_SPACINGS = 80


def main() -> None:
    """Measure and write the table."""
    normals = kinds_of_normals()
    spacings = np.random.default_rng(0).uniform(0.4, 2.5, (N_SPACINGS, 3))
    area_by_normal = np.array([[area_factor(normal, spacing) for normal in normals] for spacing in spacings])
    cells = [measure_cell(code, normals, spacings, area_by_normal) for code in range(256)]
    used = sorted({index for cell in cells for index in cell["area_8ths"]})
    lines = ",\n".join(
        "  "
        + json.dumps(
            {
                "volume_48ths": cell["volume_48ths"],
                "volume_per_shift_48ths": cell["volume_per_shift_48ths"],
                "area_8ths": [cell["area_8ths"].get(index, 0) for index in used],
            }
        )
        for cell in cells
    )
    head = {
        "what": "Surface mesh of PyRadiomics inside a cell of 2x2x2 voxel centres, measured",
        "made_by": "Testing/tools/measure_mesh_table.py",
        "made_with": f"PyRadiomics {pyradiomics_version.lstrip('v')}",
        "code": "sum of 2^(4 k + 2 j + i) over the corners (k, j, i) of the cell that lie in the mask",
    }
    kinds = json.dumps([normals[index] for index in used])
    text = json.dumps(head, indent=1)[:-2] + f',\n "normals_kji": {kinds},\n "cells": [\n{lines}\n ]\n}}\n'
    json.loads(text)
    TARGET.write_text(text, encoding="utf-8")


def kinds_of_normals() -> list[tuple[int, int, int]]:
    """Directions, without sign, of the normals of all triangles between midpoints of the cell's edges."""
    midpoints = [p for p in itertools.product((0, 1, 2), repeat=3) if sorted(x % 2 for x in p) == [0, 0, 1]]
    kinds = set()
    for a, b, c in itertools.combinations(np.array(midpoints), 3):
        normal = np.abs(np.cross(b - a, c - a))
        if normal.any():
            kinds.add(tuple(int(x) for x in normal // math.gcd(*normal.tolist())))
    return sorted(kinds)


def area_factor(normal: tuple[int, int, int], spacing: np.ndarray) -> float:
    """How long a normal is on a cell of this spacing (K, J, I)."""
    k, j, i = spacing
    return float(np.linalg.norm(np.array(normal) * (j * i, k * i, k * j)))


def corners(code: int) -> np.ndarray:
    """The 2x2x2 mask of a code."""
    return np.array([code >> bit & 1 for bit in range(8)], bool).reshape(2, 2, 2)


def measured(mask: np.ndarray, spacing: np.ndarray) -> tuple[float, float]:
    """Area and volume of the mesh inside a mask, by the installed library."""
    area, volume, _ = cShape.calculate_coefficients(np.ascontiguousarray(mask), spacing)
    return area, volume


def measure_cell(code, normals, spacings, area_by_normal) -> dict:
    """One row of the table; raises ValueError if the measurements are no whole numbers of the units."""
    mask = corners(code)
    volume = measured(mask, UNIT_CELL)[1]
    per_shift = []
    for axis in range(3):
        padding = [(1, 0) if other == axis else (0, 0) for other in range(3)]
        moved = np.pad(mask, padding)
        left_behind = np.take(moved, (0, 1), axis=axis)
        per_shift.append(measured(moved, UNIT_CELL)[1] - measured(left_behind, UNIT_CELL)[1] - volume)
    areas = np.array([measured(mask, spacing)[0] for spacing in spacings])
    eighths = 8 * nnls(area_by_normal, areas)[0]
    rounded = np.round(eighths)
    if not np.allclose(area_by_normal @ rounded / 8, areas, rtol=1e-12, atol=1e-12):
        raise ValueError(f"Cell {code}: the area is no whole number of eighths: {eighths}.")
    return {
        "volume_48ths": whole(48 * volume, code),
        "volume_per_shift_48ths": [whole(48 * value, code) for value in per_shift],
        "area_8ths": {int(index): int(rounded[index]) for index in np.flatnonzero(rounded)},
    }


def whole(value: float, code: int) -> int:
    """The whole number that a measurement is."""
    if abs(value - round(value)) > 1e-9:
        raise ValueError(f"Cell {code}: {value} is no whole number.")
    return round(value)


if __name__ == "__main__":
    main()
