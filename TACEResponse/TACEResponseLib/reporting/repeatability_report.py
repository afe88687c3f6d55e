"""The report of repeatability: icc.csv, overlap.csv, results.json, figures and one HTML file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from .. import __version__
from ..cohort import CaseKey, Json, replace_file, write_table
from ..repeatability import (
    ICC_FORMS,
    INTER_OBSERVER,
    TEST_RETEST,
    FeatureChoice,
    Icc,
    Overlap,
    PerturbationSettings,
    Repeatability,
)
from .cohort_page import PHANTOM_STRIP, CohortPage, ReportFigure, write_figures
from .page import definitions, section, table
from .repeatability_figures import agreement, bland_altman_figure, feature_groups, icc_figure, sequence_and_class
from .results_files import Rows, json_bytes, three_digits

PairOverlap = tuple[tuple[CaseKey, CaseKey], Overlap]
"""Both drawings, and how far they overlap on a sequence."""

_ICC_HEADER = ("repetition", "feature", "sequence", "class", "form", "cases", "icc", "low", "high", "stable")
_OVERLAP_NUMBERS = (
    *("dice", "hausdorff_95_mm", "mean_surface_distance_mm"),
    *("first_volume_ml", "second_volume_ml", "volume_difference_ml"),
)


@dataclass(frozen=True)
class ClassIcc:
    """The ICCs of the features of a class on a sequence; the median is None where all are undefined."""

    feature_class: str
    sequence: str
    features: int
    median_icc: float | None
    above_threshold: int


@dataclass(frozen=True)
class OverlapMedians:
    """Medians over the pairs of a kind of repetition on a sequence."""

    repetition: str
    sequence: str
    pairs: int
    median_dice: float
    median_hausdorff_95_mm: float
    median_surface_distance_mm: float
    median_volume_difference_ml: float


@dataclass(frozen=True, eq=False)
class Perturbed:
    """ICC of features (names) over perturbations of each case's VOI instead of a second drawing."""

    names: tuple[str, ...]
    icc: Icc
    settings: PerturbationSettings
    warnings: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class _Report:
    """What both reports have: ICCs by kind of repetition, and (term, text) pairs of what was compared."""

    title: str
    names: Sequence[str]
    iccs: Mapping[str, Icc]
    choice: FeatureChoice
    compared: Sequence[tuple[str, str]]
    warnings: Sequence[str]

    def write(
        self, folder: Path, numbers: Mapping[str, Json], plots: Sequence[ReportFigure] = (), overlap: str = ""
    ) -> None:
        """Write all but overlap.csv; ``plots`` come after the figure of the ICCs, ``overlap`` is a section."""
        names, choice = self.names, self.choice
        write_table(folder / "icc.csv", *icc_rows(names, self.iccs, choice.names))
        replace_file(folder / "results.json", json_bytes(numbers))
        icc = ReportFigure("icc", "ICC below -0.1 is drawn at -0.1.", icc_figure(names, self.iccs, choice.threshold))
        shown = write_figures(folder, [icc, *plots], "bland_altman_*")
        stable = ("Stable", f"{len(choice.names)} of {len(names)} features: {choice.rule}")
        page = CohortPage(
            title=self.title,
            heading=self.title,
            strips=[PHANTOM_STRIP] if choice.phantoms else [],
            remarks=self.warnings,
            sections=[
                section("What was compared", definitions([*self.compared, stable])),
                section("ICC of every feature by class and sequence", shown["icc"]),
                section("Bland-Altman plots", "".join(shown[one.name] for one in plots)) if plots else "",
                *(_class_section(kind, names, result, choice.threshold) for kind, result in self.iccs.items()),
                overlap,
            ],
        )
        replace_file(folder / "report.html", page.html().encode("utf-8"))


def write_repeatability_report(
    folder: Path,
    parts: Sequence[Repeatability],
    overlaps: Sequence[PairOverlap],
    choice: FeatureChoice,
    bland_altman: Sequence[str],
) -> None:
    """Write everything into ``folder``; ``bland_altman`` are the features to plot.

    Raises ValueError if a file cannot be written.
    """
    names = parts[0].names
    medians = _overlap_medians(overlaps)
    write_table(folder / "overlap.csv", *_overlap_rows(overlaps))
    numbers: dict[str, Json] = {
        "schema": 1,
        "rule": choice.rule,
        "phantoms": choice.phantoms,
        "stable": len(choice.names),
        "repetitions": {
            one.redrawn.kind: {
                "who": one.redrawn.names,
                "pairs": len(one.redrawn.pairs),
                "drawn_once": len(one.redrawn.drawn_once),
                "form": ICC_FORMS[one.icc.form],
                "threshold": choice.threshold,
                "by_class": _by_class_json(names, one.icc, choice.threshold),
                "warnings": one.warnings,
            }
            for one in parts
        },
        "overlap": [asdict(one) for one in medians],
        "bland_altman": {
            name: {part.redrawn.kind: asdict(agreement(part, name)) for part in parts} for name in bland_altman
        },
        "provenance": _provenance(choice),
    }
    report = _Report(
        title="Repeatability of features",
        names=names,
        iccs={one.redrawn.kind: one.icc for one in parts},
        choice=choice,
        compared=[(one.redrawn.kind, f"{one.redrawn.names}: {len(one.redrawn.pairs)} pairs") for one in parts],
        warnings=[warning for one in parts for warning in one.warnings],
    )
    caption = "Bland-Altman of {}: bias and 95 % limits."
    plots = [
        ReportFigure(f"bland_altman_{name}", caption.format(name), bland_altman_figure(parts, name))
        for name in bland_altman
    ]
    report.write(folder, numbers, plots, _overlap_section(medians) if medians else "")


