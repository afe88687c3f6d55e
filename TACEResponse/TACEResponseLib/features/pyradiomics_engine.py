"""The reference engine: PyRadiomics 3.0.1, where it is installed."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..imaging import ResampledVoi, Voi
from .engine import EngineResult, check_normalisation
from .native.feature_classes import FEATURE_CLASSES
from .settings import FeatureSettings

if TYPE_CHECKING:
    import SimpleITK


class PyRadiomicsEngine:
    """PyRadiomics on the canonical image and mask; does its own resampling, from the full volume.

    It holds the interpreter lock for seconds on large lesions: a panel runs it in a child process.
    """

    name = "pyradiomics"
    # PyRadiomics holds the interpreter lock and keeps global state.
    sequences_at_once = 1

    def __init__(self) -> None:
        """Raises ValueError if PyRadiomics is not installed."""
        try:
            import radiomics
        except ImportError as error:
            raise ValueError(
                "PyRadiomics is not installed in this Python; choose the engine native, which needs no installation."
            ) from error
        self.version = str(radiomics.__version__).lstrip("v")

    def compute(
        self,
        voi: Voi,
        settings: FeatureSettings,
        feature_names: Sequence[str],
        resampled: ResampledVoi | None = None,
    ) -> EngineResult:
        """Compute ``feature_names`` of a canonical VOI; ``resampled`` is ignored. See `Engine.compute`."""
        import SimpleITK as sitk

        check_normalisation(voi, settings)
        if not voi.mask.any():
            raise ValueError("The VOI holds no voxel; draw the tumour on this sequence.")
        image = sitk.GetImageFromArray(voi.voxels)
        mask = sitk.GetImageFromArray(voi.mask.astype(np.uint8))
        for part in (image, mask):
            part.SetSpacing(voi.spacing_mm)
        return features_of_images(image, mask, settings, feature_names)


def features_of_images(
    image: SimpleITK.Image, mask: SimpleITK.Image, settings: FeatureSettings, feature_names: Sequence[str]
) -> EngineResult:
    """PyRadiomics' features of a SimpleITK image and mask (label 1) as they are, without canonical form.

    Where PyRadiomics refuses the whole VOI, every feature is undefined and its reason is PyRadiomics' message.
    The image is taken as it is: where the settings ask for it, it has been normalised. Raises ValueError for an unknown
    feature.
    """
    from radiomics.featureextractor import RadiomicsFeatureExtractor

    radiomics_logger = logging.getLogger("radiomics")
    level = radiomics_logger.level
    radiomics_logger.setLevel(logging.CRITICAL + 1)
    try:
        extractor = RadiomicsFeatureExtractor(
            resampledPixelSpacing=list(settings.spacing_mm),
            interpolator="sitkBSpline",
            **({"binWidth": settings.bin_width} if settings.bin_count is None else {"binCount": settings.bin_count}),
            additionalInfo=False,
        )
        extractor.disableAllFeatures()
        extractor.enableFeaturesByName(**_names_by_class(feature_names))
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what it warns of (means of nothing, complex casts) comes back as a reason
            raw = extractor.execute(image, mask, label=1)
    except LookupError as error:
        raise ValueError(f"PyRadiomics has no such feature: {error}") from error
    except (ValueError, RuntimeError, AssertionError) as error:
        reason = f"PyRadiomics refuses this VOI: {error}"
        return EngineResult(dict.fromkeys(feature_names, np.nan), dict.fromkeys(feature_names, reason))
    finally:
        radiomics_logger.setLevel(level)
    values: dict[str, float] = {}
    undefined: dict[str, str] = {}
    for name in feature_names:
        value = complex(raw[f"original_{name}"])
        if value.imag != 0:
            values[name], undefined[name] = np.nan, "PyRadiomics gives a complex number."
        elif not np.isfinite(value.real):
            values[name], undefined[name] = np.nan, f"PyRadiomics gives {value.real}."
        else:
            values[name] = value.real
    return EngineResult(values, undefined)


def _names_by_class(feature_names: Sequence[str]) -> dict[str, list[str]]:
    by_class: dict[str, list[str]] = {}
    for name in feature_names:
        feature_class, _, feature = name.partition("_")
        if feature_class not in FEATURE_CLASSES:
            raise ValueError(f"There is no feature {name!r}.")
        by_class.setdefault(feature_class, []).append(feature)
    return by_class
