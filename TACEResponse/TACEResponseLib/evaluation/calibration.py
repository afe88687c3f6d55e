"""Calibration of predicted probabilities, and what a site would need to recalibrate (Van Calster et al. 2019)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..models import expit, logit
from ..models.logistic import fit_logistic

FEW_EVENTS = 100
"""With fewer patients of the rarer outcome, calibration cannot be judged (honesty.md)."""

_LEAST_PROBABILITY = 1e-9
_CURVE_SPAN = 0.75


@dataclass(frozen=True)
class Calibration:
    """How predicted probabilities fit outcomes.

    ``intercept`` is calibration in the large (offset model, 0 is perfect), ``slope`` 1 is perfect, ``ici`` the mean
    absolute distance of the smooth curve from the prediction, ``brier`` the mean squared error.
    """

    intercept: float
    slope: float
    ici: float
    brier: float
    events: int

    @property
    def can_be_judged(self) -> bool:
        """Whether there are events enough."""
        return self.events >= FEW_EVENTS


def calibration(probability: np.ndarray, outcome: np.ndarray) -> Calibration:
    """Intercept, slope, ICI and Brier score of probabilities (n,) of patients who took no part in the training."""
    probability = np.asarray(probability, dtype=float)
    log_odds = logit(probability.clip(_LEAST_PROBABILITY, 1 - _LEAST_PROBABILITY))
    slope = float(fit_logistic(log_odds[:, None], outcome).coefficients[0])
    smooth = calibration_curve(probability, outcome, probability)
    events = int(min(outcome.sum(), (~outcome).sum()))
    return Calibration(
        intercept=intercept_offset(log_odds, outcome),
        slope=slope,
        ici=float(np.mean(np.abs(smooth - probability))),
        brier=float(np.mean((probability - outcome) ** 2)),
        events=events,
    )


def intercept_offset(log_odds: np.ndarray, outcome: np.ndarray) -> float:
    """Maximum likelihood a of log odds + a, by Newton's method; positive where the predicted risks are too low."""
    shift = 0.0
    for _ in range(100):
        probability = expit(log_odds + shift)
        step = (outcome.sum() - probability.sum()) / max(float((probability * (1 - probability)).sum()), 1e-12)
        shift += float(np.clip(step, -2, 2))
        if abs(step) < 1e-12:
            break
    return shift


def calibration_curve(probability: np.ndarray, outcome: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Smoothed share of OR at the probabilities ``at``: lowess of statsmodels, span 0.75, cut at 0 and 1."""
    from statsmodels.nonparametric.smoothers_lowess import lowess

    # Ties make lowess divide by zero; a spread far below what can be seen does not move the curve.
    spread = np.argsort(np.argsort(probability, kind="stable"), kind="stable") * 1e-12
    values = lowess(
        outcome.astype(float), probability + spread, frac=_CURVE_SPAN, it=0, xvals=np.asarray(at, dtype=float)
    )
    return np.asarray(np.clip(np.nan_to_num(values, nan=float(outcome.mean())), 0.0, 1.0))


def calibration_band(
    probability: np.ndarray, outcome: np.ndarray, at: np.ndarray, seed: int, draws: int = 200
) -> tuple[np.ndarray, np.ndarray]:
    """Pointwise 95 % band of the curve over bootstraps of patients."""
    random = np.random.default_rng(seed)
    curves = []
    for _ in range(draws):
        rows = random.integers(0, len(outcome), len(outcome))
        curves.append(calibration_curve(probability[rows], outcome[rows], at))
    low, high = np.percentile(curves, (2.5, 97.5), axis=0)
    return low, high


@dataclass(frozen=True)
class Recalibration:
    """log odds' = intercept + slope * log odds, both drawn towards 0 and 1 by ``shrinkage`` (0: none kept, 1: all)."""

    intercept: float
    slope: float
    shrinkage: float
    patients: int


def recalibrate(log_odds: np.ndarray, outcome: np.ndarray) -> Recalibration:
    """Intercept and slope on n local patients, shrunk towards no change (Steyerberg et al. 2004).

    The factor is (chi2 - 2) / chi2, not below 0, where chi2 is the likelihood ratio of the fitted intercept and slope
    against none and 2 its degrees of freedom: with few patients little is changed. A slope below 0 would reverse the
    model; then every patient gets the share of OR.
    """
    fit = fit_logistic(log_odds[:, None], outcome)
    slope, intercept = float(fit.coefficients[0]), fit.intercept
    if slope < 0:
        slope, intercept = 0.0, float(logit(outcome.mean()))
    fitted = intercept + slope * log_odds
    gain = 2 * (log_likelihood(fitted, outcome) - log_likelihood(log_odds, outcome))
    shrinkage = float(max(0.0, (gain - 2) / gain)) if gain > 0 else 0.0
    return Recalibration(shrinkage * intercept, 1 + shrinkage * (slope - 1), shrinkage, len(outcome))


def patients_for_recalibration(prevalence: float, half_width: float = 0.05) -> int:
    """Patients for which the observed share of OR is known to +-``half_width`` (95 %): what a new intercept needs."""
    return int(np.ceil(1.96**2 * prevalence * (1 - prevalence) / half_width**2))


def patients_for_slope(log_odds: np.ndarray, half_width: float = 0.2) -> int | None:
    """Patients like these for whom the slope of calibrated ``log_odds`` (n,) is known to +-``half_width`` (95 %).

    From the information matrix of the logistic regression at intercept 0 and slope 1 (Riley et al., Minimum sample size
    for external validation of a clinical prediction model with a binary outcome, 2021). None where the log odds do not
    differ, so that no number of patients would do.
    """
    weight = expit(log_odds) * (1 - expit(log_odds))
    own, mixed, slope = (float(np.mean(weight * log_odds**power)) for power in (0, 1, 2))
    determinant = own * slope - mixed**2
    if determinant <= 1e-12:
        return None
    return int(np.ceil(own / determinant * (1.959963984540054 / half_width) ** 2))


def log_likelihood(log_odds: np.ndarray, outcome: np.ndarray) -> float:
    """Bernoulli log likelihood of outcomes (n,) with these log odds (n,)."""
    return float(-np.sum(np.logaddexp(0, np.where(outcome, -log_odds, log_odds))))
