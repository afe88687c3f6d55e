"""Size and place of a VOI, on its native voxels."""

from __future__ import annotations

from weakref import WeakKeyDictionary

import numpy as np

from .diameters import largest_distance, largest_distance_in_plane
from .voi import Voi

_diameters_mm: WeakKeyDictionary[Voi, float] = WeakKeyDictionary()


def volume_ml(voi: Voi) -> float:
    """Volume of the labelled voxels in mL (1 mL = 1000 mm3), each counted whole."""
    return float(np.count_nonzero(voi.mask) * np.prod(voi.spacing_mm) / 1000)


def centre_lps_mm(voi: Voi) -> np.ndarray:
    """Centre of mass of the labelled voxels in the patient: (L, P, S) in mm."""
    centre_kji = np.argwhere(voi.mask[voi.box]).mean(axis=0) + [part.start for part in voi.box]
    return np.asarray(index_to_lps_mm(voi, centre_kji[np.newaxis, ::-1])[0])


def largest_diameter_mm(voi: Voi) -> float:
    """Largest distance in mm between the centres of two labelled voxels, in any direction (3-D).

    It is smaller than the distance between outer edges by up to one voxel. Measured once for each Voi, as input
    checks and report ask for it.
    """
    if voi not in _diameters_mm:
        _diameters_mm[voi] = float(largest_distance(_row_ends(voi.mask[voi.box]), np.asarray(voi.spacing_mm)[::-1]))
    return _diameters_mm[voi]


def largest_in_plane_diameter_mm(voi: Voi) -> float:
    """Largest distance in mm between the centres of two labelled voxels of one slice (the axis of `slice_axis`).

    The counterpart of the longest diameter measured on one image of the series.
    """
    axis = slice_axis(voi.spacing_mm)
    inside = voi.mask[voi.box]
    points = _row_ends(inside) if axis != 2 else _row_ends(np.swapaxes(inside, 0, 2))[:, ::-1]
    return float(largest_distance_in_plane(points, np.asarray(voi.spacing_mm)[::-1], axis))


def slice_axis(spacing_mm: tuple[float, float, float]) -> int:
    """The axis of (K, J, I) along which slices are stacked: the one of the largest spacing, K if all are alike.

    ``spacing_mm`` is in the order I, J, K. Spacings within 1 % of the largest count as alike.
    """
    spacing_kji = np.asarray(spacing_mm)[::-1]
    return int(np.argmax(spacing_kji >= 0.99 * spacing_kji.max()))


def index_to_lps_mm(voi: Voi, indices: np.ndarray) -> np.ndarray:
    """Voxel indices (n, 3) in the order I, J, K to points (n, 3) in the patient, LPS in mm."""
    axes = np.reshape(np.asarray(voi.placement.direction), (3, 3)) * np.asarray(voi.placement.spacing_mm)
    return np.asarray(np.asarray(indices, float) @ axes.T + np.asarray(voi.placement.origin_mm))


def lps_mm_to_index(voi: Voi, points_mm: np.ndarray) -> np.ndarray:
    """Inverse of `index_to_lps_mm`; the indices are not rounded."""
    axes = np.reshape(np.asarray(voi.placement.direction), (3, 3)) * np.asarray(voi.placement.spacing_mm)
    return np.linalg.solve(axes, (np.asarray(points_mm, float) - np.asarray(voi.placement.origin_mm)).T).T


def _row_ends(inside: np.ndarray) -> np.ndarray:
    """Indices (n, 3) in the order K, J, I of the first and last labelled voxel of every row along I."""
    k, j = np.nonzero(inside.any(axis=2))
    rows = inside[k, j]
    first = rows.argmax(axis=1)
    last = rows.shape[1] - 1 - rows[:, ::-1].argmax(axis=1)
    return np.concatenate([np.column_stack([k, j, first]), np.column_stack([k, j, last])])
