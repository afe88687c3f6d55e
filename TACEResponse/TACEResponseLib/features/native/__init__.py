"""The native engine: the same numbers as PyRadiomics on the same canonical form, from NumPy and SimpleITK alone."""

from .engine import NativeEngine, features_of_resampled

__all__ = ["NativeEngine", "features_of_resampled"]
