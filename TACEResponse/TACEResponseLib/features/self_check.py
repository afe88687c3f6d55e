"""Does this installation compute the right numbers? 440 values of a built-in phantom against stored ones.

The stored values were made with PyRadiomics by ``Testing/tools/make_self_check_reference.py``. Where PyRadiomics is
installed, the native engine is compared with it too.
"""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..cohort import named_and_more
from ..imaging import Voi
from .engine import Engine
from .engines import get_engine
from .feature_sets import get_feature_set
from .self_check_phantom import self_check_phantom
from .settings import PAPER_SETTINGS

REFERENCE_PATH = Path(__file__).parent / "self_check_reference.json"
FEATURE_SET = "paper110"
TOLERANCE = 1e-6
"""Allowed difference relative to the value, or to 0.001 where the value is smaller (1e-9 absolute near zero)."""

_SMALLEST_SCALE = 1e-3


@dataclass(frozen=True)
class SelfCheckResult:
    """What the self-check found.

    ``differences`` maps what the native engine was compared with to the difference of each of the 440 values
    (``<SEQUENCE>_<class>_<Feature>``), in units of which ``tolerance`` is the limit; NaN if a value is missing.
    ``versions`` are those of the parts involved. ``phantom_is_intact`` is False if the phantom itself came out
    otherwise than where the stored values were made.
    """

    differences: Mapping[str, Mapping[str, float]]
    tolerance: float
    versions: Mapping[str, str]
    phantom_is_intact: bool

    @property
    def failures(self) -> tuple[str, ...]:
        """Names of the values that are off, in any comparison."""
        return tuple(
            dict.fromkeys(
                name
                for by_name in self.differences.values()
                for name, difference in by_name.items()
                if not difference <= self.tolerance
            )
        )

    @property
    def passed(self) -> bool:
        """Whether the phantom is intact and every value agrees."""
        return self.phantom_is_intact and not self.failures

    def lines(self) -> tuple[str, ...]:
        """The result as text, for a terminal or a panel."""
        lines = []
        if not self.phantom_is_intact:
            lines.append("The built-in phantom differs from the one that the stored values belong to.")
        for other, by_name in self.differences.items():
            agreeing = sum(difference <= self.tolerance for difference in by_name.values())
            worst = max(by_name, key=lambda name: np.nan_to_num(by_name[name], nan=np.inf))
            lines.append(
                f"{agreeing} of {len(by_name)} values agree with {other} "
                f"(largest difference {by_name[worst]:.1e} in {worst}; allowed {self.tolerance:.0e})."
            )
        lines.append("Versions: " + ", ".join(f"{part} {version}" for part, version in self.versions.items()) + ".")
        if self.passed:
            lines.append("Self-check passed: this installation computes the right features.")
        else:
            shown = named_and_more(self.failures)
            lines.append(
                f"Self-check FAILED{': ' + shown if shown else ''}. Do not use features of this installation; "
                "reinstall it and report the lines above."
            )
        return tuple(lines)


def self_check() -> SelfCheckResult:
    """Run the self-check. Raises ValueError if the stored values are missing or damaged."""
    import SimpleITK as sitk

    try:
        reference = json.loads(REFERENCE_PATH.read_text(encoding="utf-8"))
        stored, hashes = reference["values"], reference["input_sha256"]
        stored_by = f"the stored values of PyRadiomics {reference['made_with']['PyRadiomics']}"
    except (OSError, ValueError, KeyError) as error:
        raise ValueError(
            "The stored values of the self-check are missing or damaged; reinstall TACEResponse."
        ) from error
    phantom = self_check_phantom()
    native = get_engine("native")
    values = _values(native, phantom)
    differences = {stored_by: _differences(values, stored)}
    versions = {
        "native engine": native.version,
        "Python": platform.python_version(),
        "NumPy": np.__version__,
        "SimpleITK": sitk.Version.VersionString(),
    }
    try:
        pyradiomics = get_engine("pyradiomics")
    except ValueError:
        versions["PyRadiomics"] = "not installed"
    else:
        versions["PyRadiomics"] = pyradiomics.version
        installed = f"the installed PyRadiomics {pyradiomics.version}"
        differences[installed] = _differences(values, _values(pyradiomics, phantom))
    return SelfCheckResult(differences, TOLERANCE, versions, input_hashes(phantom) == hashes)


def input_hashes(phantom: Mapping[str, Voi]) -> dict[str, list[str]]:
    """Hashes of image and mask of each sequence in canonical form."""
    return {sequence: [voi.image_sha256, voi.mask_sha256] for sequence, voi in phantom.items()}


def _values(engine: Engine, phantom: Mapping[str, Voi]) -> dict[str, float]:
    names = get_feature_set(FEATURE_SET).feature_names
    return {
        f"{sequence}_{name}": value
        for sequence, voi in phantom.items()
        for name, value in engine.compute(voi, PAPER_SETTINGS, names).values.items()
    }


def _differences(values: Mapping[str, float], expected: Mapping[str, float]) -> dict[str, float]:
    """Difference of each expected value relative to it, or to 0.001 where it is smaller; NaN for one not computed."""
    return {
        name: abs(values.get(name, np.nan) - value) / max(abs(value), _SMALLEST_SCALE)
        for name, value in expected.items()
    }
