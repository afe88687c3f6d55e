"""Univariate and multivariate logistic regression as odds ratios with intervals (statsmodels)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..models.logistic import fit_logistic, is_separable


@dataclass(frozen=True)
class OddsRatio:
    """Odds ratio of a term with its 95 % Wald interval and p; only the penalised ratio where the term separates."""

    term: str
    odds_ratio: float
    low: float | None
    high: float | None
    p: float | None
    patients: int
    note: str


def univariate_odds_ratios(values: np.ndarray, outcome: np.ndarray, names: tuple[str, ...]) -> list[OddsRatio]:
    """A regression for each column of (n, p); patients in whom it is unknown (NaN) are left out of it."""
    results = []
    for column, name in enumerate(names):
        known = np.isfinite(values[:, column])
        results += odds_ratios(values[known, column : column + 1], outcome[known], (name,))
    return results


def odds_ratios(values: np.ndarray, outcome: np.ndarray, names: tuple[str, ...]) -> list[OddsRatio]:
    """One regression on all columns of (n, p), on patients in whom all are known.

    Where the columns separate the outcomes, maximum likelihood has no finite answer: then the ratios are those of a
    ridge-penalised fit, without intervals, as the note states.
    """
    known = np.isfinite(values).all(axis=1)
    values, outcome = values[known], outcome[known]
    count = len(outcome)
    varying = values.std(axis=0) > 0
    if not varying.all() or outcome.all() or not outcome.any():
        constant = [name for name, varies in zip(names, varying, strict=True) if not varies]
        note = f"not estimable: {', '.join(constant) or 'the outcome'} is the same in all patients"
        return [OddsRatio(name, float("nan"), None, None, None, count, note) for name in names]
    if is_separable((values - values.mean(axis=0)) / values.std(axis=0), outcome):
        ratios = np.exp(fit_logistic(values, outcome).coefficients)
        note = "separates the outcomes: ridge-penalised, without interval"
        return [
            OddsRatio(name, float(ratio), None, None, None, count, note)
            for name, ratio in zip(names, ratios, strict=True)
        ]
    import statsmodels.api as sm

    fit = sm.Logit(outcome.astype(float), sm.add_constant(values, has_constant="add")).fit(disp=0, tol=1e-10)
    intervals = np.exp(fit.conf_int())
    return [
        OddsRatio(
            term=name,
            odds_ratio=float(np.exp(fit.params[n])),
            low=float(intervals[n][0]),
            high=float(intervals[n][1]),
            p=float(fit.pvalues[n]),
            patients=count,
            note="",
        )
        for n, name in enumerate(names, start=1)
    ]
