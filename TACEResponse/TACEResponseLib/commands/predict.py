"""``tace-response predict``: the probability, and a report, for every patient of a manifest."""

from __future__ import annotations

import argparse
import csv
import io
from pathlib import Path

from ..batch import CaseResults, run_cases
from ..cohort import Case, case_folder_names, new_folder, read_manifest, replace_file, select_cases
from ..features import ENGINES
from ..imaging import CaseImages, read_case_images
from ..models import ModelBundle, find_bundle
from ..prediction import Prediction, predict, write_prediction
from ..reporting import write_patient_report
from .run_record import RunRecord
from .terminal import EXIT_DONE, EXIT_SOME_FAILED, Terminal

NAME = "predict"
HELP = "Predict objective response for every patient of a manifest and write a report for each."
EXAMPLES = """\
  tace-response predict cohort/manifest.csv --model phantom-cd --out out/predictions
  tace-response predict cohort/manifest.csv --model published-clinical --out out/clinical
"""
