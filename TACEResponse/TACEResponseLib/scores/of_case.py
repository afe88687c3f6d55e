"""The facts of one case, from its row in the cohort table."""

from __future__ import annotations

from ..cohort import Case
from ..cohort.clinical_values import parse_number
from ..cohort.selection import LESION_DIAMETER_COLUMN
from .facts import ScoreFacts

MM_PER_CM = 10.0

_SIZE_COLUMNS = ((LESION_DIAMETER_COLUMN, MM_PER_CM), ("tumour_diameter_cm", 1.0))


def score_facts(case: Case, measured_diameter_mm: float | None = None, measured_on: str = "") -> ScoreFacts:
    """The facts that scores ask for.

    The size is the column ``lesion_diameter_mm`` or ``tumour_diameter_cm`` if it is filled, otherwise the diameter
    measured on what ``measured_on`` names. Raises ValueError for facts that cannot be right.
    """
    for column, units_per_cm in _SIZE_COLUMNS:
        if entered := case.columns.get(column, "").strip():
            return ScoreFacts.of_record(case.clinical, parse_number(entered) / units_per_cm)
    if measured_diameter_mm is None:
        return ScoreFacts.of_record(case.clinical)
    return ScoreFacts.of_record(case.clinical, measured_diameter_mm / MM_PER_CM, measured_on)
