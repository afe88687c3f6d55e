"""Grey level size zone matrix (IBSI: 9SAK). A zone is a set of voxels of one grey level that hang together through any
of the 26 neighbours."""

from __future__ import annotations

import numpy as np

from .discretisation import DiscretisedVoi
from .feature_class import FeatureClass, GriddedVoi
from .size_matrix import SizeMatrices, count_pairs


def size_zone_matrix(voi: DiscretisedVoi) -> SizeMatrices:
    """The one matrix of all zones, with a column for each zone size that occurs."""
    zone_codes, zone_sizes = _zones(voi.codes)
    sizes = np.flatnonzero(np.bincount(zone_sizes))
    counts = count_pairs(zone_codes, np.searchsorted(sizes, zone_sizes) + 1, voi.n_levels, sizes.size)
    return SizeMatrices(counts[None], voi.grey_levels, sizes.astype(float))


def _zones(codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Code and number of voxels of each zone."""
    import SimpleITK as sitk

    components = sitk.ScalarConnectedComponentImageFilter()
    components.SetDistanceThreshold(0)
    components.FullyConnectedOn()
    inside = codes > 0
    images = sitk.GetImageFromArray(codes), sitk.GetImageFromArray(inside.view(np.uint8))
    labels = sitk.GetArrayFromImage(components.Execute(*images))
    voxel_labels = labels[inside]
    n_voxels = np.bincount(voxel_labels)
    code_of_label = np.zeros(n_voxels.size, codes.dtype)
    code_of_label[voxel_labels] = codes[inside]
    zones = np.flatnonzero(n_voxels)
    return code_of_label[zones], n_voxels[zones]


def glszm_features(gridded: GriddedVoi) -> dict[str, float]:
    """The 16 GLSZM features, by level i and zone size j (formulas: `SizeMatrices`).

    - ``SmallAreaEmphasis`` (5QRC): sum p / j^2; ``LargeAreaEmphasis`` (48P8): sum p j^2
    - ``LowGrayLevelZoneEmphasis`` (XMSY): sum p / i^2; ``HighGrayLevelZoneEmphasis`` (5GN9): sum p i^2
    - ``SmallAreaLowGrayLevelEmphasis`` (5RAI), ``SmallAreaHighGrayLevelEmphasis`` (HW1V),
      ``LargeAreaLowGrayLevelEmphasis`` (YH51), ``LargeAreaHighGrayLevelEmphasis`` (J17V): sum p i^(-+2) j^(-+2)
    - ``GrayLevelNonUniformity`` (JNSA) and divided by n ``...Normalized`` (Y1RO)
    - ``SizeZoneNonUniformity`` (4JP3) and divided by n ``...Normalized`` (VB3A)
    - ``ZonePercentage`` (P30P): number of zones / number of voxels
    - ``GrayLevelVariance`` (BYLV), ``ZoneVariance`` (3NSA), ``ZoneEntropy`` (GU8N)
    """
    voi = gridded.discretised
    zones = size_zone_matrix(voi)
    features = {
        "GrayLevelNonUniformity": zones.level_non_uniformity(),
        "GrayLevelNonUniformityNormalized": zones.level_non_uniformity() / zones.n,
        "GrayLevelVariance": zones.level_variance(),
        "HighGrayLevelZoneEmphasis": zones.emphasis(2, 0),
        "LargeAreaEmphasis": zones.emphasis(0, 2),
        "LargeAreaHighGrayLevelEmphasis": zones.emphasis(2, 2),
        "LargeAreaLowGrayLevelEmphasis": zones.emphasis(-2, 2),
        "LowGrayLevelZoneEmphasis": zones.emphasis(-2, 0),
        "SizeZoneNonUniformity": zones.size_non_uniformity(),
        "SizeZoneNonUniformityNormalized": zones.size_non_uniformity() / zones.n,
        "SmallAreaEmphasis": zones.emphasis(0, -2),
        "SmallAreaHighGrayLevelEmphasis": zones.emphasis(2, -2),
        "SmallAreaLowGrayLevelEmphasis": zones.emphasis(-2, -2),
        "ZoneEntropy": zones.entropy(),
        "ZonePercentage": zones.n / voi.n_voxels,
        "ZoneVariance": zones.size_variance(),
    }
    return {name: value.item() for name, value in features.items()}


GLSZM = FeatureClass(
    "glszm",
    tuple(
        (
            "GrayLevelNonUniformity GrayLevelNonUniformityNormalized GrayLevelVariance HighGrayLevelZoneEmphasis "
            "LargeAreaEmphasis LargeAreaHighGrayLevelEmphasis LargeAreaLowGrayLevelEmphasis LowGrayLevelZoneEmphasis "
            "SizeZoneNonUniformity SizeZoneNonUniformityNormalized SmallAreaEmphasis SmallAreaHighGrayLevelEmphasis "
            "SmallAreaLowGrayLevelEmphasis ZoneEntropy ZonePercentage ZoneVariance"
        ).split()
    ),
    glszm_features,
)
