"""PALBI grade."""

from math import log10

from ..facts import FACTS
from ..score import Group, Known, Score


def palbi(known: Known) -> float:
    """Platelet-albumin-bilirubin score; not monotone in bilirubin and platelets, as its squares bend back."""
    bilirubin, platelets = log10(known.bilirubin_umol_l), log10(known.platelets_10e9_l)
    return 2.02 * bilirubin - 0.37 * bilirubin**2 - 0.04 * known.albumin_g_l - 3.48 * platelets + 1.01 * platelets**2


SCORE = Score(
    name="palbi",
    title="PALBI",
    facts=("bilirubin_umol_l", "albumin_g_l", "platelets_10e9_l"),
    rule="2.02 log10 bilirubin - 0.37 (log10 bilirubin)^2 - 0.04 albumin - 3.48 log10 platelets "
    "+ 1.01 (log10 platelets)^2 (umol/L, g/L, 10^9/L); grade 1 <= -2.53, 2 <= -2.09, 3 above",
    value=palbi,
    group=lambda _known, value: "grade 1" if value <= -2.53 else "grade 2" if value <= -2.09 else "grade 3",
    groups=(Group("grade 1"), Group("grade 2"), Group("grade 3")),
    predicts="survival by liver function",
    value_cuts=(-2.53, -2.09),
    # The squares bend back: the extremes lie inside the range.
    levels={
        "bilirubin_umol_l": (*FACTS["bilirubin_umol_l"].levels, 10 ** (2.02 / (2 * 0.37))),
        "platelets_10e9_l": (*FACTS["platelets_10e9_l"].levels, 10 ** (3.48 / (2 * 1.01))),
    },
    decimals=2,
    source="PMC6497276",
    population="6,507 patients with HCC",
    performance="AUC for survival .675 in its own cohort (ALBI .642, Child-Pugh .633)",
)
