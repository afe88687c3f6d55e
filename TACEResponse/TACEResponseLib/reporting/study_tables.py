"""The tables of a study's report, as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..evaluation import OddsRatio, Performance, TableOneRow
from ..models.classifiers import CLASSIFIERS
from ..models.wording import CLINICAL_CODING
from ..study.results import (
    Comparison,
    NestedCvPerformance,
    NestedCvResult,
    Optimism,
    PermutationNull,
    PublishedPerformance,
    PublishedResult,
    ReaderAgreement,
    SelectedFeature,
    StudyResult,
)
from .printed_values import PUBLISHED_AUC, PUBLISHED_SHARES
from .published_figures import SET_NAMES
from .reporting_checklist import checklist_rows
from .results_files import Rows, three_digits, with_interval

_MOST_SHOWN = 20
"""Rows of the table of selected features; results.json has all."""

Tables = dict[str, tuple[str, Rows]]
"""(title, (header, rows of text)) by the name of the CSV."""


def study_tables(result: StudyResult) -> Tables:
    """Every table that the result allows."""
    tables: Tables = {}
    if result.optimism is not None:
        tables["leak_audit"] = ("Optimism: both protocols on the same patients", _optimism(result.optimism))
    if result.nested_cv is not None:
        tables |= _nested_cv_tables(result.nested_cv)
    if result.published is not None:
        tables |= _published_tables(result.published)
    if result.nested_cv is not None:
        if result.nested_cv.readers is not None:
            tables |= _reader_tables(result.nested_cv.readers)
        if result.nested_cv.permutation_null:
            tables["permutation_null"] = (
                "Permuted outcomes: one repeat, one seed",
                _null(result.nested_cv.permutation_null),
            )
    own = result.tables
    if own.table_one:
        tables["table_one"] = ("Table 1", _table_one(own.table_one))
    if own.univariate:
        tables["odds_ratios"] = (
            "Logistic regression of the clinical facts",
            _odds_ratios(own.univariate, own.multivariate),
        )
    if result.nested_cv is not None and any(result.nested_cv.selected_features.values()):
        tables["selected_features"] = (
            "Features most often selected, by share of the training parts",
            _selected(result.nested_cv.selected_features),
        )
    if own.redundancy is not None and own.redundancy.aliases:
        rows = [[first, second] for first, second in own.redundancy.aliases]
        tables["aliases"] = ("Features of the same rank order as an earlier one", (("Feature", "Same as"), rows))
    if own.redundancy is not None and own.redundancy.following_size:
        rows = [[name, three_digits(value)] for name, value in own.redundancy.following_size]
        tables["following_size"] = ("Features that follow the volume", (("Feature", "Rank correlation"), rows))
    tables["checklist"] = (
        "TRIPOD+AI and CLEAR: what this run knows, and what the author must add",
        (("Item", "Answer"), checklist_rows(result)),
    )
    return tables


def readable(name: str) -> str:
    """A column's name as words: a clinical fact's own, otherwise without underscores."""
    if name in CLINICAL_CODING:
        return CLINICAL_CODING[name].partition(" by ")[0].partition(" (against")[0]
    return name.replace("_", " ")


def _nested_cv_tables(result: NestedCvResult) -> Tables:
    tables: Tables = {
        "honest": ("Table 2, nested cross-validation", _performance(result.models)),
        "calibration": ("Calibration and the same predictions as one sample", _calibration(result.models)),
    }
    if result.comparisons:
        tables["comparisons"] = (
            "Differences of AUC, nested cross-validation: corrected resampled t, p by Holm",
            _comparisons(result.comparisons),
        )
    if result.external:
        header, rows = _performance(result.external)
        printed = [PUBLISHED_AUC.get(title, {}).get("external", "") for title in result.external]
        tables["external"] = (
            "Frozen models on the external patients: AUC by logit DeLong and Newcombe, shares by Wilson",
            ((*header, "Printed AUC"), [[*row, cell] for row, cell in zip(rows, printed, strict=True)]),
        )
    if result.external_comparisons:
        tables["external_comparisons"] = (
            "Differences of AUC on the external patients: DeLong, p by Holm",
            _comparisons(result.external_comparisons),
        )
    return tables


def _published_tables(result: PublishedResult) -> Tables:
    tables: Tables = {"paper": ("Table 2, published protocol, beside the printed values", _published(result.models))}
    if any(result.comparisons.values()):
        header, _ = _comparisons([])
        tables["paper_comparisons"] = (
            "Differences of AUC, published protocol: DeLong, p by Holm in each set",
            (
                ("Set", *header),
                [[SET_NAMES[name], *row] for name, own in result.comparisons.items() for row in _comparisons(own)[1]],
            ),
        )
    return tables


def _optimism(rows: Sequence[Optimism]) -> Rows:
    header = (
        "Model",
        "Published protocol: training",
        "One test set",
        "Nested cross-validation (95 %)",
        "Gap",
        "Printed: training / test",
    )
    return header, [
        [
            row.model,
            three_digits(row.published_train),
            three_digits(row.published_test),
            with_interval(*row.nested_cv),
            f"{row.gap:+.3f}",
            " / ".join(PUBLISHED_AUC[row.model][name] for name in ("train", "test")),
        ]
        for row in rows
    ]


def _performance(models: Mapping[str, Performance]) -> Rows:
    header = ("Model", "AUC (95 %)", "Sensitivity (95 %)", "Specificity (95 %)", "Accuracy (95 %)")
    return header, [
        [title, *(with_interval(*value) for value in (one.auc, one.sensitivity, one.specificity, one.accuracy))]
        for title, one in models.items()
    ]


def _calibration(models: Mapping[str, NestedCvPerformance]) -> Rows:
    header = ("Model", "Intercept", "Slope", "ICI", "Brier", "Penalised parts", "AUC, these predictions, model fixed")
    return header, [
        [
            title,
            f"{one.calibration.intercept:.2f}",
            f"{one.calibration.slope:.2f}",
            three_digits(one.calibration.ici),
            three_digits(one.calibration.brier),
            str(one.penalised_parts),
            with_interval(*one.auc_these_predictions),
        ]
        for title, one in models.items()
    ]


def _published(models: Mapping[str, Mapping[str, PublishedPerformance]]) -> Rows:
    """Ours and in the next column what the paper prints, for AUC, sensitivity, specificity and accuracy."""
    header = ("Model", "Set", "AUC (DeLong)", "printed", "Sens.", "printed", "Spec.", "printed", "Acc.", "printed", "")
    rows = []
    for title, sets in models.items():
        for name, one in sets.items():
            shares = (one.sensitivity, one.specificity, one.accuracy)
            pairs = zip(shares, PUBLISHED_SHARES[title][name], strict=True)
            beside = [cell for share, printed in pairs for cell in (three_digits(share), printed)]
            note = "ridge" if one.penalised else ""
            rows.append([title, SET_NAMES[name], with_interval(*one.auc), PUBLISHED_AUC[title][name], *beside, note])
    return header, rows


def _comparisons(rows: Sequence[Comparison]) -> Rows:
    header = ("Models", "Difference (95 %)", "p", "p (Holm)")
    return header, [
        [
            f"{row.first} - {row.second}",
            f"{row.difference:+.3f} ({row.low:+.3f} to {row.high:+.3f})",
            three_digits(row.p),
            three_digits(row.p_holm),
        ]
        for row in rows
    ]


def _null(scores: Mapping[str, PermutationNull]) -> Rows:
    header = ("Score", "AUC", "Mean of permuted", "95th percentile", "p", "Permutations", "Smallest p possible")
    return header, [
        [
            CLASSIFIERS[name].title,
            *(three_digits(value) for value in (one.auc, one.null_mean, one.null_95th, one.p)),
            str(one.permutations),
            three_digits(1 / (1 + one.permutations)),
        ]
        for name, one in scores.items()
    ]


def _table_one(rows: Sequence[TableOneRow]) -> Rows:
    """A variable's name, p, test and missing stand in its first row only."""
    header = ("Variable", "Level", "NOR", "OR", "p", "Test", "Std. difference", "Missing")
    shown, before = [], None
    for one in rows:
        first = one.variable != before
        before = one.variable
        shown.append(
            [
                readable(one.variable) if first else "",
                one.level,
                one.nor,
                one.objective,
                three_digits(one.p),
                one.test,
                three_digits(one.standardised_difference),
                str(one.missing) if first else "",
            ]
        )
    return header, shown


