"""The files of one case's result."""

from __future__ import annotations

from pathlib import Path

from ..cohort import Case, new_folder, replace_file
from ..imaging import CaseImages
from ..models import ModelBundle
from ..prediction import Prediction, plain_text, write_prediction
from .patient_report import write_patient_report

PREDICTION_FILE = "prediction.json"


def write_case_results(
    folder: Path, case: Case, prediction: Prediction, bundle: ModelBundle, images: CaseImages | None
) -> None:
    """Write ``prediction.json``, ``report.html`` and ``sentence.txt`` into a folder, whole or as it was before.

    Raises ValueError if the folder cannot be written.
    """
    with new_folder(folder, replace=True) as part:
        write_prediction(part / PREDICTION_FILE, prediction)
        write_patient_report(part / "report.html", prediction, bundle, images, case.clinical)
        replace_file(part / "sentence.txt", (plain_text(prediction) + "\n").encode("utf-8"))
