"""The classes of features that the native engine computes, in the order of tables."""

from __future__ import annotations

from .feature_class import FeatureClass
from .first_order import FIRST_ORDER
from .glcm import GLCM
from .gldm import GLDM
from .glrlm import GLRLM
from .glszm import GLSZM
from .ngtdm import NGTDM
from .shape import SHAPE

PYRADIOMICS_CLASSES: tuple[FeatureClass, ...] = (FIRST_ORDER, SHAPE, GLCM, GLRLM, GLSZM, GLDM, NGTDM)
"""The classes that PyRadiomics has too; the feature sets `paper110` and `default107` are made of these."""

OTHER_CLASSES: tuple[FeatureClass, ...] = ()
"""Classes of our own, each in a module of its own."""

FEATURE_CLASSES: dict[str, FeatureClass] = {one.name: one for one in PYRADIOMICS_CLASSES + OTHER_CLASSES}
