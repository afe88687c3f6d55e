"""The one canonical form in which every engine gets a volume and its VOI (features.md, "Canonical form")."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..cohort import AcquisitionTags, CaseKey, CaseWarning, ImageGeometry
from .bounding_box import bounding_box

VOXEL_TYPE = "<f4"
"""Type of a canonical volume's voxels: float32, little-endian."""

MOST_VOXELS = 1 << 27
"""A volume of more voxels (512 x 512 x 512) is not read: it is not one of MR, and four would not fit into memory."""


@dataclass(frozen=True, eq=False)
class Voi:
    """One sequence of one case in canonical form.

    ``voxels`` is float32 and ``mask`` bool, both (K, J, I) on the full voxel grid of the image: K is reversed if the
    direction was left-handed, the spacing is rounded to 1e-6 mm, and for the features the origin is 0 and the direction
    the identity. ``placement`` says where that grid lies in the patient; the input checks use it, features do not.
    ``image_sha256`` and ``mask_sha256`` are hashes of the canonical voxels and spacing, not of files.
    ``normalisation_scale`` is that of `normalise`, None for intensities as they were read.
    """

    sequence: str
    voxels: np.ndarray
    mask: np.ndarray
    spacing_mm: tuple[float, float, float]
    placement: ImageGeometry
    tags: AcquisitionTags
    image_sha256: str
    mask_sha256: str
    normalisation_scale: float | None = None

    @cached_property
    def box(self) -> tuple[slice, slice, slice]:
        """The smallest box (K, J, I) that holds the VOI. Raises ValueError if the mask is empty."""
        return bounding_box(self.mask)


@dataclass(frozen=True, eq=False)
class ResampledVoi:
    """A VOI on the isotropic grid of the settings, cropped to the mask's bounding box.

    ``voxels`` is float32 and ``mask`` bool, both (K, J, I). The grid is the one that PyRadiomics anchors on the mask's
    place in the whole image; voxels and mask equal its full resampling wherever they overlap.
    """

    voxels: np.ndarray
    mask: np.ndarray
    spacing_mm: tuple[float, float, float]


@dataclass(frozen=True, eq=False)
class CaseImages:
    """The images of one case that passed the input checks, by sequence name, and the warnings."""

    key: CaseKey
    vois: Mapping[str, Voi]
    resampled: Mapping[str, ResampledVoi]
    warnings: tuple[CaseWarning, ...]
