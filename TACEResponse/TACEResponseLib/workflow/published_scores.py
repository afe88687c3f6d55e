"""Published scores of one case: facts and size from its row, the size otherwise from its VOIs."""

from __future__ import annotations

from ..cohort import Case, MrSequence
from ..imaging import CaseImages, largest_in_plane_diameter_mm
from ..scores import PublishedScores, ScoreFacts, all_scores, score_facts

_MEASURED_ON = (MrSequence.AP, MrSequence.PVP, MrSequence.DP, MrSequence.T2)
"""Where the size is taken from, the first that has a VOI: tumours are measured where they enhance."""


def published_scores(case: Case, images: CaseImages | None = None) -> PublishedScores:
    """What every published score says of a case.

    Facts that are next to impossible or contradict each other give no score but a note; they stop nothing else.
    """
    try:
        return PublishedScores(tuple(all_scores(facts_with_size(case, images))))
    except ValueError as error:
        return PublishedScores(note=str(error))


def facts_with_size(case: Case, images: CaseImages | None = None) -> ScoreFacts:
    """The facts of a case; where its row has no size, the longest in-plane diameter of a VOI. Raises ValueError."""
    vois = {} if images is None else images.vois
    for sequence in _MEASURED_ON:
        if sequence in vois:
            diameter_mm = largest_in_plane_diameter_mm(vois[sequence])
            source = f"{diameter_mm:.0f} mm, the longest in-plane diameter of the VOI on {sequence}"
            return score_facts(case, diameter_mm, source)
    return score_facts(case)
