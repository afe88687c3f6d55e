"""Bolondi's subclasses of BCLC stage B."""

from ..score import NOT_COVERED, Group, Known, Score
from .six_and_twelve import size_and_number


def _is_early(known: Known) -> bool:
    """Within Milan, so not stage B: one tumour of at most 5 cm, or at most three of at most 3 cm."""
    return (known.number_of_tumours == 1 and known.largest_diameter_cm <= 5) or (
        known.number_of_tumours <= 3 and known.largest_diameter_cm <= 3
    )


def subclass(known: Known) -> str:
    """B1 to B4, or "not covered" for a patient outside BCLC stage B as the subclasses define it."""
    points, ecog = known.child_pugh_points, known.ecog
    if known.portal_venous_invasion or _is_early(known) or points > 9:
        return NOT_COVERED
    if points >= 8:
        return "B4" if ecog <= 1 else NOT_COVERED
    if ecog > 0:
        return NOT_COVERED
    if size_and_number(known) <= 7:
        return "B1"
    return "B2" if points <= 6 else "B3"


_NUMBER = {"B1": 1.0, "B2": 2.0, "B3": 3.0, "B4": 4.0, NOT_COVERED: 0.0}

SCORE = Score(
    name="bolondi",
    title="Bolondi BCLC-B",
    facts=("child_pugh_points", "largest_diameter_cm", "number_of_tumours", "ecog", "portal_venous_invasion"),
    rule="BCLC stage B (beyond one tumour of 5 cm or three of 3 cm, no portal venous invasion): B1 Child-Pugh 5-7, "
    "size + number <= 7, ECOG 0; B2 5-6, > 7, 0; B3 7, > 7, 0; B4 8-9, any, 0-1",
    value=lambda known: _NUMBER[subclass(known)],
    group=lambda known, _value: subclass(known),
    groups=(Group("B1"), Group("B2"), Group("B3"), Group("B4")),
    decimals=None,
    cuts={"largest_diameter_cm": (3.0, 4.0, 5.0)},
    levels={
        "child_pugh_points": (5.0, 7.0, 8.0, 10.0),
        "largest_diameter_cm": (0.5, 1.0, 2.0, 3.5, 6.0, 7.0, 30.0),
        "number_of_tumours": (1.0, 2.0, 3.0, 4.0, 6.0, 7.0, 30.0),
        "ecog": (0.0, 1.0, 2.0),
    },
    source="doi 10.1186/s40644-023-00575-6, Table 1",
    population="BCLC stage B",
    performance="compared with six other scores in its source",
)
