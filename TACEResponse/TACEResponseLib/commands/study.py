"""``tace-response study``: all models on a cohort, by the published protocol and by nested cross-validation."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from ..batch import RunRecord, run_versions
from ..cohort import check_can_write, read_manifest, select_cases, select_lesions
from ..models.classifiers import CLASSIFIERS, RADIOMICS_SCORES
from .terminal import EXIT_DONE, Terminal

NAME = "study"
HELP = "Validate all models on a cohort, by the published protocol and by nested cross-validation; write the report."
EXAMPLES = """\
  tace-response study cohort/manifest.csv --features features.csv --out out/study
  tace-response study cohort/manifest.csv --features features.csv --quick --out out/first-look
  tace-response study cohort/manifest.csv --features features.csv --repeats features.csv --out out/study
  tace-response study cohort/manifest.csv --features features.csv --protocol nested-cv --scores svm --out out/study

Rows whose column set says external take no part in training; the models frozen on the others are tested on them. A
study that was interrupted goes on where it stopped when it is started again with the same --out.
"""

PROTOCOLS = ("published", "nested-cv", "both")
_OLD_NAMES = {"paper": "published", "honest": "nested-cv"}
"""What the protocols were called first; scripts that use these names still run."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("cohort", type=Path, help="cohort table (CSV): patient_id, outcome, facts")
    parser.add_argument("--features", type=Path, help="feature table; without it only clinical models are validated")
    parser.add_argument(
        "--repeats",
        type=Path,
        metavar="FEATURES",
        help="feature table with rows of repeated drawings: in each training part only features that repeat are used",
    )
    parser.add_argument(
        "--features-from",
        type=Path,
        metavar="STABLE",
        help="only the features of a list that icc made on other patients",
    )
    parser.add_argument(
        "--protocol",
        type=lambda name: _OLD_NAMES.get(name, name),
        choices=PROTOCOLS,
        default="both",
        help="as published (one split), nested cross-validation, or both (default)",
    )
    parser.add_argument(
        "--scores",
        nargs="+",
        metavar="SCORE",
        help=f"of {', '.join(CLASSIFIERS)} (default: {', '.join(RADIOMICS_SCORES)}, as in the paper)",
    )
    parser.add_argument(
        "--lesions",
        choices=("largest", "all"),
        default="largest",
        help="the largest lesion of each patient (default), or all, kept together in folds and intervals",
    )
    parser.add_argument("--quick", action="store_true", help="2 repeats, 2 seeds, no permutations: a first look")
    parser.add_argument(
        "--leave-one-centre-out",
        action="store_true",
        help="also test models frozen on all other centres on each centre (column site)",
    )
    parser.add_argument(
        "--combat",
        action="store_true",
        help="harmonise between centres (column site) in each training part of nested cross-validation",
    )
    parser.add_argument("--seed", type=int, default=1, help="seed of all that is random (default: 1)")
    parser.add_argument("--out", type=Path, required=True, help="folder of the report")


def run(arguments: argparse.Namespace, terminal: Terminal) -> int:
    """Run the study and print where the report is."""
    from ..features import read_feature_table
    from ..repeatability import read_stable_features
    from ..reporting.results_files import with_interval
    from ..reporting.study_report import write_study_report
    from ..study import join_cohort
    from ..study.nested_cv import QUICK, NestedCvSettings
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
        nested_cv=replace(QUICK if arguments.quick else NestedCvSettings(), seed=arguments.seed),
        permutations=not arguments.quick,
        is_quick=arguments.quick,
        leave_one_centre_out=arguments.leave_one_centre_out,
        combat=arguments.combat,
        repeats=None if arguments.repeats is None else read_feature_table(arguments.repeats),
    )
    if arguments.scores:
        settings = replace(settings, scores=tuple(dict.fromkeys(arguments.scores)))
    result = run_study(data, settings, arguments.out / "work", terminal.progress)
    write_study_report(arguments.out, result, run_versions())
    record.write(arguments.out / "run.json", patients=len(data.cases))
    subjects = "phantom results" if data.is_phantom else "results"
    if result.nested_cv is not None:
        for title, one in result.nested_cv.models.items():
            terminal.print(f"{title}: AUC {with_interval(*one.auc)}")
        for name, centre in (result.nested_cv.centres or {}).items():
            if centre.models is None:
                terminal.print(f"{name}: {centre.patients} patients, {centre.responders} OR, too few to test a model")
            for title, tested in (centre.models or {}).items():
                terminal.print(f"trained without {name}, tested on it, {title}: AUC {with_interval(*tested.auc)}")
    terminal.print(f"{subjects} of {len(data.cases)} cases: {arguments.out / 'report.html'}")
    return EXIT_DONE
