"""Which features are computed (Docs/features.md, "Which ones")."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from .native.feature_classes import FEATURE_CLASSES, PYRADIOMICS_CLASSES


@dataclass(frozen=True)
class FeatureSet:
    """A named, ordered list of features ``<class>_<Feature>``."""

    name: str
    feature_names: tuple[str, ...]

    def column_names(self, sequences: tuple[str, ...]) -> tuple[str, ...]:
        """``<SEQUENCE>_<class>_<Feature>``: sequence by sequence in the order given."""
        return tuple(f"{sequence}_{feature}" for sequence in sequences for feature in self.feature_names)


FEATURE_SETS: dict[str, FeatureSet] = {
    "paper110": FeatureSet("paper110", tuple(name for one in PYRADIOMICS_CLASSES for name in one.all_feature_names)),
    "default107": FeatureSet("default107", tuple(name for one in PYRADIOMICS_CLASSES for name in one.feature_names)),
}
"""``paper110``: 18 first order, 17 shape, 24 GLCM, 16 GLRLM, 16 GLSZM, 14 GLDM, 5 NGTDM (a recorded assumption of ours;
the paper gives no list). ``default107``: what PyRadiomics computes by default, without three shape features."""


@cache
def get_feature_set(name: str) -> FeatureSet:
    """The feature set of that name: one of `FEATURE_SETS`, a class, a single feature, or several joined by ``+``.

    ``glcm`` has the features of a class that are computed by default, ``firstorder+glcm_Contrast`` one class and one
    feature, and ``paper110+ours`` adds a class to a set. Raises ValueError for an unknown or repeated part.
    """
    if name in FEATURE_SETS:
        return FEATURE_SETS[name]
    feature_names = [feature for part in name.split("+") for feature in _features_of(part)]
    if len(set(feature_names)) < len(feature_names):
        raise ValueError(f"The feature set {name!r} names a feature twice; name each part once.")
    return FeatureSet(name, tuple(feature_names))


def _features_of(part: str) -> tuple[str, ...]:
    if part in FEATURE_SETS:
        return FEATURE_SETS[part].feature_names
    if part in FEATURE_CLASSES:
        return FEATURE_CLASSES[part].feature_names
    feature_class = FEATURE_CLASSES.get(part.partition("_")[0])
    if feature_class is not None and part in feature_class.all_feature_names:
        return (part,)
    raise ValueError(
        f"There is no feature set {part!r}; choose one of {', '.join(FEATURE_SETS)}, or classes joined by +: "
        f"{', '.join(FEATURE_CLASSES)}."
    )
