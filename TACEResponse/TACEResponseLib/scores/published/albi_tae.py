"""ALBI-TAE."""

from ..score import Group, Known, Score
from .albi import albi, albi_grade
from .six_and_twelve import size_and_number


def albi_tae(known: Known) -> float:
    """Points, 0-3."""
    return (albi_grade(albi(known)) != "grade 1") + (known.afp_ng_ml > 200) + float(size_and_number(known) > 11)


SCORE = Score(
    name="albi_tae",
    title="ALBI-TAE",
    facts=("bilirubin_umol_l", "albumin_g_l", "afp_ng_ml", "largest_diameter_cm", "number_of_tumours"),
    rule="one point each: ALBI grade 2 or 3, AFP > 200 ng/mL, size (cm) + number > 11; A 0, B 1, C 2, D 3",
    value=albi_tae,
    group=lambda _known, value: "ABCD"[int(value)],
    groups=(Group("A", 40.8), Group("B", 20.1), Group("C", 10.6), Group("D", 7.5)),
    cuts={"afp_ng_ml": (200.0,)},
    levels={
        "bilirubin_umol_l": (2.0, 10.0, 17.0, 34.0, 100.0, 1000.0),
        "albumin_g_l": (8.0, 25.0, 35.0, 45.0, 80.0),
        "afp_ng_ml": (),
        "largest_diameter_cm": (0.5, 5.0, 10.0, 30.0),
        "number_of_tumours": (1.0, 5.0, 11.0, 30.0),
    },
    source="doi 10.1186/s40644-023-00575-6",
    population="patients treated with TAE or TACE",
    performance="C .633 outside its own cohort, best of seven scores",
)
