"""Up-to-11 criteria."""

from ..score import Group, Score
from .six_and_twelve import SCORE as SIX_AND_TWELVE
from .six_and_twelve import size_and_number

SCORE = Score(
    name="up_to_eleven",
    title="Up-to-11",
    facts=SIX_AND_TWELVE.facts,
    rule="size (cm) + number <= 11: within, otherwise beyond",
    value=size_and_number,
    group=lambda _known, value: "within" if value <= 11 else "beyond",
    groups=(Group("within"), Group("beyond")),
    value_cuts=(11.0,),
    decimals=1,
    source="doi 10.1186/s40644-023-00575-6, Table 1",
    population="patients treated with TACE",
    performance="compared with six other scores in its source",
)
