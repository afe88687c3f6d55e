"""``tace-response train``: a cohort table and its features become a model."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from ..batch import RunRecord
from ..cohort import check_can_write, check_identifier, read_manifest, select_cases
from ..models.classifiers import CLASSIFIERS
from .feature_options import add_settings_argument, settings_of
from .selection_options import add_selection_arguments, selection_arguments, selection_of
from .terminal import EXIT_DONE, Terminal

if TYPE_CHECKING:
    from ..features import FeatureSettings, FeatureTable

NAME = "train"
HELP = "Train a model on a cohort."
EXAMPLES = """\
  tace-response train cohort/manifest.csv --features features.csv --out trained_models/our-centre
  tace-response train cohort/manifest.csv --features features.csv --kind cl --out trained_models/our-lasso
  tace-response train cohort/manifest.csv --features features.csv --features-from stable.json --out models/our-centre
  tace-response train cohort/manifest.csv --kind clinical --out trained_models/our-facts
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("cohort", type=Path, help="cohort table (CSV): patient_id, response or mrecist, clinical facts")
    parser.add_argument("--features", type=Path, help="feature table made by tace-response extract")
    parser.add_argument(
        "--features-from", type=Path, metavar="STABLE", help="use only the features in a list made by icc"
    )
    add_settings_argument(parser)
    parser.add_argument("--out", type=Path, required=True, help="folder of the new model, which is named after it")
    parser.add_argument(
        "--kind",
        default="cd",
        help="cd: DNN score and facts (default); cl: Lasso score and facts; clinical: facts; or a score alone: "
        + ", ".join(CLASSIFIERS),
    )
    add_selection_arguments(parser)
    parser.add_argument("--set", metavar="NAME", help="only rows with this value in the column set, e.g. development")
    parser.add_argument("--seed", type=int, default=1, help="seed of all random numbers (default: 1)")
    parser.add_argument("--ensemble", type=int, default=10, metavar="N", help="networks in the ensemble (default: 10)")
    parser.add_argument("--refits", type=int, default=100, metavar="N", help="bootstrap refits, at least 100 (default)")


def run(arguments: argparse.Namespace, terminal: Terminal) -> int:
    """Train, write the model and print what it was trained on."""
    from ..features import read_feature_table
    from ..models import save_bundle
    from ..repeatability import read_stable_features
    from ..study import BUNDLE_KINDS, TrainingSettings, join_cohort, train_bundle
    from ..study.repeating_features import keep_stable

    record = RunRecord(NAME)
    name = arguments.out.name
    check_identifier(name)
    if arguments.out.exists():
        raise ValueError(f"{arguments.out} already exists; choose another name or remove it first.")
    check_can_write(arguments.out, folder=True)
    if arguments.refits < 100 or arguments.ensemble < 1:
        raise ValueError("A model needs at least 100 refits and one network.")
    if arguments.kind not in BUNDLE_KINDS:
        raise ValueError(f"There is no kind of model {arguments.kind!r}; choose one of {', '.join(BUNDLE_KINDS)}.")
    needs_features = BUNDLE_KINDS[arguments.kind][0] is not None
    if arguments.features_from is not None and not needs_features:
        raise ValueError(f"A model of kind {arguments.kind} uses no features; leave out --features-from.")
    if needs_features and arguments.features is None:
        raise ValueError(f"A model of kind {arguments.kind} needs features; give --features.")
    everybody = cases = read_manifest(arguments.cohort)
    if arguments.set is not None:
        cases = [case for case in cases if case.columns.get("set") == arguments.set]
        if not cases:
            raise ValueError(f"No row of {arguments.cohort.name} has {arguments.set!r} in the column set.")
    data = join_cohort(
        select_cases(cases, **selection_of(arguments)),
        read_feature_table(arguments.features) if needs_features else None,
    )
    if arguments.settings is not None:
        _check_settings(data.table, settings_of(arguments))
    if arguments.features_from is not None:
        learnt = {case.key.patient_id for case in cases}
        others = {case.key.patient_id for case in everybody} - learnt
        data = keep_stable(data, read_stable_features(arguments.features_from), others)
    for remark in data.remarks:
        terminal.warn(f"warning: {remark}")
    for fact, count in data.missing_facts.items():
        terminal.warn(f"warning: {fact} is unknown in {count} of {len(data.cases)} patients.")
    settings = TrainingSettings(seed=arguments.seed, ensemble_size=arguments.ensemble, refits=arguments.refits)
    bundle = train_bundle(
        data,
        name,
        arguments.kind,
        settings,
        _command(arguments),
        terminal.progress,
    )
    save_bundle(bundle, arguments.out)
    record.write(arguments.out.with_name(f"{name}.run.json"), patients=len(data.cases))
    subjects = "phantoms" if bundle.demonstration else "patients"
    terminal.print(f"{name}: trained on {bundle.cohort_size} {subjects}, {bundle.cohort_responders} with response")
    terminal.print(f"  {arguments.out / 'MODEL_CARD.md'}")
    return EXIT_DONE


def _command(arguments: argparse.Namespace) -> str:
    """The command that makes the model again, without folders, whose names may identify people."""
    parts = ["tace-response", "train", arguments.cohort.name]
    if arguments.features is not None:
        parts += ["--features", arguments.features.name]
    parts += ["--features-from", arguments.features_from.name] if arguments.features_from is not None else []
    parts += ["--kind", arguments.kind, "--seed", str(arguments.seed), "--ensemble", str(arguments.ensemble)]
    parts += ["--refits", str(arguments.refits)]
    parts += ["--set", arguments.set] if arguments.set is not None else []
    parts += selection_arguments(arguments)
    return shlex.join([*parts, "--out", arguments.out.name])


def _check_settings(table: FeatureTable | None, settings: FeatureSettings) -> None:
    """Raises ValueError if the features were not made with these settings."""
    if table is None:
        raise ValueError("A model without features has no settings; leave out --settings.")
    if table.settings != settings:
        made_with = table.settings or "unknown settings"
        raise ValueError(f"The features were made with {made_with}, not with {settings}; extract them again.")
