"""Grey level dependence matrix (IBSI: neighbouring grey level dependence matrix, REK0), distance 1, coarseness 0.

A voxel of level i has a dependence of j = 1 + the number of its 26 neighbours in the VOI that have the same level.
"""

from __future__ import annotations

import numpy as np

from .discretisation import DiscretisedVoi
from .feature_class import FeatureClass, GriddedVoi
from .size_matrix import SizeMatrices, count_pairs

_LARGEST_DEPENDENCE = 27


def dependence_matrix(voi: DiscretisedVoi) -> SizeMatrices:
    """The one matrix of all voxels."""
    flat = voi.codes.ravel()
    dependence = np.ones(flat.size, np.uint8)
    for step in voi.flat_steps:
        same_level = flat[:-step] == flat[step:]
        dependence[:-step] += same_level
        dependence[step:] += same_level
    inside = np.flatnonzero(flat)
    counts = count_pairs(flat[inside], dependence[inside], voi.n_levels, _LARGEST_DEPENDENCE)
    return SizeMatrices(counts[None], voi.grey_levels, np.arange(1.0, _LARGEST_DEPENDENCE + 1))


def gldm_features(gridded: GriddedVoi) -> dict[str, float]:
    """The 14 GLDM features, by level i and dependence j (formulas: `SizeMatrices`).

    - ``SmallDependenceEmphasis`` (SODN): sum p / j^2; ``LargeDependenceEmphasis`` (IMOQ): sum p j^2
    - ``LowGrayLevelEmphasis`` (TL9H): sum p / i^2; ``HighGrayLevelEmphasis`` (OAE7): sum p i^2
    - ``SmallDependenceLowGrayLevelEmphasis`` (EQ3F), ``SmallDependenceHighGrayLevelEmphasis`` (JA6D),
      ``LargeDependenceLowGrayLevelEmphasis`` (NBZI), ``LargeDependenceHighGrayLevelEmphasis`` (9QMG):
      sum p i^(-+2) j^(-+2)
    - ``GrayLevelNonUniformity`` (FP8K)
    - ``DependenceNonUniformity`` (Z87G) and divided by n ``...Normalized`` (OKJI)
    - ``GrayLevelVariance`` (1PFV), ``DependenceVariance`` (DNX2), ``DependenceEntropy`` (FCBV)
    """
    voi = gridded.discretised
    dependences = dependence_matrix(voi)
    features = {
        "DependenceEntropy": dependences.entropy(),
        "DependenceNonUniformity": dependences.size_non_uniformity(),
        "DependenceNonUniformityNormalized": dependences.size_non_uniformity() / dependences.n,
        "DependenceVariance": dependences.size_variance(),
        "GrayLevelNonUniformity": dependences.level_non_uniformity(),
        "GrayLevelVariance": dependences.level_variance(),
        "HighGrayLevelEmphasis": dependences.emphasis(2, 0),
        "LargeDependenceEmphasis": dependences.emphasis(0, 2),
        "LargeDependenceHighGrayLevelEmphasis": dependences.emphasis(2, 2),
        "LargeDependenceLowGrayLevelEmphasis": dependences.emphasis(-2, 2),
        "LowGrayLevelEmphasis": dependences.emphasis(-2, 0),
        "SmallDependenceEmphasis": dependences.emphasis(0, -2),
        "SmallDependenceHighGrayLevelEmphasis": dependences.emphasis(2, -2),
        "SmallDependenceLowGrayLevelEmphasis": dependences.emphasis(-2, -2),
    }
    return {name: value.item() for name, value in features.items()}


GLDM = FeatureClass(
    "gldm",
    tuple(
        (
            "DependenceEntropy DependenceNonUniformity DependenceNonUniformityNormalized DependenceVariance "
            "GrayLevelNonUniformity GrayLevelVariance HighGrayLevelEmphasis LargeDependenceEmphasis "
            "LargeDependenceHighGrayLevelEmphasis LargeDependenceLowGrayLevelEmphasis LowGrayLevelEmphasis "
            "SmallDependenceEmphasis SmallDependenceHighGrayLevelEmphasis SmallDependenceLowGrayLevelEmphasis"
        ).split()
    ),
    gldm_features,
)
