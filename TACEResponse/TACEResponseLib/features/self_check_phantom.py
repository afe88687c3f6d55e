"""The phantom of the self-check: four small volumes made by integer arithmetic alone, the same on every machine."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from ..cohort import ArraySource
from ..imaging import Voi, canonical_voi

_MICROMETRES = 1000
_NOISE_RANGE = 397
_LEVELS = {  # intensities of liver and lesion by sequence
    "T2": (180, 420),
    "AP": (300, 560),
    "PVP": (450, 380),
    "DP": (420, 330),
}
_SPACING_UM = {  # along I, J, K, in micrometres: the grids of scanners
    "T2": (1190, 1190, 5000),
    "AP": (1790, 1890, 2500),
    "PVP": (2000, 2000, 8000),
    "DP": (937, 937, 3337),
}
_LESION_RADII_MM = (12, 10, 11)  # along I, J, K
_FIELD_MM = (56, 52, 60)


def self_check_phantom() -> Mapping[str, Voi]:
    """T2, AP, PVP and DP of the phantom in canonical form; AP is left-handed and DP is oblique."""
    return {sequence: canonical_voi(sequence, _source(sequence)) for sequence in _LEVELS}


def _source(sequence: str) -> ArraySource:
    """A lesion with a rim and a necrotic core in noisy liver; lengths in micrometres, all numbers integers."""
    spacing_um = _SPACING_UM[sequence]
    columns, rows, slices = (field * _MICROMETRES // um for field, um in zip(_FIELD_MM, spacing_um, strict=True))
    size = (columns, rows, slices)
    axes = np.ogrid[: size[2], : size[1], : size[0]]
    squares = (
        ((axis * spacing - (n - 1) * spacing // 2) * 1000 // (radius * _MICROMETRES)) ** 2
        for axis, n, spacing, radius in zip(axes, size[::-1], spacing_um[::-1], _LESION_RADII_MM[::-1], strict=True)
    )
    distance_squared: np.ndarray = sum(squares, np.zeros((), int))  # 10^6 on the surface of the lesion
    liver, lesion = _LEVELS[sequence]
    voxels = np.where(distance_squared <= 10**6, lesion, liver)
    voxels = np.where(distance_squared <= 2 * 10**5, (lesion + liver) // 3, voxels)
    voxels += _noise(size[::-1], seed=list(_LEVELS).index(sequence))
    direction = {"AP": (1, 0, 0, 0, 1, 0, 0, 0, -1), "DP": (0.8, 0, 0.6, 0, 1, 0, -0.6, 0, 0.8)}
    return ArraySource(
        voxels=voxels.astype(np.int16),
        mask=distance_squared <= 10**6,
        spacing_mm=(spacing_um[0] / _MICROMETRES, spacing_um[1] / _MICROMETRES, spacing_um[2] / _MICROMETRES),
        origin_mm=(-11.0, 23.0, 5.0),
        direction=tuple(float(x) for x in direction.get(sequence, np.eye(3).ravel())),
    )


def _noise(shape: tuple[int, int, int], seed: int) -> np.ndarray:
    """Integers from 0 to 792, correlated along each axis: sums of a hash of the voxel's number."""
    number = np.arange(math.prod(np.add(shape, 1).tolist()), dtype=np.uint64).reshape(np.add(shape, 1))
    number = (number + np.uint64(1 + seed * 1_000_003)) * np.uint64(2_654_435_761) % np.uint64(2**32)
    number = (number ^ number >> np.uint64(15)) * np.uint64(2_246_822_519) % np.uint64(2**32)
    noise = ((number ^ number >> np.uint64(13)) % np.uint64(_NOISE_RANGE)).astype(np.int64)
    for axis in range(3):
        noise = np.take(noise, range(shape[axis]), axis) + np.take(noise, range(1, shape[axis] + 1), axis)
    return noise // 4
