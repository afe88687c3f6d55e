"""Other facts for the same score."""

from __future__ import annotations

from dataclasses import replace

from ..cohort import ClinicalRecord
from ..prediction.wording import FACT_LEVELS
from ..scene.clinical_entry import FIELD_OF_FACT

AS_ENTERED = ""

LEVELS: dict[str, dict[str, str]] = {
    FIELD_OF_FACT[fact]: {"no": levels[0], "yes": levels[1]} for fact, levels in FACT_LEVELS.items()
}
"""The two levels of each field in words."""


def changedRecord(record: ClinicalRecord, levels: dict[str, str]) -> ClinicalRecord:
    """The facts with some of them on another level: "yes" or "no" by field; `AS_ENTERED` leaves one as it is."""
    changes: dict[str, object] = {}
    for field, level in levels.items():
        isYes = level == "yes"
        if level == AS_ENTERED:
            continue
        if field == "childPugh":
            changes |= {"child_pugh": "B" if isYes else "A", "child_pugh_points": None}
        elif field == "portalVenousInvasion":
            changes["portal_venous_invasion"] = isYes
        elif field == "afp":
            changes |= {"afp_ng_ml": None, "afp_above_400_ng_ml": isYes}
        else:
            # AST is kept as a number; any on the right side of 40 U/L has the same effect.
            changes["ast_u_l"] = 80.0 if isYes else 20.0
    return replace(record, **changes)
