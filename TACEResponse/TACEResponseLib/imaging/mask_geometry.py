"""The voxel grid rule: a mask belongs to an image only if their voxel centres coincide."""

from __future__ import annotations

import numpy as np

from ..cohort import ImageGeometry

GEOMETRY_TOLERANCE = 0.01
"""Largest distance of a mask's voxel centre from an image's, in image voxels along any axis (features.md)."""


def paste_mask(
    mask: np.ndarray, mask_geometry: ImageGeometry, image_shape: tuple[int, int, int], image_geometry: ImageGeometry
) -> np.ndarray:
    """Put a mask of any extent on the image's voxel grid.

    Axes may be flipped or permuted and the extent may be another (3D Slicer writes cropped masks and reverses K), as
    long as all voxel centres of the mask's extent lie within `GEOMETRY_TOLERANCE` of image voxel centres.

    Parameters
    ----------
    mask : ndarray, bool, (K, J, I)
    mask_geometry, image_geometry : ImageGeometry
        With axes at right angles.
    image_shape : tuple of int
        (K, J, I) of the image.

    Returns
    -------
    ndarray, bool, of ``image_shape``; it may be ``mask`` itself.

    Raises
    ------
    ValueError
        If the voxel grids differ, with by how much, or if labelled voxels lie outside the image, with how many.
    """
    if mask.shape == tuple(image_shape) and mask_geometry == image_geometry:
        return mask
    image_axes = _axes_mm(image_geometry)
    to_image = np.linalg.solve(image_axes, _axes_mm(mask_geometry))
    offset = np.linalg.solve(image_axes, np.subtract(mask_geometry.origin_mm, image_geometry.origin_mm))
    steps, start = np.rint(to_image), np.rint(offset)
    corners = np.array(np.meshgrid(*[(0, size - 1) for size in mask.shape[::-1]])).reshape(3, -1)
    drift = (to_image - steps) @ corners
    if not (_is_signed_permutation(steps) and np.abs(drift).max() <= GEOMETRY_TOLERANCE):
        raise ValueError(
            "the mask was drawn on another voxel grid than the image's "
            f"(spacing {_spacing_text(mask_geometry)} against {_spacing_text(image_geometry)} mm, or rotated); draw or "
            "resample the mask on this image."
        )
    distance = np.abs(drift + (offset - start)[:, np.newaxis]).max()
    if distance > GEOMETRY_TOLERANCE:
        raise ValueError(
            f"the mask's voxels lie up to {distance:.2g} voxels beside the image's (at most {GEOMETRY_TOLERANCE} is "
            "accepted); draw or resample the mask on this image."
        )
    return _paste(mask, steps.astype(int), start.astype(int), image_shape)


def _axes_mm(geometry: ImageGeometry) -> np.ndarray:
    """Columns are the steps in mm along the axes I, J, K."""
    steps_mm = np.reshape(np.asarray(geometry.direction, float), (3, 3)) * np.asarray(geometry.spacing_mm, float)
    return np.asarray(steps_mm)


def _is_signed_permutation(matrix: np.ndarray) -> bool:
    ones = np.abs(matrix)
    return bool((ones.sum(axis=0) == 1).all() and (ones.sum(axis=1) == 1).all() and ones.max() == 1)


def _paste(mask: np.ndarray, steps: np.ndarray, start: np.ndarray, image_shape: tuple[int, int, int]) -> np.ndarray:
    """``start`` is the image index (I, J, K) of the mask's first voxel; column c of ``steps`` is its axis c."""
    # From (I, J, K) to NumPy's order of axes (K, J, I).
    steps, start = steps[::-1, ::-1], start[::-1]
    mask_axis = np.abs(steps).argmax(axis=1)
    sign = steps[range(3), mask_axis]
    turned = mask.transpose(mask_axis)
    turned = turned[tuple(slice(None, None, step) for step in sign)]
    first = np.where(sign > 0, start, start - (np.array(turned.shape) - 1))
    inside_from = np.maximum(first, 0)
    inside_to = np.minimum(first + turned.shape, image_shape)
    inside_to = np.maximum(inside_to, inside_from)
    part = turned[tuple(slice(a - f, b - f) for a, b, f in zip(inside_from, inside_to, first, strict=True))]
    outside = int(np.count_nonzero(turned)) - int(np.count_nonzero(part))
    if outside:
        raise ValueError(
            f"{outside} voxels of the mask lie outside the image; draw the mask on this image, or give the whole image."
        )
    pasted = np.zeros(image_shape, bool)
    pasted[tuple(slice(a, b) for a, b in zip(inside_from, inside_to, strict=True))] = part
    return pasted


def _spacing_text(geometry: ImageGeometry) -> str:
    return " x ".join(f"{value:.5g}" for value in geometry.spacing_mm)
