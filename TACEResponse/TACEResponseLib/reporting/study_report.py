"""The report of a study: one HTML file, its figures also as SVG and PNG, its tables as CSV."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from ..cohort import replace_file
from ..models.wording import CLINICAL_CODING
from ..prediction.wording import RESEARCH_USE_ONLY
from ..study.run_study import StudyResult
from .page import definitions, page, section, table, text
from .published import PUBLISHED_AUC, PUBLISHED_NOTE
from .reporting_checklist import checklist_rows
from .results_files import Rows, csv_bytes, inline_svg, results_json, three_digits, with_interval
from .study_figures import figure_bytes, study_figures

_MOST_SHOWN = 20
"""Rows of a table of selected features; results.json has all."""


def write_study_report(folder: Path, result: StudyResult) -> None:
    """Write report.html, results.json, figures/ and tables/ into ``folder``; each file whole or not at all.

    Raises ValueError if a file cannot be written.
    """
    replace_file(folder / "results.json", results_json(result.numbers))
    figures = []
    for name, caption, figure in study_figures(result):
        svg = figure_bytes(figure, "svg")
        replace_file(folder / "figures" / f"{name}.svg", svg)
        replace_file(folder / "figures" / f"{name}.png", figure_bytes(figure, "png"))
        figures.append((name, caption, inline_svg(svg)))
    tables = study_tables(result.numbers)
    for name, (_, rows) in tables.items():
        replace_file(folder / "tables" / f"{name}.csv", csv_bytes(rows))
    replace_file(folder / "report.html", study_report(result.numbers, figures, tables).encode("utf-8"))


def study_report(
    numbers: Mapping[str, object],
    figures: Sequence[tuple[str, str, str]],
    tables: Mapping[str, tuple[str, Rows]],
) -> str:
    """HTML of the report; ``figures`` are (name, caption, SVG), ``tables`` (title, (header, rows)) by name."""
    cohort, shown = numbers["cohort"], {name: (caption, svg) for name, caption, svg in figures}
    parts = [f'<div class="banner">{text(RESEARCH_USE_ONLY)}</div>', _strips(numbers), "<main>"]
    parts.append(
        f'<header><div><p class="kicker">Study of response to TACE</p><h1>{cohort["patients"]} '
        f"{'phantoms' if cohort['phantoms'] else 'patients'}</h1></div>"
        f'<p class="model">{cohort["responders"]} with response<br>{cohort["features"]} features</p></header>'
    )
    parts.append(_remarks(numbers))
    if "fig1_patients" in shown:
        caption, svg = shown["fig1_patients"]
        parts.append(section(caption, f'<div class="study-figure">{svg}</div><p>{text(cohort["sample_size"])}</p>'))
    order = (
        ("leak_audit", "leak_audit"),
        ("honest", "fig3_bars"),
        ("comparisons", None),
        ("external", None),
        ("paper", None),
        (None, "fig2_scores"),
        (None, "fig4_roc"),
        (None, "fig5_calibration"),
        (None, "fig6_decision"),
        ("readers", None),
        ("models_against_readers", None),
        ("permutation_null", None),
        ("table_one", None),
        ("univariate", None),
        ("multivariate", None),
        ("selected_knn", None),
        ("selected_svm", None),
        ("selected_lasso", None),
        ("aliases", None),
        ("following_size", None),
        ("checklist", None),
    )
    for table_name, figure_name in order:
        content = ""
        title = ""
        if figure_name in shown:
            caption, svg = shown[figure_name]
            title = caption
            content += f'<div class="study-figure">{svg}</div>'
        if table_name in tables:
            title, (header, rows) = tables[table_name]
            content += table(header, rows, "numbers" if table_name != "checklist" else "")
        if content:
            parts.append(section(title, content))
    parts.append(section("Settings", definitions(_flat(numbers["settings"])), "small"))
    parts.append("</main>")
    return page("Study of response to TACE", "\n".join(parts))


def study_tables(numbers: Mapping[str, object]) -> dict[str, tuple[str, Rows]]:
    """Every table as (title, (header, rows of text)) by the name of its CSV."""
    tables: dict[str, tuple[str, Rows]] = {}
    if "leak_audit" in numbers:
        header = (
            "Model",
            "Paper, training",
            "Paper, one test set",
            "Honest (95 %)",
            "Gap",
            "Published training / test",
        )
        rows = [
            [
                row["model"],
                three_digits(row["paper_train"]),
                three_digits(row["paper_test"]),
                with_interval(row["honest"], row["honest_low"], row["honest_high"]),
                f"{row['gap']:+.3f}",
                PUBLISHED_AUC.get(row["model"], ""),
            ]
            for row in numbers["leak_audit"]
        ]
        tables["leak_audit"] = (f"The leak audit: AUC by both protocols. {PUBLISHED_NOTE}", (header, rows))
    if "honest" in numbers:
        tables["honest"] = ("Honest protocol: outer predictions only", _performance(numbers["honest"], repeated=True))
        tables["comparisons"] = ("Differences of AUC, p corrected by Holm", _comparisons(numbers["honest_comparisons"]))
    if numbers.get("external"):
        title = "Frozen models on external patients, DeLong intervals"
        tables["external"] = (title, _performance(numbers["external"], repeated=False))
    if "paper" in numbers:
        title = (
            "Published protocol: thresholds of each set, accuracy at .5 (our guess), in-sample scores in merged models"
        )
        tables["paper"] = (title, _paper(numbers["paper"]))
    if numbers.get("readers"):
        tables |= _reader_tables(numbers["readers"])
    if numbers.get("permutation_null"):
        header = ("Score", "AUC", "Mean of shuffled", "95th percentile", "p", "Shuffles")
        rows = [
            [
                name.upper(),
                *(three_digits(one[key]) for key in ("auc", "null_mean", "null_95th", "p")),
                str(one["permutations"]),
            ]
            for name, one in numbers["permutation_null"].items()
        ]
        tables["permutation_null"] = ("Shuffled outcomes, one repeat and one seed", (header, rows))
    header = ("Variable", "Level", "NOR", "OR", "p", "Test", "Standardised difference", "Missing")
    rows = [
        [
            one["variable"],
            one["level"],
            one["nor"],
            one["objective"],
            three_digits(one["p"]),
            one["test"],
            three_digits(one["standardised_difference"]),
            str(one["missing"]),
        ]
        for one in numbers["table_one"]
    ]
    if rows:
        tables["table_one"] = ("Table 1", (header, rows))
    for name, title in (("univariate", "Univariate"), ("multivariate", "Multivariate")):
        if numbers[name]:
            tables[name] = (f"{title} logistic regression", _odds_ratios(numbers[name]))
    tables |= _selection_tables(numbers.get("selected_features", {}))
    redundancy = numbers.get("redundancy", {})
    if redundancy.get("aliases"):
        rows = [[first, second] for first, second in redundancy["aliases"]]
        tables["aliases"] = ("Features of the same rank order as an earlier one", (("Feature", "Same as"), rows))
    if redundancy.get("following_size"):
        rows = [[name, three_digits(value)] for name, value in redundancy["following_size"]]
        tables["following_size"] = ("Features that follow the volume", (("Feature", "Rank correlation"), rows))
    tables["checklist"] = (
        "TRIPOD+AI and CLEAR: what this run knows, and what the author must add",
        (("Item", "Answer"), checklist_rows(numbers)),
    )
    return tables


def _performance(models: Mapping[str, Mapping[str, object]], repeated: bool) -> Rows:
    header = ["Model", "AUC (95 %)", "Sensitivity", "Specificity", "Accuracy", "Intercept", "Slope", "ICI", "Brier"]
    rows = []
    for title, one in models.items():
        shares = [
            with_interval(one[name], *one[f"{name}_interval"]) for name in ("sensitivity", "specificity", "accuracy")
        ]
        calibration = [f"{one[f'calibration_{name}']:.2f}" for name in ("intercept", "slope")]
        calibration += [three_digits(one[f"calibration_{name}"]) for name in ("ici", "brier")]
        rows.append([title, with_interval(one["auc"], one["auc_low"], one["auc_high"]), *shares, *calibration])
        if repeated:
            rows[-1].append(with_interval(*one["auc_these_predictions"]))
    if repeated:
        header.append("AUC, these predictions, model fixed (DeLong)")
    return header, rows


def _paper(models: Mapping[str, Mapping[str, Mapping[str, object]]]) -> Rows:
    header = ("Model", "Set", "AUC (DeLong)", "Sensitivity", "Specificity", "Accuracy", "Note")
    rows = []
    for title, sets in models.items():
        for name, one in sets.items():
            note = "separated: ridge penalty" if one["penalised"] else ""
            shares = [three_digits(one[key]) for key in ("sensitivity", "specificity", "accuracy")]
            rows.append([title, name, with_interval(one["auc"], one["auc_low"], one["auc_high"]), *shares, note])
    return header, rows


def _comparisons(rows: Sequence[Mapping[str, object]]) -> Rows:
    header = ("First", "Second", "Difference (95 %)", "p", "p (Holm)")
    return header, [
        [
            row["first"],
            row["second"],
            f"{row['difference']:+.3f} ({row['low']:+.3f} to {row['high']:+.3f})",
            three_digits(row["p"]),
            three_digits(row["p_holm"]),
        ]
        for row in rows
    ]


def _reader_tables(readers: Mapping[str, object]) -> dict[str, tuple[str, Rows]]:
    header = ("Reader", "Judged by", "Patients", "Kappa", "Discordant", "AUC")
    pairs = [
        [
            one["first"],
            one["second"],
            str(one["patients"]),
            *(three_digits(one[key]) for key in ("kappa", "discordant", "auc")),
        ]
        for one in readers["pairs"]
    ]
    models = readers["models_against_readers"]
    names = sorted({reader for one in models.values() for reader in one})
    against = [[title, *(three_digits(one.get(name)) for name in names)] for title, one in models.items()]
    return {
        "readers": ("How far readers agree on the outcome", (header, pairs)),
        "models_against_readers": (
            "AUC of each model against each reader's outcome",
            (("Model", *(f"Reader {name}" for name in names)), against),
        ),
    }


def _selection_tables(selected: Mapping[str, Sequence[Mapping[str, object]]]) -> dict[str, tuple[str, Rows]]:
    names = {"knn": "KNN", "svm": "SVM", "lasso": "Lasso"}
    return {
        f"selected_{score}": (
            f"Features that {names[score]} selected, in what share of the training parts",
            (
                ("Feature", "Share"),
                [[one["feature"], f"{100 * one['share_of_training_parts']:.0f} %"] for one in features[:_MOST_SHOWN]],
            ),
        )
        for score, features in selected.items()
        if features
    }


def _odds_ratios(rows: Sequence[Mapping[str, object]]) -> Rows:
    header = ("Term", "Odds ratio (95 %)", "p", "Patients", "Note")
    return header, [
        [
            row["term"],
            with_interval(row["odds_ratio"], row["low"], row["high"]),
            three_digits(row["p"]),
            str(row["patients"]),
            row["note"],
        ]
        for row in rows
    ]


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
    if rarer < 100:
        remarks.append(f"{rarer} patients of the rarer outcome: fewer than about 100 cannot judge calibration.")
    return section("Remarks", "<ul>" + "".join(f"<li>{text(one)}</li>" for one in remarks) + "</ul>", "warnings")


def _flat(settings: Mapping[str, object], prefix: str = "") -> list[tuple[str, object]]:
    pairs: list[tuple[str, object]] = []
    for name, value in settings.items():
        pairs += _flat(value, f"{prefix}{name} ") if isinstance(value, Mapping) else [(f"{prefix}{name}", value)]
    return pairs
