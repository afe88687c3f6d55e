"""The tables of a study's report, as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..models.wording import CLINICAL_CODING
from .paper_figures import SET_NAMES
from .published import PUBLISHED_AUC, PUBLISHED_SHARES
from .reporting_checklist import checklist_rows
from .results_files import Rows, three_digits, with_interval

_MOST_SHOWN = 20
"""Rows of the table of selected features; results.json has all."""

_SCORES = {"knn": "KNN", "svm": "SVM", "lasso": "Lasso", "dnn": "DNN"}


def study_tables(numbers: Mapping[str, object]) -> dict[str, tuple[str, Rows]]:
    """Every table as (title, (header, rows of text)) by the name of its CSV."""
    tables: dict[str, tuple[str, Rows]] = {}
    if "leak_audit" in numbers:
        tables["leak_audit"] = ("The leak audit: both protocols on the same patients", _leak(numbers["leak_audit"]))
    if "honest" in numbers:
        tables["honest"] = ("Table 2, honest protocol", _performance(numbers["honest"]))
        tables["calibration"] = ("Calibration and the same predictions as one sample", _calibration(numbers["honest"]))
        if numbers["honest_comparisons"]:
            tables["comparisons"] = (
                "Differences of AUC, honest protocol: corrected resampled t, p by Holm",
                _comparisons(numbers["honest_comparisons"]),
            )
    if numbers.get("external"):
        tables["external"] = (
            "Frozen models on the external patients: DeLong and Wilson intervals",
            _external(numbers["external"]),
        )
        if numbers["external_comparisons"]:
            tables["external_comparisons"] = (
                "Differences of AUC on the external patients: DeLong, p by Holm",
                _comparisons(numbers["external_comparisons"]),
            )
    if "paper" in numbers:
        tables["paper"] = ("Table 2, published protocol, beside what was published", _paper(numbers["paper"]))
        rows = [row for own in numbers["paper_comparisons"].values() for row in own]
        if rows:
            tables["paper_comparisons"] = (
                "Differences of AUC, published protocol: DeLong, p by Holm in each set",
                _paper_comparisons(numbers["paper_comparisons"]),
            )
    if numbers.get("readers"):
        tables |= _reader_tables(numbers["readers"])
    if numbers.get("permutation_null"):
        tables["permutation_null"] = ("Shuffled outcomes: one repeat, one seed", _null(numbers["permutation_null"]))
    if numbers["table_one"]:
        tables["table_one"] = ("Table 1", _table_one(numbers["table_one"]))
    if numbers["univariate"]:
        tables["odds_ratios"] = (
            "Logistic regression of the clinical facts",
            _odds_ratios(numbers["univariate"], numbers["multivariate"]),
        )
    if any(numbers.get("selected_features", {}).values()):
        tables["selected_features"] = (
            "Features most often selected, by share of the training parts",
            _selected(numbers["selected_features"]),
        )
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


def readable(name: str) -> str:
    """A column's name as words: a clinical fact's own, otherwise without underscores."""
    if name in CLINICAL_CODING:
        return CLINICAL_CODING[name].partition(" by ")[0].partition(" (against")[0]
    return name.replace("_", " ")


def _leak(rows: Sequence[Mapping[str, object]]) -> Rows:
    header = ("Model", "Published way: training", "One test set", "Honest (95 %)", "Gap", "Printed: training / test")
    return header, [
        [
            row["model"],
            three_digits(row["paper_train"]),
            three_digits(row["paper_test"]),
            with_interval(row["honest"], row["honest_low"], row["honest_high"]),
            f"{row['gap']:+.3f}",
            " / ".join(PUBLISHED_AUC[row["model"]][name] for name in ("train", "test")),
        ]
        for row in rows
    ]


def _performance(models: Mapping[str, Mapping[str, object]]) -> Rows:
    header = ("Model", "AUC (95 %)", "Sensitivity (95 %)", "Specificity (95 %)", "Accuracy (95 %)")
    return header, [[title, _auc(one), *_shares(one)] for title, one in models.items()]


def _external(models: Mapping[str, Mapping[str, object]]) -> Rows:
    header = ("Model", "AUC (95 %)", "Sensitivity (95 %)", "Specificity (95 %)", "Accuracy (95 %)", "Printed AUC")
    return header, [
        [title, _auc(one), *_shares(one), PUBLISHED_AUC.get(title, {}).get("external", "")]
        for title, one in models.items()
    ]


def _calibration(models: Mapping[str, Mapping[str, object]]) -> Rows:
    header = ("Model", "Intercept", "Slope", "ICI", "Brier", "Penalised parts", "AUC, these predictions, model fixed")
    rows = []
    for title, one in models.items():
        cells = [f"{one[f'calibration_{name}']:.2f}" for name in ("intercept", "slope")]
        cells += [three_digits(one[f"calibration_{name}"]) for name in ("ici", "brier")]
        rows.append([title, *cells, str(one["penalised_parts"]), with_interval(*one["auc_these_predictions"])])
    return header, rows


def _auc(one: Mapping[str, object]) -> str:
    return with_interval(one["auc"], one["auc_low"], one["auc_high"])


def _shares(one: Mapping[str, object]) -> list[str]:
    return [with_interval(one[name], *one[f"{name}_interval"]) for name in ("sensitivity", "specificity", "accuracy")]


def _paper(models: Mapping[str, Mapping[str, Mapping[str, object]]]) -> Rows:
    """Ours and in the next column what the paper prints, for AUC, sensitivity, specificity and accuracy."""
    header = ("Model", "Set", "AUC (DeLong)", "printed", "Sens.", "printed", "Spec.", "printed", "Acc.", "printed", "")
    rows = []
    for title, sets in models.items():
        for name, one in sets.items():
            printed = PUBLISHED_SHARES[title][name]
            shares = zip(
                (three_digits(one[key]) for key in ("sensitivity", "specificity", "accuracy")), printed, strict=True
            )
            beside = [cell for pair in shares for cell in pair]
            note = "ridge" if one["penalised"] else ""
            rows.append([title, SET_NAMES[name], _auc(one), PUBLISHED_AUC[title][name], *beside, note])
    return header, rows


def _comparisons(rows: Sequence[Mapping[str, object]]) -> Rows:
    header = ("Models", "Difference (95 %)", "p", "p (Holm)")
    return header, [
        [
            f"{row['first']} - {row['second']}",
            f"{row['difference']:+.3f} ({row['low']:+.3f} to {row['high']:+.3f})",
            three_digits(row["p"]),
            three_digits(row["p_holm"]),
        ]
        for row in rows
    ]


def _paper_comparisons(sets: Mapping[str, Sequence[Mapping[str, object]]]) -> Rows:
    header, _ = _comparisons([])
    return ("Set", *header), [[SET_NAMES[name], *row] for name, rows in sets.items() for row in _comparisons(rows)[1]]


def _null(scores: Mapping[str, Mapping[str, object]]) -> Rows:
    header = ("Score", "AUC", "Mean of shuffled", "95th percentile", "p", "Shuffles", "Smallest p possible")
    return header, [
        [
            _SCORES[name],
            *(three_digits(one[key]) for key in ("auc", "null_mean", "null_95th", "p")),
            str(one["permutations"]),
            three_digits(1 / (1 + one["permutations"])),
        ]
        for name, one in scores.items()
    ]


def _table_one(rows: Sequence[Mapping[str, object]]) -> Rows:
    """A variable's name, p, test and missing stand in its first row only."""
    header = ("Variable", "Level", "NOR", "OR", "p", "Test", "Std. difference", "Missing")
    shown, before = [], None
    for one in rows:
        first = one["variable"] != before
        before = one["variable"]
        shown.append(
            [
                readable(one["variable"]) if first else "",
                one["level"],
                one["nor"],
                one["objective"],
                three_digits(one["p"]),
                one["test"],
                three_digits(one["standardised_difference"]),
                str(one["missing"]) if first else "",
            ]
        )
    return header, shown


