"""Resampling of a canonical VOI: PyRadiomics' grid, PyRadiomics' voxels, a fraction of the cost.

At 1 mm, grid points often fall exactly between voxels, so the grid must be PyRadiomics 3.0.1's to the last bit. It is
anchored on the place of the mask in the whole image; therefore it is computed from the full geometry, and the mask is
resampled uncropped. For the image a crop is enough: a cubic B-spline forgets a neighbour by a factor of 0.27 a voxel,
so that in float32 a margin of 20 voxels gives the values of the whole image (features.md, "Canonical form"). On a grid
that is parallel to the image, the interpolation is a product of three matrices, one an axis.

Where the VOI holds values that are 0 but for rounding noise, ITK interpolates the whole image, as in PyRadiomics.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from .bounding_box import bounding_box
from .voi import ResampledVoi, Voi

if TYPE_CHECKING:
    import SimpleITK as sitk

CROP_MARGIN_VOXELS = 20
"""Native voxels kept around the mask; what lies beyond has a weight below 1e-11."""

ZERO_NOISE = 1e-9
"""Where a grid point falls on a voxel of value 0, interpolation gives 0 plus or minus rounding noise, and 0 is the edge
of a bin: the noise decides the grey level. Values count as noise below this fraction of the largest of the VOI."""

_POLE = math.sqrt(3.0) - 2.0
"""Pole of the recursive filter that makes the coefficients of a cubic B-spline."""

_HORIZON_TOLERANCE = 1e-10

_GRID_PADDING_VOXELS = 5
"""PyRadiomics' ``padDistance``: how far its grid reaches beyond the mask (where the image does)."""


def resample(voi: Voi, spacing_mm: tuple[float, float, float] = (1.0, 1.0, 1.0)) -> ResampledVoi:
    """Image by cubic B-spline and mask by nearest neighbour on PyRadiomics 3.0.1's grid, cropped to the mask.

    Parameters
    ----------
    voi : Voi
        In canonical form (float32 voxels, bool mask, origin 0, identity direction).
    spacing_mm : tuple of float
        Wanted spacing along I, J, K in mm. An axis in which the mask spans a single slice keeps its own spacing; if the
        image has the wanted spacing already (within 1e-5 of it), nothing is interpolated.

    Returns
    -------
    ResampledVoi
        Exactly the bounding box of the resampled mask; ``spacing_mm`` is the spacing that was used. The mask equals
        PyRadiomics' everywhere, and so do the voxels, but for the last bit of one float32 in some 100,000. (In images
        of two slices ITK's spline, and so PyRadiomics', gives wrong and now and then no finite values, other ones at
        each call; here they are right.)

    Raises
    ------
    ValueError
        If the mask is empty, or so small that no point of the grid falls into it.
    """
    if not voi.mask.any():
        raise ValueError("The VOI holds no voxel; draw the tumour on this sequence.")
    native_mm = np.array(voi.spacing_mm)
    box_start = np.array([part.start for part in voi.box[::-1]])  # (I, J, K), as SimpleITK counts
    box_size = np.array([part.stop - part.start for part in voi.box[::-1]])
    grid_mm = np.where(box_size == 1, native_mm, np.array(spacing_mm, dtype=float))
    if np.allclose(native_mm, grid_mm):
        return ResampledVoi(voi.voxels[voi.box], voi.mask[voi.box], voi.spacing_mm)

    first, size = _grid(native_mm, grid_mm, box_start, box_size, np.array(voi.mask.shape[::-1]))
    mask_image = _simpleitk_image(voi.mask.view(np.uint8), native_mm)
    centre_of_first = 0.5 * (grid_mm - native_mm) / native_mm + first / (native_mm / grid_mm)
    origin_mm = np.array(mask_image.TransformContinuousIndexToPhysicalPoint(centre_of_first.tolist()))
    grid_mask = _on_grid(mask_image, "sitkNearestNeighbor", origin_mm, grid_mm, size).view(bool)
    if not grid_mask.any():
        raise ValueError(
            f"No point of the {_in_words(grid_mm)} grid falls into the VOI; it is too small for radiomic features."
        )

    within_box = bounding_box(grid_mask)
    mask = np.ascontiguousarray(grid_mask[within_box])
    points = [centre_of_first[axis] + np.arange(size[axis]) / (native_mm / grid_mm)[axis] for axis in (2, 1, 0)]
    points = [axis_points[part] for axis_points, part in zip(points, within_box, strict=True)]
    voxels = _cubic_b_spline(voi.voxels, points)
    magnitude = np.abs(voxels[mask])
    if magnitude.min() <= ZERO_NOISE * magnitude.max():
        image = _simpleitk_image(voi.voxels, native_mm)
        voxels = np.ascontiguousarray(_on_grid(image, "sitkBSpline", origin_mm, grid_mm, size)[within_box])
    return ResampledVoi(voxels, mask, tuple(grid_mm.tolist()))


