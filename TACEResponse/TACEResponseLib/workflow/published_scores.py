"""Published scores of one case: facts from its record, the size from its row or else from its VOIs."""

from __future__ import annotations

from ..cohort import Case, MrSequence
from ..cohort.clinical_values import parse_number
from ..cohort.selection import LESION_DIAMETER_COLUMN
from ..imaging import CaseImages, largest_in_plane_diameter_mm
from ..scores import PublishedScores, ScoreFacts, all_scores

_MEASURED_ON = (MrSequence.AP, MrSequence.PVP, MrSequence.DP, MrSequence.T2)
"""Where the size is taken from, the first that has a VOI: tumours are measured where they enhance."""

_MM_PER_CM = 10.0

_SIZE_COLUMNS = ((LESION_DIAMETER_COLUMN, _MM_PER_CM), ("tumour_diameter_cm", 1.0))


def published_scores(case: Case, images: CaseImages | None = None) -> PublishedScores:
    """What every published score says of a case.

    Facts that are next to impossible or contradict each other give no score but a note; they stop nothing else.
    """
    try:
        return PublishedScores(tuple(all_scores(score_facts(case, images))))
    except ValueError as error:
        return PublishedScores(note=str(error))


def score_facts(case: Case, images: CaseImages | None = None) -> ScoreFacts:
    """The facts that scores ask for.

    The size is the column ``lesion_diameter_mm`` or ``tumour_diameter_cm`` if it is filled, otherwise the longest
    in-plane diameter of the VOI. Raises ValueError for facts that cannot be right.
    """
    for column, units_per_cm in _SIZE_COLUMNS:
        if entered := case.columns.get(column, "").strip():
            return ScoreFacts.of_record(case.clinical, parse_number(entered) / units_per_cm)
    for sequence in _MEASURED_ON:
        if images is not None and sequence in images.vois:
            diameter_cm = largest_in_plane_diameter_mm(images.vois[sequence]) / _MM_PER_CM
            source = f"{_MM_PER_CM * diameter_cm:.0f} mm, the longest in-plane diameter of the VOI on {sequence}"
            return ScoreFacts.of_record(case.clinical, diameter_cm, source)
    return ScoreFacts.of_record(case.clinical)
