"""The report of a study: one HTML file, its figures also as SVG and PNG, its tables as CSV."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from ..cohort import replace_file, write_table
from ..models.wording import CLINICAL_CODING
from ..prediction.wording import RESEARCH_USE_ONLY
from ..study.run_study import StudyResult
from .figure_files import figure_bytes
from .page import definitions, page, section, table, text
from .published import PUBLISHED_NOTE
from .results_files import Rows, inline_svg, results_json
from .study_figures import study_figures
from .study_summary import summary_sentences
from .study_tables import readable, study_tables

_FEW_EVENTS = 100

_NOTES = {
    "leak_audit": "Gap: training AUC of the published way minus the honest AUC. " + PUBLISHED_NOTE,
    "honest": (
        "AUC: mean over outer test parts, corrected resampled-t interval (Nadeau and Bengio). Sensitivity, specificity "
        "and accuracy: at thresholds chosen within each training part, Wilson intervals of n patients (a bootstrap of "
        "patients where some have several lesions)."
    ),
    "calibration": (
        "Means over repeats. Intercept 0 and slope 1 are perfect; the interval of the last column is that of these "
        "predictions of a fixed model (DeLong), and knows nothing of training."
    ),
    "paper": (
        "As published: one 8:2 split, merged models fitted to in-sample scores, sensitivity and specificity at the "
        "threshold that is best for each set, accuracy at .5 (our guess from the printed numbers). ridge: the terms "
        "separate the training set, so that the fit is penalised. " + PUBLISHED_NOTE
    ),
    "readers": "Objective response (CR, PR) against none (SD, PD). AUC: one reader's outcome as score for the other's.",
    "permutation_null": "All of the chain is repeated for each shuffle of the outcomes; p = (1 + b) / (1 + B).",
    "table_one": (
        "Continuous: Kolmogorov-Smirnov test with Lilliefors' correction in each group, then Student's t or "
        "Mann-Whitney U. Categorical: chi-square without continuity correction, or Fisher's exact test if an expected "
        "count is below 5. "
        "Standardised difference: OR minus NOR over the pooled standard deviation."
    ),
    "odds_ratios": "Wald intervals. Each regression takes the patients in whom its facts are known.",
    "following_size": "Absolute rank correlation of .9 and more with the lesion's volume.",
}

_PARTS: tuple[tuple[str, tuple[str, ...], tuple[str, ...], bool], ...] = (
    ("", ("leak_audit",), ("leak_audit",), False),
    ("Score distributions, honest protocol", ("fig2_scores",), (), False),
    ("", ("fig3_bars",), ("honest",), False),
    ("ROC curves, honest protocol", ("fig4_roc",), (), False),
    ("Calibration, honest protocol", ("fig5_calibration",), ("calibration",), False),
    ("Decision curves, honest protocol", ("fig6_decision",), (), False),
    ("", (), ("comparisons",), True),
    ("", (), ("external",), False),
    ("", (), ("external_comparisons",), True),
    ("", (), ("paper",), False),
    (
        "Figures of the published protocol",
        ("paper_fig2_scores", "paper_fig4_roc", "paper_fig5_calibration", "paper_fig6_decision"),
        (),
        True,
    ),
    ("", (), ("paper_comparisons",), True),
    ("", (), ("readers",), False),
    ("", (), ("models_against_readers",), False),
    ("", (), ("permutation_null",), False),
    ("", (), ("table_one",), False),
    ("", (), ("odds_ratios",), False),
    ("", (), ("selected_features",), False),
    ("", (), ("aliases",), True),
    ("", (), ("following_size",), True),
    ("", (), ("checklist",), True),
)
"""(title where the table gives none, figures, tables, folded away) in the order of the page."""

_FIGURE_NUMBERS = {
    "fig1_patients": "Fig. 1",
    "fig2_scores": "Fig. 2",
    "fig3_bars": "Fig. 3",
    "fig4_roc": "Fig. 4",
    "fig5_calibration": "Fig. 5",
    "fig6_decision": "Fig. 6",
    "leak_audit": "Leak audit",
    "paper_fig2_scores": "Fig. 2, published way",
    "paper_fig4_roc": "Fig. 4, published way",
    "paper_fig5_calibration": "Fig. 5, published way",
    "paper_fig6_decision": "Fig. 6, published way",
}


def write_study_report(folder: Path, result: StudyResult, versions: Mapping[str, str]) -> None:
    """Write report.html, results.json, figures/ and tables/ into ``folder``; each file whole or not at all.

    ``versions`` of software stand in the report. Figures and tables of an earlier study in the same folder, which this
    one has not, are removed. Raises ValueError if a file cannot be written.
    """
    replace_file(folder / "results.json", results_json(result.numbers))
    figures, written = [], set()
    for name, caption, figure in study_figures(result):
        svg = figure_bytes(figure, "svg")
        files = {
            folder / "figures" / f"{name}.svg": svg,
            folder / "figures" / f"{name}.png": figure_bytes(figure, "png"),
        }
        for path, content in files.items():
            replace_file(path, content)
        written |= set(files)
        figures.append((name, caption, inline_svg(svg)))
    tables = study_tables(result.numbers)
    for name, (_, rows) in tables.items():
        path = folder / "tables" / f"{name}.csv"
        write_table(path, *rows)
        written.add(path)
    replace_file(folder / "report.html", study_report(result.numbers, figures, tables, versions).encode("utf-8"))
    for pattern in ("figures/*.svg", "figures/*.png", "tables/*.csv"):
        for path in set(folder.glob(pattern)) - written:
            path.unlink()


def study_report(
    numbers: Mapping[str, object],
    figures: Sequence[tuple[str, str, str]],
    tables: Mapping[str, tuple[str, Rows]],
    versions: Mapping[str, str],
) -> str:
    """HTML of the report; ``figures`` are (name, caption, SVG), ``tables`` (title, (header, rows)) by name."""
    cohort = numbers["cohort"]
    shown = {name: _figure(name, caption, svg) for name, caption, svg in figures}
    parts = [f'<div class="banner">{text(RESEARCH_USE_ONLY)}</div>', _strips(numbers), '<main class="study">']
    external = f"<br>{cohort['external']} of them external" if cohort["external"] else ""
    parts.append(
        f'<header><div><p class="kicker">Study of response to TACE</p><h1>{cohort["patients"]} '
        f"{'phantoms' if cohort['phantoms'] else 'patients'}</h1></div>"
        f'<p class="model">{cohort["responders"]} with response{external}<br>{cohort["features"]} features</p></header>'
    )
    sentences = summary_sentences(numbers)
    if sentences:
        parts.append(section("In short", _list(sentences)))
    parts.append(_remarks(numbers))
    parts.append(
        section("Patients", shown.pop("fig1_patients", "") + f'<p class="note">{text(cohort["sample_size"])}</p>')
    )
    for title, figure_names, table_names, folded in _PARTS:
        content = "".join(shown.get(name, "") for name in figure_names)
        for name in table_names:
            if name in tables:
                title = title or tables[name][0]
                content += _table(name, numbers, *tables[name][1])
        if content and folded:
            # Without the honest protocol the published figures are what the report is about.
            opened = " open" if "honest" not in numbers and figure_names else ""
            content = f"<details{opened}><summary>{text(title)}</summary>{content}</details>"
            parts.append(f'<section class="card folded">{content}</section>\n')
        elif content:
            parts.append(section(title, content))
    settings = definitions(
        [*_flat(numbers["settings"]), *(("version of " + name, one) for name, one in versions.items())]
    )
    settings = f"<details><summary>Settings, seeds and versions</summary>{settings}</details>"
    parts.append(f'<section class="card folded small">{settings}</section>\n</main>')
    return page("Study of response to TACE", "\n".join(parts))


def _figure(name: str, caption: str, svg: str) -> str:
    # Figures keep their natural size on a wide page, so that letters are of one size in all of them.
    width = svg[svg.index('width="') + 7 :].partition("pt")[0]
    words = f"<strong>{_FIGURE_NUMBERS[name]}.</strong> {text(caption)}"
    return (
        f'<figure class="study-figure" style="max-width:{float(width) * 1.36:.0f}px">{svg}'
        f"<figcaption>{words}</figcaption></figure>"
    )


def _table(name: str, numbers: Mapping[str, object], header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    css = "" if name == "checklist" else "words" if name == "aliases" else "numbers dense"
    css += " beside" if name == "paper" else ""
    note = _NOTES.get(name, "")
    if name == "table_one" and numbers["table_one_left_out"]:
        left_out = ", ".join(readable(column) for column in numbers["table_one_left_out"])
        note += f" Not shown, as text of many different cells: {left_out}."
    return f'<div class="scroll">{table(header, rows, css)}</div>' + (
        f'<p class="note">{text(note)}</p>' if note else ""
    )


def _strips(numbers: Mapping[str, object]) -> str:
    lines = []
    if numbers["cohort"]["phantoms"]:
        lines.append(("phantom", "PHANTOM RESULTS", "Synthetic patients; nothing here says anything about real ones."))
    if numbers["settings"]["quick"]:
        lines.append(("demonstration", "QUICK", "Fewer seeds and repeats than the protocol asks for: a first look."))
    return "".join(
        f'<div class="strip {name}"><strong>{text(title)}</strong> {text(words)}</div>' for name, title, words in lines
    )


def _remarks(numbers: Mapping[str, object]) -> str:
    remarks = list(numbers["remarks"])
    remarks += [
        f"{CLINICAL_CODING[name]} is unknown in {count} patients; they count as the share of the training part that "
        "has it."
        for name, count in numbers["cohort"]["missing_facts"].items()
        if count < numbers["cohort"]["patients"]
    ]
    rarer = min(numbers["cohort"]["responders"], numbers["cohort"]["patients"] - numbers["cohort"]["responders"])
    if rarer < _FEW_EVENTS:
        remarks.append(f"{rarer} patients of the rarer outcome: fewer than about 100 cannot judge calibration.")
    if numbers["settings"]["quick"]:
        remarks.append("No permutation null in a quick run.")
    return section("Remarks", _list(remarks), "warnings") if remarks else ""


def _list(sentences: Sequence[str]) -> str:
    return "<ul>" + "".join(f"<li>{text(one)}</li>" for one in sentences) + "</ul>"


def _flat(settings: Mapping[str, object], prefix: str = "") -> list[tuple[str, object]]:
    pairs: list[tuple[str, object]] = []
    for name, value in settings.items():
        own = f"{prefix}{name.replace('_', ' ')}"
        pairs += _flat(value, f"{own}, ") if isinstance(value, Mapping) else [(own, value)]
    return pairs