def write_perturbation_report(folder: Path, perturbed: Perturbed, choice: FeatureChoice) -> None:
    """The same for perturbed VOIs instead of a second drawing."""
    result, settings = perturbed.icc, asdict(perturbed.settings)
    numbers: dict[str, Json] = {
        "schema": 1,
        "phantoms": choice.phantoms,
        "perturbation": settings,
        "cases": result.cases,
        "draws": result.raters,
        "form": ICC_FORMS[result.form],
        "stable": len(choice.names),
        "rule": choice.rule,
        "threshold": choice.threshold,
        "by_class": _by_class_json(perturbed.names, result, choice.threshold),
        "warnings": perturbed.warnings,
        "provenance": _provenance(choice),
    }
    (folder / "overlap.csv").unlink(missing_ok=True)  # of drawings that an earlier run has compared in this folder
    report = _Report(
        title="Repeatability under perturbation",
        names=perturbed.names,
        iccs={"perturbation": result},
        choice=choice,
        compared=[
            ("Cases", f"{result.cases}, each VOI perturbed {result.raters} times"),
            ("Perturbation", "; ".join(f"{name} {value:g}" for name, value in settings.items())),
        ],
        warnings=perturbed.warnings,
    )
    report.write(folder, numbers)


def icc_rows(names: Sequence[str], iccs: Mapping[str, Icc], stable: Sequence[str]) -> Rows:
    """Rows of icc.csv, by kind of repetition; cells of an undefined ICC are empty."""
    rows = []
    chosen = set(stable)
    for kind, result in iccs.items():
        for number, name in enumerate(names):
            values = (result.value[number], result.low[number], result.high[number])
            cells = ["" if np.isnan(value) else f"{value:.6f}" for value in values]
            who = [kind, name, *sequence_and_class(name), result.form, str(result.cases)]
            rows.append([*who, *cells, "yes" if name in chosen else "no"])
    return _ICC_HEADER, rows


def _provenance(choice: FeatureChoice) -> Json:
    """How the features were made, and on which drawings."""
    made: dict[str, Json] = {
        "TACEResponse": __version__,
        "engine": choice.table.engine,
        "feature_set": choice.table.feature_set,
        "settings": None if choice.table.settings is None else choice.table.settings.as_dict(),
        "cases": [key._asdict() for key in sorted(choice.drawings)],
    }
    return made if choice.seed is None else made | {"seed": choice.seed}


def _by_class(names: Sequence[str], result: Icc, threshold: float) -> list[ClassIcc]:
    rows = []
    for feature_class, sequence, columns in feature_groups(names):
        values = result.value[columns]
        known = values[~np.isnan(values)]
        median = float(np.median(known)) if known.size else None
        rows.append(ClassIcc(feature_class, sequence, int(columns.size), median, int((known > threshold).sum())))
    return rows


def _by_class_json(names: Sequence[str], result: Icc, threshold: float) -> list[Json]:
    return [
        {("class" if name == "feature_class" else name): value for name, value in asdict(one).items()}
        for one in _by_class(names, result, threshold)
    ]


def _class_section(kind: str, names: Sequence[str], result: Icc, threshold: float) -> str:
    rows = _by_class(names, result, threshold)
    sequences = list(dict.fromkeys(row.sequence for row in rows))
    lines = []
    for feature_class in dict.fromkeys(row.feature_class for row in rows):
        cells = {
            row.sequence: f"{three_digits(row.median_icc)} ({row.above_threshold}/{row.features})"
            for row in rows
            if row.feature_class == feature_class
        }
        lines.append([feature_class, *(cells.get(name, "") for name in sequences)])
    title = f"{kind.capitalize()}: median {ICC_FORMS[result.form]} (features above {threshold:g})"
    return section(title, table(("Class", *sequences), lines, "numbers"))


def _overlap_rows(overlaps: Sequence[PairOverlap]) -> Rows:
    rows = []
    for (first, second), one in overlaps:
        who = [f"reader {key.reader} session {key.session}" for key in (first, second)]
        numbers = [f"{getattr(one, name):.4f}" for name in _OVERLAP_NUMBERS]
        rows.append([first.patient_id, first.lesion, *who, one.sequence, *numbers])
    return ("patient_id", "lesion", "first", "second", "sequence", *_OVERLAP_NUMBERS), rows


def _overlap_medians(overlaps: Sequence[PairOverlap]) -> list[OverlapMedians]:
    groups: dict[tuple[str, str], list[Overlap]] = {}
    for (first, second), one in overlaps:
        kind = TEST_RETEST if first.reader == second.reader else INTER_OBSERVER
        groups.setdefault((kind, one.sequence), []).append(one)
    return [
        OverlapMedians(
            kind,
            sequence,
            len(own),
            float(np.median([one.dice for one in own])),
            float(np.median([one.hausdorff_95_mm for one in own])),
            float(np.median([one.mean_surface_distance_mm for one in own])),
            float(np.median([one.volume_difference_ml for one in own])),
        )
        for (kind, sequence), own in groups.items()
    ]


def _overlap_section(rows: Sequence[OverlapMedians]) -> str:
    header = ("Repetition", "Sequence", "Pairs", "Dice", "Hausdorff 95 % (mm)", "Surface (mm)", "Volume (mL)")
    lines = [
        [
            row.repetition,
            row.sequence,
            str(row.pairs),
            three_digits(row.median_dice),
            f"{row.median_hausdorff_95_mm:.1f}",
            f"{row.median_surface_distance_mm:.2f}",
            f"{row.median_volume_difference_ml:+.1f}",
        ]
        for row in rows
    ]
    return section("Overlap of the VOIs, medians", table(header, lines, "numbers"))
