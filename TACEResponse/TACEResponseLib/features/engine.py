"""What an engine is: one VOI in canonical form in, numbers out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from ..imaging import ResampledVoi, Voi
from .settings import FeatureSettings


@dataclass(frozen=True)
class EngineResult:
    """Features of one VOI by name ``<class>_<Feature>``; NaN where undefined, with the reason in ``undefined``."""

    values: Mapping[str, float]
    undefined: Mapping[str, str] = field(default_factory=dict)


def check_normalisation(voi: Voi, settings: FeatureSettings) -> None:
    """Raises ValueError if the image was normalised in another way than the settings ask for."""
    if settings.normalisation not in ("none", "zscore"):
        raise ValueError(f"Features of images normalised by {settings.normalisation!r} are not available here.")
    if voi.normalisation_scale != settings.scale_of_normalised:
        raise ValueError(f"The image was not normalised as the settings {settings} ask; read it with these settings.")


class Engine(Protocol):
    """Computes features of a canonical VOI.

    Engines are interchangeable: a bundle records which one was used and does not compare it. ``sequences_at_once`` is
    the number of threads that gain from computing side by side.
    """

    name: str
    version: str
    sequences_at_once: int

    def compute(
        self,
        voi: Voi,
        settings: FeatureSettings,
        feature_names: Sequence[str],
        resampled: ResampledVoi | None = None,
    ) -> EngineResult:
        """Compute ``feature_names`` (``<class>_<Feature>``) of one VOI.

        ``resampled`` is the same VOI on the grid of the settings where the input checks have made it already; an engine
        that does not need it ignores it. Raises ValueError with a sentence if nothing can be computed.
        """
        ...
