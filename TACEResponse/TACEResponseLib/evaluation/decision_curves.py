"""Decision curves (Vickers and Elkin 2006): is treating by the model better than treating all or none?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

DECISION_THRESHOLDS = np.linspace(0.05, 0.90, 86)


@dataclass(frozen=True, eq=False)
class DecisionCurves:
    """``net_benefit`` (n_thresholds,) by model, of treating all ("all") and none ("none")."""

    thresholds: np.ndarray
    net_benefit: dict[str, np.ndarray]


def decision_curves(
    probabilities: Mapping[str, np.ndarray], outcome: np.ndarray, thresholds: np.ndarray = DECISION_THRESHOLDS
) -> DecisionCurves:
    """Net benefit of each model, of treating all and of treating none.

    Positive is OR, "treat" is TACE. ``probabilities`` (n,) by model are calibrated predictions of patients who
    took no part in the training. Computed by the package dcurves.
    """
    import pandas as pd
    from dcurves import dca

    frame = pd.DataFrame({**probabilities, "outcome": outcome.astype(int)})
    table = dca(data=frame, outcome="outcome", modelnames=list(probabilities), thresholds=thresholds)
    benefits = {
        str(name): rows.sort_values("threshold")["net_benefit"].to_numpy()
        for name, rows in table.groupby("model")
        if name in (*probabilities, "all", "none")
    }
    return DecisionCurves(thresholds, benefits)
