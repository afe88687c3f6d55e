"""Ground room: what a case is. Imports no other room."""

from .case import AcquisitionTags, ArraySource, Case, CaseKey, FileSource, Lattice
from .case_warning import CaseWarning
from .clinical_record import CLINICAL_FACTS, ClinicalRecord
from .files import new_folder, replace_file
from .sequence import SEQUENCES, Sequence

__all__ = [
    "CLINICAL_FACTS",
    "SEQUENCES",
    "AcquisitionTags",
    "ArraySource",
    "Case",
    "CaseKey",
    "CaseWarning",
    "ClinicalRecord",
    "FileSource",
    "Lattice",
    "Sequence",
    "new_folder",
    "replace_file",
]
