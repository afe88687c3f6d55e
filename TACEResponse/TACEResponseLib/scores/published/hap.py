"""HAP: hepatoma arterial-embolisation prognostic score."""

from ..score import Group, Known, Score


def hap(known: Known) -> float:
    """Points, 0-4."""
    return (
        (known.albumin_g_l < 36)
        + (known.bilirubin_umol_l > 17)
        + (known.afp_ng_ml > 400)
        + float(known.largest_diameter_cm > 7)
    )


SCORE = Score(
    name="hap",
    title="HAP",
    facts=("bilirubin_umol_l", "albumin_g_l", "afp_ng_ml", "largest_diameter_cm"),
    rule="one point each: albumin < 36 g/L, bilirubin > 17 umol/L, AFP > 400 ng/mL, size > 7 cm; A 0, B 1, C 2, D more",
    value=hap,
    group=lambda _known, value: "ABCD"[min(int(value), 3)],
    groups=(Group("A", 27.6), Group("B", 18.5), Group("C", 9.0), Group("D", 3.6)),
    cuts={
        "bilirubin_umol_l": (17.0,),
        "albumin_g_l": (36.0,),
        "afp_ng_ml": (400.0,),
        "largest_diameter_cm": (7.0,),
    },
    levels={"bilirubin_umol_l": (), "albumin_g_l": (), "afp_ng_ml": (), "largest_diameter_cm": ()},
    source="Kadalayil 2013, Ann Oncol 24:2565 (prints albumin in g/dL, a misprint)",
    population="patients treated with TACE",
    performance="AUC for 3-year survival .658 outside its own cohort (Park 2016)",
)
