"""The report of a frozen bundle on new patients: one HTML file, figures, results.json, one row per patient."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..cohort import CaseKey, replace_file, write_table
from ..evaluation import calibration_band, calibration_curve, roc_curve
from ..study.evaluate import Evaluation
from ..study.site_recalibration import SiteRecalibration
from .cohort_page import PHANTOM_STRIP, CohortPage, ReportFigure, Strip, write_figures
from .figure_files import NOR_COLOUR, OR_COLOUR, new_figure
from .page import definitions, section, table
from .results_files import Rows, json_bytes, three_digits, with_interval
from .results_json import evaluation_json

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_DEMONSTRATION_STRIP = Strip(
    "demonstration", "DEMONSTRATION", "A model trained on phantoms, applied to patients: its numbers mean nothing."
)


def write_evaluation_report(
    folder: Path, evaluation: Evaluation, recalibration: SiteRecalibration | None = None
) -> None:
    """Write report.html, results.json, predictions.csv and figures/ into ``folder``.

    ``recalibration`` was made on the same patients. Raises ValueError if a file cannot be written.
    """
    replace_file(folder / "results.json", json_bytes(evaluation_json(evaluation, recalibration)))
    write_table(folder / "predictions.csv", *_prediction_rows(evaluation))
    figures = write_figures(folder, _figures(evaluation))
    page = evaluation_page(evaluation, recalibration, figures)
    replace_file(folder / "report.html", page.html().encode("utf-8"))


def evaluation_page(
    evaluation: Evaluation, recalibration: SiteRecalibration | None, figures: Mapping[str, str]
) -> CohortPage:
    """The report; ``figures`` are HTML by name."""
    data, bundle = evaluation.data, evaluation.bundle
    subjects = "phantoms" if data.is_phantom else "patients"
    note = f"Sensitivity, specificity and accuracy are those at the model's threshold of {bundle.threshold:.3f}."
    strips = [PHANTOM_STRIP] if data.is_phantom else [_DEMONSTRATION_STRIP] if bundle.demonstration else []
    return CohortPage(
        title=f"{bundle.name} on new {subjects}",
        kicker=f"A frozen model on new {subjects}",
        heading=bundle.name,
        details=[f"{len(data.outcome)} {subjects}", f"{data.responders} with response"],
        strips=strips,
        remarks=evaluation.remarks,
        sections=[
            section("Performance", table(*_performance(evaluation), "numbers") + f'<p class="note">{note}</p>'),
            section("Patients", definitions(_patients(evaluation, subjects))),
            "" if recalibration is None else section("Recalibration on these patients", _recalibration(recalibration)),
            section("ROC curve and calibration", figures["roc_and_calibration"]),
            section("Probabilities and decision curve", figures["scores_and_decision"]),
        ],
    )


def _performance(evaluation: Evaluation) -> Rows:
    one, fit = evaluation.performance, evaluation.performance.calibration
    shares = {"Sensitivity": one.sensitivity, "Specificity": one.specificity, "Accuracy": one.accuracy}
    rows = [
        ["AUC (logit DeLong and Newcombe)", with_interval(*one.auc)],
        *([f"{name} (Wilson)", with_interval(*share)] for name, share in shares.items()),
        ["Calibration in the large (0 is perfect)", f"{fit.intercept:+.2f}"],
        ["Calibration slope (1 is perfect)", f"{fit.slope:.2f}"],
        ["Integrated calibration index", three_digits(fit.ici)],
        ["Brier score", three_digits(fit.brier)],
    ]
    if not fit.can_be_judged:
        rows.append(["Calibration", "cannot be judged with fewer than about 100 patients of each outcome"])
    return ("What", "Value (95 %)"), rows


def _patients(evaluation: Evaluation, subjects: str) -> list[tuple[str, object]]:
    bundle = evaluation.bundle
    return [
        ("Share of response here", f"{evaluation.data.outcome.mean():.3f}"),
        ("Mean probability", f"{evaluation.probability.mean():.3f}"),
        ("Share that the model assumes", f"{bundle.prevalence:.3f}, from {bundle.cohort_size} training patients"),
        ("Left out, a needed fact unknown", evaluation.left_out),
        (f"{subjects.capitalize()} unlike the training patients", evaluation.out_of_range_patients),
    ]


def _recalibration(one: SiteRecalibration) -> str:
    shown = {"intercept": "Calibration in the large", "slope": "Slope", "ici": "ICI", "brier": "Brier score"}
    rows = [
        [title, f"{getattr(one.before, name):.3f}", f"{getattr(one.after, name):.3f}"] for name, title in shown.items()
    ]
    fitted = one.fitted
    slope = (
        "no number for the slope, as all get the same probability"
        if one.patients_for_slope is None
        else f"{one.patients_for_slope} the slope to ±0.2"
    )
    pairs = [
        (
            "New log odds",
            f"{fitted.intercept:+.3f} + {fitted.slope:.3f} x log odds; "
            f"{fitted.shrinkage:.2f} of the fitted change kept",
        ),
        ("Patients", fitted.patients),
        ("Needed", f"{one.patients_for_intercept} to know the share of response to ±0.05, {slope}"),
    ]
    return table(("", "Before", f"After ({one.after_is})"), rows, "numbers") + definitions(pairs)


def _prediction_rows(evaluation: Evaluation) -> Rows:
    rows = [
        [*case.key, "OR" if outcome else "NOR", f"{probability:.6f}", str(int(outside))]
        for case, outcome, probability, outside in zip(
            evaluation.data.cases,
            evaluation.data.outcome,
            evaluation.probability,
            evaluation.out_of_range,
            strict=True,
        )
    ]
    return (*CaseKey._fields, "outcome", "probability", "out_of_range_features"), rows


def _figures(evaluation: Evaluation) -> Iterator[ReportFigure]:
    caption = "ROC curve, and calibration with its bootstrap band; ticks are patients, OR above."
    yield ReportFigure("roc_and_calibration", caption, _roc_and_calibration(evaluation))
    caption = "Probabilities by outcome, and the decision curve; treat means TACE."
    yield ReportFigure("scores_and_decision", caption, _scores_and_decision(evaluation))


def _roc_and_calibration(evaluation: Evaluation) -> Figure:
    outcome, probability, performance = evaluation.data.outcome, evaluation.probability, evaluation.performance
    figure, axes = new_figure(8.6, 3.8, 1, 2)
    left, right = axes[0]
    for axis in (left, right):
        axis.plot([0, 1], [0, 1], color="grey", linewidth=0.8, linestyle=":")
        axis.set_xlim(0, 1)
        axis.set_ylim(0, 1.01)
        axis.set_aspect("equal")
    left.plot(*roc_curve(probability, outcome), color=OR_COLOUR, linewidth=1.6)
    left.set_title(f"AUC {with_interval(*performance.auc)}", fontsize=9)
    left.set_xlabel("1 - specificity", fontsize=9)
    left.set_ylabel("sensitivity", fontsize=9)
    at = np.linspace(probability.min(), probability.max(), 50)
    low, high = calibration_band(probability, outcome, at, seed=0)
    right.fill_between(at, low, high, color=OR_COLOUR, alpha=0.2, linewidth=0)
    right.plot(at, calibration_curve(probability, outcome, at), color=OR_COLOUR, linewidth=1.6)
    right.plot(probability, np.where(outcome, 1.0, 0.0), "|", color="#555555", markersize=7, alpha=0.6)
    right.set_title(f"slope {performance.calibration.slope:.2f}", fontsize=9)
    right.set_xlabel("predicted probability", fontsize=9)
    right.set_ylabel("observed share of OR", fontsize=9)
    return figure


def _scores_and_decision(evaluation: Evaluation) -> Figure:
    outcome, probability = evaluation.data.outcome, evaluation.probability
    figure, axes = new_figure(8.6, 3.2, 1, 2)
    left, right = axes[0]
    edges = np.linspace(0, 1, 21)
    for members, colour, name in ((outcome, OR_COLOUR, "OR"), (~outcome, NOR_COLOUR, "NOR")):
        left.hist(probability[members], edges, alpha=0.55, color=colour, label=name)
    left.axvline(evaluation.bundle.threshold, color="black", linewidth=1, linestyle="--", label="threshold")
    left.set_xlabel("probability", fontsize=9)
    left.set_ylabel("patients", fontsize=9)
    left.legend(fontsize=8, frameon=False)
    curves = evaluation.decision_curves
    styles = {"model": ("model", OR_COLOUR, "-"), "all": ("treat all", "grey", "--"), "none": ("none", "black", ":")}
    for name, benefit in curves.net_benefit.items():
        label, colour, line = styles[name]
        right.plot(curves.thresholds, benefit, color=colour, linestyle=line, label=label, linewidth=1.4)
    right.set_ylim(-0.1, max(0.05, float(outcome.mean()) + 0.05))
    right.set_xlabel("threshold probability", fontsize=9)
    right.set_ylabel("net benefit", fontsize=9)
    right.legend(fontsize=8, frameon=False)
    return figure