def _grid(
    native_mm: np.ndarray, grid_mm: np.ndarray, box_start: np.ndarray, box_size: np.ndarray, image_size: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """First index and size of PyRadiomics' resampling grid, counted from the corner of the image in new voxels.

    The box is widened by half a native voxel and 5 new voxels, rounded outwards and kept inside the image.
    """
    ratio = native_mm / grid_mm
    first = np.floor((box_start - 0.5) * ratio - _GRID_PADDING_VOXELS)
    last = np.ceil((box_start + box_size - 0.5) * ratio + _GRID_PADDING_VOXELS)
    first = np.maximum(first, 0)
    last = np.minimum(last, np.ceil(image_size * ratio) - 1)
    return first, (last - first + 1).astype(int)


def _cubic_b_spline(voxels: np.ndarray, points: list[np.ndarray]) -> np.ndarray:
    """Interpolate a volume (K, J, I) at the points of a grid, given as indices of voxels along each axis; float32."""
    crop, matrices = [], []
    for length, axis_points in zip(voxels.shape, points, strict=True):
        start = max(int(axis_points[0]) - CROP_MARGIN_VOXELS, 0)
        end = min(int(axis_points[-1]) + 1 + CROP_MARGIN_VOXELS, length)
        crop.append(slice(start, end))
        matrices.append(_interpolation_matrix(axis_points - start, end - start))
    values = voxels[tuple(crop)].astype(float)
    # Unlike dot and tensordot, @ lets go of the interpreter lock meanwhile, so that the panel stays alive. Slice by
    # slice: on one large product BLAS starts threads, which wait for each other longer than they work.
    values = (matrices[0] @ values.swapaxes(0, 1)).swapaxes(0, 1)
    values = matrices[1] @ values
    return np.asarray(values @ matrices[2].T, dtype=np.float32)


def _interpolation_matrix(points: np.ndarray, length: int) -> np.ndarray:
    """Weights (n_points, length) of the voxels of a line in the cubic B-spline through them, mirrored at its ends."""
    return np.asarray(_basis(points, length) @ _spline_coefficients(length))


def _spline_coefficients(length: int) -> np.ndarray:
    """Matrix (length, length) from the values of a line to the coefficients of the cubic B-spline through them.

    The two recursions of Unser, Aldroubi and Eden (IEEE Transactions on Signal Processing 41, 1993, p. 834), run on
    the lines of the identity. The first needs a sum over all values, the line mirrored at its ends; on long lines ITK
    stops where the powers of the pole fall below 1e-10, and so does this: the error, 5e-8 of 1,000, would else now and
    then turn the last bit of a float32 near the border.
    """
    if length == 1:
        return np.ones((1, 1))
    values = (1 - _POLE) * (1 - 1 / _POLE) * np.eye(length)
    horizon = math.ceil(math.log(_HORIZON_TOLERANCE) / math.log(-_POLE))
    if horizon < length:
        values[0] = _POLE ** np.arange(horizon) @ values[:horizon]
    else:
        powers = _POLE ** np.arange(length) + _POLE ** (2 * length - 2 - np.arange(length))
        powers[[0, -1]] = 1, _POLE ** (length - 1)
        values[0] = powers @ values / (1 - _POLE ** (2 * length - 2))
    for n in range(1, length):
        values[n] += _POLE * values[n - 1]
    values[-1] = _POLE / (_POLE**2 - 1) * (_POLE * values[-2] + values[-1])
    for n in range(length - 2, -1, -1):
        values[n] = _POLE * (values[n + 1] - values[n])
    return values


def _basis(points: np.ndarray, length: int) -> np.ndarray:
    """The ``length`` cubic B-splines, one centred on each voxel of a line, at points on it: (n_points, length)."""
    below = np.floor(points).astype(int)
    t = points - below
    at_four_neighbours = ((1 - t) ** 3, 3 * t**3 - 6 * t**2 + 4, -3 * t**3 + 3 * t**2 + 3 * t + 1, t**3)
    basis = np.zeros((points.size, length))
    period = max(2 * length - 2, 1)
    for neighbour, value in zip((-1, 0, 1, 2), at_four_neighbours, strict=True):
        index = (below + neighbour) % period
        index = np.minimum(index, period - index)
        np.add.at(basis, (np.arange(points.size), index), value / 6)
    return basis


def _simpleitk_image(array: np.ndarray, spacing_mm: np.ndarray) -> sitk.Image:
    import SimpleITK as sitk

    image = sitk.GetImageFromArray(np.ascontiguousarray(array))
    image.SetSpacing(spacing_mm.tolist())
    return image


def _on_grid(
    image: sitk.Image, interpolator: str, origin_mm: np.ndarray, spacing_mm: np.ndarray, size: np.ndarray
) -> np.ndarray:
    """The image at the points of a grid, (K, J, I) in its own type; 0 outside the image."""
    import SimpleITK as sitk

    resampler = sitk.ResampleImageFilter()
    resampler.SetInterpolator(getattr(sitk, interpolator))
    resampler.SetOutputOrigin(origin_mm.tolist())
    resampler.SetOutputSpacing(spacing_mm.tolist())
    resampler.SetSize([int(length) for length in size])
    resampler.SetOutputPixelType(image.GetPixelID())
    return np.asarray(sitk.GetArrayFromImage(resampler.Execute(image)))


def _in_words(spacing_mm: np.ndarray) -> str:
    return " x ".join(f"{length:g}" for length in spacing_mm) + " mm"
