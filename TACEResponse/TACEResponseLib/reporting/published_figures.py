"""Figures of the published protocol, as the paper draws them: set by set, on the scores as they came."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np

from ..evaluation import DecisionCurves, calibration_curve, decision_curves, roc_curve
from ..study.results import PublishedResult
from .cohort_page import ReportFigure
from .figure_files import COLOURS, NOR_COLOUR, OR_COLOUR, new_figure, roc_labels, unit_square

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SET_NAMES = {"train": "training", "test": "test", "external": "external"}

_FEWEST_FOR_A_CURVE = 10
"""Patients of a set below which a smooth calibration curve is not drawn."""


def published_figures(result: PublishedResult, outcome: np.ndarray) -> Iterator[ReportFigure]:
    """Each figure that the published protocol allows; ``outcome`` bool (n,) of all rows."""
    in_sets = {name: outcome[rows] for name, rows in result.predictions[0].rows.items()}
    sets = {name: own for name, own in in_sets.items() if own.any() and not own.all()}
    if not sets:
        return
    label = "Fig. {}, published protocol"
    yield ReportFigure(
        "paper_fig2_scores",
        "Scores by outcome in each set. Separation of the outcomes in training says nothing about new patients.",
        _scores(result, sets),
        label.format(2),
    )
    yield ReportFigure(
        "paper_fig4_roc",
        "ROC in each set, thin: scores alone; thick: merged with clinical facts.",
        _roc(result, sets),
        label.format(4),
    )
    if any(one.model.covariates for one in result.predictions):
        yield ReportFigure(
            "paper_fig5_calibration",
            "Calibration of the logistic regressions in each set.",
            _calibration(result, sets),
            label.format(5),
        )
        yield ReportFigure(
            "paper_fig6_decision",
            "Decision curves of the logistic regressions in each set; treat means TACE.",
            _decision(result, sets),
            label.format(6),
        )


def _title(name: str, outcome: np.ndarray) -> str:
    return f"{SET_NAMES[name]} (n = {outcome.size})"


def _scores(result: PublishedResult, sets: Mapping[str, np.ndarray]) -> Figure:
    """Fig. 2 of the paper shows the Lasso and the DNN; here the scores that were run, those two if they were."""
    scores = [one for one in result.predictions if not one.model.covariates and one.model.name in ("lasso", "dnn")]
    scores = scores or [one for one in result.predictions if not one.model.covariates] or list(result.predictions)
    figure, axes = new_figure(8.6, 1.7 * len(scores), len(scores), len(sets))
    random = np.random.default_rng(0)
    for line, one in zip(axes, scores, strict=True):
        values = np.concatenate([one.values[name] for name in sets])
        margin = 0.05 * max(float(np.ptp(values)), 1e-6)
        for axis, (name, outcome) in zip(line, sets.items(), strict=True):
            own = one.values[name]
            for place, (members, colour) in enumerate(((~outcome, NOR_COLOUR), (outcome, OR_COLOUR))):
                heights = place + random.uniform(-0.28, 0.28, int(members.sum()))
                axis.plot(own[members], heights, "o", color=colour, alpha=0.55, markersize=3.2, markeredgewidth=0)
                axis.plot([np.median(own[members])] * 2, [place - 0.38, place + 0.38], color="black", linewidth=1.4)
            axis.set_yticks([0, 1], ["NOR", "OR"])
            axis.set_ylim(-0.5, 1.5)
            axis.set_xlim(values.min() - margin, values.max() + margin)
            axis.set_title(f"{one.model.title} score, {_title(name, outcome)}", fontsize=9)
    return figure


def _roc(result: PublishedResult, sets: Mapping[str, np.ndarray]) -> Figure:
    figure, axes = new_figure(8.6, 3.5, 1, max(len(sets), 2))
    for axis, (name, outcome) in zip(axes.flat, sets.items(), strict=False):
        unit_square(axis, _title(name, outcome))
        for one in result.predictions:
            area = result.models[one.model.title][name].auc.value
            style = {"color": COLOURS.get(one.model.title), "linewidth": 1.9 if one.model.covariates else 1.1}
            axis.plot(*roc_curve(one.values[name], outcome), label=f"{one.model.title} {area:.2f}", **style)
        roc_labels(axis)
        axis.legend(fontsize=7, frameon=False, loc="lower right", handlelength=1.2)
    for axis in axes.flat[len(sets) :]:
        axis.set_visible(False)
    return figure


def _probabilities(result: PublishedResult, name: str) -> dict[str, np.ndarray]:
    return {one.model.title: one.values[name] for one in result.predictions if one.model.covariates}


def _calibration(result: PublishedResult, sets: Mapping[str, np.ndarray]) -> Figure:
    figure, axes = new_figure(8.6, 3.2, 1, max(len(sets), 2))
    for axis, (name, outcome) in zip(axes.flat, sets.items(), strict=False):
        unit_square(axis, _title(name, outcome))
        for title, probability in _probabilities(result, name).items():
            if outcome.size >= _FEWEST_FOR_A_CURVE and np.ptp(probability) > 0:
                at = np.linspace(probability.min(), probability.max(), 40)
                curve = calibration_curve(probability, outcome, at)
                axis.plot(at, curve, color=COLOURS.get(title), label=title, linewidth=1.5)
        axis.set_xlabel("predicted probability", fontsize=8)
        axis.set_ylabel("observed share of OR", fontsize=8)
        if axis.get_legend_handles_labels()[0]:
            axis.legend(fontsize=7, frameon=False, loc="upper left", handlelength=1.2)
        else:
            axis.text(0.5, 0.9, "too few patients for a curve", ha="center", fontsize=8, color="grey")
    for axis in axes.flat[len(sets) :]:
        axis.set_visible(False)
    return figure


def _decision(result: PublishedResult, sets: Mapping[str, np.ndarray]) -> Figure:
    figure, axes = new_figure(8.6, 2.7, 1, max(len(sets), 2))
    for axis, (name, outcome) in zip(axes.flat, sets.items(), strict=False):
        draw_decision_curves(axis, decision_curves(_probabilities(result, name), outcome), float(outcome.mean()))
        axis.set_title(_title(name, outcome), fontsize=9)
        axis.legend(fontsize=7, frameon=False, handlelength=1.4)
    for axis in axes.flat[len(sets) :]:
        axis.set_visible(False)
    return figure


def draw_decision_curves(axis: Axes, curves: DecisionCurves, prevalence: float) -> None:
    """Net benefit of each model by title, of treating all ("all") and none ("none")."""
    for title, benefit in curves.net_benefit.items():
        style = {"all": ("treat all", "grey", "--"), "none": ("treat none", "black", ":")}.get(title)
        label, colour, line = style or (title, COLOURS.get(title, OR_COLOUR), "-")
        axis.plot(curves.thresholds, benefit, color=colour, linestyle=line, label=label, linewidth=1.4)
    axis.set_ylim(-0.1, max(0.05, prevalence + 0.05))
    axis.set_xlabel("threshold probability", fontsize=8)
    axis.set_ylabel("net benefit", fontsize=8)
