"""ALBI grade."""

from math import log10

from ..score import Group, Known, Score


def albi(known: Known) -> float:
    """Albumin-bilirubin score, linear predictor without unit; lower is better."""
    return 0.66 * log10(known.bilirubin_umol_l) - 0.0852 * known.albumin_g_l


def albi_grade(value: float) -> str:
    """Grade 1 to -2.60, grade 2 to -1.39, grade 3 above."""
    return "grade 1" if value <= -2.60 else "grade 2" if value <= -1.39 else "grade 3"


SCORE = Score(
    name="albi",
    title="ALBI",
    facts=("bilirubin_umol_l", "albumin_g_l"),
    rule="0.66 log10 bilirubin (umol/L) - 0.0852 albumin (g/L); grade 1 <= -2.60, 2 <= -1.39, 3 above",
    value=albi,
    group=lambda _known, value: albi_grade(value),
    groups=(Group("grade 1"), Group("grade 2"), Group("grade 3")),
    predicts="survival by liver function",
    value_cuts=(-2.60, -1.39),
    decimals=2,
    source="Johnson 2015, J Clin Oncol, doi 10.1200/JCO.2014.57.9151",
    population="patients with HCC at any stage",
    performance="AUC for survival .642 in 6,507 patients (PMC6497276)",
)
