"""EZ-ALBI: ALBI without a logarithm."""

from ...cohort.units import ALBUMIN_G_L_PER_G_DL, BILIRUBIN_UMOL_L_PER_MG_DL
from ..score import Known, Score


def ez_albi(known: Known) -> float:
    """Bilirubin in mg/dL minus nine times albumin in g/dL; lower is better."""
    return known.bilirubin_umol_l / BILIRUBIN_UMOL_L_PER_MG_DL - 9 * known.albumin_g_l / ALBUMIN_G_L_PER_G_DL


SCORE = Score(
    name="ez_albi",
    title="EZ-ALBI",
    facts=("bilirubin_umol_l", "albumin_g_l"),
    rule="bilirubin (mg/dL) - 9 x albumin (g/dL); no groups",
    value=ez_albi,
    predicts="survival by liver function",
    decimals=1,
    source="PMC7768152",
    population="patients with HCC",
    performance="correlates with ALBI, r = .981",
)
