"""Who is drawn again: a random share of the patients, as a work list for the readers."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from ..cohort import Case

PLAN_COLUMNS = ("order", "patient_id", "lesion", "reader", "session", "instruction")


def plan_redrawing(
    cases: Sequence[Case], share: float, seed: int, reader: str = "1", other_reader: str = "2"
) -> list[dict[str, str]]:
    """Rows of the work list (`PLAN_COLUMNS`): each drawn case once for either reader, in an order of its own.

    Parameters
    ----------
    cases : sequence of Case
        Rows of the reference reader's first session count; each patient is drawn as a whole.
    share : float
        Of the patients, 0-1, rounded up (the paper: 0.25).
    seed : int
        The same seed draws the same patients from the same cohort, whatever the order of its rows.

    Raises
    ------
    ValueError
        For a share outside 0-1, or if the reader drew nobody.
    """
    if not 0.0 < share <= 1.0:
        raise ValueError(
            f"The share of the cases to be drawn again must lie between 0 and 1 (for example 0.25), not {share}."
        )
    own = sorted({(case.key.patient_id, case.key.lesion) for case in cases if case.key.reader == reader})
    patients = sorted({patient for patient, _ in own})
    if not patients:
        raise ValueError(f"There is no row of reader {reader}.")
    random = np.random.default_rng([seed, 50])
    drawn = set(random.permutation(patients)[: math.ceil(share * len(patients))])
    lesions = [lesion for lesion in own if lesion[0] in drawn]
    instructions = {
        (
            reader,
            "2",
        ): "draw the VOIs of all sequences anew, at least 2 months after session 1, without seeing session 1",
        (
            other_reader,
            "1",
        ): f"draw the VOIs of all sequences without seeing those of reader {reader} or the clinical facts",
    }
    rows = []
    for (who, session), instruction in instructions.items():
        for order, number in enumerate(random.permutation(len(lesions)), start=1):
            patient, lesion = lesions[number]
            values = (str(order), patient, lesion, who, session, instruction)
            rows.append(dict(zip(PLAN_COLUMNS, values, strict=True)))
    return rows
