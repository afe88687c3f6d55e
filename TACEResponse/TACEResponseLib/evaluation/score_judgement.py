"""How published scores do on a cohort: survival by Harrell's C and Kaplan-Meier, response by AUC."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..scores import NOT_COVERED, Score, ScoreResult
from .intervals import Estimate, auc_interval
from .survival import FEWEST_EVENTS, ConcordanceIndex, KaplanMeierCurve, harrell_c, kaplan_meier, log_rank_p

AT_RISK_MONTHS = (0.0, 12.0, 24.0, 36.0)
"""When numbers at risk are counted."""


@dataclass(frozen=True)
class FollowUp:
    """What became of a patient: months until death or the last contact, and the outcome, as far as known.

    ``objective_response`` is True for CR or PR, False for SD or PD.
    """

    survival_months: float | None = None
    died: bool | None = None
    objective_response: bool | None = None


@dataclass(frozen=True)
class ScoreJudgement:
    """One score on a cohort.

    ``survival`` and ``response`` are None where they cannot be judged, and ``reasons`` says why. ``response`` is the
    AUC of the score for objective response with the interval of `auc_interval`, a lower score counting as more likely.
    ``curves`` and ``log_rank_p`` are of the patients whose group is certain. ``left_out`` counts patients for whom the
    score is unknown or not made.
    """

    score: Score
    patients: int
    left_out: int
    survival: ConcordanceIndex | None
    curves: tuple[KaplanMeierCurve, ...]
    log_rank_p: float | None
    response: Estimate | None
    responders: int
    non_responders: int
    reasons: tuple[str, ...] = ()


def judge_score(
    score: Score, results: Sequence[ScoreResult | None], follow_up: Sequence[FollowUp], seed: int = 1
) -> ScoreJudgement:
    """Judge one score on patients; ``results`` and ``follow_up`` are of the same patients in the same order.

    Only patients with a certain number are used. ``seed`` is that of the bootstrap of Harrell's C.
    """
    used = [
        (result, patient)
        for result, patient in zip(results, follow_up, strict=True)
        if result is not None and result.value is not None and result.group != NOT_COVERED
    ]
    reasons: list[str] = []
    values = [result.value for result, _ in used if result.value is not None]
    survival, curves, p = _survival(score, used, seed, reasons)
    answered = [
        (value, patient.objective_response)
        for value, (_, patient) in zip(values, used, strict=True)
        if patient.objective_response is not None
    ]
    outcome = np.array([response for _, response in answered], bool)
    responders, others = int(outcome.sum()), int((~outcome).sum())
    response = None
    if responders and others:
        response = auc_interval(-np.array([value for value, _ in answered]), outcome)
    elif answered:
        reasons.append("Response cannot be judged: all patients have the same outcome.")
    return ScoreJudgement(
        score, len(used), len(results) - len(used), survival, curves, p, response, responders, others, tuple(reasons)
    )


def _survival(
    score: Score, used: Sequence[tuple[ScoreResult, FollowUp]], seed: int, reasons: list[str]
) -> tuple[ConcordanceIndex | None, tuple[KaplanMeierCurve, ...], float | None]:
    followed = [(r, p.survival_months, p.died) for r, p in used if p.survival_months is not None and p.died is not None]
    deaths = sum(died for _, _, died in followed)
    if not followed:
        return None, (), None
    if deaths < FEWEST_EVENTS:
        reasons.append(f"Survival cannot be judged: {deaths} deaths, at least {FEWEST_EVENTS} are needed.")
        return None, (), None
    months, died = [one[1] for one in followed], [one[2] for one in followed]
    concordance = harrell_c([one[0].value or 0.0 for one in followed], months, died, seed)
    grouped = [one for one in followed if one[0].group is not None]
    if not score.groups or sum(one[2] for one in grouped) < FEWEST_EVENTS:
        return concordance, (), None
    groups, months, died = (
        [str(one[0].group) for one in grouped],
        [one[1] for one in grouped],
        [one[2] for one in grouped],
    )
    curves = kaplan_meier(groups, months, died, [group.name for group in score.groups], AT_RISK_MONTHS)
    return concordance, curves, log_rank_p(groups, months, died)