def _odds_ratios(univariate: Sequence[Mapping[str, object]], multivariate: Sequence[Mapping[str, object]]) -> Rows:
    header = (
        "Term",
        "Univariate odds ratio (95 %)",
        "p",
        "Patients",
        "Multivariate odds ratio (95 %)",
        "p",
        "Patients",
        "Note",
    )
    together = {row["term"]: row for row in multivariate}
    rows = []
    for row in univariate:
        other = together[row["term"]]
        notes = list(dict.fromkeys(one["note"] for one in (row, other) if one["note"]))
        rows.append([readable(row["term"]), *_odds_ratio(row), *_odds_ratio(other), "; ".join(notes)])
    return header, rows


def _odds_ratio(row: Mapping[str, object]) -> list[str]:
    if row["odds_ratio"] != row["odds_ratio"]:
        return ["", "", str(row["patients"])]
    return [
        with_interval(row["odds_ratio"], row["low"], row["high"]),
        three_digits(row["p"]),
        str(row["patients"]),
    ]


def _selected(scores: Mapping[str, Sequence[Mapping[str, object]]]) -> Rows:
    """One row a feature, a column a score; KNN and SVM select by the same mRMR."""
    shares = {
        _SCORES[score]: {one["feature"]: one["share_of_training_parts"] for one in features}
        for score, features in scores.items()
        if features
    }
    best = {
        feature: max(own.get(feature, 0.0) for own in shares.values()) for own in shares.values() for feature in own
    }
    chosen = sorted(best, key=lambda feature: (-best[feature], feature))[:_MOST_SHOWN]
    return ("Feature", *shares), [
        [feature, *(f"{100 * own[feature]:.0f} %" if feature in own else "" for own in shares.values())]
        for feature in chosen
    ]


def _reader_tables(readers: Mapping[str, object]) -> dict[str, tuple[str, Rows]]:
    """Each pair once, its AUC in both directions; and models against readers, the readers themselves as yardstick."""
    by_pair = {(one["first"], one["second"]): one for one in readers["pairs"]}
    pairs = []
    for (first, second), one in by_pair.items():
        back = by_pair.get((second, first))
        if first > second and back is not None:
            continue
        numbers = [three_digits(one[key]) for key in ("kappa", "discordant", "auc")]
        pairs.append([f"{first} and {second}", str(one["patients"]), *numbers, three_digits(back and back["auc"])])
    models = readers["models_against_readers"]
    names = sorted({reader for one in models.values() for reader in one})
    against = [[title, *(three_digits(one.get(name)) for name in names)] for title, one in models.items()]
    for other in names:
        own = {second: one["auc"] for (first, second), one in by_pair.items() if first == other}
        against.append([f"Reader {other}", *(three_digits(own.get(name)) for name in names)])
    header = ("Readers", "Patients", "Kappa", "Discordant", "AUC, first judged by second", "second by first")
    return {
        "readers": ("How far readers agree on the outcome", (header, pairs)),
        "models_against_readers": (
            "AUC against each reader's outcome, of models and of the other readers",
            (("", *(f"Reader {name}" for name in names)), against),
        ),
    }
