"""From an archive to a manifest: which series is which sequence, whose VOI lies on it, which study is before TACE."""

from .assign import Assignment, Choice, assign_sequences
from .rules import AssignmentRules, load_rules
from .series_facts import DICOM_KEYWORDS, SeriesFacts, facts_from_dicom

__all__ = [
    "DICOM_KEYWORDS",
    "Assignment",
    "AssignmentRules",
    "Choice",
    "SeriesFacts",
    "assign_sequences",
    "facts_from_dicom",
    "load_rules",
]
