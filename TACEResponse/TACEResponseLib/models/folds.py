"""Stratified folds of patients; a bootstrap's repeats of one patient never part."""

from __future__ import annotations

import numpy as np


def stratified_folds(
    outcome: np.ndarray, fold_count: int, random: np.random.Generator, patients: np.ndarray | None = None
) -> np.ndarray:
    """Fold (0 to ``fold_count`` - 1) of each row, with as equal shares of OR as can be.

    Parameters
    ----------
    outcome : bool array (n,)
    fold_count : int
    random : numpy Generator
    patients : int array (n,), optional
        Rows with the same number belong to one patient and share a fold; they share the outcome too.

    Raises
    ------
    ValueError
        If one outcome has fewer patients than there are folds.
    """
    outcome = np.asarray(outcome, dtype=bool)
    patients = np.arange(len(outcome)) if patients is None else np.asarray(patients)
    distinct, first, index = np.unique(patients, return_index=True, return_inverse=True)
    own = outcome[first]
    fold_of = np.empty(len(distinct), dtype=int)
    start = 0
    for level, name in ((True, "OR"), (False, "NOR")):
        members = np.flatnonzero(own == level)
        if len(members) < fold_count:
            raise ValueError(
                f"{len(members)} patients have {name}, fewer than the {fold_count} folds of the cross-validation; it "
                "needs more patients."
            )
        # The second outcome goes on where the first stopped, so that sizes of folds differ by one at most.
        fold_of[random.permutation(members)] = (start + np.arange(len(members))) % fold_count
        start = len(members) % fold_count
    return fold_of[index]


def inner_parts(
    outcome: np.ndarray, fold_count: int, random: np.random.Generator, patients: np.ndarray
) -> list[tuple[np.ndarray, np.ndarray]]:
    """(training rows, test rows) of each of at most ``fold_count`` stratified folds, for tuning within a fit.

    There are as many folds as the rarer outcome has patients if those are fewer. Arguments as of `stratified_folds`.
    """
    count = min(fold_count, *(len(np.unique(patients[outcome == level])) for level in (True, False)))
    folds = stratified_folds(outcome, count, random, patients)
    return [(np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)) for fold in range(count)]
