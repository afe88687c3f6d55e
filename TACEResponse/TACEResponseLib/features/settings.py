"""The settings that define a feature's number (paper.md, "Images and VOIs", features.md)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ..cohort import Json


@dataclass(frozen=True)
class FeatureSettings:
    """How voxels become features; two feature tables can be compared only if these are equal.

    ``spacing_mm`` is the isotropic grid, ``bin_width`` is in units of image intensity. Everything else is fixed: cubic
    B-spline for the image, nearest neighbour for the mask, distance 1, 26 neighbours, 13 directions averaged, symmetric
    GLCM, padding of 5 voxels, no normalisation and no filter.
    """

    name: str = "paper"
    spacing_mm: tuple[float, float, float] = (1.0, 1.0, 1.0)
    bin_width: float = 25.0
    normalisation: str = "none"

    def as_dict(self) -> dict[str, Json]:
        """Plain JSON form, for bundles and provenance."""
        return {**asdict(self), "spacing_mm": list(self.spacing_mm)}

    def __str__(self) -> str:
        """In words, for messages."""
        spacing = " x ".join(f"{length:g}" for length in self.spacing_mm)
        return f"{self.name} ({spacing} mm, bin width {self.bin_width:g}, normalisation {self.normalisation})"

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> FeatureSettings:
        """Inverse of `as_dict`. Raises ValueError for an unknown or missing field."""
        known = set(cls.__dataclass_fields__)
        if set(fields) != known:
            raise ValueError(f"Feature settings must hold exactly {sorted(known)}, not {sorted(fields)}.")
        return cls(**{**fields, "spacing_mm": tuple(float(x) for x in fields["spacing_mm"])})


PAPER_SETTINGS = FeatureSettings()
"""1x1x1 mm, bin width 25, no normalisation: the study's settings."""
