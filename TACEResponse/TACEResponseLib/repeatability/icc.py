"""Intraclass correlation of single ratings: one-way random, two-way absolute agreement, two-way consistency."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

ICC_FORMS: dict[str, str] = {
    "1,1": "ICC(1,1), one-way random",
    "2,1": "ICC(2,1) = ICC(A,1), absolute agreement",
    "3,1": "ICC(3,1) = ICC(C,1), consistency",
}
"""Shrout and Fleiss' name -> how tables and reports call it (McGraw and Wong 1996)."""

DEFAULT_FORM = "2,1"

_CONSTANT_RELATIVE_SPREAD = 1e-12
"""Ratings that differ by less, relative to their size, are equal but for rounding."""


@dataclass(frozen=True, eq=False)
class Icc:
    """ICC of many features at once: ``value``, ``low`` and ``high`` (p,), the 95 % interval by the F distribution.

    NaN where the ICC is undefined: a rating is not finite, all ratings of that feature are equal, or, in the two-way
    forms, no rater tells the cases apart.
    """

    form: str
    value: np.ndarray
    low: np.ndarray
    high: np.ndarray
    cases: int
    raters: int


def icc(ratings: np.ndarray, form: str = DEFAULT_FORM) -> Icc:
    """ICC of single ratings.

    Parameters
    ----------
    ratings : array (n_cases, n_raters, n_features)
        Every case rated by the same raters (forms 2,1 and 3,1) or as often by any (form 1,1). A feature with a rating
        that is not finite has no ICC.
    form : str
        One of `ICC_FORMS`.

    Returns
    -------
    Icc
        Formulas and intervals of McGraw and Wong, Psychological Methods 1996, tables 4 and 7.

    Raises
    ------
    ValueError
        For an unknown form, and for fewer than 2 cases or raters.
    """
    from scipy.stats import f

    if form not in ICC_FORMS:
        raise ValueError(f"There is no ICC form {form!r}; choose one of {', '.join(ICC_FORMS)}.")
    ratings = np.asarray(ratings, dtype=float)
    n, k, _ = ratings.shape
    if n < 2 or k < 2:
        raise ValueError(f"An ICC needs at least 2 cases, each rated at least twice; here are {n} rated {k} times.")
    defined = np.isfinite(ratings).all(axis=(0, 1))
    ratings = np.where(defined, ratings, 0.0)
    mean = ratings.mean(axis=(0, 1))
    by_case, by_rater = ratings.mean(axis=1), ratings.mean(axis=0)
    rows = k * ((by_case - mean) ** 2).sum(axis=0) / (n - 1)
    columns = n * ((by_rater - mean) ** 2).sum(axis=0) / (k - 1)
    within = ((ratings - by_case[:, None]) ** 2).sum(axis=(0, 1)) / (n * (k - 1))
    residual = ratings - by_case[:, None] - by_rater[None] + mean
    error = (residual**2).sum(axis=(0, 1)) / ((n - 1) * (k - 1))
    with np.errstate(divide="ignore", invalid="ignore"):
        if form == "1,1":
            value = (rows - within) / (rows + (k - 1) * within)
            ratio, degrees = rows / within, (n - 1, n * (k - 1))
        elif form == "3,1":
            value = (rows - error) / (rows + (k - 1) * error)
            ratio, degrees = rows / error, (n - 1, (n - 1) * (k - 1))
        else:
            value = (rows - error) / (rows + (k - 1) * error + k * (columns - error) / n)
        if form == "2,1":
            low, high = _agreement_interval(value, rows, columns, error, n, k)
        else:
            lowest, highest = ratio / f.ppf(0.975, *degrees), ratio * f.ppf(0.975, *degrees[::-1])
            low, high = ((bound - 1) / (bound + k - 1) for bound in (lowest, highest))
            perfect = np.isinf(ratio)
            low, high = np.where(perfect, 1.0, low), np.where(perfect, 1.0, high)
    spread = np.ptp(ratings, axis=(0, 1)) if form == "1,1" else np.ptp(ratings, axis=0).max(axis=0)
    varies = spread > _CONSTANT_RELATIVE_SPREAD * np.abs(ratings).max(axis=(0, 1))
    value, low, high = (np.where(defined & varies, array, np.nan) for array in (value, low, high))
    return Icc(form, value, low, high, n, k)


def _agreement_interval(
    value: np.ndarray, rows: np.ndarray, columns: np.ndarray, error: np.ndarray, n: int, k: int
) -> tuple[np.ndarray, np.ndarray]:
    """Interval of ICC(A,1), with Satterthwaite's degrees of freedom."""
    from scipy.stats import f

    a = k * value / (n * (1 - value))
    b = 1 + k * value * (n - 1) / (n * (1 - value))
    degrees = (a * columns + b * error) ** 2 / ((a * columns) ** 2 / (k - 1) + (b * error) ** 2 / ((n - 1) * (k - 1)))
    upper, lower = f.ppf(0.975, n - 1, degrees), f.ppf(0.975, degrees, n - 1)
    others = k * columns + (k * n - k - n) * error
    low = n * (rows - upper * error) / (upper * others + n * rows)
    high = n * (lower * rows - error) / (others + n * lower * rows)
    perfect = value == 1
    return np.where(perfect, 1.0, low), np.where(perfect, 1.0, high)
