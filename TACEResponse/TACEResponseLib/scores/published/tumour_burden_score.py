"""Tumour burden score."""

from math import hypot

from ..score import Group, Known, Score
from .six_and_twelve import SCORE as SIX_AND_TWELVE


def tumour_burden(known: Known) -> float:
    """Root of the squares of the largest diameter in cm and the number of tumours."""
    return hypot(known.largest_diameter_cm, known.number_of_tumours)


SCORE = Score(
    name="tumour_burden_score",
    title="Tumour burden score",
    facts=SIX_AND_TWELVE.facts,
    rule="sqrt(size (cm)^2 + number^2); < 3.36 low, <= 13.74 middle, above high",
    value=tumour_burden,
    group=lambda _known, value: "low" if value < 3.36 else "middle" if value <= 13.74 else "high",
    groups=(Group("low"), Group("middle"), Group("high")),
    value_cuts=(3.36, 13.74),
    decimals=2,
    source="doi 10.1186/s40644-023-00575-6, Table 1",
    population="made for resection of HCC",
    performance="compared with six other scores in its source",
)
