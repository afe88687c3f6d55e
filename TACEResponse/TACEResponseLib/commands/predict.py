"""``tace-response predict``: the probability, and a report, for every patient of a manifest."""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ..batch import CaseFailure, RunRecord, Workers, choose_workers, run_batch, run_cases
from ..cohort import Case, CaseKey, Progress, case_folder_names, check_can_write, read_manifest, select_where_possible
from ..features import ENGINES
from ..models import ModelBundle, find_bundle, load_bundle
from ..prediction import Prediction
from ..reporting.cohort_results import PREDICTIONS_FILE, write_cohort_results
from ..reporting.predict_job import PredictJob, predict_case
from .batch_options import add_batch_arguments, check_engine, tell_outcome, tell_summary
from .selection_options import add_selection_arguments, selection_of, selection_words
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
    parser.add_argument(
        "--model", required=True, metavar="BUNDLE", help="name of a shipped model, or a bundle's folder"
    )
    parser.add_argument("--out", type=Path, required=True, help="folder for predictions.csv and a folder for each case")
    parser.add_argument("--engine", choices=ENGINES, default="native", help="feature engine (default: native)")
    parser.add_argument("--all-rows", action="store_true", help="every lesion, reader and session, not one a patient")
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
    """Predict case by case; what failed is named and does not stop the others."""
    record = RunRecord(NAME)
    check_engine(arguments)
    check_can_write(arguments.out, folder=True)
    bundle = _load_bundle(arguments.model)
    if arguments.prevalence is not None:
        bundle = bundle.with_prevalence(arguments.prevalence)
    if arguments.perturbations:
        from ..prediction.perturbation_band import check_draws

        check_draws(arguments.perturbations, bundle)
    if arguments.all_rows and selection_words(arguments):
        raise ValueError("--all-rows takes every reader, session and lesion; leave out the choice of one.")
    cases, refused = read_manifest(arguments.manifest), []
    if not arguments.all_rows:
        cases, refused = select_where_possible(cases, **selection_of(arguments))
    for _, reason in refused:
        terminal.complain(f"not done: {reason}")
    every = [*cases, *(case for case, _ in refused)]
    folders = {key: arguments.out / name for key, name in case_folder_names([case.key for case in every]).items()}
    workers = choose_workers(arguments.workers, arguments.dask, arguments.resume)
    if workers is None:
        predictions, failed = _one_after_the_other(cases, bundle, folders, arguments, terminal)
    else:
        predictions, failed = _by_workers(cases, bundle, workers, arguments, terminal)
    failed = (*failed, *(CaseFailure(case.key, reason) for case, reason in refused))
    for key in write_cohort_results(arguments.out, every, folders, predictions, failed):
        terminal.complain(f"removed: {folders[key]}, the result of an earlier run of {key}")
    record.write(arguments.out / "run.json", done=len(every) - len(failed), failed=len(failed))
    if len(every) > 1:
        terminal.say(f"{len(every) - len(failed)} of {len(every)} cases predicted: {arguments.out / PREDICTIONS_FILE}")
    return EXIT_SOME_FAILED if failed else EXIT_DONE


def _one_after_the_other(
    cases: list[Case],
    bundle: ModelBundle,
    folders: Mapping[CaseKey, Path],
    arguments: argparse.Namespace,
    terminal: Terminal,
) -> tuple[Iterable[Prediction], tuple[CaseFailure, ...]]:
    def predict_one(case: Case, progress: Progress) -> Prediction:
        prediction, line = predict_case(
            case, bundle, folders[case.key], arguments.engine, progress, perturbations=arguments.perturbations
        )
        terminal.say(line)
        return prediction

    results = run_cases(cases, predict_one, terminal.progress)
    for failure in results.failed:
        terminal.complain(f"not done: {failure.text}")
    return results.done.values(), results.failed


def _by_workers(
    cases: list[Case],
    bundle: ModelBundle,
    workers: Workers,
    arguments: argparse.Namespace,
    terminal: Terminal,
) -> tuple[Iterable[Prediction], tuple[CaseFailure, ...]]:
    job = PredictJob(
        find_bundle(arguments.model).resolve(),
        bundle.sha256,
        arguments.engine,
        arguments.out.resolve(),
        arguments.perturbations,
        arguments.prevalence,
    )
    summary = run_batch(
        cases,
        job,
        job.batch_folder,
        workers,
        terminal.progress,
        lambda outcome: tell_outcome(outcome, terminal),
        arguments.resume,
    )
    tell_summary(summary, job.batch_folder, terminal)
    return job.predictions(summary), summary.failed


def _load_bundle(name: str) -> ModelBundle:
    """Load a bundle while SimpleITK is imported, which nearly every one needs: hashing leaves the interpreter free."""
    folder = find_bundle(name)
    with ThreadPoolExecutor(1) as executor:
        loading = executor.submit(load_bundle, folder)
        importlib.import_module("SimpleITK")
        return loading.result()
