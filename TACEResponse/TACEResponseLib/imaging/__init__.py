"""Reading a case's images into canonical form, the gate before extraction, and resampling."""

from .voi import ResampledVoi, Voi

__all__ = ["ResampledVoi", "Voi"]
