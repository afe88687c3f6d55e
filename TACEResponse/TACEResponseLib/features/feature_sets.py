"""Which features are computed (features.md, "Which ones")."""

from __future__ import annotations

from dataclasses import dataclass

_FIRST_ORDER = (
    "10Percentile 90Percentile Energy Entropy InterquartileRange Kurtosis Maximum MeanAbsoluteDeviation Mean Median "
    "Minimum Range RobustMeanAbsoluteDeviation RootMeanSquared Skewness TotalEnergy Uniformity Variance"
).split()
_SHAPE = (
    "Elongation Flatness LeastAxisLength MajorAxisLength Maximum2DDiameterColumn Maximum2DDiameterRow "
    "Maximum2DDiameterSlice Maximum3DDiameter MeshVolume MinorAxisLength Sphericity SurfaceArea SurfaceVolumeRatio "
    "VoxelVolume"
).split()
_SHAPE_BY_NAME = "Compactness1 Compactness2 SphericalDisproportion".split()
_GLCM = (
    "Autocorrelation ClusterProminence ClusterShade ClusterTendency Contrast Correlation DifferenceAverage "
    "DifferenceEntropy DifferenceVariance Id Idm Idmn Idn Imc1 Imc2 InverseVariance JointAverage JointEnergy "
    "JointEntropy MCC MaximumProbability SumAverage SumEntropy SumSquares"
).split()
_GLRLM = (
    "GrayLevelNonUniformity GrayLevelNonUniformityNormalized GrayLevelVariance HighGrayLevelRunEmphasis "
    "LongRunEmphasis LongRunHighGrayLevelEmphasis LongRunLowGrayLevelEmphasis LowGrayLevelRunEmphasis RunEntropy "
    "RunLengthNonUniformity RunLengthNonUniformityNormalized RunPercentage RunVariance ShortRunEmphasis "
    "ShortRunHighGrayLevelEmphasis ShortRunLowGrayLevelEmphasis"
).split()
_GLSZM = (
    "GrayLevelNonUniformity GrayLevelNonUniformityNormalized GrayLevelVariance HighGrayLevelZoneEmphasis "
    "LargeAreaEmphasis LargeAreaHighGrayLevelEmphasis LargeAreaLowGrayLevelEmphasis LowGrayLevelZoneEmphasis "
    "SizeZoneNonUniformity SizeZoneNonUniformityNormalized SmallAreaEmphasis SmallAreaHighGrayLevelEmphasis "
    "SmallAreaLowGrayLevelEmphasis ZoneEntropy ZonePercentage ZoneVariance"
).split()
_GLDM = (
    "DependenceEntropy DependenceNonUniformity DependenceNonUniformityNormalized DependenceVariance "
    "GrayLevelNonUniformity GrayLevelVariance HighGrayLevelEmphasis LargeDependenceEmphasis "
    "LargeDependenceHighGrayLevelEmphasis LargeDependenceLowGrayLevelEmphasis LowGrayLevelEmphasis "
    "SmallDependenceEmphasis SmallDependenceHighGrayLevelEmphasis SmallDependenceLowGrayLevelEmphasis"
).split()
_NGTDM = "Busyness Coarseness Complexity Contrast Strength".split()

FEATURE_CLASSES: tuple[str, ...] = ("firstorder", "shape", "glcm", "glrlm", "glszm", "gldm", "ngtdm")


@dataclass(frozen=True)
class FeatureSet:
    """A named, ordered list of features ``<class>_<Feature>``."""

    name: str
    feature_names: tuple[str, ...]

    def column_names(self, sequences: tuple[str, ...]) -> tuple[str, ...]:
        """``<SEQUENCE>_<class>_<Feature>``: sequence by sequence in the order given."""
        return tuple(f"{sequence}_{feature}" for sequence in sequences for feature in self.feature_names)


def _feature_set(name: str, shape: list[str]) -> FeatureSet:
    features_by_class = (_FIRST_ORDER, shape, _GLCM, _GLRLM, _GLSZM, _GLDM, _NGTDM)
    return FeatureSet(
        name,
        tuple(
            f"{feature_class}_{feature}"
            for feature_class, features in zip(FEATURE_CLASSES, features_by_class, strict=True)
            for feature in features
        ),
    )


FEATURE_SETS: dict[str, FeatureSet] = {
    "paper110": _feature_set("paper110", _SHAPE + _SHAPE_BY_NAME),
    "default107": _feature_set("default107", _SHAPE),
}
"""``paper110``: 18 first order, 17 shape, 24 GLCM, 16 GLRLM, 16 GLSZM, 14 GLDM, 5 NGTDM (a recorded assumption of ours;
the paper gives no list). ``default107``: what PyRadiomics computes unless told otherwise."""


def get_feature_set(name: str) -> FeatureSet:
    """The feature set of that name. Raises ValueError for an unknown one."""
    if name not in FEATURE_SETS:
        raise ValueError(f"There is no feature set {name!r}; choose one of {', '.join(FEATURE_SETS)}.")
    return FEATURE_SETS[name]
