"""Logistic regression with a check for separation (scikit-learn; training only)."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np

PENALTY_C = 1.0
"""Inverse strength of the ridge penalty on standardised terms, used only where the data separate the outcomes."""


@dataclass(frozen=True, eq=False)
class LogisticFit:
    """log odds = intercept + values @ coefficients; ``penalised`` if the terms separated the outcomes."""

    intercept: float
    coefficients: np.ndarray
    penalised: bool

    def log_odds(self, values: np.ndarray) -> np.ndarray:
        """Log odds (n,) of rows (n, n_terms)."""
        log_odds: np.ndarray = self.intercept + np.asarray(values, dtype=float) @ self.coefficients
        return log_odds


def fit_logistic(values: np.ndarray, outcome: np.ndarray) -> LogisticFit:
    """Maximum likelihood, or a ridge penalty where maximum likelihood has no finite answer.

    Parameters
    ----------
    values : array (n, n_terms)
    outcome : bool array (n,)

    Returns
    -------
    LogisticFit
        Constant terms get the coefficient 0. ``penalised`` is True where a combination of terms separates the outcomes,
        completely or but for ties: then the terms are standardised and penalised with C = `PENALTY_C`.

    Raises
    ------
    ValueError
        If all patients have one outcome.
    """
    from sklearn.linear_model import LogisticRegression

    values = np.asarray(values, dtype=float)
    outcome = np.asarray(outcome, dtype=bool)
    if outcome.all() or not outcome.any():
        raise ValueError("All patients have the same outcome; a logistic regression needs both.")
    mean, spread = values.mean(axis=0), values.std(axis=0)
    varying = spread > 1e-12
    coefficients = np.zeros(values.shape[1])
    share = outcome.mean()
    if not varying.any():
        return LogisticFit(float(np.log(share / (1 - share))), coefficients, False)
    scaled = (values[:, varying] - mean[varying]) / spread[varying]
    penalised = is_separable(scaled, outcome)
    model = LogisticRegression(C=PENALTY_C if penalised else np.inf, solver="newton-cholesky", tol=1e-8, max_iter=200)
    with warnings.catch_warnings():
        # Near separation the solver goes on as lbfgs, which finds the same optimum; if that fails too, it is told.
        warnings.filterwarnings("ignore", message="The inner solver of NewtonCholeskySolver")
        model.fit(scaled, outcome)
    coefficients[varying] = model.coef_[0] / spread[varying]
    intercept = float(model.intercept_[0] - coefficients @ mean)
    return LogisticFit(intercept, coefficients, penalised)


def is_separable(values: np.ndarray, outcome: np.ndarray) -> bool:
    """Whether a linear rule separates the outcomes, completely or but for ties on its boundary.

    A linear programme (Konis, Linear programming algorithms for detecting separated data in binary logistic
    regression, 2007): with signed rows s_i = +-(1, x_i), is there a direction b within a box with s_i b >= 0 for all
    rows and > 0 for some?
    """
    from scipy.optimize import linprog

    signed = np.column_stack([np.ones(len(values)), values]) * np.where(outcome, 1.0, -1.0)[:, None]
    solution = linprog(-signed.sum(axis=0), A_ub=-signed, b_ub=np.zeros(len(signed)), bounds=(-1, 1), method="highs")
    return solution.fun is not None and bool(-solution.fun > 1e-7 * len(values))
