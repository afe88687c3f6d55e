"""The native engine: the 110 features in NumPy, SciPy and SimpleITK, with PyRadiomics' numbers."""

from .engine import NativeEngine, features_of_resampled

__all__ = ["NativeEngine", "features_of_resampled"]
