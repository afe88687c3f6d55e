"""Intensities of a whole image, normalised before anything is resampled."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .voi import VOXEL_TYPE, Voi


def normalise(voi: Voi, scale: float) -> Voi:
    """The image less its mean, divided by its standard deviation and multiplied by ``scale``, over all voxels.

    As PyRadiomics' ``normalize`` with ``normalizeScale``; the hashes remain those of the image as it was read. Raises
    ValueError for an image of one intensity or with values that are not finite.
    """
    import SimpleITK as sitk

    if not np.isfinite(voi.voxels).all():
        raise ValueError(
            "the image holds values that are not finite, so that it cannot be normalised; export it again."
        )
    if voi.voxels.min() == voi.voxels.max():
        raise ValueError("the image has one intensity only, so that it cannot be normalised; check the image.")
    image = sitk.Normalize(sitk.GetImageFromArray(voi.voxels))
    image *= scale
    voxels = np.ascontiguousarray(sitk.GetArrayFromImage(image), dtype=VOXEL_TYPE)
    return replace(voi, voxels=voxels, normalisation_scale=scale)
