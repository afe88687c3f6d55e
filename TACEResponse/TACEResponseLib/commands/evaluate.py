"""``tace-response evaluate``: a frozen bundle evaluated on new patients, and recalibrated on them."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..batch import RunRecord
from ..cohort import check_can_write, check_identifier, read_manifest, select_cases
from .terminal import EXIT_DONE, Terminal

NAME = "evaluate"
HELP = "Evaluate a frozen model on new patients; with --recalibrate also recalibrate it on them."
EXAMPLES = """\
  tace-response evaluate cohort/manifest.csv --features features.csv --model phantom-cd --out out/evaluation
  tace-response evaluate cohort.csv --model published-clinical --out out/evaluation
  tace-response evaluate cohort.csv --model published-clinical --out out/evaluation --recalibrate models/our-clinical
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("cohort", type=Path, help="cohort table (CSV): patient_id, response or mrecist, clinical facts")
    parser.add_argument("--features", type=Path, help="feature table made by tace-response extract")
    parser.add_argument(
        "--model", required=True, metavar="BUNDLE", help="a model's folder, or the name of a shipped one"
    )
    parser.add_argument("--set", metavar="NAME", help="only rows with this name in the column set, e.g. external")
    parser.add_argument("--recalibrate", type=Path, metavar="BUNDLE", help="folder of the recalibrated model to write")
    parser.add_argument("--seed", type=int, default=1, help="seed of all that is random (default: 1)")
    parser.add_argument("--out", type=Path, required=True, help="folder of the report")


def run(arguments: argparse.Namespace, terminal: Terminal) -> int:
    """Evaluate, write the report and say the AUC."""
    from ..features import read_feature_table
    from ..models import find_bundle, load_bundle, save_bundle
    from ..reporting.evaluation_report import write_evaluation_report
    from ..reporting.results_files import with_interval
    from ..study import join_cohort
    from ..study.evaluate import evaluate
    from ..study.site_recalibration import recalibrate_bundle

    record = RunRecord(NAME)
    check_can_write(arguments.out, folder=True)
    target = arguments.recalibrate
    if target is not None:
        check_identifier(target.name)
        if target.exists():
            raise ValueError(f"{target} already exists; choose another name or remove it first.")
    bundle = load_bundle(find_bundle(arguments.model))
    if bundle.required_sequences and arguments.features is None:
        raise ValueError(f"The model {bundle.name} needs features; give --features.")
    cases = read_manifest(arguments.cohort)
    if arguments.set is not None:
        cases = [case for case in cases if case.columns.get("set") == arguments.set]
        if not cases:
            raise ValueError(f"No row of {arguments.cohort.name} has {arguments.set!r} in the column set.")
    table = read_feature_table(arguments.features) if bundle.required_sequences else None
    evaluation = evaluate(join_cohort(select_cases(cases), table, to_learn=False), bundle)
    recalibration = None if target is None else recalibrate_bundle(evaluation, target.name, arguments.seed)
    write_evaluation_report(arguments.out, evaluation, recalibration)
    for remark in evaluation.remarks:
        terminal.warn(f"warning: {remark}")
    if recalibration is not None:
        save_bundle(recalibration.bundle, target)
        terminal.print(f"{target.name}: {bundle.name} recalibrated, {target / 'MODEL_CARD.md'}")
    patients = len(evaluation.data.cases)
    record.write(arguments.out / "run.json", patients=patients)
    subjects = "phantoms" if evaluation.data.is_phantom else "patients"
    auc = with_interval(*evaluation.performance.auc)
    terminal.print(f"{bundle.name} on {patients} {subjects}: AUC {auc}")
    terminal.print(f"  {arguments.out / 'report.html'}")
    return EXIT_DONE
