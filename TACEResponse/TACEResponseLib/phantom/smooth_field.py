"""Smooth random fields in space: the same field can be sampled on every sequence's grid."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

_KNOTS_PER_LENGTH = 1.25
"""Knots closer than this add cost and nothing to be seen."""

_REACH = 3.0
"""Beyond this many lengths a knot's weight is negligible."""


class SmoothField:
    """A Gaussian random field of mean 0 and variance 1.

    White noise on a regular grid of knots, smoothed by Gaussian weights: the correlation of two points at distance d is
    about exp(-d^2 / (4 length^2)). Weights separate by axis, so sampling a box of voxels costs three matrix products.
    """

    def __init__(
        self,
        rng: np.random.Generator,
        length_mm: float,
        centre_mm: tuple[float, float, float],
        half_size_mm: tuple[float, float, float],
    ) -> None:
        """Knots cover the box of ``half_size_mm`` around ``centre_mm``, both in the order x, y, z."""
        step_mm = length_mm / _KNOTS_PER_LENGTH
        self._length_mm = length_mm
        self._knots_mm = []
        for centre, half in zip(centre_mm, half_size_mm, strict=True):
            count = int(np.ceil((half + _REACH * length_mm) / step_mm))
            self._knots_mm.append(centre + step_mm * np.arange(-count, count + 1, dtype=np.float32))
        shape = [knots.size for knots in reversed(self._knots_mm)]
        self._noise = rng.standard_normal(shape, dtype=np.float32)

    def sample(self, x_mm: np.ndarray, y_mm: np.ndarray, z_mm: np.ndarray) -> np.ndarray:
        """Values on the box of voxels with these coordinates (one array an axis): float32, axes (z, y, x)."""
        weights_x, weights_y, weights_z = (
            self._weights(np.ravel(places), knots)
            for places, knots in zip((x_mm, y_mm, z_mm), self._knots_mm, strict=True)
        )
        values = np.tensordot(weights_z, self._noise, axes=(1, 0))
        values = np.matmul(weights_y, values)
        return np.asarray(np.matmul(values, weights_x.T))

    def _weights(self, places_mm: np.ndarray, knots_mm: np.ndarray) -> np.ndarray:
        distance = (places_mm.astype(np.float32)[:, np.newaxis] - knots_mm) / np.float32(self._length_mm)
        weights = np.exp(-(distance**2))
        return np.asarray(weights / np.sqrt((weights**2).sum(axis=1, keepdims=True)))


def in_mm(values: Iterable[float]) -> tuple[float, float, float]:
    """Three coordinates or lengths as plain numbers."""
    x, y, z = (float(value) for value in values)
    return x, y, z
