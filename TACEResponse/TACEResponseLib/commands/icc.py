"""``tace-response icc``: how far features repeat when the tumour is drawn again, and who is to be drawn again."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from zlib import crc32

import numpy as np

from ..batch import RunRecord
from ..cohort import SEQUENCES, Case, CaseKey, check_can_write, read_manifest, write_table
from ..features import (
    ENGINES,
    FEATURE_SETS,
    PAPER_SETTINGS,
    FeatureTable,
    FeatureVector,
    extract_features,
    get_feature_set,
    write_feature_table,
)
from ..imaging import CaseImages, read_case_images
from ..repeatability import (
    DEFAULT_FORM,
    DEFAULT_PERTURBATION,
    FEW_PAIRS,
    FEWEST_PAIRS,
    GOOD_ICC,
    ICC_FORMS,
    Overlap,
    PerturbationSettings,
    Redrawn,
    find_redrawn,
)
from .terminal import EXIT_DONE, EXIT_SOME_FAILED, Terminal

Pair = tuple[CaseKey, CaseKey]

NAME = "icc"
HELP = "Measure test-retest and inter-observer repeatability of features and VOIs, or plan who is drawn again."
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
    parser.add_argument(
        "--plan", type=float, metavar="SHARE", help="only draw this share of the patients (paper: 0.25)"
    )
    parser.add_argument("--seed", type=int, default=1, help="seed of all that is random (default: 1)")
    parser.add_argument("--features", type=Path, help="feature table of all rows; without it they are extracted")
    parser.add_argument(
        "--form",
        metavar="FORM",
        choices=tuple(ICC_FORMS),
        default=DEFAULT_FORM,
        help="of the ICC: 1,1, 2,1 or 3,1 (default: 2,1)",
    )
    parser.add_argument("--threshold", type=float, default=GOOD_ICC, help="stable above this (default: 0.75)")
    parser.add_argument("--on-lower-bound", action="store_true", help="apply it to the lower end of the interval")
    parser.add_argument("--reader", default="1", help="reference reader (default: 1)")
    parser.add_argument("--other-reader", help="whom to compare with, where there are more than two readers")
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
    parser.add_argument("--feature-set", choices=sorted(FEATURE_SETS), default="paper110")


def run(arguments: argparse.Namespace, terminal: Terminal) -> int:
    """Plan, or measure and write the report."""
    if arguments.seed < 0:
        raise ValueError(f"The seed is a whole number from 0 on, not {arguments.seed}.")
    if not -1.0 < arguments.threshold < 1.0:
        raise ValueError(
            f"The threshold of an ICC lies between -1 and 1 (for example 0.75), not {arguments.threshold}."
        )
    cases = read_manifest(arguments.manifest)
    check_can_write(arguments.out, folder=True)
    if arguments.plan is not None:
        return _plan(cases, arguments, terminal)
    if arguments.perturbations is not None:
        return _perturb(cases, arguments, terminal)
    return _redrawn(cases, arguments, terminal)


def _plan(cases: list[Case], arguments: argparse.Namespace, terminal: Terminal) -> int:
    from ..repeatability import PLAN_COLUMNS, plan_redrawing

    rows = plan_redrawing(cases, arguments.plan, arguments.seed, arguments.reader, arguments.other_reader or "2")
    path = arguments.out / "work_list.csv"
    write_table(path, PLAN_COLUMNS, rows)
    patients = len({row["patient_id"] for row in rows})
    terminal.say(f"{patients} patients are to be drawn again, {len(rows)} drawings: {path}")
    return EXIT_DONE


def _redrawn(cases: list[Case], arguments: argparse.Namespace, terminal: Terminal) -> int:
    from ..features import read_feature_table
    from ..repeatability import FeatureChoice, repeatability, stable_names, write_stable_features
    from ..reporting.repeatability_report import write_repeatability_report

    record = RunRecord(NAME)
    by_key = {case.key: case for case in cases}
    given = None if arguments.features is None else read_feature_table(arguments.features)
    keys = [key for key in by_key if given is None or key in given.keys]
    if not keys:
        raise ValueError(
            f"No row of {arguments.manifest.name} is in {arguments.features.name}; the keys must be equal."
        )
    redrawn = _enough(find_redrawn(keys, arguments.reader, arguments.other_reader), terminal)
    features = get_feature_set(arguments.feature_set)
    names = features.column_names(_sequences(by_key[keys[0]])) if given is None else given.names
    _check_names(arguments, names)
    pairs = list(dict.fromkeys(pair for part in redrawn for pair in part.pairs))
    if given is None:
        _check_sequences([by_key[key] for pair in pairs for key in pair])
    vectors, overlaps, refused = _read_pairs(pairs, by_key, given is None, arguments, terminal)
    used = {key for pair in pairs if pair not in refused for key in pair}
    if not used:
        raise ValueError("None of the pairs could be read, so that there is nothing to compare.")
    table = _table(vectors) if given is None else given
    left = [replace(part, pairs=tuple(pair for pair in part.pairs if pair not in refused)) for part in redrawn]
    redrawn = _enough(left, terminal)
    used = {key for part in redrawn for pair in part.pairs for key in pair}
    parts = repeatability(table, arguments.form, redrawn=redrawn)
    names = stable_names(parts, arguments.threshold, arguments.on_lower_bound)
    which = "lower bound of the 95 % interval of " if arguments.on_lower_bound else ""
    kinds = " and ".join(part.redrawn.kind for part in parts)
    rule = f"{which}{ICC_FORMS[arguments.form]} > {arguments.threshold:g}, {kinds}"
    choice = FeatureChoice(tuple(names), rule, arguments.threshold, table, frozenset(used))
    if vectors:
        write_feature_table(arguments.out / "features.csv", list(vectors.values()))
    write_stable_features(arguments.out / "stable.json", names, used, rule, choice.phantoms)
    write_repeatability_report(arguments.out, parts, overlaps, choice, arguments.bland_altman)
    record.write(arguments.out / "run.json", pairs=len(pairs) - len(refused), failed=len(refused))
    for part in parts:
        for warning in part.warnings:
            terminal.complain(f"warning: {warning}")
        good = int((part.icc.value > arguments.threshold).sum())
        terminal.say(
            f"{part.redrawn.kind} ({part.redrawn.names}): {len(part.redrawn.pairs)} pairs, {good} of "
            f"{len(part.names)} features with ICC > {arguments.threshold:g}"
        )
    subjects = " (phantom results)" if choice.phantoms else ""
    terminal.say(f"{len(names)} stable features{subjects}: {arguments.out / 'report.html'}")
    return EXIT_SOME_FAILED if refused else EXIT_DONE


def _enough(redrawn: Sequence[Redrawn], terminal: Terminal) -> list[Redrawn]:
    """Without a kind of repetition that has too few pairs, which is told; ValueError if none is left."""
    too_few = {one.kind: len(one.pairs) for one in redrawn if len(one.pairs) < FEWEST_PAIRS}
    told = "; ".join(f"{kind}: {count} {'case was' if count == 1 else 'cases were'}" for kind, count in too_few.items())
    told += f" drawn twice; an ICC needs at least {FEWEST_PAIRS}, and says little below {FEW_PAIRS}"
    if len(too_few) == len(redrawn):
        raise ValueError(f"{told}.")
    if too_few:
        terminal.complain(f"warning: {told}; left out.")
    return [one for one in redrawn if one.kind not in too_few]


def _check_sequences(cases: Sequence[Case]) -> None:
    """Refuse drawings of different sequences before the long work: their features make no table."""
    for case in cases:
        own, first = (", ".join(_sequences(one)) for one in (case, cases[0]))
        if own != first:
            raise ValueError(
                f"{case.key.label} has {own}, {cases[0].key} has {first}; "
                "drawings are compared on the same sequences, give all of them the same."
            )


def _read_pairs(
    pairs: Sequence[Pair],
    by_key: dict[CaseKey, Case],
    extract: bool,
    arguments: argparse.Namespace,
    terminal: Terminal,
) -> tuple[dict[CaseKey, FeatureVector], list[tuple[Pair, Overlap]], set[Pair]]:
    """Features (if ``extract``) and overlaps of all pairs, lesion by lesion, and the pairs that were refused."""
    from ..repeatability import overlaps as overlaps_of

    vectors: dict[CaseKey, FeatureVector] = {}
    overlaps: list[tuple[Pair, Overlap]] = []
    refused: set[Pair] = set()
    by_lesion: dict[tuple[str, str], list[Pair]] = {}
    for pair in pairs:
        by_lesion.setdefault(pair[0][:2], []).append(pair)
    for done, own in enumerate(by_lesion.values()):
        terminal.progress(done, len(by_lesion), f"{own[0][0]}")
        images = {}
        for key in dict.fromkeys(key for pair in own for key in pair):
            if not (extract or by_key[key].sources):
                continue
            try:
                images[key], vector = _read(by_key[key], extract, arguments, terminal)
            except ValueError as error:
                refused |= {pair for pair in own if key in pair}
                terminal.complain(f"not done: {error}")
                continue
            if vector is not None:
                vectors[key] = vector
        for pair in own:
            if not all(key in images for key in pair):
                continue
            try:
                overlaps += [(pair, one) for one in overlaps_of(*(images[key].vois for key in pair), pair)]
            except ValueError as error:
                refused.add(pair)
                terminal.complain(f"not done: {error}")
    terminal.progress(1, 1, "")
    return vectors, overlaps, refused


def _sequences(case: Case) -> tuple[str, ...]:
    """The sequences that the case has; all four, which will be missed, if it has none."""
    return tuple(str(sequence) for sequence in SEQUENCES if sequence in case.sources) or tuple(map(str, SEQUENCES))


def _check_names(arguments: argparse.Namespace, names: Sequence[str]) -> None:
    """Refuse features that are to be plotted and will not be there, before the long work."""
    unknown = [name for name in arguments.bland_altman if name not in names]
    if unknown:
        raise ValueError(f"There is no feature {unknown[0]} to plot; an example of a name is {names[0]}.")


def _read(
    case: Case, extract: bool, arguments: argparse.Namespace, terminal: Terminal
) -> tuple[CaseImages, FeatureVector | None]:
    """Images past the input checks, whose warnings are printed, and the features if they are wanted."""
    sequences = _sequences(case)
    images = read_case_images(case, sequences, PAPER_SETTINGS.spacing_mm, PAPER_SETTINGS.bin_width)
    for warning in images.warnings:
        where = case.key if warning.sequence is None else f"{case.key}, {warning.sequence}"
        terminal.complain(f"warning: {where}: {warning.text}")
    vector = None
    if extract:
        vector = extract_features(images, sequences, arguments.feature_set, PAPER_SETTINGS, arguments.engine)
    return images, vector


def _perturb(cases: list[Case], arguments: argparse.Namespace, terminal: Terminal) -> int:
    """ICC over perturbations of the reference reader's own VOIs; no second reader is needed."""
    from ..cohort import select_cases
    from ..repeatability import FeatureChoice, icc, icc_warnings, perturb_images, write_stable_features
    from ..reporting.repeatability_report import Perturbed, write_perturbation_report

    if arguments.perturbations < 2:
        raise ValueError("An ICC over perturbations needs at least 2 of them for each case.")
    if arguments.bland_altman:
        raise ValueError("A Bland-Altman plot compares two drawings; leave out --bland-altman with --perturbations.")
    if arguments.features is not None:
        raise ValueError("Features of perturbed VOIs are extracted anew; leave out --features with --perturbations.")
    record = RunRecord(NAME)
    settings = PerturbationSettings(*(getattr(arguments, f"{name}_mm") for name in ("margin", "shift", "edge", "wave")))
    ratings: list[list[np.ndarray]] = []
    vectors: dict[CaseKey, FeatureVector] = {}
    failed = 0
    chosen = select_cases(cases, arguments.reader)
    _check_sequences(chosen)
    for number, case in enumerate(chosen):
        terminal.progress(number, len(chosen), str(case.key))
        try:
            images, first = _read(case, True, arguments, terminal)
            drawn = []
            for draw in range(arguments.perturbations):
                own = perturb_images(images, settings, (arguments.seed, crc32(repr(case.key).encode()), draw))
                vector = extract_features(own, tuple(own.vois), arguments.feature_set, PAPER_SETTINGS, arguments.engine)
                drawn.append(vector.values)
        except ValueError as error:
            failed += 1
            terminal.complain(f"not done: {error}")
            continue
        vectors[case.key] = first
        ratings.append(drawn)
    terminal.progress(1, 1, "")
    if len(ratings) < 2:
        raise ValueError(f"{len(ratings)} of {len(chosen)} cases could be perturbed; an ICC needs at least 2.")
    # Draws have no order, so that the one-way form is the right one.
    table = _table(vectors)
    names = table.names
    result = icc(np.array(ratings), "1,1")
    which = "lower bound of the 95 % interval of " if arguments.on_lower_bound else ""
    rule = f"{which}{ICC_FORMS['1,1']} > {arguments.threshold:g}, {arguments.perturbations} perturbations"
    judged = result.low if arguments.on_lower_bound else result.value
    stable = [name for name, value in zip(names, judged, strict=True) if value > arguments.threshold]
    drawings = tuple((key,) * arguments.perturbations for key in vectors)
    warnings = icc_warnings("perturbation", names, result, np.array(ratings), drawings, "cases")
    choice = FeatureChoice(tuple(stable), rule, arguments.threshold, table, frozenset(vectors), arguments.seed)
    write_stable_features(arguments.out / "stable.json", stable, vectors, rule, choice.phantoms)
    write_perturbation_report(arguments.out, Perturbed(tuple(names), result, settings, tuple(warnings)), choice)
    record.write(arguments.out / "run.json", done=len(ratings), failed=failed)
    for warning in warnings:
        terminal.complain(f"warning: {warning}")
    judged_by = "lower bound of the ICC" if arguments.on_lower_bound else "ICC"
    terminal.say(
        f"{len(ratings)} cases, {arguments.perturbations} perturbations each: {len(stable)} of {len(names)} features "
        f"with {judged_by} > {arguments.threshold:g}{' (phantom results)' if choice.phantoms else ''}: "
        f"{arguments.out / 'report.html'}"
    )
    return EXIT_SOME_FAILED if failed else EXIT_DONE


def _table(vectors: dict[CaseKey, FeatureVector]) -> FeatureTable:
    first = next(iter(vectors.values()))
    for vector in vectors.values():
        if vector.names != first.names:
            raise ValueError(f"{vector.key.label} has other sequences than {first.key}; give all of them the same.")
    return FeatureTable(
        tuple(vectors),
        first.names,
        np.array([vector.values for vector in vectors.values()]),
        first.settings,
        first.feature_set,
        first.engine,
        frozenset(key for key, vector in vectors.items() if vector.is_phantom),
    )
