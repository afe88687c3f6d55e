"""Closed planar contours in patient coordinates as voxels of an image's voxel grid."""

from __future__ import annotations

import numpy as np

from ..cohort import ImageGeometry

_OFF_PLANE = 0.1
"""Largest distance of a contour's point from the plane of a slice, in slices."""


def filled_contours(contours_mm: list[np.ndarray], geometry: ImageGeometry, shape: tuple[int, int, int]) -> np.ndarray:
    """Voxels whose centres lie inside: even-odd rule, so that a contour inside another is a hole (DICOM PS3.3 C.8.8.6).

    Parameters
    ----------
    contours_mm : list of ndarray, (n_points, 3)
        LPS, each closed in the plane of one slice.
    geometry : ImageGeometry
    shape : tuple of int
        (K, J, I).

    Returns
    -------
    ndarray, uint8, (K, J, I)

    Raises
    ------
    ValueError
        If a contour lies between or across slices, or outside the image.
    """
    mask = np.zeros(shape, dtype=np.uint8)
    direction = np.array(geometry.direction).reshape(3, 3)
    for contour in contours_mm:
        indices = (contour - geometry.origin_mm) @ direction / geometry.spacing_mm
        slices = indices[:, 2]
        k = round(float(slices.mean()))
        if np.abs(slices - k).max() > _OFF_PLANE:
            raise ValueError("a contour lies between or across the slices of the image that it refers to.")
        outside = indices[:, :2].min() < -0.5 or (indices[:, :2].max(axis=0) > np.array(shape[:0:-1]) - 0.5).any()
        if not 0 <= k < shape[0] or outside:
            raise ValueError("a contour lies outside the image that it refers to.")
        mask[k] ^= _inside(indices[:, :2], shape[1:])
    return mask


def _inside(points: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Pixel centres (J, I) inside the polygon ``points`` (i, j): crossings of each row to the left are counted."""
    inside = np.zeros(shape, dtype=np.uint8)
    ends = np.roll(points, -1, axis=0)
    columns = np.arange(shape[1])
    for row in range(max(0, int(np.floor(points[:, 1].min()))), min(shape[0], int(points[:, 1].max()) + 2)):
        crosses = (points[:, 1] <= row) != (ends[:, 1] <= row)
        start, end = points[crosses], ends[crosses]
        at = start[:, 0] + (row - start[:, 1]) / (end[:, 1] - start[:, 1]) * (end[:, 0] - start[:, 0])
        inside[row] = np.searchsorted(np.sort(at), columns, side="left") % 2
    return inside
