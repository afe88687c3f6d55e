"""The settings that define a feature's number (paper.md, "Images and VOIs", features.md)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ..cohort import Json


@dataclass(frozen=True)
class FeatureSettings:
    """How voxels become features; two feature tables can be compared only if these are equal.

    ``spacing_mm`` is the grid along I, J, K. Grey levels are bins of ``bin_width``, in units of the image's intensity,
    or, where ``bin_count`` is given, that many bins from the lowest to the highest intensity of the VOI.
    ``normalisation`` is "none" or "zscore": before resampling, the whole image less its mean, divided by its standard
    deviation and multiplied by ``normalisation_scale``, as PyRadiomics' ``normalize`` and ``normalizeScale``.
    Everything else is fixed: cubic B-spline for the image, nearest neighbour for the mask, distance 1, 26 neighbours,
    13 directions averaged, symmetric GLCM, padding of 5 voxels, no filter.
    """

    name: str = "paper"
    spacing_mm: tuple[float, float, float] = (1.0, 1.0, 1.0)
    bin_width: float = 25.0
    normalisation: str = "none"
    normalisation_scale: float = 1.0
    bin_count: int | None = None

    @property
    def binning(self) -> str:
        """How grey levels are made, for messages."""
        return f"bin width {self.bin_width:g}" if self.bin_count is None else f"{self.bin_count} bins"

    @property
    def scale_of_normalised(self) -> float | None:
        """The scale of a normalised image; None without normalisation."""
        return self.normalisation_scale if self.normalisation == "zscore" else None

    def as_dict(self) -> dict[str, Json]:
        """Plain JSON form, for bundles and provenance; what came later is left out where it has its default."""
        fields = {**asdict(self), "spacing_mm": list(self.spacing_mm)}
        return {name: value for name, value in fields.items() if name not in _LATER or value != _LATER[name]}

    def __str__(self) -> str:
        """As a phrase for messages."""
        spacing = " x ".join(f"{length:g}" for length in self.spacing_mm)
        scale = "" if self.normalisation_scale == 1 else f" times {self.normalisation_scale:g}"
        return f"{self.name} ({spacing} mm, {self.binning}, normalisation {self.normalisation}{scale})"

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> FeatureSettings:
        """Inverse of `as_dict`. Raises ValueError for an unknown or missing field."""
        known = set(cls.__dataclass_fields__)
        if not known - _LATER.keys() <= set(fields) <= known:
            raise ValueError(f"Feature settings must hold exactly {sorted(known)}, not {sorted(fields)}.")
        return cls(**{**fields, "spacing_mm": tuple(float(x) for x in fields["spacing_mm"])})


_LATER: Mapping[str, Json] = {"normalisation_scale": 1.0, "bin_count": None}
"""Fields that bundles and tables made before 2026-11 do not have, with what then held."""

PAPER_SETTINGS = FeatureSettings()
"""1x1x1 mm, bin width 25, no normalisation: the study's settings."""
