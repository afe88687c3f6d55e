"""The report of a study: one HTML file, its figures also as SVG and PNG, its tables as CSV."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from ..cohort import Json, replace_file, write_table
from ..evaluation.calibration import FEW_EVENTS
from ..models.wording import CLINICAL_CODING
from ..study.results import StudyResult
from .cohort_page import PHANTOM_STRIP, CohortPage, Strip, bullets, folded, write_figures
from .page import definitions, section, table, text
from .printed_values import PUBLISHED_NOTE
from .results_files import Rows, json_bytes
from .results_json import settings_json, study_json
from .study_figures import study_figures
from .study_summary import summary_sentences
from .study_tables import Tables, readable, study_tables

_QUICK_STRIP = Strip("demonstration", "QUICK", "Fewer seeds and repeats than the protocol asks for: a first look.")

_NOTES = {
    "leak_audit": "Gap: training AUC of the published protocol minus that of nested cross-validation. "
    + PUBLISHED_NOTE,
    "honest": (
        "AUC: mean over outer test parts, corrected resampled-t interval (Nadeau and Bengio). Sensitivity, specificity "
        "and accuracy: at thresholds chosen within each training part, Wilson intervals of n patients (a bootstrap of "
        "patients where some have several lesions)."
    ),
    "calibration": (
        "Means over repeats. Intercept 0 and slope 1 are perfect; the interval of the last column is that of these "
        "predictions of a fixed model (DeLong), and does not include the variation of training."
    ),
    "paper": (
        "As published: one 8:2 split, merged models fitted to in-sample scores, sensitivity and specificity at the "
        "threshold that is best for each set, accuracy at .5 (our guess from the printed numbers). ridge: the terms "
        "separate the training set, so that the fit is penalised. " + PUBLISHED_NOTE
    ),
    "readers": "Objective response (CR, PR) against none (SD, PD). AUC: one reader's outcome as score for the other's.",
    "permutation_null": (
        "The whole chain is repeated for each permutation of the outcomes; p = (1 + b) / (1 + B), where b of B "
        "permutations reach the AUC."
    ),
    "table_one": (
        "Continuous: Kolmogorov-Smirnov test with Lilliefors' correction in each group, then Student's t or "
        "Mann-Whitney U. Categorical: chi-square without continuity correction, or Fisher's exact test if an expected "
        "count is below 5. "
        "Standardised difference: OR minus NOR over the pooled standard deviation."
    ),
    "odds_ratios": "Wald intervals. Each regression takes the patients in whom its facts are known.",
    "following_size": "Absolute rank correlation of .9 and more with the lesion's volume.",
}


class _Part(NamedTuple):
    """A section of the page; without a ``title`` its first table gives it."""

    title: str = ""
    figures: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()
    is_folded: bool = False


_PUBLISHED_FIGURES = ("paper_fig2_scores", "paper_fig4_roc", "paper_fig5_calibration", "paper_fig6_decision")

_PARTS = (
    _Part(figures=("leak_audit",), tables=("leak_audit",)),
    _Part("Score distributions, nested cross-validation", ("fig2_scores",)),
    _Part(figures=("fig3_bars",), tables=("honest",)),
    _Part("ROC curves, nested cross-validation", ("fig4_roc",)),
    _Part("Calibration, nested cross-validation", ("fig5_calibration",), ("calibration",)),
    _Part("Decision curves, nested cross-validation", ("fig6_decision",)),
    _Part(tables=("comparisons",), is_folded=True),
    _Part(tables=("external",)),
    _Part(tables=("external_comparisons",), is_folded=True),
    _Part(tables=("paper",)),
    _Part("Figures of the published protocol", _PUBLISHED_FIGURES, is_folded=True),
    _Part(tables=("paper_comparisons",), is_folded=True),
    _Part(tables=("readers",)),
    _Part(tables=("models_against_readers",)),
    _Part(tables=("permutation_null",)),
    _Part(tables=("table_one",)),
    _Part(tables=("odds_ratios",)),
    _Part(tables=("selected_features",)),
    _Part(tables=("aliases",), is_folded=True),
    _Part(tables=("following_size",), is_folded=True),
    _Part(tables=("checklist",), is_folded=True),
)
"""In the order of the page."""


def write_study_report(folder: Path, result: StudyResult, versions: Mapping[str, str]) -> None:
    """Write report.html, results.json, figures/ and tables/ into ``folder``; each file whole or not at all.

    ``versions`` of software stand in the report. Figures and tables of an earlier study in the same folder, which this
    one has not, are removed. Raises ValueError if a file cannot be written.
    """
    replace_file(folder / "results.json", json_bytes(study_json(result)))
    figures = write_figures(folder, study_figures(result))
    tables = study_tables(result)
    for name, (_, rows) in tables.items():
        write_table(folder / "tables" / f"{name}.csv", *rows)
    for path in (folder / "tables").glob("*.csv"):
        if path.stem not in tables:
            path.unlink()
    page = study_page(result, figures, tables, versions)
    replace_file(folder / "report.html", page.html().encode("utf-8"))


def study_page(
    result: StudyResult, figures: Mapping[str, str], tables: Tables, versions: Mapping[str, str]
) -> CohortPage:
    """The report; ``figures`` are HTML by name."""
    cohort = result.cohort
    sentences = summary_sentences(result)
    external = [f"{cohort.external} of them external"] if cohort.external else []
    patients = figures["fig1_patients"] + f'<p class="note">{text(cohort.sample_size)}</p>'
    settings = [*_flat(settings_json(result)), *((f"version of {name}", one) for name, one in versions.items())]
    return CohortPage(
        title="Study of response to TACE",
        kicker="Study of response to TACE",
        heading=f"{cohort.patients} {'phantoms' if cohort.phantoms else 'patients'}",
        details=[f"{cohort.responders} with response", *external, f"{cohort.features} features"],
        strips=[
            *([PHANTOM_STRIP] if cohort.phantoms else []),
            *([_QUICK_STRIP] if result.settings.is_quick else []),
        ],
        remarks=_remarks(result),
        sections=[
            section("In short", bullets(sentences)) if sentences else "",
            section("Patients", patients),
            *(_section(part, result, figures, tables) for part in _PARTS),
            folded("Settings, seeds and versions", definitions(settings), "small"),
        ],
    )


def _section(part: _Part, result: StudyResult, figures: Mapping[str, str], tables: Tables) -> str:
    own = [name for name in part.tables if name in tables]
    title = part.title or (tables[own[0]][0] if own else "")
    content = "".join(figures.get(name, "") for name in part.figures)
    content += "".join(_table(name, result, tables[name][1]) for name in own)
    if not content:
        return ""
    if part.is_folded:
        # Without nested cross-validation the figures of the published protocol are what the report is about.
        return folded(title, content, is_open=result.nested_cv is None and bool(part.figures))
    return section(title, content)


def _table(name: str, result: StudyResult, rows: Rows) -> str:
    css = "" if name == "checklist" else "words" if name == "aliases" else "numbers dense"
    css += " beside" if name == "paper" else ""
    note = _NOTES.get(name, "")
    if name == "table_one" and result.tables.table_one_left_out:
        left_out = ", ".join(readable(column) for column in result.tables.table_one_left_out)
        note += f" Not shown, as text of many different cells: {left_out}."
    return f'<div class="scroll">{table(*rows, css)}</div>' + (f'<p class="note">{text(note)}</p>' if note else "")


def _remarks(result: StudyResult) -> list[str]:
    cohort = result.cohort
    remarks = list(result.remarks)
    remarks += [
        f"{CLINICAL_CODING[name]}: unknown in {count} of {cohort.patients} patients; counted as the share of the "
        "training part that has it."
        for name, count in cohort.missing_facts.items()
        if count < cohort.patients
    ]
    rarer = min(cohort.responders, cohort.patients - cohort.responders)
    if rarer < FEW_EVENTS:
        remarks.append(
            f"{rarer} patients of the rarer outcome: calibration cannot be judged with fewer than about {FEW_EVENTS}."
        )
    if result.settings.is_quick:
        remarks.append("No permutation test in a quick run.")
    return remarks


def _flat(settings: Mapping[str, Json], prefix: str = "") -> list[tuple[str, Json]]:
    pairs: list[tuple[str, Json]] = []
    for name, value in settings.items():
        own = f"{prefix}{name.replace('_', ' ')}"
        pairs += _flat(value, f"{own}, ") if isinstance(value, Mapping) else [(own, value)]
    return pairs
