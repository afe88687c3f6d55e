"""Ground room: what a case is. Imports no other room."""

from .case import AcquisitionTags, ArraySource, Case, CaseKey, FileSource, ImageGeometry
from .case_names import case_folder_names, check_identifier
from .case_warning import CaseWarning
from .child_pugh import ChildPugh, child_pugh_from_items
from .clinical_record import ClinicalRecord
from .facts import (
    AFP,
    AST,
    CHILD_PUGH,
    CLINICAL_FACTS,
    FACT_OF_TERM,
    FACTS,
    PORTAL_VENOUS_INVASION,
    TERMS,
    Between,
    Fact,
    Measured,
)
from .files import Json, check_can_write, new_folder, replace_file
from .manifest import ManifestError, ManifestProblem, read_manifest
from .manifest_writing import write_manifest
from .mrecist import MRECIST_CATEGORIES, NOT_EVALUABLE, is_objective_response, mrecist_category
from .progress import Progress, part_of
from .selection import select_cases, select_lesions, select_where_possible
from .sequence import SEQUENCES, MrSequence
from .table_reading import Table, read_table
from .table_writing import Cell, table_bytes, table_lines, write_table
from .texts import named_and_more, printable, private, public, shortened

__all__ = [
    "AFP",
    "AST",
    "CHILD_PUGH",
    "CLINICAL_FACTS",
    "FACTS",
    "FACT_OF_TERM",
    "MRECIST_CATEGORIES",
    "NOT_EVALUABLE",
    "PORTAL_VENOUS_INVASION",
    "SEQUENCES",
    "TERMS",
    "AcquisitionTags",
    "ArraySource",
    "Between",
    "Case",
    "CaseKey",
    "CaseWarning",
    "Cell",
    "ChildPugh",
    "ClinicalRecord",
    "Fact",
    "FileSource",
    "ImageGeometry",
    "Json",
    "ManifestError",
    "ManifestProblem",
    "Measured",
    "MrSequence",
    "Progress",
    "Table",
    "case_folder_names",
    "check_can_write",
    "check_identifier",
    "child_pugh_from_items",
    "is_objective_response",
    "mrecist_category",
    "named_and_more",
    "new_folder",
    "part_of",
    "printable",
    "private",
    "public",
    "read_manifest",
    "read_table",
    "replace_file",
    "select_cases",
    "select_lesions",
    "select_where_possible",
    "shortened",
    "table_bytes",
    "table_lines",
    "write_manifest",
    "write_table",
]
