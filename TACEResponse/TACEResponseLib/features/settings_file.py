"""Feature settings from a file: the part of PyRadiomics' parameter files that the engines support.

Slicer bundles no YAML reader, and parameter files need little of the language: keys with values in one or two levels,
lists and comments. JSON of the same keys is read too.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .settings import PAPER_SETTINGS, FeatureSettings

_FIXED: Mapping[str, tuple[Any, ...]] = {
    "interpolator": ("sitkBSpline",),
    "label": (1,),
    "force2D": (False,),
    "distances": ([1],),
    "symmetricalGLCM": (True,),
    "padDistance": (5,),
    "resegmentRange": (None,),
    "removeOutliers": (None,),
    "voxelArrayShift": (0,),
    "weightingNorm": (None,),
    "preCrop": (False,),
    "correctMask": (False,),
    "gldm_a": (0,),
    "additionalInfo": (True, False),
}
"""Settings that may be written only with what the engines do."""

_OWN = ("resampledPixelSpacing", "binWidth", "binCount", "normalize", "normalizeScale")


def read_settings(path: Path) -> FeatureSettings:
    """Read feature settings from a PyRadiomics parameter file (YAML or JSON).

    Under ``setting``, ``resampledPixelSpacing`` and either ``binWidth`` or ``binCount`` are read, with ``normalize``
    and ``normalizeScale``; ``imageType`` may hold ``Original`` alone. The settings are named by a hash of their
    content, so that equal settings are equal whatever the file is called.

    Raises ValueError naming the file and the key for everything else, rather than computing something else.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"The settings {path.name} cannot be read: {error}") from error
    try:
        content = json.loads(text) if text.lstrip().startswith("{") else parse_yaml(text)
        return _settings(content)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"The settings {path.name}: {error}") from error


def _settings(content: Mapping[str, Any]) -> FeatureSettings:
    for key in content:
        if key == "featureClass":
            raise ValueError("remove featureClass and choose features with --feature-set.")
        if key not in ("setting", "imageType"):
            raise ValueError(f"{key} is not supported; remove it.")
    image_types = content.get("imageType") or {"Original": {}}
    if list(image_types) != ["Original"] or (isinstance(image_types, dict) and image_types["Original"]):
        raise ValueError("only the image type Original is supported, without settings of its own; remove the others.")
    setting = content.get("setting") or {}
    if not isinstance(setting, dict):
        raise ValueError("setting must hold keys with values.")
    for key, value in setting.items():
        if key in _FIXED and value not in _FIXED[key]:
            allowed = " or ".join(json.dumps(one) for one in _FIXED[key])
            raise ValueError(f"{key} can only be {allowed}.")
        if key not in _FIXED and key not in _OWN:
            raise ValueError(f"{key} is not supported; remove it.")
    if ("binWidth" in setting) == (setting.get("binCount") is not None):
        raise ValueError("give either binWidth, in units of the image, or binCount.")
    spacing = setting.get("resampledPixelSpacing")
    if not isinstance(spacing, list) or len(spacing) != 3:
        raise ValueError("give resampledPixelSpacing as three lengths in mm, such as [1, 1, 1].")
    i_mm, j_mm, k_mm = (_number("resampledPixelSpacing", length, 0.2, 10) for length in spacing)
    normalise = setting.get("normalize", False)
    if not isinstance(normalise, bool):
        raise ValueError("normalize must be true or false.")
    if "normalizeScale" in setting and not normalise:
        raise ValueError("normalizeScale needs normalize: true.")
    bin_count = setting.get("binCount")
    if bin_count is not None and (type(bin_count) is not int or not 2 <= bin_count <= 1000):
        raise ValueError("binCount must be a whole number from 2 to 1000.")
    settings = FeatureSettings(
        PAPER_SETTINGS.name,
        (i_mm, j_mm, k_mm),
        _number("binWidth", setting.get("binWidth", 1), 1e-6, 1e6) if bin_count is None else 0.0,
        "zscore" if normalise else "none",
        _number("normalizeScale", setting.get("normalizeScale", 1), 1e-3, 1e6),
        bin_count,
    )
    if settings == PAPER_SETTINGS:
        return settings
    content_hash = hashlib.sha256(json.dumps(settings.as_dict(), sort_keys=True).encode()).hexdigest()
    return FeatureSettings.from_dict({**settings.as_dict(), "name": f"settings-{content_hash[:8]}"})


def _number(key: str, value: object, least: float, most: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"{key}: {value!r} is not a number.")
    if not least <= value <= most:
        raise ValueError(f"{key}: {value:g} is not between {least:g} and {most:g}.")
    return float(value)


def parse_yaml(text: str) -> dict[str, Any]:
    """Read the YAML of parameter files: keys with scalars or ``[lists]``, nested by indentation.

    Raises ValueError naming the line for anything else that YAML has.
    """
    root: dict[str, Any] = {}
    open_blocks: list[tuple[int, dict[str, Any]]] = [(-1, root)]
    for number, raw in enumerate(text.splitlines(), 1):
        line = re.sub(r"(^|\s)#.*", "", raw).rstrip()
        if not line or line == "---":
            continue
        found = re.fullmatch(r"( *)([A-Za-z_]\w*) *:(?: +(.*))?", line)
        if found is None:
            raise ValueError(f"line {number}: expected `key: value`, indented by spaces.")
        indent, key, value = len(found[1]), found[2], found[3]
        while open_blocks[-1][0] >= indent:
            open_blocks.pop()
        block = open_blocks[-1][1]
        if key in block:
            raise ValueError(f"line {number}: {key} is there twice.")
        if value is None:
            block[key] = {}
            open_blocks.append((indent, block[key]))
        else:
            block[key] = _value(value.strip(), number)
            open_blocks.append((indent, {}))
    return root


def _value(text: str, number: int) -> Any:
    if text.startswith("[") and text.endswith("]"):
        return [_value(item.strip(), number) for item in text[1:-1].split(",") if item.strip()]
    if text == "{}":
        return {}
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    if text.lower() in ("null", "none", "~"):
        return None
    if re.fullmatch(r"[+-]?\d+", text):
        return int(text)
    if re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", text):
        return float(text)
    quoted = re.fullmatch(r"'([^']*)'|\"([^\"]*)\"", text)
    if quoted:
        return quoted[1] if quoted[1] is not None else quoted[2]
    if re.fullmatch(r"\w+", text):
        return text
    raise ValueError(f"line {number}: {text[:40]!r} cannot be read here.")
