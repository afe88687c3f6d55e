"""Two drawings of the same tumours compared: ICC of features, overlap of VOIs, the report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ..batch import RunRecord, read_record
from ..cohort import Case, CaseKey
from ..features import FeatureTable, write_feature_table
from ..repeatability import (
    FEW_PAIRS,
    FEWEST_PAIRS,
    FeatureChoice,
    Redrawn,
    Repeatability,
    find_redrawn,
    repeatability,
    stable_names,
    write_stable_features,
)
from .cohort import FEATURES_FILE
from .drawing_jobs import CompareJob, LesionDrawings, Pair
from .drawings import STABLE_FILE, DrawingRun, check_sequences, table_of


@dataclass(frozen=True, eq=False)
class ComparedDrawings:
    """ICC of each kind of repetition, the features that are stable in all, and how many pairs were refused."""

    parts: tuple[Repeatability, ...]
    choice: FeatureChoice
    refused: int


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
        check_sequences([by_key[key] for pair in pairs for key in pair], run)
    found = _read_pairs(pairs, by_key, given is None, run)
    vectors, refused = found.vectors, found.refused
    if len(refused) == len(pairs):
        raise ValueError("None of the pairs could be read, so that there is nothing to compare.")
    table = table_of(vectors) if given is None else given
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
    write_repeatability_report(run.out, parts, found.overlaps, choice, bland_altman)
    record.write(run.out / "run.json", pairs=len(pairs) - len(refused), failed=len(refused))
    return ComparedDrawings(parts, choice, len(refused))


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


def _columns(case: Case, run: DrawingRun) -> tuple[str, ...]:
    from ..features import get_feature_set

    recipe = run.recipe.of_case(case)
    return get_feature_set(recipe.feature_set).column_names(recipe.sequences)


def _check_names(bland_altman: Sequence[str], names: Sequence[str]) -> None:
    """Refuse features that are to be plotted and will not be there, before the long work."""
    unknown = [name for name in bland_altman if name not in names]
    if unknown:
        raise ValueError(f"There is no feature {unknown[0]} to plot; an example of a name is {names[0]}.")


def _read_pairs(
    pairs: Sequence[Pair], by_key: Mapping[CaseKey, Case], extract: bool, run: DrawingRun
) -> LesionDrawings:
    """Features (if ``extract``) and overlaps of all pairs, lesion by lesion, and the pairs that were refused."""
    by_lesion: dict[tuple[str, str], list[Pair]] = {}
    for pair in pairs:
        by_lesion.setdefault((pair[0].patient_id, pair[0].lesion), []).append(pair)
    own = {pairs[0][0]: tuple(pairs) for pairs in by_lesion.values()}
    job = CompareJob(own, by_key, run.recipe, extract)
    summary = run.cohort.summary([by_key[key] for key in own], job, run.batch_folder)
    everything = LesionDrawings(refused={pair for failure in summary.failed for pair in own[failure.key]})
    for key in summary.with_result:
        found = job.of_record(read_record(run.batch_folder, summary.names[key]))
        everything.add(found)
        for failure in found.failures:
            run.warn(f"failed: {failure}")
    return everything
