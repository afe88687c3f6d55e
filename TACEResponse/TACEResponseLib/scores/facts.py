"""The facts that published scores ask for, each optional, each in one unit."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType

from ..cohort import Between, ClinicalRecord, Measured
from ..cohort import Fact as ClinicalFact
from ..cohort.child_pugh import CLASSES, albumin_points, bilirubin_points, class_of, inr_points
from ..cohort.facts import (
    AFP,
    ALBUMIN,
    BILIRUBIN,
    CHILD_PUGH,
    CREATININE,
    ECOG,
    HEPATITIS_C,
    INR,
    LIVER_INVOLVEMENT,
    NUMBER_OF_TUMOURS,
    PLATELETS,
    PORTAL_VENOUS_INVASION,
)

Number = float | Between | None
"""A measured value, an interval, or unknown."""


@dataclass(frozen=True)
class ScoreFacts:
    """What is known of a patient before TACE; None means unknown, never normal.

    Laboratory values in the unit of the name (``platelets_10e9_l`` in 10^9/L). ``child_pugh_points`` is 5-15, or
    `Between` for a class without points. ``ecog`` is 0-4. ``liver_involvement_above_half`` is True where the tumour
    takes more than half of the liver or is massive. ``largest_diameter_cm`` is the longest in-plane diameter of the
    largest tumour, as radiologists measure it. ``diameter_source`` and ``count_source`` say where size and number come
    from ("entered", "VOI on AP").

    Raises ValueError for a value that is next to impossible in its unit, naming the unit that was probably meant, and
    for facts that contradict each other.
    """

    bilirubin_umol_l: Number = None
    albumin_g_l: Number = None
    platelets_10e9_l: Number = None
    inr: Number = None
    creatinine_mg_dl: Number = None
    afp_ng_ml: Number = None
    child_pugh_points: Number = None
    ecog: Number = None
    portal_venous_invasion: bool | None = None
    liver_involvement_above_half: bool | None = None
    number_of_tumours: Number = None
    largest_diameter_cm: Number = None
    hepatitis_c: bool | None = None
    diameter_source: str = "entered"
    count_source: str = "entered"

    def __post_init__(self) -> None:
        for name, fact in FACTS.items():
            value = getattr(self, name)
            if isinstance(value, Between):
                if not value.low <= value.high:
                    raise ValueError(f"{fact.title}: {value.low:g} to {value.high:g} is not an interval.")
            elif value is not None:
                fact.check(float(value))
        _check_child_pugh(self)

    @classmethod
    def of_record(
        cls, record: ClinicalRecord, largest_diameter_cm: float | None = None, diameter_source: str = "entered"
    ) -> ScoreFacts:
        """The facts of a patient's clinical record, and the size of the largest tumour. Raises ValueError as above."""
        grade = record.get(CHILD_PUGH)
        points: Number = None
        if grade is not None:
            points = grade.points if grade.points is not None else Between(grade.lowest_points, grade.highest_points)
        return cls(
            bilirubin_umol_l=record.get(BILIRUBIN),
            albumin_g_l=record.get(ALBUMIN),
            platelets_10e9_l=record.get(PLATELETS),
            inr=record.get(INR),
            creatinine_mg_dl=record.get(CREATININE),
            afp_ng_ml=record.get(AFP),
            child_pugh_points=points,
            ecog=record.get(ECOG),
            portal_venous_invasion=record.get(PORTAL_VENOUS_INVASION),
            liver_involvement_above_half=record.get(LIVER_INVOLVEMENT),
            number_of_tumours=record.get(NUMBER_OF_TUMOURS),
            largest_diameter_cm=largest_diameter_cm,
            hepatitis_c=record.get(HEPATITIS_C),
            diameter_source=diameter_source,
        )

    def known(self, name: str) -> bool:
        """Whether anything is known of this fact."""
        return getattr(self, name) is not None


@dataclass(frozen=True)
class Fact:
    """How one fact is called, what it can be, and which of its values stand for all.

    ``levels`` are the values tried where the fact is unknown. ``rounding`` is half of the last digit in which
    laboratories and radiologists report it. ``remedy`` ends the sentence that refuses a value outside ``least`` to
    ``most``.
    """

    title: str
    unit: str
    least: float
    most: float
    levels: tuple[float, ...]
    remedy: str
    rounding: float = 0.0
    whole: bool = False

    def text(self, value: float) -> str:
        """The value with its name and unit, e.g. "Albumin 36 g/L"."""
        return f"{self.title} {value:g} {self.unit}".strip()

    def check(self, value: float) -> None:
        """Raise ValueError for a value that is next to impossible."""
        if not math.isfinite(value) or not self.least <= value <= self.most:
            raise ValueError(f"{self.text(value)} is next to impossible; {self.remedy}.")
        if self.whole and value != round(value):
            raise ValueError(f"{self.text(value)} is not a whole number; enter a whole number.")


