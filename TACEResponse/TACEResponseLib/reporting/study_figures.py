"""Figures of a study's report (matplotlib), as SVG for the page and as files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ..evaluation import DecisionCurves, calibration_band, calibration_curve, roc_curve
from ..models import expit
from ..study.nested_cv import OuterPredictions
from ..study.results import NestedCvResult, Optimism, StudyResult
from .cohort_page import ReportFigure
from .figure_files import COLOURS, NOR_COLOUR, OR_COLOUR, new_figure, roc_labels, unit_square
from .flowchart import flowchart
from .published_figures import draw_decision_curves, published_figures

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_PANELS_A_ROW = 4


def study_figures(result: StudyResult) -> Iterator[ReportFigure]:
    """Each figure that the result allows; numbered as in the paper."""
    yield ReportFigure("fig1_patients", "Patients in this study.", flowchart(result), "Fig. 1")
    if result.nested_cv is not None:
        yield from _nested_cv_figures(result.nested_cv, result.outcome)
    if result.optimism is not None:
        caption = "AUC of the published protocol against nested cross-validation."
        yield ReportFigure("leak_audit", caption, _optimism(result.optimism), "Optimism")
    if result.published is not None:
        yield from published_figures(result.published, result.data.outcome)


def _nested_cv_figures(result: NestedCvResult, outcome: np.ndarray) -> Iterator[ReportFigure]:
    shown = _shown(result)
    if shown:
        yield ReportFigure(
            "fig2_scores",
            "Probabilities of patients in the outer test parts, by outcome (first repeat).",
            _distributions(shown, outcome),
            "Fig. 2",
        )
    yield ReportFigure("fig3_bars", "Outer test parts only, 95 % intervals.", _bars(result), "Fig. 3")
    if shown:
        yield ReportFigure(
            "fig4_roc",
            "ROC of outer predictions averaged over repeats; legend: mean AUC over the test parts.",
            _roc(result, outcome),
            "Fig. 4",
        )
        yield ReportFigure(
            "fig5_calibration",
            "Calibration of outer predictions (first repeat) with bootstrap band; ticks are patients, OR above.",
            _calibration(result, outcome),
            "Fig. 5",
        )
    if result.decision_curves is not None:
        yield ReportFigure(
            "fig6_decision",
            "Decision curves of calibrated outer predictions (first repeat); treat means TACE.",
            _decision(shown, result.decision_curves, outcome),
            "Fig. 6",
        )


def _shown(result: NestedCvResult) -> list[OuterPredictions]:
    return [one for one in result.predictions if not one.model.is_control]


def _panels(count: int, height: float) -> tuple[Figure, np.ndarray]:
    rows = -(-count // _PANELS_A_ROW)
    figure, axes = new_figure(8.6, height * rows, rows, min(count, _PANELS_A_ROW) if rows == 1 else _PANELS_A_ROW)
    for axis in axes.flat[count:]:
        axis.set_visible(False)
    return figure, axes


def _distributions(models: Sequence[OuterPredictions], outcome: np.ndarray) -> Figure:
    figure, axes = _panels(len(models), 1.9)
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


def _bars(result: NestedCvResult) -> Figure:
    figure, axes = new_figure(8.6, 0.27 * len(result.models) + 0.75, 1, 3)
    estimates = {
        "AUC": [one.auc for one in result.models.values()],
        "Sensitivity": [one.sensitivity for one in result.models.values()],
        "Specificity": [one.specificity for one in result.models.values()],
    }
    for axis, (name, own) in zip(axes.flat, estimates.items(), strict=True):
        for place, (title, one) in enumerate(zip(result.models, own, strict=True)):
            axis.barh(place, one.value, height=0.7, color=COLOURS.get(title, "#777777"), alpha=0.85)
            axis.plot([one.low, one.high], [place, place], color="black", linewidth=1)
        axis.set_yticks(range(len(own)), list(result.models) if axis is axes.flat[0] else [])
        axis.invert_yaxis()
        axis.set_xlim(0, 1)
        axis.set_title(name, fontsize=9)
        if name == "AUC":
            axis.axvline(0.5, color="black", linewidth=0.8, linestyle=":")
    return figure


def _roc(result: NestedCvResult, outcome: np.ndarray) -> Figure:
    """Scores alone and merged models in two panels: seven curves in one cannot be told apart."""
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
            label = f"{title} {result.models[title].auc.value:.2f}"
            curve = roc_curve(one.ranking.mean(axis=0), outcome)
            axis.plot(*curve, color=COLOURS.get(title), label=label, linewidth=1.5)
        roc_labels(axis)
        axis.legend(fontsize=8, frameon=False, loc="lower right")
    return figure


def _calibration(result: NestedCvResult, outcome: np.ndarray) -> Figure:
    models = _shown(result)
    figure, axes = _panels(len(models), 2.3)
    for one, axis in zip(models, axes.flat, strict=False):
        probability = expit(one.log_odds[0])
        slope = result.models[one.model.title].calibration.slope
        unit_square(axis, f"{one.model.title}, slope {slope:.2f}")
        colour = COLOURS.get(one.model.title)
        if np.ptp(probability) > 0:
            first, last = np.percentile(probability, (2, 98))
            at = np.linspace(first, last, 40)
            low, high = calibration_band(probability, outcome, at, seed=0, draws=100)
            axis.fill_between(at, low, high, color=colour, alpha=0.2, linewidth=0)
            axis.plot(at, calibration_curve(probability, outcome, at), color=colour, linewidth=1.5)
        for level, height in ((outcome, 0.985), (~outcome, 0.015)):
            places = probability[level]
            axis.plot(places, np.full(places.size, height), "|", color="#555555", markersize=4, alpha=0.4)
    axes[0, 0].set_ylabel("observed share of OR", fontsize=8)
    figure.supxlabel("predicted probability", fontsize=8)
    return figure


def _decision(models: Sequence[OuterPredictions], curves: DecisionCurves, outcome: np.ndarray) -> Figure:
    """Of the merged models, or of the scores alone if there are none: seven curves in one cannot be told apart."""
    figure, axes = new_figure(6.4, 3.4)
    merged = {one.model.title for one in models if one.model.covariates}
    shown = {
        title: benefit
        for title, benefit in curves.net_benefit.items()
        if not merged or title in {*merged, "all", "none"}
    }
    draw_decision_curves(axes[0, 0], replace(curves, net_benefit=shown), float(outcome.mean()))
    axes[0, 0].legend(fontsize=8, frameon=False)
    return figure


def _optimism(rows: Sequence[Optimism]) -> Figure:
    figure, axes = new_figure(7.0, 0.3 * len(rows) + 0.95)
    axis = axes[0, 0]
    for place, row in enumerate(rows):
        own, train, test = row.nested_cv, row.published_train, row.published_test
        labels = ("published protocol, training", "one test set", "nested cross-validation, 95 % interval")
        if place > 0:
            labels = ("", "", "")
        axis.plot([own.value, train], [place, place], color="#e8cdbb", linewidth=5, zorder=0)
        axis.plot([own.low, own.high], [place, place], color=OR_COLOUR, linewidth=1.2)
        axis.plot(train, place, "s", color=NOR_COLOUR, label=labels[0])
        if test is not None:
            axis.plot(test, place, "x", color=NOR_COLOUR, label=labels[1])
        axis.plot(own.value, place, "o", color=OR_COLOUR, label=labels[2])
    axis.set_yticks(range(len(rows)), [row.model for row in rows])
    axis.invert_yaxis()
    lowest = min(value for row in rows for value in (row.nested_cv.low, row.published_test) if value is not None)
    axis.set_xlim(min(0.4, lowest - 0.03), 1.02)
    axis.axvline(0.5, color="grey", linewidth=0.8, linestyle=":")
    axis.set_xlabel("AUC", fontsize=8)
    figure.legend(*axis.get_legend_handles_labels(), fontsize=8, frameon=False, loc="outside upper center", ncols=3)
    return figure
