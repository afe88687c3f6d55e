"""``tace-response extract``: images and VOIs of a manifest become a feature table."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..cohort import SEQUENCES, check_can_write, read_manifest
from ..features import ENGINES
from ..workflow import ExtractJob, extract_cohort
from .batch_options import add_batch_arguments, check_engine, cohort_run, print_summary
from .feature_options import add_feature_set_argument, add_settings_argument, settings_of
from .terminal import EXIT_DONE, EXIT_SOME_FAILED, Terminal

NAME = "extract"
HELP = "Compute the radiomic features of every row of a manifest."
EXAMPLES = """\
  tace-response extract cohort/manifest.csv --out features.csv
  tace-response extract cohort/manifest.csv --out features.csv --engine pyradiomics --feature-set default107
  tace-response extract cohort/manifest.csv --out features.csv --workers 8 --resume
  tace-response extract cohort/manifest.csv --out pet.csv --settings suv.yaml --feature-set firstorder+glcm
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("manifest", type=Path, help="CSV with patient_id and <SEQ>_image, <SEQ>_mask columns")
    parser.add_argument("--out", type=Path, required=True, help="the feature table (CSV) to write")
    parser.add_argument("--engine", choices=ENGINES, default="native", help="feature engine (default: native)")
    add_feature_set_argument(parser)
    add_settings_argument(parser)
    parser.add_argument(
        "--sequences",
        nargs="+",
        choices=[str(sequence) for sequence in SEQUENCES],
        default=[str(sequence) for sequence in SEQUENCES],
        help="sequences to use (default: all four)",
    )
    add_batch_arguments(parser)


def run(arguments: argparse.Namespace, terminal: Terminal) -> int:
    """Extract, write the table of the cases that worked, and report those that failed."""
    check_engine(arguments)
    check_can_write(arguments.out, folder=False)
    cases = read_manifest(arguments.manifest)
    job = ExtractJob(tuple(arguments.sequences), arguments.feature_set, arguments.engine, settings_of(arguments))
    result = extract_cohort(cases, job, arguments.out, cohort_run(arguments, terminal))
    print_summary(result, terminal)
    if count := len(result.summary.with_result):
        terminal.print(f"{count} of {len(cases)} cases, {len(job.names)} features each: {result.table}")
    else:
        terminal.print(f"None of the {len(cases)} cases could be processed; {result.table} was not written.")
    return EXIT_SOME_FAILED if result.failed else EXIT_DONE
