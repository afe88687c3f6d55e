"""Neighbourhood grey tone difference matrix (IBSI: IPET), distance 1.

For each grey level i: ``n`` its number of voxels, ``p = n / N``, and ``s`` the sum over these voxels of the absolute
difference between i and the mean level of the neighbours in the VOI (0 for a voxel without a neighbour).
"""

from __future__ import annotations

import numpy as np

from .discretisation import DiscretisedVoi
from .feature_class import FeatureClass, GriddedVoi

COARSENESS_OF_A_FLAT_VOI = 1e6
"""PyRadiomics' value where coarseness would be 1 / 0."""


def differences_by_level(voi: DiscretisedVoi) -> np.ndarray:
    """``s`` (n_levels,) of the levels that occur."""
    level_of_code = np.concatenate([[0], voi.grey_levels]).astype(np.int32)
    levels = level_of_code[voi.codes]
    inside = voi.codes[1:-1, 1:-1, 1:-1] > 0
    own_level = levels[1:-1, 1:-1, 1:-1][inside]
    n_neighbours = _sum_of_3x3x3((voi.codes > 0).astype(np.uint8))[inside] - 1
    neighbours_sum = _sum_of_3x3x3(levels)[inside] - own_level
    difference = np.abs(own_level - neighbours_sum / np.maximum(n_neighbours, 1))
    difference[n_neighbours == 0] = 0
    codes = voi.codes[1:-1, 1:-1, 1:-1][inside]
    sums: np.ndarray = np.bincount(codes, difference, voi.n_levels + 1)[1:]
    return sums


def _sum_of_3x3x3(padded: np.ndarray) -> np.ndarray:
    """Sum over each inner voxel and its 26 neighbours, axis by axis; the padding is gone from the result."""
    planes = padded[:-2] + padded[1:-1] + padded[2:]
    rows = planes[:, :-2] + planes[:, 1:-1] + planes[:, 2:]
    sums: np.ndarray = rows[:, :, :-2] + rows[:, :, 1:-1] + rows[:, :, 2:]
    return sums


def ngtdm_features(gridded: GriddedVoi) -> dict[str, float]:
    """The 5 NGTDM features; sums are over the m levels that occur, or over pairs i, j of them.

    - ``Coarseness`` (QCDE): 1 / sum p s; 10^6 if that sum is 0
    - ``Contrast`` (65HE): sum p_i p_j (i - j)^2 / (m (m - 1)) times sum s / N; 0 if there is one level
    - ``Busyness`` (NQ30): sum p s / sum abs(i p_i - j p_j); 0 if the divisor is 0
    - ``Complexity`` (HDEZ): sum abs(i - j) (p_i s_i + p_j s_j) / (p_i + p_j), divided by N
    - ``Strength`` (1X9X): sum (p_i + p_j) (i - j)^2 / sum s; 0 if sum s is 0
    """
    voi = gridded.discretised
    i, s = voi.grey_levels, differences_by_level(voi)
    n_voxels, n_levels = voi.n_voxels, voi.n_levels
    p = voi.voxel_counts / n_voxels
    ps_sum, s_sum = np.sum(p * s), np.sum(s)
    distance = np.abs(np.subtract.outer(i, i))
    p_pair = np.add.outer(p, p)
    variety = np.sum(np.abs(np.subtract.outer(i * p, i * p)))
    spread = np.sum(np.multiply.outer(p, p) * distance**2)
    return {
        "Busyness": ps_sum / variety if variety else 0.0,
        "Coarseness": 1 / ps_sum if ps_sum else COARSENESS_OF_A_FLAT_VOI,
        "Complexity": np.sum(distance * np.add.outer(p * s, p * s) / p_pair) / n_voxels,
        "Contrast": spread / (n_levels * (n_levels - 1)) * s_sum / n_voxels if n_levels > 1 else 0.0,
        "Strength": np.sum(p_pair * distance**2) / s_sum if s_sum else 0.0,
    }


NGTDM = FeatureClass(
    "ngtdm",
    tuple(("Busyness Coarseness Complexity Contrast Strength").split()),
    ngtdm_features,
)
