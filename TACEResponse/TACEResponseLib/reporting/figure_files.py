"""What all figures made by matplotlib share: colours, axes, and the same bytes for the same figure."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = {
    "KNN": "#8c8c8c",
    "SVM": "#b07aa1",
    "Lasso": "#59a14f",
    "DNN": "#0072b2",
    "Clinical": "#e69f00",
    "CL": "#2e7d32",
    "CD": "#004c78",
    "Size only": "#c44e52",
    "Scanner only": "#937860",
}
OR_COLOUR, NOR_COLOUR = "#0072b2", "#d55e00"


def figure_bytes(figure: Figure, kind: str) -> bytes:
    """The figure as "svg" or "png"; the same figure gives the same bytes."""
    import matplotlib as mpl

    buffer = io.BytesIO()
    with mpl.rc_context({"svg.hashsalt": "tace-response", "svg.fonttype": "none"}):
        figure.savefig(buffer, format=kind, dpi=150, metadata={"Date": None} if kind == "svg" else {"Software": None})
    return buffer.getvalue()


def new_figure(width: float, height: float, rows: int = 1, columns: int = 1) -> tuple[Figure, np.ndarray]:
    """A figure of these inches and its axes (rows, columns)."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(rows, columns, squeeze=False)
    for one in axes.flat:
        one.spines[["top", "right"]].set_visible(False)
        one.tick_params(labelsize=8)
    return figure, axes


def unit_square(axis: Axes, title: str = "") -> None:
    """Axes from 0 to 1 both ways with the diagonal, for ROC and calibration curves."""
    axis.plot([0, 1], [0, 1], color="grey", linewidth=0.8, linestyle=":")
    axis.set_xlim(-0.01, 1.01)
    axis.set_ylim(-0.01, 1.01)
    axis.set_xticks([0, 0.5, 1])
    axis.set_yticks([0, 0.5, 1])
    axis.set_aspect("equal")
    axis.set_title(title, fontsize=9)


def roc_labels(axis: Axes) -> None:
    """Names of the axes of an ROC curve."""
    axis.set_xlabel("1 - specificity", fontsize=8)
    axis.set_ylabel("sensitivity", fontsize=8)
