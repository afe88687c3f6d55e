"""What a class of features is, and what it computes them from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .discretisation import DiscretisedVoi, discretise


@dataclass(frozen=True, eq=False)
class GriddedVoi:
    """A VOI on the grid of the features, with its grey levels, made once where a class asks for them.

    ``voxels`` float32 and ``mask`` bool are the VOI's bounding box (K, J, I); ``spacing_mm`` is along I, J, K;
    ``bin_width`` is in units of intensity; ``bin_count``, where given, replaces it.
    """

    voxels: np.ndarray
    mask: np.ndarray
    spacing_mm: tuple[float, float, float]
    bin_width: float
    bin_count: int | None = None

    @cached_property
    def discretised(self) -> DiscretisedVoi:
        """The grey levels. Raises ValueError as `discretise` does."""
        return discretise(self.voxels, self.mask, self.bin_width, self.bin_count)


@dataclass(frozen=True)
class FeatureClass:
    """A class of features: its name, its features in the order of tables, and the function that computes them all.

    ``by_name_only`` are features that PyRadiomics leaves out unless they are asked for by name.
    """

    name: str
    features: tuple[str, ...]
    compute: Callable[[GriddedVoi], Mapping[str, float]]
    by_name_only: tuple[str, ...] = ()

    @property
    def feature_names(self) -> tuple[str, ...]:
        """``<class>_<Feature>`` of the features that are computed by default."""
        return tuple(f"{self.name}_{feature}" for feature in self.features)

    @property
    def all_feature_names(self) -> tuple[str, ...]:
        """`feature_names` and those that have to be asked for by name."""
        return (*self.feature_names, *(f"{self.name}_{feature}" for feature in self.by_name_only))
