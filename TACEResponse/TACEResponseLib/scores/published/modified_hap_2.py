"""mHAP-II: HAP with the number of tumours."""

from ..score import Group, Known, Score
from .hap import SCORE as HAP
from .hap import hap


def modified_hap_2(known: Known) -> float:
    """Points, 0-5."""
    return hap(known) + float(known.number_of_tumours >= 2)


SCORE = Score(
    name="modified_hap_2",
    title="mHAP-II",
    facts=(*HAP.facts, "number_of_tumours"),
    rule="HAP's points, and one for two tumours or more; A 0, B 1, C 2, D 3 or more",
    value=modified_hap_2,
    group=lambda _known, value: "ABCD"[min(int(value), 3)],
    groups=(Group("A"), Group("B"), Group("C"), Group("D")),
    cuts={**HAP.cuts, "number_of_tumours": (2.0,)},
    levels={**HAP.levels, "number_of_tumours": (1.0,)},
    source="Park 2016, Liver Int 36:100",
    population="patients treated with TACE",
    performance="AUC for 3-year survival .717 (HAP .658)",
)
