"""MELD without sodium."""

from math import log

from ...cohort.units import BILIRUBIN_UMOL_L_PER_MG_DL
from ..score import Group, Known, Score

_MOST_CREATININE_MG_DL = 4.0


def meld(known: Known) -> float:
    """Model for end-stage liver disease, 6-40, not rounded.

    Values below 1 count as 1, creatinine as at most 4 mg/dL. For a patient on dialysis creatinine is entered as 4.
    """
    bilirubin_mg_dl = max(1.0, known.bilirubin_umol_l / BILIRUBIN_UMOL_L_PER_MG_DL)
    creatinine_mg_dl = min(_MOST_CREATININE_MG_DL, max(1.0, known.creatinine_mg_dl))
    value = 3.78 * log(bilirubin_mg_dl) + 11.20 * log(max(1.0, known.inr)) + 9.57 * log(creatinine_mg_dl) + 6.43
    return min(40.0, max(6.0, value))


SCORE = Score(
    name="meld",
    title="MELD",
    facts=("bilirubin_umol_l", "inr", "creatinine_mg_dl"),
    rule="3.78 ln bilirubin (mg/dL) + 11.20 ln INR + 9.57 ln creatinine (mg/dL) + 6.43, values below 1 as 1, "
    "creatinine at most 4 (4 on dialysis), result 6-40, not rounded; groups < 10, 10-14, > 14",
    remark="For a patient on dialysis enter a creatinine of 4 mg/dL.",
    value=meld,
    group=lambda _known, value: "< 10" if value < 10 else "10-14" if value <= 14 else "> 14",
    groups=(Group("< 10"), Group("10-14"), Group("> 14")),
    predicts="survival by liver function",
    value_cuts=(10.0, 14.0),
    decimals=1,
    source="PMC6497276",
    population="patients with end-stage liver disease",
    performance="not made for HCC",
)
