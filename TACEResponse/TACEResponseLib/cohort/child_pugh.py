"""Child-Pugh points and class from the five items, by the table of clinical.md."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from .units import ALBUMIN_G_L_PER_G_DL

CLASSES: tuple[str, ...] = ("A", "B", "C")

ASCITES: tuple[str, ...] = ("none", "mild or controlled", "moderate or more")

ENCEPHALOPATHY: tuple[str, ...] = ("0", "1-2", "3-4")

_BILIRUBIN_LIMITS = {"mg/dL": (2.0, 3.0), "umol/L": (34.0, 51.0)}
_INR_LIMITS = (1.7, 2.3)
_PROLONGATION_LIMITS_S = (4.0, 6.0)
_ALBUMIN_LIMITS_G_DL = (2.8, 3.5)
_PLAUSIBLE = {
    ("Bilirubin", "mg/dL"): (0.0, 60.0, "umol/L"),
    ("Bilirubin", "umol/L"): (1.5, 1100.0, "mg/dL"),
    ("Albumin", "g/dL"): (0.5, 8.0, "g/L"),
    ("Albumin", "g/L"): (8.0, 80.0, "g/dL"),
    ("INR", ""): (0.3, 15.0, "% (Quick)"),
}
"""Beyond these a value is taken for one in the other unit, which would give the wrong points without a sign of it."""
POINTS_OF_CLASS: Mapping[str, tuple[int, int]] = MappingProxyType({"A": (5, 6), "B": (7, 9), "C": (10, 15)})
"""Smallest and largest points of a class."""


@dataclass(frozen=True)
class ChildPugh:
    """Smallest and largest possible points, 5-15; they differ where items are missing."""

    lowest_points: int
    highest_points: int

    @property
    def points(self) -> int | None:
        """The points, or None if an item is missing and could change them."""
        return self.lowest_points if self.lowest_points == self.highest_points else None

    @property
    def classes(self) -> tuple[str, ...]:
        """Every class that is still possible, e.g. ("A", "B")."""
        first, last = (CLASSES.index(class_of(points)) for points in (self.lowest_points, self.highest_points))
        return CLASSES[first : last + 1]

    @property
    def child_pugh(self) -> str | None:
        """The class where only one is possible, otherwise None: a missing item never means A."""
        return self.classes[0] if len(self.classes) == 1 else None


def class_of(points: int) -> str:
    """A for 5-6 points, B for 7-9, C for 10-15. Raises ValueError outside 5-15."""
    for child_pugh in CLASSES:
        if POINTS_OF_CLASS[child_pugh][0] <= points <= POINTS_OF_CLASS[child_pugh][1]:
            return child_pugh
    raise ValueError(f"Child-Pugh points lie between 5 and 15, not {points}.")


def child_pugh_from_items(
    bilirubin_points: int | None = None,
    albumin_points: int | None = None,
    coagulation_points: int | None = None,
    ascites_points: int | None = None,
    encephalopathy_points: int | None = None,
) -> ChildPugh:
    """Sum of the five items, 1-3 each; a missing one counts as 1 to 3."""
    items = (bilirubin_points, albumin_points, coagulation_points, ascites_points, encephalopathy_points)
    if any(item not in (None, 1, 2, 3) for item in items):
        raise ValueError(f"Each Child-Pugh item has 1, 2 or 3 points, not {items}.")
    return ChildPugh(sum(item or 1 for item in items), sum(item or 3 for item in items))


def bilirubin_points(value: float, unit: str) -> int:
    """< 2, 2-3, > 3 mg/dL, or < 34, 34-51, > 51 umol/L: compared in the unit entered."""
    if unit not in _BILIRUBIN_LIMITS:
        raise ValueError(f"Bilirubin: the unit {unit!r} is not known; use mg/dL or umol/L.")
    _check_unit(value, "Bilirubin", unit)
    return _rising(value, _BILIRUBIN_LIMITS[unit], "Bilirubin")


def albumin_points(value: float, unit: str) -> int:
    """> 3.5, 2.8-3.5, < 2.8 g/dL, or ten times that in g/L."""
    if unit not in ("g/dL", "g/L"):
        raise ValueError(f"Albumin: the unit {unit!r} is not known; use g/dL or g/L.")
    _check(value, "Albumin")
    _check_unit(value, "Albumin", unit)
    factor = ALBUMIN_G_L_PER_G_DL if unit == "g/L" else 1.0
    low, high = (round(factor * limit, 6) for limit in _ALBUMIN_LIMITS_G_DL)
    return 1 if value > high else 2 if value >= low else 3


def inr_points(inr: float) -> int:
    """< 1.7, 1.7-2.3, > 2.3."""
    _check_unit(inr, "INR", "")
    return _rising(inr, _INR_LIMITS, "INR")


def prothrombin_points(prolongation_s: float) -> int:
    """Prothrombin time over control: < 4, 4-6, > 6 seconds."""
    return _rising(max(prolongation_s, 0.0), _PROLONGATION_LIMITS_S, "Prothrombin time")


def grade_points(grade: str, grades: Sequence[str]) -> int:
    """Points of one of the three `ASCITES` or `ENCEPHALOPATHY` grades."""
    if grade not in grades:
        raise ValueError(f"{grade!r} is not one of {', '.join(grades)}.")
    return 1 + list(grades).index(grade)


def _rising(value: float, limits: tuple[float, float], name: str) -> int:
    _check(value, name)
    return 1 if value < limits[0] else 2 if value <= limits[1] else 3


def _check_unit(value: float, name: str, unit: str) -> None:
    least, most, other = _PLAUSIBLE[name, unit]
    if value >= 0 and not least <= value <= most:
        raise ValueError(f"{name}: {f'{value:g} {unit}'.strip()} is next to impossible; is it in {other}?")


def _check(value: float, name: str) -> None:
    if not 0 <= value < float("inf"):
        raise ValueError(f"{name}: {value:g} is negative or not a number; enter the measured value.")
