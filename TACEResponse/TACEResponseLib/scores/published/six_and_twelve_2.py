"""6-and-12 2.0: six-and-twelve with AFP."""

from math import log10

from ..score import Group, Known, Score
from .six_and_twelve import size_and_number

_CUTS_BY_AFP = ((100.0, 8.0, 14.0), (400.0, 7.0, 13.0), (2000.0, 6.0, 12.0), (10000.0, 5.0, 11.0), (40000.0, 4.0, 10.0))
"""Highest AFP in ng/mL, and up to which size + number the low and the middle group go."""


def six_and_twelve_2(known: Known) -> float:
    """Size in cm + number + 1.5 log10 AFP in ng/mL."""
    return size_and_number(known) + 1.5 * log10(known.afp_ng_ml)


def _group(known: Known, _value: float) -> str:
    burden = size_and_number(known)
    for highest_afp, low, middle in _CUTS_BY_AFP:
        if known.afp_ng_ml <= highest_afp:
            return "low group" if burden <= low else "middle group" if burden <= middle else "high group"
    return "high group"


SCORE = Score(
    name="six_and_twelve_2",
    title="6-and-12 2.0",
    facts=("largest_diameter_cm", "number_of_tumours", "afp_ng_ml"),
    rule="size (cm) + number with cuts by AFP (ng/mL): <= 100: 8, 14; <= 400: 7, 13; <= 2,000: 6, 12; "
    "<= 10,000: 5, 11; <= 40,000: 4, 10; above: high group. As a number: size + number + 1.5 log10 AFP",
    value=six_and_twelve_2,
    group=_group,
    groups=(Group("low group", 45.0), Group("middle group", 30.0), Group("high group", 15.4)),
    cuts={"afp_ng_ml": tuple(cut[0] for cut in _CUTS_BY_AFP)},
    decimals=1,
    source="Xia 2025, JHEP Rep 7:101216",
    population="n 4,377, 39 centres",
    performance="C .674",
)
