"""Up-to-7 criteria."""

from ..score import Group, Score
from .six_and_twelve import SCORE as SIX_AND_TWELVE
from .six_and_twelve import size_and_number

SCORE = Score(
    name="up_to_seven",
    title="Up-to-7",
    facts=SIX_AND_TWELVE.facts,
    rule="size (cm) + number <= 7: within, otherwise beyond",
    value=size_and_number,
    group=lambda _known, value: "within" if value <= 7 else "beyond",
    groups=(Group("within"), Group("beyond")),
    value_cuts=(7.0,),
    decimals=1,
    source="doi 10.1186/s40644-023-00575-6, Table 1",
    population="made for liver transplantation",
    performance="compared with six other scores in its source",
)
