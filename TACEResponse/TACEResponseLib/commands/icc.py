"""``tace-response icc``: how far features repeat when a tumour is drawn again, and which patients to draw again."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..cohort import Case, check_can_write, read_manifest
from ..features import ENGINES
from ..repeatability import DEFAULT_FORM, DEFAULT_PERTURBATION, GOOD_ICC, ICC_FORMS, PerturbationSettings
from ..workflow import FeatureRecipe
from ..workflow.compared_drawings import compare_drawings
from ..workflow.drawings import DrawingRun, plan_drawings
from ..workflow.perturbed_drawings import perturb_cohort
from .batch_options import add_batch_arguments, check_engine, cohort_run
from .feature_options import add_feature_set_argument, add_settings_argument, settings_of
from .terminal import EXIT_DONE, EXIT_SOME_FAILED, Terminal

NAME = "icc"
HELP = "Measure test-retest and inter-observer repeatability of features and VOIs, or plan what to draw again."
EXAMPLES = """\
  tace-response icc cohort/manifest.csv --plan 0.25 --seed 1 --out out/plan
  tace-response icc cohort/manifest.csv --out out/icc
  tace-response icc cohort/manifest.csv --features features.csv --bland-altman AP_firstorder_Mean --out out/icc
  tace-response icc cohort/manifest.csv --perturbations 10 --out out/perturbed
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("manifest", type=Path, help="CSV with patient_id, lesion, reader, session, images and masks")
    parser.add_argument("--out", type=Path, required=True, help="folder of the results")
    parser.add_argument("--plan", type=float, metavar="SHARE", help="only choose this share of patients to draw again")
    parser.add_argument("--seed", type=int, default=1, help="seed of all random numbers (default: 1)")
    parser.add_argument("--features", type=Path, help="feature table of all rows (default: extract them)")
    parser.add_argument(
        "--form", metavar="FORM", choices=tuple(ICC_FORMS), default=DEFAULT_FORM, help="ICC 1,1, 2,1 (default) or 3,1"
    )
    parser.add_argument("--threshold", type=float, default=GOOD_ICC, help="ICC of a stable feature (default: 0.75)")
    parser.add_argument("--on-lower-bound", action="store_true", help="compare the lower end of the interval with it")
    parser.add_argument("--reader", default="1", help="reference reader (default: 1)")
    parser.add_argument("--other-reader", help="the reader to compare with, if there are more than two")
    parser.add_argument("--bland-altman", nargs="+", default=[], metavar="FEATURE", help="plot these features")
    parser.add_argument("--perturbations", type=int, metavar="N", help="perturb every VOI N times instead of a reader")
    for name, what in {
        "margin": "a perturbed VOI grows or shrinks by up to this",
        "shift": "is shifted within the slices by up to this along each axis",
        "edge": "standard deviation of the noise that moves its edge",
        "wave": "length of the waves of that noise",
    }.items():
        default = getattr(DEFAULT_PERTURBATION, f"{name}_mm")
        parser.add_argument(f"--{name}-mm", type=float, default=default, help=f"{what} (default: %(default)s)")
    parser.add_argument("--engine", choices=ENGINES, default="native", help="feature engine (default: native)")
    add_feature_set_argument(parser)
    add_settings_argument(parser)
    add_batch_arguments(parser)


def run(arguments: argparse.Namespace, terminal: Terminal) -> int:
    """Plan, or measure and write the report."""
    if arguments.seed < 0:
        raise ValueError(f"The seed is a whole number from 0 on, not {arguments.seed}.")
    check_engine(arguments)
    cases = read_manifest(arguments.manifest)
    check_can_write(arguments.out, folder=True)
    drawing_run = DrawingRun(
        arguments.out,
        cohort_run(arguments, terminal),
        terminal.warn,
        FeatureRecipe(feature_set=arguments.feature_set, settings=settings_of(arguments), engine=arguments.engine),
        arguments.reader,
        arguments.other_reader,
        arguments.form,
        arguments.threshold,
        arguments.on_lower_bound,
    )
    if arguments.plan is not None:
        patients, drawings, path = plan_drawings(cases, arguments.plan, arguments.seed, drawing_run)
        terminal.print(f"{patients} patients to draw again, {drawings} drawings: {path}")
        return EXIT_DONE
    measure = _compare if arguments.perturbations is None else _perturb
    return measure(cases, drawing_run, arguments, terminal)


def _compare(cases: list[Case], run: DrawingRun, arguments: argparse.Namespace, terminal: Terminal) -> int:
    from ..features import read_feature_table

    given = None if arguments.features is None else read_feature_table(arguments.features)
    result = compare_drawings(cases, given, arguments.bland_altman, run)
    for part in result.parts:
        for warning in part.warnings:
            terminal.warn(f"warning: {warning}")
        good = int((part.icc.value > run.threshold).sum())
        terminal.print(
            f"{part.redrawn.kind} ({part.redrawn.names}): {len(part.redrawn.pairs)} pairs, {good} of "
            f"{len(part.names)} features with ICC > {run.threshold:g}"
        )
    subjects = " (phantom results)" if result.choice.phantoms else ""
    terminal.print(f"{len(result.choice.names)} stable features{subjects}: {run.out / 'report.html'}")
    return EXIT_SOME_FAILED if result.refused else EXIT_DONE


def _perturb(cases: list[Case], run: DrawingRun, arguments: argparse.Namespace, terminal: Terminal) -> int:
    if arguments.bland_altman:
        raise ValueError("A Bland-Altman plot compares two drawings; leave out --bland-altman with --perturbations.")
    if arguments.features is not None:
        raise ValueError("Perturbed VOIs need new features; leave out --features with --perturbations.")
    settings = PerturbationSettings(*(getattr(arguments, f"{name}_mm") for name in ("margin", "shift", "edge", "wave")))
    result = perturb_cohort(cases, arguments.perturbations, run, arguments.seed, settings)
    for warning in result.perturbed.warnings:
        terminal.warn(f"warning: {warning}")
    bound = "lower bound of the ICC" if run.on_lower_bound else "ICC"
    subjects = " (phantom results)" if result.choice.phantoms else ""
    terminal.print(
        f"{result.cases} cases, {arguments.perturbations} perturbations each: {len(result.choice.names)} of "
        f"{len(result.perturbed.names)} features with {bound} > {run.threshold:g}{subjects}: {run.out / 'report.html'}"
    )
    return EXIT_SOME_FAILED if result.failed else EXIT_DONE