def _odds_ratios(univariate: Sequence[OddsRatio], multivariate: Sequence[OddsRatio]) -> Rows:
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
    together = {row.term: row for row in multivariate}
    rows = []
    for row in univariate:
        other = together[row.term]
        notes = list(dict.fromkeys(one.note for one in (row, other) if one.note))
        rows.append([readable(row.term), *_odds_ratio(row), *_odds_ratio(other), "; ".join(notes)])
    return header, rows


def _odds_ratio(row: OddsRatio) -> list[str]:
    if row.odds_ratio != row.odds_ratio:
        return ["", "", str(row.patients)]
    return [with_interval(row.odds_ratio, row.low, row.high), three_digits(row.p), str(row.patients)]


def _selected(scores: Mapping[str, Sequence[SelectedFeature]]) -> Rows:
    """One row per feature, one column per score; KNN and SVM select by the same mRMR."""
    shares = {
        CLASSIFIERS[score].title: {one.feature: one.share_of_training_parts for one in features}
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


def _reader_tables(readers: ReaderAgreement) -> Tables:
    """Each pair once, its AUC in both directions; and models against readers, the readers themselves as yardstick."""
    by_pair = {(one.first, one.second): one for one in readers.pairs}
    pairs = []
    for (first, second), one in by_pair.items():
        back = by_pair.get((second, first))
        if first > second and back is not None:
            continue
        numbers = [
            three_digits(value) for value in (one.kappa, one.discordant, one.auc, None if back is None else back.auc)
        ]
        pairs.append([f"{first} and {second}", str(one.patients), *numbers])
    names = sorted({reader for one in readers.models_against_readers.values() for reader in one})
    against = readers.models_against_readers | {
        f"Reader {other}": {second: one.auc for (first, second), one in by_pair.items() if first == other}
        for other in names
    }
    header = ("Readers", "Patients", "Kappa", "Discordant", "AUC, first judged by second", "second by first")
    return {
        "readers": ("Agreement of the readers on the outcome", (header, pairs)),
        "models_against_readers": (
            "AUC against each reader's outcome, of models and of the other readers",
            (
                ("", *(f"Reader {name}" for name in names)),
                [[title, *(three_digits(own.get(name)) for name in names)] for title, own in against.items()],
            ),
        ),
    }
