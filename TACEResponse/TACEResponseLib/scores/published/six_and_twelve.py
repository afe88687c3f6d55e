"""Six-and-twelve."""

from ..score import Group, Known, Score


def size_and_number(known: Known) -> float:
    """Largest diameter in cm plus number of tumours."""
    return known.largest_diameter_cm + known.number_of_tumours


SCORE = Score(
    name="six_and_twelve",
    title="Six-and-twelve",
    facts=("largest_diameter_cm", "number_of_tumours"),
    rule="size (cm) + number; <= 6, <= 12, > 12",
    value=size_and_number,
    group=lambda _known, value: "low group" if value <= 6 else "middle group" if value <= 12 else "high group",
    groups=(Group("low group", 49.1), Group("middle group", 32.0), Group("high group", 15.8)),
    value_cuts=(6.0, 12.0),
    decimals=1,
    source="Wang 2019, J Hepatol",
    population="n 1,604",
    performance="made for ideal candidates for TACE",
)
