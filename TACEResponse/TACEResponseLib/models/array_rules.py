"""What the arrays of a score may hold: each class of score states it, `bundle_checks` sees to it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

FINITE = "finite and of a possible size"
POSITIVE = "above zero and of a possible size"
WEIGHTS = "finite weights"
COLUMNS = "columns"
ZERO_OR_ONE = "0 or 1"

_LARGEST_NUMBER = 1e20
"""Beyond any feature, its mean or its spread; the smallest spread is one over it."""

_LARGEST_WEIGHT = 1e6

Rule = tuple[str, str]
"""What the numbers of an array are, and its shape by letters: f features, r refits, m members, t terms; other letters
stand for any length, the same within one group of arrays."""


def take_arrays(left: dict[str, np.ndarray], prefix: str, rules: Mapping[str, Rule], lengths: dict[str, int]) -> None:
    """Check these arrays and take them out of ``left``; ``lengths`` learns the lengths of letters not yet known.

    Raises ValueError for an array that is missing, or of another shape or content than its rule.
    """
    for name, (content, shape) in rules.items():
        array = left.pop(f"{prefix}{name}", None)
        if array is None:
            raise ValueError(f"{prefix}{name} is missing")
        if array.ndim != len(shape) or any(
            lengths.setdefault(letter, length) != length for letter, length in zip(shape, array.shape, strict=True)
        ):
            raise ValueError(f"{prefix}{name} has the shape {array.shape}")
        if not _fits(array, content):
            raise ValueError(f"{prefix}{name} holds numbers that are not {content}")


def _fits(array: np.ndarray, content: str) -> bool:
    if content == COLUMNS:
        return array.dtype.kind in "iu" and bool((array >= 0).all())
    if array.dtype == np.int8:
        return content == WEIGHTS and array.ndim == 3
    largest = _LARGEST_WEIGHT if content == WEIGHTS else _LARGEST_NUMBER
    # Compared this way round, NaN does not fit.
    if array.dtype.kind not in "fiu" or array.dtype.itemsize < 4 or not (np.abs(array) <= largest).all():
        return False
    if content == POSITIVE:
        return bool((array >= 1 / _LARGEST_NUMBER).all())
    return content != ZERO_OR_ONE or bool(((array == 0) | (array == 1)).all())
