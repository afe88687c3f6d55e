"""``tace-response study``: a cohort judged as published and honestly."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from ..batch import RunRecord, run_versions
from ..cohort import check_can_write, read_manifest, select_cases, select_lesions
from .terminal import EXIT_DONE, Terminal

NAME = "study"
HELP = "Judge all models on a cohort by the published and by the honest protocol; write the report."
EXAMPLES = """\
  tace-response study cohort/manifest.csv --features features.csv --out out/study
  tace-response study cohort/manifest.csv --features features.csv --quick --out out/first-look
  tace-response study cohort/manifest.csv --features features.csv --repeats features.csv --out out/study
  tace-response study cohort/manifest.csv --features features.csv --protocol honest --scores svm lasso --out out/study

Rows whose column set says external take no part in training; the models frozen on the others are judged on them. A
study that was killed goes on where it stopped when it is started again with the same --out.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("cohort", type=Path, help="cohort table (CSV): patient_id, outcome, facts")
    parser.add_argument("--features", type=Path, help="feature table; without it only clinical models are judged")
    parser.add_argument(
        "--repeats",
        type=Path,
        metavar="FEATURES",
        help="feature table with rows of repeated drawings: in each training part only features that repeat are used",
    )
    parser.add_argument(
        "--features-from", type=Path, metavar="STABLE", help="only features of a list that icc made on other patients"
    )
    parser.add_argument("--protocol", choices=("paper", "honest", "both"), default="both")
    parser.add_argument("--scores", nargs="+", choices=("knn", "svm", "lasso", "dnn"), help="default: all four")
    parser.add_argument(
        "--lesions",
        choices=("largest", "all"),
        default="largest",
        help="the largest lesion of each patient (default), or all, kept together in folds and intervals",
    )
    parser.add_argument("--quick", action="store_true", help="2 repeats, 2 seeds, no permutations: a first look")
    parser.add_argument(
        "--leave-one-centre-out", action="store_true", help="judge each centre (column site) by the others' models too"
    )
    parser.add_argument(
        "--combat", action="store_true", help="harmonise between centres (column site) in each honest training part"
    )
    parser.add_argument("--seed", type=int, default=1, help="seed of all that is random (default: 1)")
    parser.add_argument("--out", type=Path, required=True, help="folder of the report")


def run(arguments: argparse.Namespace, terminal: Terminal) -> int:
    """Run the study and say where the report is."""
    from ..features import read_feature_table
    from ..repeatability import read_stable_features
    from ..reporting.study_report import write_study_report
    from ..study import join_cohort
    from ..study.honest import QUICK, HonestSettings
    from ..study.repeating_features import keep_stable
    from ..study.run_study import run_study
    from ..study.study_data import check_sets
    from ..study.study_settings import StudySettings

    record = RunRecord(NAME)
    check_can_write(arguments.out, folder=True)
    table = None if arguments.features is None else read_feature_table(arguments.features)
    cases = read_manifest(arguments.cohort)
    check_sets(cases)
    with_all = arguments.lesions == "all"
    data = join_cohort(select_lesions(cases) if with_all else select_cases(cases), table, with_all)
    if table is None and (arguments.features_from or arguments.repeats):
        raise ValueError("Without features there is nothing to choose from; give --features.")
    if arguments.features_from is not None:
        patients = {case.key.patient_id for case in data.cases}
        data = keep_stable(data, read_stable_features(arguments.features_from), patients)
    for remark in data.remarks:
        terminal.warn(f"warning: {remark}")
    settings = StudySettings(
        protocol=arguments.protocol,
        honest=replace(QUICK if arguments.quick else HonestSettings(), seed=arguments.seed),
        permutations=not arguments.quick,
        is_quick=arguments.quick,
        leave_one_centre_out=arguments.leave_one_centre_out,
        combat=arguments.combat,
        repeats=None if arguments.repeats is None else read_feature_table(arguments.repeats),
    )
    if arguments.scores:
        settings = replace(settings, scores=tuple(dict.fromkeys(arguments.scores)))
    result = run_study(
        data,
        settings,
        arguments.out / "work",
        terminal.progress,
    )
    write_study_report(arguments.out, result, run_versions())
    record.write(arguments.out / "run.json", patients=len(data.cases))
    subjects = "phantom results" if data.is_phantom else "results"
    for title, numbers in result.numbers.get("honest", {}).items():
        terminal.print(f"{title}: AUC {numbers['auc']:.3f} ({numbers['auc_low']:.3f}-{numbers['auc_high']:.3f})")
    _tell_centres(result.numbers.get("leave_one_centre_out", {}), terminal)
    terminal.print(f"{subjects} of {len(data.cases)} cases: {arguments.out / 'report.html'}")
    return EXIT_DONE


def _tell_centres(centres: Mapping[str, Mapping], terminal: Terminal) -> None:
    for centre, own in centres.items():
        if own["models"] is None:
            terminal.print(f"{centre}: {own['patients']} patients, {own['responders']} OR, too few to judge")
        for title, numbers in (own["models"] or {}).items():
            interval = f"{numbers['auc_low']:.3f}-{numbers['auc_high']:.3f}"
            terminal.print(f"trained without {centre}, judged on it, {title}: AUC {numbers['auc']:.3f} ({interval})")
