"""``tace-response predict``: the probability, and a report, for every patient of a manifest."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..cohort import Case, check_can_write, read_manifest, select_where_possible
from ..features import ENGINES
from ..models import find_bundle, load_bundle
from ..workflow import PredictJob, predict_cohort
from .batch_options import add_batch_arguments, check_engine, cohort_run, print_summary
from .selection_options import add_selection_arguments, selection_arguments, selection_of
from .terminal import EXIT_DONE, EXIT_SOME_FAILED, Terminal

NAME = "predict"
HELP = "Predict objective response for every patient of a manifest and write a report for each."
EXAMPLES = """\
  tace-response predict cohort/manifest.csv --model phantom-cd --out out/predictions
  tace-response predict cohort/manifest.csv --model published-clinical --out out/clinical
  tace-response predict cohort/manifest.csv --model published-clinical --prevalence 0.4 --out out/clinical
  tace-response predict cohort/manifest.csv --model phantom-cd --out out/predictions --perturbations 20
  tace-response predict cohort/manifest.csv --model phantom-cd --out out/predictions --workers 8 --resume
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("manifest", type=Path, help="CSV with patient_id, images, masks and clinical facts")
    parser.add_argument("--model", required=True, metavar="BUNDLE", help="name of a shipped model, or a model's folder")
    parser.add_argument("--out", type=Path, required=True, help="folder for predictions.csv and a folder for each case")
    parser.add_argument("--engine", choices=ENGINES, default="native", help="feature engine (default: native)")
    parser.add_argument("--all-rows", action="store_true", help="every row, not one case for each patient")
    add_selection_arguments(parser)
    parser.add_argument(
        "--perturbations",
        type=int,
        default=0,
        metavar="N",
        help="also the band of the estimate over N perturbed VOIs (10 or more; each takes as long as a prediction)",
    )
    parser.add_argument(
        "--prevalence",
        type=float,
        metavar="SHARE",
        help="share of responders where these patients come from, 0-1 (default: that of the training cohort); it moves "
        "every probability and the threshold, and is stated in the results",
    )
    add_batch_arguments(parser)


def run(arguments: argparse.Namespace, terminal: Terminal) -> int:
    """Predict every case; one that fails is reported and does not stop the others."""
    check_engine(arguments)
    check_can_write(arguments.out, folder=True)
    folder = find_bundle(arguments.model).resolve()
    bundle = load_bundle(folder)
    if arguments.prevalence is not None:
        bundle.with_prevalence(arguments.prevalence)
    if arguments.perturbations:
        from ..workflow.perturbation_band import check_draws

        check_draws(arguments.perturbations, bundle)
    if arguments.all_rows and selection_arguments(arguments):
        raise ValueError("--all-rows takes every row; leave out --reader, --session and --lesion.")
    cases = read_manifest(arguments.manifest)
    refused: list[tuple[Case, str]] = []
    if not arguments.all_rows:
        cases, refused = select_where_possible(cases, **selection_of(arguments))
    for _, reason in refused:
        terminal.warn(f"failed: {reason}")
    job = PredictJob(
        folder, bundle.sha256, arguments.engine, arguments.out, arguments.perturbations, arguments.prevalence, bundle
    )
    result = predict_cohort(cases, job, cohort_run(arguments, terminal), refused)
    for key, kept in result.earlier:
        terminal.warn(f"kept: {kept}, the result of an earlier run of {key}; it is not a result of this one")
    print_summary(result, terminal)
    count = len(cases) + len(refused)
    if count > 1:
        terminal.print(f"{count - len(result.failed)} of {count} cases predicted: {result.table}")
    return EXIT_SOME_FAILED if result.failed else EXIT_DONE
