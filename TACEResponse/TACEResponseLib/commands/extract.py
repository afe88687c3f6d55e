"""``tace-response extract``: images and VOIs of a manifest become a feature table."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..batch import run_cases
from ..cohort import SEQUENCES, Case, read_manifest
from ..features import ENGINES, FEATURE_SETS, PAPER_SETTINGS, FeatureVector, extract_features, write_feature_table
from ..imaging import read_case_images
from .run_record import RunRecord
from .terminal import EXIT_DONE, EXIT_SOME_FAILED, Terminal

NAME = "extract"
HELP = "Compute the radiomic features of every row of a manifest."
EXAMPLES = """\
  tace-response extract cohort/manifest.csv --out features.csv
  tace-response extract cohort/manifest.csv --out features.csv --engine pyradiomics --feature-set default107
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("manifest", type=Path, help="CSV with patient_id and <SEQ>_image, <SEQ>_mask columns")
    parser.add_argument("--out", type=Path, required=True, help="the feature table (CSV) to write")
    parser.add_argument("--engine", choices=ENGINES, default="native", help="feature engine (default: native)")
    parser.add_argument("--feature-set", choices=sorted(FEATURE_SETS), default="paper110")
    parser.add_argument(
        "--sequences",
        nargs="+",
        choices=[str(sequence) for sequence in SEQUENCES],
        default=[str(sequence) for sequence in SEQUENCES],
        help="sequences to use (default: all four)",
    )


def run(arguments: argparse.Namespace, terminal: Terminal) -> int:
    """Extract, write the table of the cases that worked, and name those that did not."""
    record = RunRecord(NAME)
    cases = read_manifest(arguments.manifest)
    sequences = tuple(arguments.sequences)

    def extract(case: Case, progress) -> FeatureVector:
        images = read_case_images(case, sequences, PAPER_SETTINGS.spacing_mm, PAPER_SETTINGS.bin_width)
        for warning in images.warnings:
            terminal.complain(
                f"warning: {case.key}{f', {warning.sequence}' if warning.sequence else ''}: {warning.text}"
            )
        return extract_features(images, sequences, arguments.feature_set, PAPER_SETTINGS, arguments.engine, progress)

    results = run_cases(cases, extract, terminal.progress)
    for failure in results.failed:
        terminal.complain(f"not done: {failure.text}")
    if results.done:
        write_feature_table(arguments.out, list(results.done.values()))
        record.write(arguments.out.with_suffix(".run.json"), done=len(results.done), failed=len(results.failed))
        terminal.say(
            f"{len(results.done)} of {len(cases)} cases, {len(next(iter(results.done.values())).names)} features each: "
            f"{arguments.out}"
        )
    else:
        terminal.say(f"None of the {len(cases)} cases could be done; {arguments.out} was not written.")
    return EXIT_SOME_FAILED if results.failed else EXIT_DONE
