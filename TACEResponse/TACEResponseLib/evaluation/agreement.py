"""How far readers agree on the outcome, which bounds what any model can do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from ..cohort import MRECIST_CATEGORIES
from .roc import auc


@dataclass(frozen=True)
class ReaderPair:
    """Two readers on the patients whom both rated.

    ``kappa`` is Cohen's of the outcome (OR, NOR), ``discordant`` the share rated differently. ``auc`` takes the first
    reader's outcome as score for the second's, (sensitivity + specificity) / 2: the yardstick for any model.
    """

    first: str
    second: str
    patients: int
    kappa: float
    discordant: float
    auc: float


def reader_pairs(categories: Mapping[str, list[str | None]]) -> list[ReaderPair]:
    """All pairs of readers, in both orders for the AUC: ``categories`` maps a reader to CR, PR, SD, PD or None.

    Pairs with fewer than two common patients, or where the second reader saw one outcome only, are left out.
    """
    pairs = []
    for one, other in combinations(categories, 2):
        for first, second in ((one, other), (other, one)):
            both = [
                (a, b)
                for a, b in zip(categories[first], categories[second], strict=True)
                if a in MRECIST_CATEGORIES and b in MRECIST_CATEGORIES
            ]
            outcomes = [np.array([rated[n] in ("CR", "PR") for rated in both]) for n in (0, 1)]
            if len(both) < 2 or outcomes[1].all() or not outcomes[1].any():
                continue
            pairs.append(
                ReaderPair(
                    first,
                    second,
                    len(both),
                    cohen_kappa(*outcomes),
                    float(np.mean(outcomes[0] != outcomes[1])),
                    auc(outcomes[0].astype(float), outcomes[1]),
                )
            )
    return pairs


def cohen_kappa(first: np.ndarray, second: np.ndarray) -> float:
    """Cohen's kappa of two bool arrays (n,); 1 if both readers rated all patients alike."""
    agreed = float(np.mean(first == second))
    chance = first.mean() * second.mean() + (1 - first.mean()) * (1 - second.mean())
    return 1.0 if chance == 1 else float((agreed - chance) / (1 - chance))
