"""Names under which the module's parameter node refers to other nodes and keeps its settings.

They stand in saved scenes: a name that was given once is kept.
"""

from __future__ import annotations

from ..cohort import SEQUENCES

MODULE_NAME = "TACEResponse"

VOLUME_ROLES: dict[str, str] = {str(sequence): f"volume{sequence}" for sequence in SEQUENCES}

SEGMENTATION_ROLES: dict[str, str] = {str(sequence): f"segmentation{sequence}" for sequence in SEQUENCES}

SECOND_SEGMENTATION_ROLE = "secondSegmentation"

FOLLOW_UP_ROLE = "followUpVolume"

BASELINE_LINES_ROLE = "baselineDiameter"

FOLLOW_UP_LINES_ROLE = "followUpDiameter"

RESULT_PARAMETER = "result"

CHECKLIST: dict[str, str] = {
    "firstTace": "study before the first TACE",
    "noEarlierTreatment": "no earlier treatment of the HCC",
    "extracellularAgent": "extracellular gadolinium agent",
    "adult": "adult",
    "notDiffuse": "neither infiltrative nor diffuse",
}
"""Parameter and meaning of what must be so before predicting (clinical.md)."""


def checklistFor(needsImages: bool) -> tuple[str, ...]:
    """The statements that a model asks for; the contrast agent is nothing to one without images."""
    return tuple(name for name in CHECKLIST if needsImages or name != "extracellularAgent")


KEY_PARAMETERS: dict[str, str] = {
    "patient_id": "patientId",
    "lesion": "lesion",
    "reader": "reader",
    "session": "session",
}
"""Parameter that holds each part of the case's key."""

CLINICAL_PARAMETERS: tuple[str, ...] = (
    "childPugh",
    "portalVenousInvasion",
    "afp",
    "afpUnit",
    "afpUnknown",
    "ngPerMlPerIu",
    "ast",
    "astUnit",
    "astUnknown",
    "moreFacts",
)
"""The fields of the clinical step, as they were typed."""
