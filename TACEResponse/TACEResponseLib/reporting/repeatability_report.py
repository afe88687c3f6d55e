"""The report of repeatability: icc.csv, overlap.csv, results.json, figures and one HTML file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..cohort import CaseKey, replace_file, write_table
from ..prediction.wording import RESEARCH_USE_ONLY
from ..repeatability import ICC_FORMS, Icc, Overlap, PerturbationSettings, Repeatability
from .figure_files import figure_bytes, new_figure
from .page import definitions, page, section, table, text
from .results_files import Rows, inline_svg, results_json, three_digits

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_ICC_HEADER = ("repetition", "feature", "sequence", "class", "form", "cases", "icc", "low", "high", "stable")
_OVERLAP_HEADER = (
    "patient_id",
    "lesion",
    "first",
    "second",
    "sequence",
    "dice",
    "hausdorff_95_mm",
    "mean_surface_distance_mm",
    "first_volume_ml",
    "second_volume_ml",
    "volume_difference_ml",
)
_COLOURS = {"test-retest": "#0072b2", "inter-observer": "#d55e00", "perturbation": "#2e7d32"}


def write_repeatability_report(
    folder: Path,
    parts: Sequence[Repeatability],
    overlaps: Sequence[tuple[tuple[CaseKey, CaseKey], Overlap]],
    rule: str,
    threshold: float,
    stable: Sequence[str],
    bland_altman: Sequence[str],
    phantoms: bool,
    provenance: Mapping[str, object],
) -> None:
    """Write everything into ``folder``; ``stable`` are the features that pass ``rule``, ``bland_altman`` those to plot.

    ``threshold`` (-1 to 1) is the ICC above which features are counted, and is marked in the figure.

    Raises ValueError if a file cannot be written.
    """
    names = parts[0].names
    write_table(folder / "icc.csv", *icc_rows({one.redrawn.kind: (names, one.icc) for one in parts}, stable))
    write_table(folder / "overlap.csv", *_overlap_rows(overlaps))
    numbers = {
        "schema": 1,
        "rule": rule,
        "phantoms": phantoms,
        "stable": len(stable),
        "repetitions": {
            one.redrawn.kind: {
                "who": one.redrawn.names,
                "pairs": len(one.redrawn.pairs),
                "drawn_once": len(one.redrawn.drawn_once),
                "form": ICC_FORMS[one.icc.form],
                "threshold": threshold,
                "by_class": _by_class(names, one.icc, threshold),
                "warnings": one.warnings,
            }
            for one in parts
        },
        "overlap": _overlap_numbers(overlaps),
        "bland_altman": {name: _bland_altman_numbers(parts, name) for name in bland_altman},
        "provenance": provenance,
    }
    replace_file(folder / "results.json", results_json(numbers))
    figures = [
        (
            "icc",
            "ICC of every feature by class and sequence; what lies below -0.1 is drawn there.",
            _icc_figure({o.redrawn.kind: (names, o.icc) for o in parts}, threshold),
        )
    ]
    figures += [
        (f"bland_altman_{name}", f"Bland-Altman of {name}: bias and 95 % limits", _bland_altman(parts, name, numbers))
        for name in bland_altman
    ]
    sections = [_class_section(kind, one) for kind, one in numbers["repetitions"].items()]
    if overlaps:
        sections.append(_overlap_section(numbers["overlap"]))
    warnings = [warning for one in parts for warning in one.warnings]
    pairs = [(one.redrawn.kind, f"{one.redrawn.names}: {len(one.redrawn.pairs)} pairs") for one in parts]
    pairs += [("Stable", f"{len(stable)} of {len(names)} features: {rule}")]
    _write_page(folder, "Repeatability of features", pairs, warnings, sections, figures, phantoms)


def write_perturbation_report(
    folder: Path,
    names: Sequence[str],
    result: Icc,
    settings: PerturbationSettings,
    rule: str,
    threshold: float,
    stable: Sequence[str],
    warnings: Sequence[str],
    phantoms: bool,
    provenance: Mapping[str, object],
) -> None:
    """The same for perturbed VOIs instead of a second drawing."""
    write_table(folder / "icc.csv", *icc_rows({"perturbation": (names, result)}, stable))
    by_class = _by_class(names, result, threshold)
    numbers = {
        "schema": 1,
        "phantoms": phantoms,
        "perturbation": settings.as_dict(),
        "cases": result.cases,
        "draws": result.raters,
        "form": ICC_FORMS[result.form],
        "stable": len(stable),
        "rule": rule,
        "threshold": threshold,
        "by_class": by_class,
        "warnings": warnings,
        "provenance": provenance,
    }
    replace_file(folder / "results.json", results_json(numbers))
    pairs = [
        ("Cases", f"{result.cases}, each VOI perturbed {result.raters} times"),
        ("Perturbation", "; ".join(f"{name} {value:g}" for name, value in settings.as_dict().items())),
        ("Stable", f"{len(stable)} of {len(names)} features: {rule}"),
    ]
    sections = [_class_section("perturbation", numbers)]
    figures = [
        ("icc", "ICC of every feature over perturbations", _icc_figure({"perturbation": (names, result)}, threshold))
    ]
    (folder / "overlap.csv").unlink(missing_ok=True)  # of drawings that an earlier run has compared in this folder
    _write_page(folder, "Repeatability under perturbation", pairs, warnings, sections, figures, phantoms)


def icc_rows(parts: dict[str, tuple[Sequence[str], Icc]], stable: Sequence[str]) -> Rows:
    """Rows of icc.csv; cells of an undefined ICC are empty."""
    rows = []
    chosen = set(stable)
    for kind, (names, result) in parts.items():
        for number, name in enumerate(names):
            values = (result.value[number], result.low[number], result.high[number])
            cells = ["" if np.isnan(value) else f"{value:.6f}" for value in values]
            who = [kind, name, *_sequence_and_class(name), result.form, str(result.cases)]
            rows.append([*who, *cells, "yes" if name in chosen else "no"])
    return _ICC_HEADER, rows


def _write_page(
    folder: Path,
    title: str,
    pairs: Sequence[tuple[str, object]],
    warnings: Sequence[str],
    sections: Sequence[str],
    figures: Sequence[tuple[str, str, Figure]],
    phantoms: bool,
) -> None:
    strip = "<strong>PHANTOM RESULTS</strong> Synthetic patients; nothing here says anything about real ones."
    parts = [f'<div class="banner">{text(RESEARCH_USE_ONLY)}</div>']
    parts += [f'<div class="strip phantom">{strip}</div>'] if phantoms else []
    parts += ["<main>", f"<header><h1>{text(title)}</h1></header>", section("What was compared", definitions(pairs))]
    if warnings:
        items = "".join(f"<li>{text(one)}</li>" for one in warnings)
        parts.append(section("Remarks", f"<ul>{items}</ul>", "warnings"))
    for name, caption, figure in figures:
        svg = figure_bytes(figure, "svg")
        replace_file(folder / "figures" / f"{name}.svg", svg)
        replace_file(folder / "figures" / f"{name}.png", figure_bytes(figure, "png"))
        parts.append(section(caption, f'<div class="study-figure">{inline_svg(svg)}</div>'))
    parts += [*sections, "</main>"]
    replace_file(folder / "report.html", page(title, "\n".join(parts)).encode("utf-8"))
    _remove_figures_of_an_earlier_run(folder, {name for name, _caption, _figure in figures})


def _remove_figures_of_an_earlier_run(folder: Path, written: set[str]) -> None:
    """Bland-Altman plots of features that were asked for once: they would pass for results of this run."""
    for path in (folder / "figures").glob("bland_altman_*"):
        if path.suffix in (".svg", ".png") and path.stem not in written:
            path.unlink()


def _sequence_and_class(name: str) -> tuple[str, str]:
    sequence, feature_class, _ = name.split("_", 2) if name.count("_") >= 2 else ("", "", name)
    return sequence, feature_class


def _groups(names: Sequence[str]) -> Iterator[tuple[str, str, np.ndarray]]:
    """(class, sequence, columns) of the features, in their order."""
    kinds = [_sequence_and_class(name) for name in names]
    for feature_class in dict.fromkeys(kind[1] for kind in kinds):
        for sequence in dict.fromkeys(kind[0] for kind in kinds):
            columns = np.flatnonzero([kind == (sequence, feature_class) for kind in kinds])
            if columns.size:
                yield feature_class, sequence, columns


def _by_class(names: Sequence[str], result: Icc, threshold: float) -> list[dict[str, object]]:
    rows = []
    for feature_class, sequence, columns in _groups(names):
        values = result.value[columns]
        known = values[~np.isnan(values)]
        rows.append(
            {
                "class": feature_class,
                "sequence": sequence,
                "features": int(columns.size),
                "median_icc": float(np.median(known)) if known.size else None,
                "above_threshold": int((known > threshold).sum()),
            }
        )
    return rows


def _class_section(kind: str, numbers: dict[str, object]) -> str:
    rows = numbers["by_class"]
    sequences = list(dict.fromkeys(row["sequence"] for row in rows))
    lines = []
    for feature_class in dict.fromkeys(row["class"] for row in rows):
        cells = {row["sequence"]: row for row in rows if row["class"] == feature_class}
        shown = [
            f"{three_digits(cells[name]['median_icc'])} ({cells[name]['above_threshold']}/{cells[name]['features']})"
            if name in cells
            else ""
            for name in sequences
        ]
        lines.append([feature_class, *shown])
    title = f"{kind.capitalize()}: median {numbers['form']} (features above {numbers['threshold']:g})"
    return section(title, table(("Class", *sequences), lines, "numbers"))


def _overlap_rows(overlaps: Sequence[tuple[tuple[CaseKey, CaseKey], Overlap]]) -> Rows:
    rows = []
    for (first, second), one in overlaps:
        values = (one.dice, one.hausdorff_95_mm, one.mean_surface_distance_mm)
        values += (one.first_volume_ml, one.second_volume_ml, one.volume_difference_ml)
        who = [f"reader {key.reader} session {key.session}" for key in (first, second)]
        rows.append([first.patient_id, first.lesion, *who, one.sequence, *(f"{value:.4f}" for value in values)])
    return _OVERLAP_HEADER, rows


def _overlap_numbers(overlaps: Sequence[tuple[tuple[CaseKey, CaseKey], Overlap]]) -> list[dict[str, object]]:
    groups: dict[tuple[str, str], list[Overlap]] = {}
    for (first, second), one in overlaps:
        kind = "test-retest" if first.reader == second.reader else "inter-observer"
        groups.setdefault((kind, one.sequence), []).append(one)
    return [
        {
            "repetition": kind,
            "sequence": sequence,
            "pairs": len(own),
            "median_dice": float(np.median([one.dice for one in own])),
            "median_hausdorff_95_mm": float(np.median([one.hausdorff_95_mm for one in own])),
            "median_surface_distance_mm": float(np.median([one.mean_surface_distance_mm for one in own])),
            "median_volume_difference_ml": float(np.median([one.volume_difference_ml for one in own])),
        }
        for (kind, sequence), own in groups.items()
    ]


def _overlap_section(rows: Sequence[dict[str, object]]) -> str:
    header = ("Repetition", "Sequence", "Pairs", "Dice", "Hausdorff 95 % (mm)", "Surface (mm)", "Volume (mL)")
    lines = [
        [
            row["repetition"],
            row["sequence"],
            str(row["pairs"]),
            three_digits(row["median_dice"]),
            f"{row['median_hausdorff_95_mm']:.1f}",
            f"{row['median_surface_distance_mm']:.2f}",
            f"{row['median_volume_difference_ml']:+.1f}",
        ]
        for row in rows
    ]
    return section("Overlap of the VOIs, medians", table(header, lines, "numbers"))


def _icc_figure(parts: dict[str, tuple[Sequence[str], Icc]], threshold: float) -> Figure:
    names = next(iter(parts.values()))[0]
    groups = list(_groups(names))
    sequences = list(dict.fromkeys(sequence for _, sequence, _ in groups))
    classes = list(dict.fromkeys(feature_class for feature_class, _, _ in groups))
    figure, axes = new_figure(9.0, 0.42 * len(classes) + 1.0, 1, len(sequences))
    for axis, sequence in zip(axes[0], sequences, strict=True):
        for place, (kind, (_, result)) in enumerate(parts.items()):
            label = kind
            for feature_class, own, columns in groups:
                if own == sequence:
                    row = classes.index(feature_class) + (place - (len(parts) - 1) / 2) * 0.34
                    spread = row + 0.1 * np.sin(np.arange(columns.size) * 2.4)
                    shown = np.clip(result.value[columns], -0.1, 1)
                    axis.plot(shown, spread, ".", color=_COLOURS[kind], markersize=4, alpha=0.75, label=label)
                    label = None
        axis.axvline(threshold, color="black", linewidth=0.8, linestyle="--")
        axis.set_xlim(-0.12, 1.03)
        axis.set_title(sequence, fontsize=9)
        axis.set_xlabel("ICC", fontsize=8)
        axis.set_yticks(range(len(classes)), classes if axis is axes[0, 0] else [])
        axis.set_ylim(len(classes) - 0.5, -0.5)
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, fontsize=8, frameon=False, loc="outside upper center", ncols=2)
    return figure


def _valued_pairs(part: Repeatability, name: str) -> np.ndarray:
    """First and second rating (2, n) of the pairs in which the feature has a value twice."""
    ratings = part.ratings[:, :, part.names.index(name)]
    return ratings[np.isfinite(ratings).all(axis=1)].T


def _bland_altman_numbers(parts: Sequence[Repeatability], name: str) -> dict[str, dict[str, float]]:
    """Bias (second minus first) and 95 % limits of agreement, bias +- 1.96 standard deviations (Bland, Altman 1986)."""
    numbers = {}
    for part in parts:
        first, second = _valued_pairs(part, name)
        if first.size < 2:
            numbers[part.redrawn.kind] = dict.fromkeys(("bias", "low", "high"), float("nan"))
            continue
        bias, spread = (second - first).mean(), (second - first).std(ddof=1)
        numbers[part.redrawn.kind] = {"bias": bias, "low": bias - 1.96 * spread, "high": bias + 1.96 * spread}
    return numbers


def _bland_altman(parts: Sequence[Repeatability], name: str, numbers: Mapping[str, object]) -> Figure:
    figure, axes = new_figure(4.4 * len(parts), 3.4, 1, len(parts))
    for axis, part in zip(axes[0], parts, strict=True):
        first, second = _valued_pairs(part, name)
        mean, difference = (first + second) / 2, second - first
        agreement = numbers["bland_altman"][name][part.redrawn.kind]
        axis.plot(mean, difference, "o", color=_COLOURS[part.redrawn.kind], markersize=4, alpha=0.8)
        for kind, line in (("bias", "-"), ("low", "--"), ("high", "--")):
            axis.axhline(agreement[kind], color="black", linewidth=0.9, linestyle=line)
        value = part.icc.value[part.names.index(name)]
        told = "ICC undefined" if np.isnan(value) else f"ICC {value:.3f}"
        limits = f"{agreement['bias']:+.3g} ({agreement['low']:+.3g} to {agreement['high']:+.3g})"
        axis.set_title(f"{part.redrawn.kind}, {told}\n{limits}", fontsize=9)
        axis.set_xlabel("mean of both", fontsize=9)
        axis.set_ylabel("second minus first", fontsize=9)
    return figure
