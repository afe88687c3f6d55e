"""CLIP: Cancer of the Liver Italian Program."""

from ..score import Group, Known, Score


def clip(known: Known) -> float:
    """Points, 0-6."""
    liver = 0 if known.child_pugh_points <= 6 else 1 if known.child_pugh_points <= 9 else 2
    tumour = 2 if known.liver_involvement_above_half else 0 if known.number_of_tumours == 1 else 1
    return float(liver + tumour + (known.afp_ng_ml >= 400) + known.portal_venous_invasion)


SCORE = Score(
    name="clip",
    title="CLIP",
    facts=(
        "child_pugh_points",
        "number_of_tumours",
        "liver_involvement_above_half",
        "afp_ng_ml",
        "portal_venous_invasion",
    ),
    rule="Child-Pugh A 0, B 1, C 2; one tumour in at most half of the liver 0, several 1, massive or more than half "
    "2; AFP >= 400 ng/mL 1; portal venous invasion 1",
    value=clip,
    group=lambda _known, value: f"{value:g}",
    groups=tuple(Group(str(points)) for points in range(7)),
    cuts={"afp_ng_ml": (400.0,)},
    levels={"child_pugh_points": (5.0, 7.0, 10.0), "number_of_tumours": (1.0, 2.0), "afp_ng_ml": ()},
    source="World J Hepatol 2015;7:406",
    population="patients with HCC at any stage",
    performance="C .609 for overall survival on HCC-TACE-Seg (105 patients, 93 deaths)",
)
