"""Decision curves (Vickers and Elkin 2006): is treating by the model better than treating all or none?"""

from __future__ import annotations

import numpy as np

THRESHOLDS = np.linspace(0.05, 0.95, 91)


def decision_curve(
    probabilities: dict[str, np.ndarray], outcome: np.ndarray, thresholds: np.ndarray = THRESHOLDS
) -> dict[str, np.ndarray]:
    """Net benefit (n_thresholds,) of each model, of treating all ("all") and none ("none").

    Positive is OR, "treat" is TACE. ``probabilities`` are calibrated predictions of patients not learnt from, (n,) by
    model. Computed by the package dcurves.
    """
    import pandas as pd
    from dcurves import dca

    frame = pd.DataFrame({**probabilities, "outcome": outcome.astype(int)})
    table = dca(data=frame, outcome="outcome", modelnames=list(probabilities), thresholds=thresholds)
    return {
        name: rows.sort_values("threshold")["net_benefit"].to_numpy()
        for name, rows in table.groupby("model")
        if name in (*probabilities, "all", "none")
    }
