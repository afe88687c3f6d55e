"""mRECIST: from diameters of viable tumour to a category, and from a category to the outcome (clinical.md).

Source: Lencioni and Llovet, Modified RECIST (mRECIST) assessment for hepatocellular carcinoma, 2010.
"""

from __future__ import annotations

MRECIST_CATEGORIES: tuple[str, ...] = ("CR", "PR", "SD", "PD")

NOT_EVALUABLE = "NE"

_TOLERANCE = 1e-9


def mrecist_category(
    baseline_mm: float,
    follow_up_mm: float,
    smallest_mm: float | None = None,
    new_lesion: bool = False,
    non_target: str | None = None,
) -> str:
    """CR, PR, SD or PD.

    Parameters
    ----------
    baseline_mm, follow_up_mm : float
        Sum of the viable (arterially enhancing) diameters of the target lesions, before and after TACE.
    smallest_mm : float, optional
        Smallest sum of the earlier follow-ups, 0 after a complete response; None at the first follow-up. The smallest
        sum so far is this or the baseline, whichever is smaller.
    new_lesion : bool
        A new lesion is progression.
    non_target : str, optional
        Non-target lesions: "gone", "persisting" or "progressing"; None if there are none.

    Raises
    ------
    ValueError
        For a baseline that is not above 0, negative sums, or an unknown state of non-target lesions.
    """
    if not 0 < baseline_mm < float("inf"):
        raise ValueError(f"The viable diameters before TACE sum up to {baseline_mm:g} mm; they must be above 0.")
    smallest_mm = baseline_mm if smallest_mm is None else min(smallest_mm, baseline_mm)
    if not (0 <= follow_up_mm < float("inf") and 0 <= smallest_mm < float("inf")):
        raise ValueError("A sum of viable diameters cannot be negative; enter 0 where no viable tumour is left.")
    if non_target not in (None, "gone", "persisting", "progressing"):
        raise ValueError(f"Non-target lesions are gone, persisting or progressing, not {non_target!r}.")
    if new_lesion or non_target == "progressing":
        return "PD"
    if follow_up_mm <= _TOLERANCE:
        return "PR" if non_target == "persisting" else "CR"
    if follow_up_mm >= 1.20 * smallest_mm - _TOLERANCE:
        return "PD"
    return "PR" if follow_up_mm <= 0.70 * baseline_mm + _TOLERANCE else "SD"


def is_objective_response(category: str) -> bool | None:
    """True for CR and PR, False for SD and PD, None for not evaluable ("NE"). Raises ValueError for another word."""
    if category == NOT_EVALUABLE:
        return None
    if category not in MRECIST_CATEGORIES:
        raise ValueError(f"{category!r} is not an mRECIST category; write {', '.join(MRECIST_CATEGORIES)} or NE.")
    return category in ("CR", "PR")
