"""``tace-response extract``: images and VOIs of a manifest become a feature table."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path

from ..batch import CaseFailure, RunRecord, Workers, choose_workers, run_batch, run_cases
from ..batch.extract_job import ExtractJob, batch_folder, vectors_of_batch
from ..cohort import SEQUENCES, Case, Progress, check_can_write, read_manifest
from ..features import ENGINES, FEATURE_SETS, FeatureVector, write_feature_table
from .batch_options import add_batch_arguments, check_engine, tell_outcome, tell_summary
from .terminal import EXIT_DONE, EXIT_SOME_FAILED, Terminal

NAME = "extract"
HELP = "Compute the radiomic features of every row of a manifest."
EXAMPLES = """\
  tace-response extract cohort/manifest.csv --out features.csv
  tace-response extract cohort/manifest.csv --out features.csv --engine pyradiomics --feature-set default107
  tace-response extract cohort/manifest.csv --out features.csv --workers 8 --resume
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
    add_batch_arguments(parser)


def run(arguments: argparse.Namespace, terminal: Terminal) -> int:
    """Extract, write the table of the cases that worked, and name those that did not."""
    record = RunRecord(NAME)
    check_engine(arguments)
    check_can_write(arguments.out, folder=False)
    cases = read_manifest(arguments.manifest)
    job = ExtractJob(tuple(arguments.sequences), arguments.feature_set, arguments.engine)
    workers = choose_workers(arguments.workers, arguments.dask, arguments.resume)
    if workers is None:
        vectors, failed = _one_after_the_other(cases, job, terminal)
    else:
        vectors, failed = _by_workers(cases, job, workers, arguments, terminal)
    if vectors:
        write_feature_table(arguments.out, vectors)
        record.write(arguments.out.with_suffix(".run.json"), done=len(vectors), failed=len(failed))
        terminal.say(f"{len(vectors)} of {len(cases)} cases, {len(vectors[0].names)} features each: {arguments.out}")
    else:
        terminal.say(f"None of the {len(cases)} cases could be done; {arguments.out} was not written.")
    return EXIT_SOME_FAILED if failed else EXIT_DONE


def _one_after_the_other(
    cases: list[Case], job: ExtractJob, terminal: Terminal
) -> tuple[list[FeatureVector], tuple[CaseFailure, ...]]:
    def extract(case: Case, progress: Progress) -> FeatureVector:
        vector, warnings = job.extract(case, progress)
        _complain(warnings, terminal)
        return vector

    results = run_cases(cases, extract, terminal.progress)
    _complain((f"not done: {failure.text}" for failure in results.failed), terminal)
    return list(results.done.values()), results.failed


def _by_workers(
    cases: list[Case], job: ExtractJob, workers: Workers, arguments: argparse.Namespace, terminal: Terminal
) -> tuple[list[FeatureVector], tuple[CaseFailure, ...]]:
    folder = batch_folder(arguments.out)
    summary = run_batch(
        cases,
        job,
        folder,
        workers,
        terminal.progress,
        lambda outcome: tell_outcome(outcome, terminal),
        arguments.resume,
    )
    tell_summary(summary, folder, terminal)
    return vectors_of_batch(summary, folder, job), summary.failed


def _complain(lines: Iterable[str], terminal: Terminal) -> None:
    for line in lines:
        terminal.complain(line)