def _spread(least: float, most: float, count: int) -> tuple[float, ...]:
    """Values from ``least`` to ``most`` in equal ratios."""
    return tuple(least * (most / least) ** (step / (count - 1)) for step in range(count))


def _fact(
    entry: ClinicalFact[Measured],
    title: str,
    levels: tuple[float, ...],
    remedy: str,
    rounding: float = 0.0,
    whole: bool = False,
) -> Fact:
    """A fact with unit and limits of its entry in `cohort`."""
    return Fact(title, entry.unit, entry.least, entry.most, levels, remedy, rounding, whole)


def _yes_or_no(title: str) -> Fact:
    return Fact(title, "", 0, 1, (0.0, 1.0), "enter yes or no")


FACTS: Mapping[str, Fact] = MappingProxyType(
    {
        BILIRUBIN.column: _fact(
            BILIRUBIN, "Bilirubin", _spread(2.0, 1000.0, 40), "is it in mg/dL? Then enter it times 17.1", 0.855
        ),
        ALBUMIN.column: _fact(ALBUMIN, "Albumin", _spread(8.0, 80.0, 40), "is it in g/dL? Then enter it times 10", 0.5),
        PLATELETS.column: _fact(
            PLATELETS, "Platelets", _spread(3.0, 2000.0, 40), "is it per uL? Then enter it divided by 1,000", 0.5
        ),
        INR.column: _fact(INR, "INR", _spread(0.5, 15.0, 30), "is it Quick's value in percent?", 0.05),
        CREATININE.column: _fact(
            CREATININE, "Creatinine", _spread(0.2, 20.0, 30), "is it in umol/L? Then enter it divided by 88.42", 0.05
        ),
        # No assay measures 0, and a logarithm of it is asked for.
        AFP.column: Fact(
            "AFP", AFP.unit, 1e-3, 1e8, _spread(0.5, 1e7, 30), "enter the assay's detection limit as <x", 0.5
        ),
        "child_pugh_points": Fact(
            "Child-Pugh points", "", 5, 15, tuple(map(float, range(5, 16))), "they lie between 5 and 15", whole=True
        ),
        ECOG.column: _fact(ECOG, "ECOG", tuple(map(float, range(5))), "it lies between 0 and 4", whole=True),
        PORTAL_VENOUS_INVASION.column: _yes_or_no("Portal venous invasion"),
        LIVER_INVOLVEMENT.column: _yes_or_no("Liver involvement over 50 %"),
        NUMBER_OF_TUMOURS.column: _fact(
            NUMBER_OF_TUMOURS,
            "Number of tumours",
            tuple(map(float, range(1, 31))),
            "enter how many tumours there are, 1 to 30 (30 also for more), not a size",
            whole=True,
        ),
        "largest_diameter_cm": Fact(
            "Largest diameter",
            "cm",
            0.5,
            30.0,
            tuple(0.5 * step for step in range(1, 61)),
            "is it in mm? Then enter it divided by 10",
            0.05,
        ),
        HEPATITIS_C.column: _yes_or_no("Hepatitis C"),
    }
)
"""Every fact by its field in `ScoreFacts`."""

assert set(FACTS) == {field.name for field in fields(ScoreFacts) if not field.name.endswith("_source")}


def _check_child_pugh(facts: ScoreFacts) -> None:
    """Raise ValueError where bilirubin, albumin and INR give more or fewer points than stated."""
    stated = facts.child_pugh_points
    if stated is None:
        return
    low, high = (stated.low, stated.high) if isinstance(stated, Between) else (stated, stated)
    items: dict[str, int] = {}
    if isinstance(facts.bilirubin_umol_l, (int, float)):
        items["bilirubin"] = bilirubin_points(facts.bilirubin_umol_l, "umol/L")
    if isinstance(facts.albumin_g_l, (int, float)):
        items["albumin"] = albumin_points(facts.albumin_g_l, "g/L")
    if isinstance(facts.inr, (int, float)):
        items["INR"] = inr_points(facts.inr)
    least, most = sum(items.values()) + 5 - len(items), sum(items.values()) + 3 * (5 - len(items))
    if least > high or most < low:
        named = CLASSES.index(class_of(round(low))), CLASSES.index(class_of(round(high)))
        what = f"class {CLASSES[named[0]]}" if isinstance(stated, Between) else f"{stated:g} points"
        beyond = f"at least {least}" if least > high else f"at most {most}"
        raise ValueError(
            f"Child-Pugh {what} contradicts {' and '.join(items)}, which make it {beyond} points; check these values "
            "and their units."
        )
