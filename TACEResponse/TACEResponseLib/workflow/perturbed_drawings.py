"""Drawings perturbed instead of drawn again: ICC of features over the perturbations, the report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..batch import RunRecord, read_record
from ..cohort import Case, CaseKey, select_cases
from ..features import FeatureVector
from ..repeatability import (
    DEFAULT_PERTURBATION,
    FeatureChoice,
    PerturbationSettings,
    icc,
    icc_warnings,
    write_stable_features,
)
from .drawing_jobs import PerturbJob
from .drawings import STABLE_FILE, DrawingRun, check_sequences, table_of
from .jobs import values_of_record, vector_of_record

if TYPE_CHECKING:
    from ..reporting.repeatability_report import Perturbed


@dataclass(frozen=True, eq=False)
class PerturbedDrawings:
    """ICC over perturbations of ``cases`` cases, the features that are stable, and how many cases failed."""

    perturbed: Perturbed
    choice: FeatureChoice
    cases: int
    failed: int


def perturb_cohort(
    cases: Sequence[Case],
    draws: int,
    run: DrawingRun,
    seed: int = 1,
    settings: PerturbationSettings = DEFAULT_PERTURBATION,
) -> PerturbedDrawings:
    """ICC over ``draws`` perturbations of the reference reader's own VOIs; no second reader is needed.

    The same seed gives the same perturbations of a case, whatever the order of the cases. Raises ValueError for
    fewer than two draws, if fewer than two cases can be perturbed, or they have other sequences.
    """
    from ..reporting.repeatability_report import Perturbed, write_perturbation_report

    if draws < 2:
        raise ValueError("An ICC over perturbations needs at least 2 of them for each case.")
    record = RunRecord("icc")
    ratings: list[list[np.ndarray]] = []
    vectors: dict[CaseKey, FeatureVector] = {}
    chosen = select_cases(cases, run.reader)
    check_sequences(chosen, run)
    job = PerturbJob(run.recipe, draws, seed, settings)
    summary = run.cohort.summary(chosen, job, run.batch_folder)
    cases_of = {case.key: case for case in chosen}
    for key in summary.with_result:
        kept = read_record(run.batch_folder, summary.names[key])
        vectors[key] = vector_of_record(key, kept["vector"], run.recipe.of_case(cases_of[key]))
        ratings.append([values_of_record(values) for values in kept["draws"]])
    if len(ratings) < 2:
        raise ValueError(f"{len(ratings)} of {len(chosen)} cases could be perturbed; an ICC needs at least 2.")
    table = table_of(vectors)
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
