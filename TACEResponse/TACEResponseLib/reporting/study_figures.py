"""Figures of a study's report (matplotlib), as SVG for the page and as files."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from ..evaluation import calibration_band, calibration_curve, roc_curve
from ..models import expit

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ..study.run_study import StudyResult

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


def study_figures(result: StudyResult) -> Iterator[tuple[str, str, Figure]]:
    """(file name, caption, figure) of each figure that the result allows."""
    yield "fig1_patients", "Patients in this study.", _flow(result)
    if result.honest:
        yield (
            "fig2_scores",
            "Probabilities by outcome, patients not learnt from (first repeat).",
            _distributions(result),
        )
        yield "fig3_bars", "AUC, sensitivity and specificity on outer predictions, 95 % intervals.", _bars(result)
        yield "fig4_roc", "ROC on outer predictions averaged over repeats.", _roc(result)
        yield (
            "fig5_calibration",
            "Calibration of outer predictions (first repeat), with bootstrap band.",
            _calibration(result),
        )
        yield "fig6_decision", "Decision curves of calibrated outer predictions; treat means TACE.", _decision(result)
    if "leak_audit" in result.numbers:
        yield "leak_audit", "AUC of the published protocol against the honest one.", _leak(result)


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


def _shown(result: StudyResult):
    return [one for one in result.honest if not one.model.is_control]


def _flow(result: StudyResult) -> Figure:
    """Fig. 1: who is in the study."""
    cohort = result.numbers["cohort"]
    inside, responders = cohort["patients"] - cohort["external"], cohort["responders"] - cohort["external_responders"]
    subjects = "phantoms" if cohort["phantoms"] else "patients"
    lesions = f"\n{cohort['lesions']} lesions" if cohort["lesions"] > cohort["patients"] else ""
    boxes = {
        (0.14, 0.62): f"{cohort['patients'] + cohort['without_outcome']} in the cohort table",
        (0.14, 0.1): f"{cohort['without_outcome']} left out:\nno outcome or not evaluable",
        (0.5, 0.62): f"{cohort['patients']} {subjects} with outcome\n{cohort['responders']} OR, "
        f"{cohort['patients'] - cohort['responders']} NOR{lesions}",
        (0.84, 0.62): f"development: {inside}\n{responders} OR, {inside - responders} NOR",
        (0.84, 0.1): f"external: {cohort['external']}\n{cohort['external_responders']} OR, "
        f"{cohort['external'] - cohort['external_responders']} NOR",
    }
    figure, axes = new_figure(8.6, 1.9)
    axis = axes[0, 0]
    axis.set_axis_off()
    axis.set_xlim(0, 1)
    axis.set_ylim(-0.15, 1)
    for start, end in (
        ((0.14, 0.62), (0.5, 0.62)),
        ((0.5, 0.62), (0.84, 0.62)),
        ((0.5, 0.62), (0.84, 0.1)),
        ((0.14, 0.62), (0.14, 0.1)),
    ):
        axis.annotate("", end, start, arrowprops={"arrowstyle": "-", "color": "#8aa0a8", "linewidth": 1.2})
    for (x, y), words in boxes.items():
        frame = {"boxstyle": "round,pad=0.5", "facecolor": "#eef4f6", "edgecolor": "#8aa0a8"}
        axis.text(x, y, words, ha="center", va="center", fontsize=9, bbox=frame)
    return figure


def _distributions(result: StudyResult) -> Figure:
    models = _shown(result)
    figure, axes = new_figure(8.6, 2.0 * -(-len(models) // 4), -(-len(models) // 4), 4)
    outcome = result.data.outcome[result.development]
    edges = np.linspace(0, 1, 21)
    for one, axis in zip(models, axes.flat, strict=False):
        probability = expit(one.log_odds[0])
        for level, colour, name in ((outcome, OR_COLOUR, "OR"), (~outcome, NOR_COLOUR, "NOR")):
            axis.hist(probability[level], edges, density=True, alpha=0.55, color=colour, label=name)
        axis.set_title(one.model.title, fontsize=9)
        axis.set_yticks([])
        axis.set_xlabel("probability", fontsize=8)
    for axis in axes.flat[len(models) :]:
        axis.set_visible(False)
    axes.flat[0].legend(fontsize=8, frameon=False)
    return figure


def _bars(result: StudyResult) -> Figure:
    figure, axes = new_figure(8.6, 2.9, 1, 3)
    models = [one.model.title for one in result.honest]
    for axis, name in zip(axes.flat, ("auc", "sensitivity", "specificity"), strict=True):
        for place, title in enumerate(models):
            numbers = result.numbers["honest"][title]
            value = numbers[name]
            low, high = (numbers["auc_low"], numbers["auc_high"]) if name == "auc" else numbers[f"{name}_interval"]
            axis.barh(place, value, color=COLOURS.get(title, "#777777"), alpha=0.85)
            axis.plot([low, high], [place, place], color="black", linewidth=1)
        axis.set_yticks(range(len(models)), models if axis is axes.flat[0] else [])
        axis.invert_yaxis()
        axis.set_xlim(0, 1)
        axis.set_title({"auc": "AUC"}.get(name, name.capitalize()), fontsize=9)
        if name == "auc":
            axis.axvline(0.5, color="grey", linewidth=0.8, linestyle=":")
    return figure


def _roc(result: StudyResult) -> Figure:
    figure, axes = new_figure(4.6, 4.3)
    axis = axes[0, 0]
    outcome = result.data.outcome[result.development]
    for one in _shown(result):
        title = one.model.title
        label = f"{title} {result.numbers['honest'][title]['auc']:.2f}"
        axis.plot(*roc_curve(one.ranking.mean(axis=0), outcome), color=COLOURS.get(title), label=label, linewidth=1.4)
    axis.plot([0, 1], [0, 1], color="grey", linewidth=0.8, linestyle=":")
    axis.set_xlabel("1 - specificity", fontsize=9)
    axis.set_ylabel("sensitivity", fontsize=9)
    axis.set_aspect("equal")
    axis.legend(fontsize=8, frameon=False, title="mean fold AUC", title_fontsize=8, loc="lower right")
    return figure


def _calibration(result: StudyResult) -> Figure:
    models = _shown(result)
    figure, axes = new_figure(8.6, 2.3 * -(-len(models) // 4), -(-len(models) // 4), 4)
    outcome = result.data.outcome[result.development]
    for one, axis in zip(models, axes.flat, strict=False):
        probability = expit(one.log_odds[0])
        at = np.linspace(*np.percentile(probability, (2, 98)), 40)
        low, high = calibration_band(probability, outcome, at, seed=0, draws=100)
        colour = COLOURS.get(one.model.title)
        axis.plot([0, 1], [0, 1], color="grey", linewidth=0.8, linestyle=":")
        axis.fill_between(at, low, high, color=colour, alpha=0.2, linewidth=0)
        axis.plot(at, calibration_curve(probability, outcome, at), color=colour, linewidth=1.4)
        axis.set_xlim(0, 1)
        axis.set_ylim(0, 1)
        slope = result.numbers["honest"][one.model.title]["calibration_slope"]
        axis.set_title(f"{one.model.title}, slope {slope:.2f}", fontsize=9)
    for axis in axes.flat[len(models) :]:
        axis.set_visible(False)
    axes[0, 0].set_ylabel("observed share of OR", fontsize=8)
    return figure


def _decision(result: StudyResult) -> Figure:
    figure, axes = new_figure(5.6, 3.6)
    axis = axes[0, 0]
    curves = result.numbers["decision_curves"]
    merged = {one.model.title for one in _shown(result) if one.model.covariates}
    shown = {
        title: one for title, one in curves["net_benefit"].items() if not merged or title in {*merged, "all", "none"}
    }
    for title, benefit in shown.items():
        style = {"all": ("treat all", "grey", "--"), "none": ("treat none", "black", ":")}.get(title)
        label, colour, line = style or (title, COLOURS.get(title), "-")
        axis.plot(curves["thresholds"], benefit, color=colour, linestyle=line, label=label, linewidth=1.4)
    outcome = result.data.outcome[result.development]
    axis.set_ylim(-0.1, max(0.05, float(outcome.mean()) + 0.05))
    axis.set_xlabel("threshold probability", fontsize=9)
    axis.set_ylabel("net benefit", fontsize=9)
    axis.legend(fontsize=8, frameon=False)
    return figure


def _leak(result: StudyResult) -> Figure:
    rows = result.numbers["leak_audit"]
    figure, axes = new_figure(6.4, 0.42 * len(rows) + 0.9)
    axis = axes[0, 0]
    for place, row in enumerate(rows):
        axis.plot([row["honest"], row["paper_train"]], [place, place], color="#cccccc", linewidth=5, zorder=0)
        axis.plot([row["honest_low"], row["honest_high"]], [place, place], color=OR_COLOUR, linewidth=1)
        first = place == 0
        axis.plot(row["paper_train"], place, "s", color=NOR_COLOUR, label="paper, training set" if first else None)
        axis.plot(row["paper_test"], place, "x", color=NOR_COLOUR, label="paper, one test set" if first else None)
        axis.plot(row["honest"], place, "o", color=OR_COLOUR, label="honest, 95 % interval" if first else None)
    axis.set_yticks(range(len(rows)), [row["model"] for row in rows])
    axis.invert_yaxis()
    axis.set_xlim(0.2, 1.02)
    axis.axvline(0.5, color="grey", linewidth=0.8, linestyle=":")
    axis.set_xlabel("AUC", fontsize=9)
    figure.legend(*axis.get_legend_handles_labels(), fontsize=8, frameon=False, loc="outside upper center", ncols=3)
    return figure
