"""The files of one case's result."""

from __future__ import annotations

from pathlib import Path

from ..cohort import Case, CaseKey, case_folder_names, new_folder, replace_file
from ..models import ModelBundle
from ..prediction import plain_text, write_prediction
from ..reporting.patient_report import write_patient_report
from .case import CaseResult

PREDICTION_FILE, REPORT_FILE, SENTENCE_FILE = "prediction.json", "report.html", "sentence.txt"


def case_folder(out: Path, key: CaseKey) -> Path:
    """Where the result of a case lies in the results' folder."""
    return out / case_folder_names([key])[key]


def write_case_files(folder: Path, case: Case, result: CaseResult, bundle: ModelBundle) -> None:
    """Write ``prediction.json``, ``report.html`` and ``sentence.txt`` into a folder, whole or as it was before.

    Raises ValueError if the folder cannot be written.
    """
    prediction, images, _features = result
    with new_folder(folder, replace=True) as part:
        write_prediction(part / PREDICTION_FILE, prediction)
        write_patient_report(part / REPORT_FILE, prediction, bundle, images, case.clinical)
        replace_file(part / SENTENCE_FILE, (plain_text(prediction) + "\n").encode("utf-8"))
