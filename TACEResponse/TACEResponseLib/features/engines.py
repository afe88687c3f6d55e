"""The engines by name; an engine of another kind is one file and one entry here."""

from __future__ import annotations

from .engine import Engine

ENGINES: tuple[str, ...] = ("native", "pyradiomics")


def get_engine(name: str = "native") -> Engine:
    """The engine of that name. Raises ValueError for an unknown one or when PyRadiomics is not installed."""
    if name == "native":
        from .native import NativeEngine

        return NativeEngine()
    if name == "pyradiomics":
        from .pyradiomics_engine import PyRadiomicsEngine

        return PyRadiomicsEngine()
    raise ValueError(f"There is no feature engine {name!r}; choose one of {', '.join(ENGINES)}.")
