"""Published scores of a cohort: a table with one row per patient, and how the scores do on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..cohort import Case, Cell, write_table
from ..cohort.clinical_values import parse_number, parse_yes_no
from ..imaging.acquisition_tags import PHANTOM_KEY
from ..scores import PublishedScores, published_scores
from .published_scores import published_scores as scores_of_case

SURVIVAL_COLUMNS = ("survival_months", "died")
"""Months from the first TACE to death or the last contact, and whether the patient died then."""


@dataclass(frozen=True)
class ScoredCohort:
    """Cases with their scores, in one order; ``problems`` are sentences on facts that cannot be right."""

    cases: tuple[Case, ...]
    scores: tuple[PublishedScores, ...]

    @property
    def problems(self) -> tuple[str, ...]:
        """Why a patient has no scores."""
        return tuple(
            f"{case.key.label}: {one.note}" for case, one in zip(self.cases, self.scores, strict=True) if one.note
        )

    @property
    def patients_with_scores(self) -> int:
        """How many patients have at least one score."""
        return sum(bool(one.results) for one in self.scores)


def score_cohort(cases: Sequence[Case]) -> ScoredCohort:
    """The scores of every case, from its row alone."""
    return ScoredCohort(tuple(cases), tuple(scores_of_case(case) for case in cases))


def write_scores(path: Path, cohort: ScoredCohort) -> None:
    """Write a table with two columns a score, its number and its group; a group that is open names what remains.

    Raises ValueError if it cannot be written.
    """
    scores = published_scores()
    header = ["patient_id", "lesion", "reader", "session"]
    header += [column for score in scores for column in (score.name, f"{score.name}_group")]
    rows: list[list[Cell]] = []
    for case, one in zip(cohort.cases, cohort.scores, strict=True):
        by_name = {result.score.name: result for result in one.results}
        cells: list[Cell] = [*case.key]
        for score in scores:
            result = by_name.get(score.name)
            cells += ["", ""] if result is None else [result.value_text, result.group_text]
        rows.append([*cells, one.note])
    write_table(path, [*header, "note"], rows)


def evaluate_scores(cohort: ScoredCohort, folder: Path, seed: int = 1) -> str:
    """Judge every score on the cohort and write the report; returns a sentence on what was judged.

    Raises ValueError where no patient has a follow-up or an outcome, or a cell of them cannot be read.
    """
    from ..evaluation import FollowUp, judge_score
    from ..reporting.scores_report import write_scores_report

    follow_up = [FollowUp(*_survival(case), case.objective_response) for case in cohort.cases]
    followed = sum(one.survival_months is not None for one in follow_up)
    answered = sum(one.objective_response is not None for one in follow_up)
    if not followed and not answered:
        raise ValueError(
            f"No patient has a follow-up ({' and '.join(SURVIVAL_COLUMNS)}) or an outcome (response or mrecist)."
        )
    judgements = []
    for score in published_scores():
        results = [next((r for r in one.results if r.score is score), None) for one in cohort.scores]
        judgement = judge_score(score, results, follow_up, seed)
        if judgement.patients:
            judgements.append(judgement)
    if not judgements:
        raise ValueError("No score is known for any patient; fill the columns of their facts (Docs/scores.md).")
    phantoms = any(case.key.patient_id.upper().startswith(PHANTOM_KEY) for case in cohort.cases)
    write_scores_report(folder, judgements, len(cohort.cases), phantoms)
    return f"{len(judgements)} scores judged on {followed} patients with survival and {answered} with response"


def _survival(case: Case) -> tuple[float | None, bool | None]:
    cells = [case.columns.get(name, "").strip() for name in SURVIVAL_COLUMNS]
    if not all(cells):
        if any(cells):
            raise ValueError(f"{case.key.label}: {' and '.join(SURVIVAL_COLUMNS)} go together; fill both or none.")
        return None, None
    try:
        months, died = parse_number(cells[0]), parse_yes_no(cells[1])
    except ValueError as error:
        raise ValueError(f"{case.key.label}, {' or '.join(SURVIVAL_COLUMNS)}: {error}") from error
    if months == 0:
        raise ValueError(f"{case.key.label}: survival_months is 0; enter the follow-up from the first TACE on.")
    return months, died
