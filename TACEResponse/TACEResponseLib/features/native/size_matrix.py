"""Features of matrices of counts by grey level and size, as GLRLM, GLSZM and GLDM have them.

The three classes count different things (runs, zones, dependences) by grey level ``i`` and size ``j`` (run length, zone
size, number of dependent voxels), and share their formulas; names and IBSI codes stand in their own modules.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .first_order import EPSILON


def count_pairs(codes: np.ndarray, sizes: np.ndarray, n_levels: int, n_sizes: int) -> np.ndarray:
    """How often each pair of a code 1..n_levels and a size 1..n_sizes occurs: (n_levels, n_sizes) float64."""
    pairs = codes.astype(np.intp) * (n_sizes + 1) + sizes
    counts = np.bincount(pairs, minlength=(n_levels + 1) * (n_sizes + 1))
    return counts.reshape(n_levels + 1, n_sizes + 1)[1:, 1:].astype(float)


@dataclass(frozen=True, eq=False)
class SizeMatrices:
    """One matrix ``c`` of counts a direction, (directions, n_levels, n_sizes); a single one for GLSZM and GLDM.

    ``i`` (n_levels,) are the grey levels, ``j`` (n_sizes,) the sizes. Below, ``n`` is the sum of a matrix and
    ``p = c / n``; everything has one value a direction.
    """

    c: np.ndarray
    i: np.ndarray
    j: np.ndarray

    @cached_property
    def by_level(self) -> np.ndarray:
        """Sum over j of c, (directions, n_levels)."""
        counts: np.ndarray = self.c.sum(axis=2)
        return counts

    @cached_property
    def by_size(self) -> np.ndarray:
        """Sum over i of c, (directions, n_sizes)."""
        counts: np.ndarray = self.c.sum(axis=1)
        return counts

    @cached_property
    def n(self) -> np.ndarray:
        """Number of runs, zones or dependences."""
        n: np.ndarray = self.by_size.sum(axis=1)
        return n

    def emphasis(self, level_power: int, size_power: int) -> np.ndarray:
        """sum p i^level_power j^size_power, with powers of -2, 0 or 2."""
        emphases: np.ndarray = self._weighted_by_level[level_power] @ self.j**size_power / self.n
        return emphases

    def level_non_uniformity(self) -> np.ndarray:
        """sum over i of (sum over j of c)^2, divided by n."""
        non_uniformity: np.ndarray = np.sum(self.by_level**2, axis=1) / self.n
        return non_uniformity

    def size_non_uniformity(self) -> np.ndarray:
        """sum over j of (sum over i of c)^2, divided by n."""
        non_uniformity: np.ndarray = np.sum(self.by_size**2, axis=1) / self.n
        return non_uniformity

    def level_variance(self) -> np.ndarray:
        """sum p (i - mu)^2 with mu = sum p i."""
        return _variance(self.i, self.by_level / self.n[:, None])

    def size_variance(self) -> np.ndarray:
        """sum p (j - mu)^2 with mu = sum p j."""
        return _variance(self.j, self.by_size / self.n[:, None])

    def entropy(self) -> np.ndarray:
        """-sum p log2(p + eps), in bits."""
        p = self.c / self.n[:, None, None]
        entropies: np.ndarray = -np.sum(p * np.log2(p + EPSILON), axis=(1, 2))
        return entropies

    @cached_property
    def _weighted_by_level(self) -> dict[int, np.ndarray]:
        """By power, the sum over i of c i^power, (directions, n_sizes)."""
        return {0: self.by_size} | {power: self.i**power @ self.c for power in (-2, 2)}


def _variance(values: np.ndarray, p: np.ndarray) -> np.ndarray:
    mean = p @ values
    variances: np.ndarray = np.sum(p * (values - mean[:, None]) ** 2, axis=1)
    return variances
