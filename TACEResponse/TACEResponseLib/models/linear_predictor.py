"""A fitted logistic regression together with its bootstrap refits."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

INTERVAL_PERCENTILES = (2.5, 97.5)


@dataclass(frozen=True, eq=False)
class LinearPredictor:
    """log odds of OR = intercept + sum over known terms of (offset + coefficient * value).

    ``offsets`` are zero unless the model may drop a term that is unknown: then the offset is what the term adds at
    value 0, and leaving out both is exact if the terms are independent within outcome. ``means`` are the training
    means of the terms. The ``refit_*`` arrays hold the same of B bootstrap refits, (B,) or (B, n_terms). Raises
    ValueError for arrays of other lengths.
    """

    terms: tuple[str, ...]
    intercept: float
    coefficients: np.ndarray
    offsets: np.ndarray
    means: np.ndarray
    refit_intercepts: np.ndarray
    refit_coefficients: np.ndarray
    refit_offsets: np.ndarray
    refit_means: np.ndarray

    def __post_init__(self) -> None:
        n_terms, n_refits = len(self.terms), len(self.refit_intercepts)
        one_patient = (self.coefficients, self.offsets, self.means)
        refits = (self.refit_coefficients, self.refit_offsets, self.refit_means)
        if any(np.shape(array) != (n_terms,) for array in one_patient) or any(
            np.shape(array) != (n_refits, n_terms) for array in refits
        ):
            raise ValueError(f"The arrays of a predictor do not fit its {n_terms} terms and {n_refits} refits.")

    def shifted(self, log_odds: float) -> LinearPredictor:
        """The same predictor with this much added to every patient's log odds, and to those of every refit."""
        return replace(self, intercept=self.intercept + log_odds, refit_intercepts=self.refit_intercepts + log_odds)

    def recalibrated(
        self, intercept: float, slope: float, refit_intercepts: np.ndarray, refit_slopes: np.ndarray
    ) -> LinearPredictor:
        """The predictor whose log odds are intercept + slope * log odds, each of the B refits with its own (B,)."""
        by_refit = np.asarray(refit_slopes)[:, None]
        return replace(
            self,
            intercept=intercept + slope * self.intercept,
            coefficients=slope * self.coefficients,
            offsets=slope * self.offsets,
            refit_intercepts=refit_intercepts + refit_slopes * self.refit_intercepts,
            refit_coefficients=by_refit * self.refit_coefficients,
            refit_offsets=by_refit * self.refit_offsets,
        )

    def probability(self, values: np.ndarray, refit_values: np.ndarray) -> tuple[float, float, float]:
        """Probability of OR with its 95 % percentile interval over the refits; arguments as of `log_odds`."""
        log_odds, refit_log_odds = self.log_odds(values, refit_values)
        low, high = np.percentile(refit_log_odds, INTERVAL_PERCENTILES)
        middle, lower, upper = expit(np.array([log_odds, low, high]))
        return float(middle), float(lower), float(upper)

    def log_odds(self, values: np.ndarray, refit_values: np.ndarray) -> tuple[float, np.ndarray]:
        """Log odds of OR, and those of each refit (B,).

        ``values`` (n_terms,) and ``refit_values`` (B, n_terms), the same patient scored by each refit; NaN in
        ``values`` is a dropped term.
        """
        known = ~np.isnan(values)
        log_odds = self.intercept + np.sum(self.offsets[known] + self.coefficients[known] * values[known])
        refit_log_odds = self.refit_intercepts + np.sum(
            self.refit_offsets[:, known] + self.refit_coefficients[:, known] * refit_values[:, known], axis=1
        )
        return float(log_odds), refit_log_odds

    def term_log_odds(
        self, values: np.ndarray, refit_values: np.ndarray
    ) -> dict[str, tuple[float, float, float, float]]:
        """For each known term (value, log odds against the training mean, low, high)."""
        contributions = self.coefficients * (values - self.means)
        refit_contributions = self.refit_coefficients * (refit_values - self.refit_means)
        known = {}
        for number, term in enumerate(self.terms):
            if not np.isnan(values[number]):
                low, high = np.percentile(refit_contributions[:, number], INTERVAL_PERCENTILES)
                known[term] = (float(values[number]), float(contributions[number]), float(low), float(high))
        return known


def expit(log_odds: np.ndarray | float) -> np.ndarray:
    """1 / (1 + exp(-x)), without overflow."""
    return 0.5 * (1.0 + np.tanh(0.5 * np.asarray(log_odds, dtype=float)))


def logit(probability: np.ndarray | float) -> np.ndarray:
    """ln(p / (1 - p)) for 0 < p < 1."""
    probability = np.asarray(probability, dtype=float)
    log_odds: np.ndarray = np.log(probability) - np.log1p(-probability)
    return log_odds
