"""Survival by score and by group: Harrell's C, Kaplan-Meier curves, log-rank test (lifelines)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite

import numpy as np

FEWEST_EVENTS = 10
"""With fewer deaths a C index says next to nothing; it is refused."""

FEW_EVENTS = 50
"""With fewer deaths a C index is reported with a remark."""


@dataclass(frozen=True)
class ConcordanceIndex:
    """Harrell's C: the share of comparable pairs in which the patient with the higher score dies first, ties half.

    ``low`` and ``high`` are the 2.5th and 97.5th percentile over bootstrapped patients.
    """

    value: float
    low: float
    high: float
    patients: int
    events: int


@dataclass(frozen=True)
class KaplanMeierCurve:
    """Survival of one group: steps at ``times_months`` with a pointwise 95 % band (log-log), and numbers at risk.

    ``at_risk`` counts the patients still followed at each of ``at_risk_months``. ``median_months`` is infinite where
    the curve stays above one half.
    """

    group: str
    patients: int
    events: int
    times_months: tuple[float, ...]
    survival: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    at_risk_months: tuple[float, ...]
    at_risk: tuple[int, ...]
    median_months: float


def harrell_c(
    risk: Sequence[float], months: Sequence[float], died: Sequence[bool], seed: int = 1, draws: int = 1000
) -> ConcordanceIndex:
    """Harrell's C of a score of which higher means worse (Harrell 1996), with a bootstrap interval.

    Parameters
    ----------
    risk, months, died : sequences of one length
        Score, follow-up in months (above 0), and whether the patient died then (otherwise censored).
    seed, draws : int
        Of the bootstrap of patients; draws without a comparable pair are drawn again.

    Raises ValueError for other lengths, values that are not finite, or fewer than `FEWEST_EVENTS` deaths.
    """
    from lifelines.utils import concordance_index

    scores, times, events = _checked(risk, months, died)
    # lifelines counts pairs in which the higher prediction lives longer.
    value = float(concordance_index(times, -scores, events))
    random = np.random.default_rng(seed)
    found: list[float] = []
    while len(found) < draws:
        rows = random.integers(len(times), size=len(times))
        if events[rows].sum() > 1:
            found.append(float(concordance_index(times[rows], -scores[rows], events[rows])))
    low, high = np.percentile(found, [2.5, 97.5])
    return ConcordanceIndex(value, float(low), float(high), len(times), int(events.sum()))


def kaplan_meier(
    groups: Sequence[str],
    months: Sequence[float],
    died: Sequence[bool],
    order: Sequence[str],
    at_risk_months: Sequence[float],
) -> tuple[KaplanMeierCurve, ...]:
    """One curve for each group of ``order`` that has patients (Kaplan and Meier 1958).

    Raises ValueError as `harrell_c` does, or for a group that is not in ``order``.
    """
    from lifelines import KaplanMeierFitter

    missing = sorted(set(groups) - set(order))
    if missing:
        raise ValueError(f"The group {missing[0]!r} is not one of {', '.join(order)}.")
    _, times, events = _checked([0.0] * len(groups), months, died)
    curves = []
    for group in order:
        chosen = np.array([one == group for one in groups])
        if not chosen.any():
            continue
        fitted = KaplanMeierFitter().fit(times[chosen], events[chosen])
        band = fitted.confidence_interval_survival_function_
        curves.append(
            KaplanMeierCurve(
                group,
                int(chosen.sum()),
                int(events[chosen].sum()),
                tuple(map(float, fitted.survival_function_.index)),
                tuple(map(float, fitted.survival_function_.iloc[:, 0])),
                tuple(map(float, band.iloc[:, 0])),
                tuple(map(float, band.iloc[:, 1])),
                tuple(map(float, at_risk_months)),
                tuple(int((times[chosen] >= month).sum()) for month in at_risk_months),
                float(fitted.median_survival_time_),
            )
        )
    return tuple(curves)


def log_rank_p(groups: Sequence[str], months: Sequence[float], died: Sequence[bool]) -> float | None:
    """Two-sided p of the log-rank test between all groups; None where there is one group only."""
    from lifelines.statistics import multivariate_logrank_test

    _, times, events = _checked([0.0] * len(groups), months, died)
    if len(set(groups)) < 2:
        return None
    return float(multivariate_logrank_test(times, list(groups), events).p_value)


def _checked(
    risk: Sequence[float], months: Sequence[float], died: Sequence[bool]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    scores, times, events = np.asarray(risk, float), np.asarray(months, float), np.asarray(died, bool)
    if not len(scores) == len(times) == len(events):
        raise ValueError(f"{len(scores)} scores, {len(times)} times and {len(events)} outcomes are not of one length.")
    if not (np.isfinite(scores).all() and np.isfinite(times).all()) or (times <= 0).any():
        raise ValueError("Scores and follow-up times must be finite numbers, and every follow-up longer than 0.")
    if events.sum() < FEWEST_EVENTS:
        raise ValueError(f"{events.sum()} deaths are too few to judge survival; at least {FEWEST_EVENTS} are needed.")
    return scores, times, events


def months_text(months: float) -> str:
    """A median survival as it is printed; "not reached" where it is infinite."""
    return f"{months:.1f} months" if isfinite(months) else "not reached"
