"""Reading a case's images into canonical form, the gate before extraction, and resampling."""

from .voi import CaseImages, ResampledVoi, Voi

__all__ = ["CaseImages", "ResampledVoi", "Voi"]
