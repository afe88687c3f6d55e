"""The report of a frozen bundle on new patients: one HTML file, figures, results.json, a row a patient."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..cohort import CaseKey, replace_file, write_table
from ..evaluation import calibration_band, calibration_curve, roc_curve
from ..prediction.wording import RESEARCH_USE_ONLY
from ..study.evaluate import Evaluation
from .figure_files import NOR_COLOUR, OR_COLOUR, figure_bytes, new_figure
from .page import definitions, page, section, table, text
from .results_files import Rows, inline_svg, results_json, three_digits, with_interval

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SHARES = ("sensitivity", "specificity", "accuracy")


def write_evaluation_report(
    folder: Path, evaluation: Evaluation, recalibration: Mapping[str, object] | None = None
) -> dict[str, object]:
    """Write report.html, results.json, predictions.csv and figures/ into ``folder``; returns the numbers.

    ``recalibration`` are the numbers of a site recalibration made on the same patients. Raises ValueError if a file
    cannot be written.
    """
    numbers = evaluation.numbers() | ({} if recalibration is None else {"recalibration": recalibration})
    replace_file(folder / "results.json", results_json(numbers))
    write_table(folder / "predictions.csv", *_prediction_rows(evaluation))
    figures = []
    for name, caption, figure in _figures(evaluation, numbers):
        svg = figure_bytes(figure, "svg")
        replace_file(folder / "figures" / f"{name}.svg", svg)
        replace_file(folder / "figures" / f"{name}.png", figure_bytes(figure, "png"))
        figures.append(section(caption, f'<div class="study-figure">{inline_svg(svg)}</div>'))
    replace_file(folder / "report.html", _html(numbers, figures).encode("utf-8"))
    return numbers


def _html(numbers: Mapping[str, object], figures: list[str]) -> str:
    subjects = "phantoms" if numbers["phantoms"] else "patients"
    bundle = numbers["bundle"]
    parts = [f'<div class="banner">{text(RESEARCH_USE_ONLY)}</div>', _strips(numbers), '<main class="study">']
    parts.append(
        f'<header><div><p class="kicker">A frozen model on new {subjects}</p><h1>{text(bundle["name"])}</h1></div>'
        f'<p class="model">{numbers["patients"]} {subjects}<br>{numbers["responders"]} with response</p></header>'
    )
    parts.append(section("Performance", table(*_performance(numbers), "numbers")))
    parts.append(section("Patients", definitions(_patients(numbers, subjects))))
    if numbers["remarks"]:
        items = "".join(f"<li>{text(one)}</li>" for one in numbers["remarks"])
        parts.append(section("Remarks", f"<ul>{items}</ul>", "warnings"))
    if "recalibration" in numbers:
        parts.append(section("Recalibration on these patients", _recalibration(numbers["recalibration"])))
    parts += [*figures, "</main>"]
    return page(f"{bundle['name']} on new {subjects}", "\n".join(parts))


def _strips(numbers: Mapping[str, object]) -> str:
    strips = []
    if numbers["phantoms"]:
        strips.append(("phantom", "PHANTOM RESULTS", "Synthetic patients; nothing here says anything about real ones."))
    elif numbers["bundle"]["demonstration"]:
        strips.append(("demonstration", "DEMONSTRATION", "A model of phantoms on patients: its numbers mean nothing."))
    return "".join(
        f'<div class="strip {name}"><strong>{text(title)}</strong> {text(words)}</div>' for name, title, words in strips
    )


def _performance(numbers: Mapping[str, object]) -> Rows:
    rows = [["AUC (DeLong)", with_interval(numbers["auc"], numbers["auc_low"], numbers["auc_high"])]]
    at = f"at the model's threshold of {numbers['threshold']:.3f} (Wilson)"
    rows += [
        [f"{name.capitalize()} {at}", with_interval(numbers[name], *numbers[f"{name}_interval"])] for name in _SHARES
    ]
    rows += [
        ["Calibration in the large (0 is perfect)", f"{numbers['calibration_intercept']:+.2f}"],
        ["Calibration slope (1 is perfect)", f"{numbers['calibration_slope']:.2f}"],
        ["Integrated calibration index", three_digits(numbers["calibration_ici"])],
        ["Brier score", three_digits(numbers["calibration_brier"])],
    ]
    if not numbers["calibration_can_be_judged"]:
        rows.append(["Calibration", "cannot be judged with fewer than about 100 patients of each outcome"])
    return ("What", "Value (95 %)"), rows


def _patients(numbers: Mapping[str, object], subjects: str) -> list[tuple[str, object]]:
    bundle = numbers["bundle"]
    return [
        ("Share of response here", f"{numbers['prevalence']:.3f}"),
        ("Mean probability", f"{numbers['mean_probability']:.3f}"),
        ("Share that the model assumes", f"{bundle['prevalence']:.3f}, learnt from {bundle['cohort_size']}"),
        ("Left out, a needed fact unknown", numbers["left_out_unknown_facts"]),
        (f"{subjects.capitalize()} unlike the training patients", numbers["out_of_range_patients"]),
    ]


def _recalibration(one: Mapping[str, object]) -> str:
    shown = {"intercept": "Calibration in the large", "slope": "Slope", "ici": "ICI", "brier": "Brier score"}
    rows = [[title, f"{one['before'][name]:.3f}", f"{one['after'][name]:.3f}"] for name, title in shown.items()]
    pairs = [
        (
            "New log odds",
            f"{one['intercept']:+.3f} + {one['slope']:.3f} x log odds; "
            f"{one['shrinkage']:.2f} of the fitted change kept",
        ),
        ("Patients", one["patients"]),
        ("Needed", f"{one['patients_needed_for_intercept']} to know the share of response to ±0.05, {_for_slope(one)}"),
    ]
    return table(("", "Before", f"After ({one['after_is']})"), rows, "numbers") + definitions(pairs)


def _for_slope(one: Mapping[str, object]) -> str:
    needed = one["patients_needed_for_slope"]
    return (
        "no number for the slope, as all get the same probability" if needed is None else f"{needed} the slope to ±0.2"
    )


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


def _figures(evaluation: Evaluation, numbers: Mapping[str, object]) -> Iterator[tuple[str, str, Figure]]:
    outcome, probability = evaluation.data.outcome, evaluation.probability
    yield (
        "roc_and_calibration",
        "ROC, and calibration with its bootstrap band.",
        _roc_and_calibration(probability, outcome, numbers),
    )
    yield (
        "scores_and_decision",
        "Probabilities by outcome, and the decision curve; treat means TACE.",
        _scores_and_decision(probability, outcome, numbers),
    )


def _roc_and_calibration(probability: np.ndarray, outcome: np.ndarray, numbers: Mapping[str, object]) -> Figure:
    figure, axes = new_figure(8.6, 3.8, 1, 2)
    left, right = axes[0]
    for axis in (left, right):
        axis.plot([0, 1], [0, 1], color="grey", linewidth=0.8, linestyle=":")
        axis.set_xlim(0, 1)
        axis.set_ylim(0, 1.01)
        axis.set_aspect("equal")
    left.plot(*roc_curve(probability, outcome), color=OR_COLOUR, linewidth=1.6)
    left.set_title(f"AUC {numbers['auc']:.3f} ({numbers['auc_low']:.3f}-{numbers['auc_high']:.3f})", fontsize=9)
    left.set_xlabel("1 - specificity", fontsize=9)
    left.set_ylabel("sensitivity", fontsize=9)
    at = np.linspace(probability.min(), probability.max(), 50)
    low, high = calibration_band(probability, outcome, at, seed=0)
    right.fill_between(at, low, high, color=OR_COLOUR, alpha=0.2, linewidth=0)
    right.plot(at, calibration_curve(probability, outcome, at), color=OR_COLOUR, linewidth=1.6)
    right.plot(probability, np.where(outcome, 1.0, 0.0), "|", color="#555555", markersize=7, alpha=0.6)
    right.set_title(f"slope {numbers['calibration_slope']:.2f}", fontsize=9)
    right.set_xlabel("predicted probability", fontsize=9)
    right.set_ylabel("observed share of OR", fontsize=9)
    return figure


def _scores_and_decision(probability: np.ndarray, outcome: np.ndarray, numbers: Mapping[str, object]) -> Figure:
    figure, axes = new_figure(8.6, 3.2, 1, 2)
    left, right = axes[0]
    edges = np.linspace(0, 1, 21)
    for members, colour, name in ((outcome, OR_COLOUR, "OR"), (~outcome, NOR_COLOUR, "NOR")):
        left.hist(probability[members], edges, alpha=0.55, color=colour, label=name)
    left.axvline(numbers["threshold"], color="black", linewidth=1, linestyle="--", label="threshold")
    left.set_xlabel("probability", fontsize=9)
    left.set_ylabel("patients", fontsize=9)
    left.legend(fontsize=8, frameon=False)
    curve = numbers["decision_curve"]
    styles = {"model": ("model", OR_COLOUR, "-"), "all": ("treat all", "grey", "--"), "none": ("none", "black", ":")}
    for name, benefit in curve["net_benefit"].items():
        label, colour, line = styles[name]
        right.plot(curve["thresholds"], benefit, color=colour, linestyle=line, label=label, linewidth=1.4)
    right.set_ylim(-0.1, max(0.05, float(outcome.mean()) + 0.05))
    right.set_xlabel("threshold probability", fontsize=9)
    right.set_ylabel("net benefit", fontsize=9)
    right.legend(fontsize=8, frameon=False)
    return figure
