"""How far two VOIs of one sequence agree: Dice, surface distances in mm, volumes (SimpleITK and SciPy)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..cohort import CaseKey
from ..imaging import Voi, volume_ml

_GEOMETRY_TOLERANCE_MM = 1e-3


@dataclass(frozen=True)
class Overlap:
    """Agreement of two VOIs.

    ``dice`` 0-1; ``hausdorff_95_mm`` the larger of both directions' 95th percentile of surface distances;
    ``mean_surface_distance_mm`` the mean over both surfaces; ``volume_difference_ml`` second minus first.
    """

    sequence: str
    dice: float
    hausdorff_95_mm: float
    mean_surface_distance_mm: float
    first_volume_ml: float
    second_volume_ml: float

    @property
    def volume_difference_ml(self) -> float:
        """Second minus first."""
        return self.second_volume_ml - self.first_volume_ml


def overlap(first: Voi, second: Voi, keys: tuple[CaseKey, CaseKey]) -> Overlap:
    """Compare two VOIs drawn on the same voxel grid; ``keys`` name both cases in messages.

    Distances run between the border voxels of the two VOIs; those of the first surface to the second and back count
    alike. Raises ValueError for VOIs on different voxel grids.
    """
    import SimpleITK as sitk

    _check_geometries(first, second, keys)
    one, other = _cropped(first.mask, second.mask)
    measures = sitk.LabelOverlapMeasuresImageFilter()
    measures.Execute(*(sitk.GetImageFromArray(mask.astype(np.uint8)) for mask in (one, other)))
    distances = [_surface_distances(*pair, first.spacing_mm) for pair in ((one, other), (other, one))]
    return Overlap(
        first.sequence,
        float(measures.GetDiceCoefficient()),
        float(max(np.percentile(part, 95) for part in distances)),
        float(np.concatenate(distances).mean()),
        volume_ml(first),
        volume_ml(second),
    )


def overlaps(first: Mapping[str, Voi], second: Mapping[str, Voi], keys: tuple[CaseKey, CaseKey]) -> tuple[Overlap, ...]:
    """`overlap` of every sequence that both have."""
    return tuple(overlap(voi, second[name], keys) for name, voi in first.items() if name in second)


def _surface_distances(of: np.ndarray, to: np.ndarray, spacing_mm: tuple[float, float, float]) -> np.ndarray:
    """Distance in mm of each border voxel of one VOI to the nearest border voxel of the other.

    By SciPy: SimpleITK's Maurer map of a border is not 0 on all of it.
    """
    from scipy.ndimage import binary_erosion, distance_transform_edt

    borders = [mask & ~binary_erosion(mask) for mask in (of, to)]
    return distance_transform_edt(~borders[1], sampling=spacing_mm[::-1])[borders[0]]


def _cropped(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both masks on the box that holds them, with a voxel of background around it so that borders are borders."""
    either = np.argwhere(first | second)
    box = tuple(slice(low, high + 1) for low, high in zip(either.min(axis=0), either.max(axis=0), strict=True))
    return np.pad(first[box], 1), np.pad(second[box], 1)


def _check_geometries(first: Voi, second: Voi, keys: tuple[CaseKey, CaseKey]) -> None:
    one, other = first.placement, second.placement
    same = first.mask.shape == second.mask.shape and all(
        np.allclose(getattr(one, part), getattr(other, part), atol=_GEOMETRY_TOLERANCE_MM)
        for part in ("spacing_mm", "origin_mm", "direction")
    )
    if not same:
        raise ValueError(
            f"{keys[0].label} and {keys[1]}, {first.sequence}: the VOIs lie on different voxel grids; both readers "
            "must draw on the same image."
        )
