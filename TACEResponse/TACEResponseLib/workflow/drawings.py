"""What is done with drawings of the same tumours: two of each compared, or one perturbed; the report of either."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING
from zlib import crc32

import numpy as np

from ..batch import RunRecord
from ..cohort import SEQUENCES, Case, CaseKey, Progress, select_cases
from ..features import FeatureTable, FeatureVector, write_feature_table
from ..imaging import CaseImages
from ..repeatability import (
    DEFAULT_FORM,
    DEFAULT_PERTURBATION,
    FEW_PAIRS,
    FEWEST_PAIRS,
    GOOD_ICC,
    ICC_FORMS,
    FeatureChoice,
    Overlap,
    PerturbationSettings,
    Redrawn,
    Repeatability,
    find_redrawn,
    icc,
    icc_warnings,
    overlaps,
    perturb_images,
    repeatability,
    stable_names,
    write_stable_features,
)
from .case import FeatureRecipe, extract_case, read_images
from .cohort import FEATURES_FILE
from .jobs import warning_lines

if TYPE_CHECKING:
    from ..reporting.repeatability_report import Perturbed

STABLE_FILE = "stable.json"

Pair = tuple[CaseKey, CaseKey]


@dataclass(frozen=True)
class DrawingRun:
    """Where results go, how features are made, which of them count as stable, and who hears of the steps.

    ``threshold`` (-1 to 1) is the ICC above which a feature is stable, with ``on_lower_bound`` the lower end of its
    interval. ``recipe`` names feature set and engine; its sequences are those of the cases.
    """

    out: Path
    progress: Progress
    warn: Callable[[str], None]
    recipe: FeatureRecipe = field(default_factory=FeatureRecipe)
    reader: str = "1"
    other_reader: str | None = None
    form: str = DEFAULT_FORM
    threshold: float = GOOD_ICC
    on_lower_bound: bool = False

    def rule(self, form: str, kinds: str) -> str:
        """Which features are stable, as a report says it."""
        which = "lower bound of the 95 % interval of " if self.on_lower_bound else ""
        return f"{which}{ICC_FORMS[form]} > {self.threshold:g}, {kinds}"

    def recipe_of(self, case: Case) -> FeatureRecipe:
        """The recipe with the sequences that the case has; all four, which will be missed, if it has none."""
        own = tuple(str(sequence) for sequence in SEQUENCES if sequence in case.sources)
        return replace(self.recipe, sequences=own or tuple(map(str, SEQUENCES)))

    def warn_of(self, images: CaseImages) -> None:
        """Pass the warnings of the input checks on."""
        for line in warning_lines(images):
            self.warn(line)


@dataclass(frozen=True, eq=False)
class ComparedDrawings:
    """ICC of each kind of repetition, the features that are stable in all, and how many pairs were refused."""

    parts: tuple[Repeatability, ...]
    choice: FeatureChoice
    refused: int


@dataclass(frozen=True, eq=False)
class PerturbedDrawings:
    """ICC over perturbations of ``cases`` cases, the features that are stable, and how many cases failed."""

    perturbed: Perturbed
    choice: FeatureChoice
    cases: int
    failed: int


def compare_drawings(
    cases: Sequence[Case], given: FeatureTable | None, bland_altman: Sequence[str], run: DrawingRun
) -> ComparedDrawings:
    """ICC of features and overlap of VOIs between the drawings of the same tumours.

    Parameters
    ----------
    cases : sequence of Case
        All drawings; which belong together follows from reader and session (`find_redrawn`).
    given : FeatureTable or None
        Their features where they are there; None extracts them and keeps them in ``features.csv``.
    bland_altman : sequence of str
        Features to plot.
    run : DrawingRun

    Raises
    ------
    ValueError
        If too few cases were drawn twice, an unknown feature is to be plotted, or drawings have other sequences.
    """
    from ..reporting.repeatability_report import write_repeatability_report

    record = RunRecord("icc")
    by_key = {case.key: case for case in cases}
    keys = [key for key in by_key if given is None or key in given.keys]
    if not keys:
        raise ValueError("No row of the manifest is in the feature table; the keys must be equal.")
    redrawn = _enough(find_redrawn(keys, run.reader, run.other_reader), run)
    _check_names(bland_altman, _columns(by_key[keys[0]], run) if given is None else given.names)
    pairs = list(dict.fromkeys(pair for part in redrawn for pair in part.pairs))
    if given is None:
        _check_sequences([by_key[key] for pair in pairs for key in pair], run)
    vectors, overlapping, refused = _read_pairs(pairs, by_key, given is None, run)
    if len(refused) == len(pairs):
        raise ValueError("None of the pairs could be read, so that there is nothing to compare.")
    table = _table(vectors) if given is None else given
    left = [replace(part, pairs=tuple(pair for pair in part.pairs if pair not in refused)) for part in redrawn]
    redrawn = _enough(left, run)
    used = {key for part in redrawn for pair in part.pairs for key in pair}
    parts = repeatability(table, run.form, redrawn=redrawn)
    rule = run.rule(run.form, " and ".join(part.redrawn.kind for part in parts))
    stable = tuple(stable_names(parts, run.threshold, run.on_lower_bound))
    choice = FeatureChoice(stable, rule, run.threshold, table, frozenset(used))
    if vectors:
        write_feature_table(run.out / FEATURES_FILE, list(vectors.values()))
    write_stable_features(run.out / STABLE_FILE, stable, used, rule, choice.phantoms)
    write_repeatability_report(run.out, parts, overlapping, choice, bland_altman)
    record.write(run.out / "run.json", pairs=len(pairs) - len(refused), failed=len(refused))
    return ComparedDrawings(parts, choice, len(refused))


def perturb_cohort(
    cases: Sequence[Case],
    draws: int,
    run: DrawingRun,
    seed: int = 1,
    settings: PerturbationSettings = DEFAULT_PERTURBATION,
) -> PerturbedDrawings:
    """ICC over ``draws`` perturbations of the reference reader's own VOIs; no second reader is needed.

    The same seed gives the same perturbations of a case, whatever the order of the cases. Raises ValueError if fewer
    than two cases can be perturbed, or they have other sequences.
    """
    from ..reporting.repeatability_report import Perturbed, write_perturbation_report

    record = RunRecord("icc")
    ratings: list[list[np.ndarray]] = []
    vectors: dict[CaseKey, FeatureVector] = {}
    chosen = select_cases(cases, run.reader)
    _check_sequences(chosen, run)
    for number, case in enumerate(chosen):
        run.progress(number, len(chosen), str(case.key))
        try:
            recipe = run.recipe_of(case)
            images, vector = extract_case(case, recipe)
            run.warn_of(images)
            drawn = []
            for draw in range(draws):
                own = perturb_images(images, settings, (seed, crc32(repr(case.key).encode()), draw))
                drawn.append(extract_case(case, recipe, images=own).features.values)
        except ValueError as error:
            run.warn(f"not done: {error}")
            continue
        vectors[case.key] = vector
        ratings.append(drawn)
    run.progress(1, 1, "")
    if len(ratings) < 2:
        raise ValueError(f"{len(ratings)} of {len(chosen)} cases could be perturbed; an ICC needs at least 2.")
    table = _table(vectors)
    # Draws have no order, so that the one-way form is the right one.
    result = icc(np.array(ratings), "1,1")
    judged = result.low if run.on_lower_bound else result.value
    stable = tuple(name for name, value in zip(table.names, judged, strict=True) if value > run.threshold)
    rule = run.rule("1,1", f"{draws} perturbations")
    drawings = tuple((key,) * draws for key in vectors)
    warnings = icc_warnings("perturbation", table.names, result, np.array(ratings), drawings, "cases")
    choice = FeatureChoice(stable, rule, run.threshold, table, frozenset(vectors), seed)
    perturbed = Perturbed(tuple(table.names), result, settings, tuple(warnings))
    write_stable_features(run.out / STABLE_FILE, stable, vectors, rule, choice.phantoms)
    write_perturbation_report(run.out, perturbed, choice)
    failed = len(chosen) - len(ratings)
    record.write(run.out / "run.json", done=len(ratings), failed=failed)
    return PerturbedDrawings(perturbed, choice, len(ratings), failed)


def _enough(redrawn: Sequence[Redrawn], run: DrawingRun) -> list[Redrawn]:
    """Without a kind of repetition that has too few pairs, with a warning; ValueError if none is left."""
    too_few = {one.kind: len(one.pairs) for one in redrawn if len(one.pairs) < FEWEST_PAIRS}
    text = "; ".join(f"{kind}: {count} {'case was' if count == 1 else 'cases were'}" for kind, count in too_few.items())
    text += f" drawn twice; an ICC needs at least {FEWEST_PAIRS}, and says little below {FEW_PAIRS}"
    if len(too_few) == len(redrawn):
        raise ValueError(f"{text}.")
    if too_few:
        run.warn(f"warning: {text}; left out.")
    return [one for one in redrawn if one.kind not in too_few]


def _check_sequences(cases: Sequence[Case], run: DrawingRun) -> None:
    """Refuse drawings of different sequences before the long work: their features make no table."""
    for case in cases:
        own, first = (", ".join(run.recipe_of(one).sequences) for one in (case, cases[0]))
        if own != first:
            raise ValueError(
                f"{case.key.label} has {own}, {cases[0].key} has {first}; "
                "drawings are compared on the same sequences, give all of them the same."
            )


def _columns(case: Case, run: DrawingRun) -> tuple[str, ...]:
    from ..features import get_feature_set

    recipe = run.recipe_of(case)
    return get_feature_set(recipe.feature_set).column_names(recipe.sequences)


def _check_names(bland_altman: Sequence[str], names: Sequence[str]) -> None:
    """Refuse features that are to be plotted and will not be there, before the long work."""
    unknown = [name for name in bland_altman if name not in names]
    if unknown:
        raise ValueError(f"There is no feature {unknown[0]} to plot; an example of a name is {names[0]}.")


def _read_pairs(
    pairs: Sequence[Pair], by_key: Mapping[CaseKey, Case], extract: bool, run: DrawingRun
) -> tuple[dict[CaseKey, FeatureVector], list[tuple[Pair, Overlap]], set[Pair]]:
    """Features (if ``extract``) and overlaps of all pairs, lesion by lesion, and the pairs that were refused."""
    vectors: dict[CaseKey, FeatureVector] = {}
    overlapping: list[tuple[Pair, Overlap]] = []
    refused: set[Pair] = set()
    by_lesion: dict[tuple[str, str], list[Pair]] = {}
    for pair in pairs:
        by_lesion.setdefault((pair[0].patient_id, pair[0].lesion), []).append(pair)
    for done, (lesion, own) in enumerate(by_lesion.items()):
        run.progress(done, len(by_lesion), str(CaseKey(*lesion)))
        images: dict[CaseKey, CaseImages] = {}
        for key in dict.fromkeys(key for pair in own for key in pair):
            case = by_key[key]
            try:
                if extract:
                    images[key], vectors[key] = extract_case(case, run.recipe_of(case))
                elif case.sources:
                    images[key] = read_images(case, run.recipe_of(case))
                else:
                    continue
                run.warn_of(images[key])
            except ValueError as error:
                refused |= {pair for pair in own if key in pair}
                run.warn(f"not done: {error}")
        for pair in own:
            if not all(key in images for key in pair):
                continue
            try:
                overlapping += [(pair, one) for one in overlaps(images[pair[0]].vois, images[pair[1]].vois, pair)]
            except ValueError as error:
                refused.add(pair)
                run.warn(f"not done: {error}")
    run.progress(1, 1, "")
    return vectors, overlapping, refused


def _table(vectors: Mapping[CaseKey, FeatureVector]) -> FeatureTable:
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
