"""The native engine: which classes to compute, on what, and which features have no value."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...imaging import ResampledVoi, Voi, resample
from ..engine import EngineResult, check_normalisation
from ..settings import FeatureSettings
from .feature_class import GriddedVoi
from .feature_classes import FEATURE_CLASSES


class NativeEngine:
    """Computes the classes of `FEATURE_CLASSES` in NumPy and SimpleITK; see `Engine`.

    Where PyRadiomics refuses a VOI or gives no real number, the features are undefined here too, with the reason.
    """

    name = "native"
    version = "1"
    sequences_at_once = 2

    def compute(
        self,
        voi: Voi,
        settings: FeatureSettings,
        feature_names: Sequence[str],
        resampled: ResampledVoi | None = None,
    ) -> EngineResult:
        """Compute ``feature_names`` of a canonical VOI. See `Engine.compute`."""
        check_normalisation(voi, settings)
        used_mm = resampled.spacing_mm if resampled else settings.spacing_mm
        if any(used not in pair for used, *pair in zip(used_mm, settings.spacing_mm, voi.spacing_mm, strict=True)):
            raise ValueError(
                f"The VOI was resampled to {used_mm} mm, where the settings ask for {settings.spacing_mm} mm."
            )
        if not voi.mask.any():
            raise ValueError("The VOI holds no voxel; draw the tumour on this sequence.")
        try:
            resampled = resampled or resample(voi, settings.spacing_mm)
            _check_extent(voi, resampled)
        except ValueError as error:
            return EngineResult(dict.fromkeys(feature_names, np.nan), dict.fromkeys(feature_names, str(error)))
        return features_of_resampled(resampled, settings.bin_width, feature_names, settings.bin_count)


def features_of_resampled(
    voi: ResampledVoi, bin_width: float, feature_names: Sequence[str], bin_count: int | None = None
) -> EngineResult:
    """Compute ``feature_names`` of a VOI on its final grid; only the classes that are asked for."""
    wanted = dict.fromkeys(name.partition("_")[0] for name in feature_names)
    unknown = wanted.keys() - FEATURE_CLASSES.keys()
    if unknown:
        raise ValueError(f"There is no feature class {', '.join(sorted(unknown))}.")
    gridded = GriddedVoi(voi.voxels, voi.mask, voi.spacing_mm, bin_width, bin_count)
    computed: dict[str, float] = {}
    for name in wanted:
        computed |= {f"{name}_{feature}": value for feature, value in FEATURE_CLASSES[name].compute(gridded).items()}
    unknown = set(feature_names) - computed.keys()
    if unknown:
        raise ValueError(f"There is no feature {', '.join(sorted(unknown))}.")
    values = {name: float(computed[name]) for name in feature_names}
    return EngineResult(values, {name: _why(name) for name, value in values.items() if not np.isfinite(value)})


def _check_extent(voi: Voi, resampled: ResampledVoi) -> None:
    """Raises ValueError for a VOI of which PyRadiomics would compute nothing."""
    if voi.mask.all():
        raise ValueError("The VOI fills the whole image, which PyRadiomics refuses.")
    extent = sum(length > 1 for length in resampled.mask.shape)
    if extent == 0:
        raise ValueError("The VOI is a single voxel on the grid of the features.")
    if extent == 1:
        raise ValueError("The VOI is a single row of voxels on the grid of the features.")


def _why(name: str) -> str:
    """Why a feature that was computed has no value."""
    if name == "firstorder_RobustMeanAbsoluteDeviation":
        return "No voxel lies between the 10th and the 90th percentile."
    if name == "glcm_MCC" or name == "glcm_Imc2":
        return "The grey levels of neighbours are independent: only rounding noise is left, whose root is not real."
    if name.startswith("glcm_"):
        return "No two voxels of the VOI are neighbours."
    if name.startswith("glrlm_"):
        return "No two voxels of the VOI lie on one line along any of the 13 directions."
    return "The formula has no finite value for this VOI."
