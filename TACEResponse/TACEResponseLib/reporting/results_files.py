"""What reports of cohorts share: results.json, rows of tables, numbers as text."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence

from ..cohort import Json

Rows = tuple[Sequence[str], list[list[str]]]
"""Header and rows of a table, as text."""


def json_bytes(numbers: Mapping[str, Json]) -> bytes:
    """The same numbers always as the same bytes; what is undefined or infinite is null."""

    def plain(value: Json) -> Json:
        if isinstance(value, Mapping):
            return {name: plain(part) for name, part in value.items()}
        if isinstance(value, (list, tuple)):
            return [plain(part) for part in value]
        if isinstance(value, float):
            return float(f"{value:.12g}") if math.isfinite(value) else None
        return value

    return (json.dumps(plain(numbers), indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode("utf-8")


def three_digits(value: float | None) -> str:
    """Such as 0.637, or nothing for None."""
    return "" if value is None else f"{value:.3f}"


def with_interval(value: float, low: float | None, high: float | None) -> str:
    """Such as 0.637 (0.540-0.734)."""
    return f"{value:.3f}" if low is None or high is None else f"{value:.3f} ({low:.3f}-{high:.3f})"
