"""Seven-eleven criteria."""

from ..score import Group, Score
from .six_and_twelve import SCORE as SIX_AND_TWELVE
from .six_and_twelve import size_and_number

SCORE = Score(
    name="seven_eleven",
    title="Seven-eleven",
    facts=SIX_AND_TWELVE.facts,
    rule="size (cm) + number; <= 7 low, <= 11 middle, > 11 high tumour burden",
    value=size_and_number,
    group=lambda _known, value: "low burden" if value <= 7 else "middle burden" if value <= 11 else "high burden",
    groups=(Group("low burden"), Group("middle burden"), Group("high burden")),
    value_cuts=(7.0, 11.0),
    decimals=1,
    source="doi 10.1186/s40644-023-00575-6, Table 1",
    population="patients treated with TACE",
    performance="compared with six other scores in its source",
)
