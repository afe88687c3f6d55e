"""Other facts for the same score."""

from __future__ import annotations

from ..cohort import ClinicalRecord
from ..scene.clinical_entry import FACT_OF_FIELD

AS_ENTERED = ""

LEVELS: dict[str, dict[str, str]] = {
    field: {"no": fact.term.levels[0], "yes": fact.term.levels[1]} for field, fact in FACT_OF_FIELD.items()
}
"""The two levels of each field in words."""


def changedRecord(record: ClinicalRecord, levels: dict[str, str]) -> ClinicalRecord:
    """The facts with some of them on another level: "yes" or "no" by field; `AS_ENTERED` leaves one as it is."""
    for field, level in levels.items():
        if level != AS_ENTERED:
            fact = FACT_OF_FIELD[field]
            record = record.replaced(fact, fact.term.examples[level == "yes"])
    return record
