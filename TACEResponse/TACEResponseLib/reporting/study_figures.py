"""Figures of a study's report (matplotlib), as SVG for the page and as files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from ..evaluation import calibration_band, calibration_curve, roc_curve
from ..models import expit
from .figure_files import COLOURS, NOR_COLOUR, OR_COLOUR, new_figure, roc_labels, unit_square
from .flowchart import flowchart
from .paper_figures import draw_decision_curves, paper_figures

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ..study.honest import OuterPredictions
    from ..study.run_study import StudyResult

_PANELS_A_ROW = 4


def study_figures(result: StudyResult) -> Iterator[tuple[str, str, Figure]]:
    """(file name, caption, figure) of each figure that the result allows; numbered as in the paper."""
    yield "fig1_patients", "Patients in this study.", flowchart(result.numbers)
    if _shown(result):
        yield (
            "fig2_scores",
            "Probabilities by outcome, of patients not learnt from (first repeat).",
            _distributions(result),
        )
    if result.honest:
        yield "fig3_bars", "Outer predictions only, 95 % intervals.", _bars(result)
    if _shown(result):
        yield (
            "fig4_roc",
            "ROC on outer predictions averaged over repeats; legend: mean AUC over test parts.",
            _roc(result),
        )
        yield (
            "fig5_calibration",
            "Calibration of outer predictions (first repeat) with bootstrap band; ticks are patients, OR above.",
            _calibration(result),
        )
        yield (
            "fig6_decision",
            "Decision curves of calibrated outer predictions (first repeat); treat means TACE.",
            _decision(result),
        )
    if "leak_audit" in result.numbers:
        yield "leak_audit", "AUC of the published protocol against the honest one.", _leak(result)
    yield from paper_figures(result)


def _shown(result: StudyResult) -> list[OuterPredictions]:
    return [one for one in result.honest if not one.model.is_control]


def _panels(count: int, height: float) -> tuple[Figure, np.ndarray]:
    rows = -(-count // _PANELS_A_ROW)
    figure, axes = new_figure(8.6, height * rows, rows, min(count, _PANELS_A_ROW) if rows == 1 else _PANELS_A_ROW)
    for axis in axes.flat[count:]:
        axis.set_visible(False)
    return figure, axes


def _distributions(result: StudyResult) -> Figure:
    models = _shown(result)
    figure, axes = _panels(len(models), 1.9)
    outcome = result.data.outcome[result.development]
    edges = np.linspace(0, 1, 21)
    for one, axis in zip(models, axes.flat, strict=False):
        probability = expit(one.log_odds[0])
        for level, sign, colour, name in ((outcome, 1, OR_COLOUR, "OR"), (~outcome, -1, NOR_COLOUR, "NOR")):
            # Back to back, so that no bar hides another.
            shares = np.histogram(probability[level], edges)[0] / level.sum()
            axis.bar(edges[:-1], sign * shares, np.diff(edges), align="edge", color=colour, alpha=0.85, label=name)
        axis.axhline(0, color="black", linewidth=0.6)
        axis.set_title(one.model.title, fontsize=9)
        axis.set_xlim(0, 1)
        axis.set_xticks([0, 0.5, 1])
        axis.set_yticks([])
        axis.spines["left"].set_visible(False)
        axis.set_xlabel("probability", fontsize=8)
    axes.flat[0].legend(fontsize=7, frameon=False, loc="upper left", handlelength=1)
    return figure


def _bars(result: StudyResult) -> Figure:
    models = [one.model.title for one in result.honest]
    figure, axes = new_figure(8.6, 0.27 * len(models) + 0.75, 1, 3)
    for axis, name in zip(axes.flat, ("auc", "sensitivity", "specificity"), strict=True):
        for place, title in enumerate(models):
            numbers = result.numbers["honest"][title]
            value = numbers[name]
            low, high = (numbers["auc_low"], numbers["auc_high"]) if name == "auc" else numbers[f"{name}_interval"]
            axis.barh(place, value, height=0.7, color=COLOURS.get(title, "#777777"), alpha=0.85)
            axis.plot([low, high], [place, place], color="black", linewidth=1)
        axis.set_yticks(range(len(models)), models if axis is axes.flat[0] else [])
        axis.invert_yaxis()
        axis.set_xlim(0, 1)
        axis.set_title({"auc": "AUC"}.get(name, name.capitalize()), fontsize=9)
        if name == "auc":
            axis.axvline(0.5, color="black", linewidth=0.8, linestyle=":")
    return figure


def _roc(result: StudyResult) -> Figure:
    """Scores alone and merged models in two panels: seven curves in one cannot be told apart."""
    outcome = result.data.outcome[result.development]
    groups = [
        ("scores alone", [one for one in _shown(result) if not one.model.covariates]),
        ("with clinical facts", [one for one in _shown(result) if one.model.covariates]),
    ]
    groups = [group for group in groups if group[1]]
    figure, axes = new_figure(8.0 if len(groups) > 1 else 4.2, 3.9, 1, len(groups))
    for axis, (name, models) in zip(axes.flat, groups, strict=True):
        unit_square(axis, name)
        for one in models:
            title = one.model.title
            label = f"{title} {result.numbers['honest'][title]['auc']:.2f}"
            curve = roc_curve(one.ranking.mean(axis=0), outcome)
            axis.plot(*curve, color=COLOURS.get(title), label=label, linewidth=1.5)
        roc_labels(axis)
        axis.legend(fontsize=8, frameon=False, loc="lower right")
    return figure


def _calibration(result: StudyResult) -> Figure:
    models = _shown(result)
    figure, axes = _panels(len(models), 2.3)
    outcome = result.data.outcome[result.development]
    for one, axis in zip(models, axes.flat, strict=False):
        probability = expit(one.log_odds[0])
        slope = result.numbers["honest"][one.model.title]["calibration_slope"]
        unit_square(axis, f"{one.model.title}, slope {slope:.2f}")
        colour = COLOURS.get(one.model.title)
        if np.ptp(probability) > 0:
            at = np.linspace(*np.percentile(probability, (2, 98)), 40)
            low, high = calibration_band(probability, outcome, at, seed=0, draws=100)
            axis.fill_between(at, low, high, color=colour, alpha=0.2, linewidth=0)
            axis.plot(at, calibration_curve(probability, outcome, at), color=colour, linewidth=1.5)
        for level, height in ((outcome, 0.985), (~outcome, 0.015)):
            places = probability[level]
            axis.plot(places, np.full(places.size, height), "|", color="#555555", markersize=4, alpha=0.4)
    axes[0, 0].set_ylabel("observed share of OR", fontsize=8)
    figure.supxlabel("predicted probability", fontsize=8)
    return figure


def _decision(result: StudyResult) -> Figure:
    figure, axes = new_figure(6.4, 3.4)
    curves = result.numbers["decision_curves"]
    merged = {one.model.title for one in _shown(result) if one.model.covariates}
    shown = {
        title: one for title, one in curves["net_benefit"].items() if not merged or title in {*merged, "all", "none"}
    }
    outcome = result.data.outcome[result.development]
    draw_decision_curves(axes[0, 0], curves["thresholds"], shown, float(outcome.mean()))
    axes[0, 0].legend(fontsize=8, frameon=False)
    return figure


def _leak(result: StudyResult) -> Figure:
    rows = result.numbers["leak_audit"]
    figure, axes = new_figure(7.0, 0.3 * len(rows) + 0.95)
    axis = axes[0, 0]
    for place, row in enumerate(rows):
        first = place == 0
        axis.plot([row["honest"], row["paper_train"]], [place, place], color="#e8cdbb", linewidth=5, zorder=0)
        axis.plot([row["honest_low"], row["honest_high"]], [place, place], color=OR_COLOUR, linewidth=1.2)
        axis.plot(row["paper_train"], place, "s", color=NOR_COLOUR, label="published way, training" if first else None)
        if row["paper_test"] is not None:
            axis.plot(row["paper_test"], place, "x", color=NOR_COLOUR, label="one test set" if first else None)
        axis.plot(row["honest"], place, "o", color=OR_COLOUR, label="honest, 95 % interval" if first else None)
    axis.set_yticks(range(len(rows)), [row["model"] for row in rows])
    axis.invert_yaxis()
    lowest = min(
        min(row["honest_low"], row["honest"] if row["paper_test"] is None else row["paper_test"]) for row in rows
    )
    axis.set_xlim(min(0.4, lowest - 0.03), 1.02)
    axis.axvline(0.5, color="grey", linewidth=0.8, linestyle=":")
    axis.set_xlabel("AUC", fontsize=8)
    figure.legend(*axis.get_legend_handles_labels(), fontsize=8, frameon=False, loc="outside upper center", ncols=3)
    return figure
