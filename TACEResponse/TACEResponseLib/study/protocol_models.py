"""The models of a study, and the columns of their second stage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..cohort import CLINICAL_FACTS, Case
from ..models.classifiers import CLASSIFIERS
from ..scores import ScoreFacts, published_scores, score_facts, score_result
from .study_data import StudyData


@dataclass(frozen=True)
class ProtocolModel:
    """A model: the radiomics score it needs (None for none) and the names of its covariates.

    ``title`` is its name in tables. Models of size, scanner or a published score alone, as yardsticks, are
    ``is_control``.
    """

    name: str
    title: str
    score: str | None
    covariates: tuple[str, ...]
    is_control: bool = False


SCORE_MODELS: tuple[ProtocolModel, ...] = tuple(
    ProtocolModel(name, classifier.title, name, ()) for name, classifier in CLASSIFIERS.items()
)

CLINICAL_MODELS: tuple[ProtocolModel, ...] = (
    ProtocolModel("clinical", "Clinical", None, CLINICAL_FACTS),
    ProtocolModel("cl", "CL", "lasso", CLINICAL_FACTS),
    ProtocolModel("cd", "CD", "dnn", CLINICAL_FACTS),
)

SIZE_COLUMNS = (("lesion_diameter_mm", "tumour_diameter_cm"), ("number_of_tumours",))
"""The first of each that the cohort table has: diameter and number."""

SCANNER_COLUMN = "scanner"

PUBLISHED_PREFIX = "Published score: "
"""Begins the titles of published scores as yardsticks."""

_LEAST_KNOWN = 0.8
"""Share of patients of whom a published score must be known."""


@dataclass(frozen=True, eq=False)
class Covariates:
    """Columns of second stages by name: (n,) floats, NaN for unknown; and the models that can be built with them."""

    columns: dict[str, np.ndarray]
    models: tuple[ProtocolModel, ...]

    def values(self, model: ProtocolModel, rows: np.ndarray, score: np.ndarray | None) -> np.ndarray:
        """(n_rows, n_terms) of a model: its score first."""
        parts = [] if score is None else [score]
        return np.column_stack([*parts, *(self.columns[name][rows] for name in model.covariates)])


def make_covariates(data: StudyData, scores: Sequence[str]) -> Covariates:
    """Facts, size and scanner of the cohort, and the models possible with these radiomics scores."""
    facts = {name: data.facts[:, number] for number, name in enumerate(CLINICAL_FACTS)}
    known = tuple(name for name, column in facts.items() if np.unique(column[~np.isnan(column)]).size > 1)
    models = [model for model in SCORE_MODELS if model.score in scores]
    for model in CLINICAL_MODELS:
        if known and (model.score is None or model.score in scores):
            models.append(ProtocolModel(model.name, model.title, model.score, known))
    columns = dict(facts)
    size = {names[0]: column for names in SIZE_COLUMNS if (column := _numbers(data.cases, names)) is not None}
    if size:
        columns |= size
        models.append(ProtocolModel("size", "Size only", None, tuple(size), is_control=True))
    scanners = _levels(data.cases, SCANNER_COLUMN)
    if scanners:
        columns |= scanners
        models.append(ProtocolModel("scanner", "Scanner only", None, tuple(scanners), is_control=True))
    for title, column in _published(data.cases).items():
        columns[title] = column
        models.append(ProtocolModel(title, PUBLISHED_PREFIX + title, None, (title,), is_control=True))
    return Covariates(columns, tuple(models))


def _published(cases: Sequence[Case]) -> dict[str, np.ndarray]:
    """Published scores by title, NaN where unknown; of several that are the same number, the first."""
    facts: list[ScoreFacts | None] = []
    for case in cases:
        try:
            facts.append(score_facts(case))
        except ValueError:
            # Facts that contradict each other, which the command scores names.
            facts.append(None)
    found: dict[str, np.ndarray] = {}
    for score in published_scores():
        if score.decimals is None:
            continue
        results = [None if one is None else score_result(score, one) for one in facts]
        values = [np.nan if one is None or one.value is None else one.value for one in results]
        column = np.array(values)
        known = column[~np.isnan(column)]
        is_new = not any(np.array_equal(column, other, equal_nan=True) for other in found.values())
        if len(known) >= _LEAST_KNOWN * len(column) and np.unique(known).size > 1 and is_new:
            found[score.title] = column
    return found


def _numbers(cases: Sequence[Case], names: Sequence[str]) -> np.ndarray | None:
    for name in names:
        try:
            column = np.array([float(case.columns[name]) if case.columns.get(name) else np.nan for case in cases])
        except ValueError:
            continue
        if np.unique(column[~np.isnan(column)]).size > 1:
            return column
    return None


def _levels(cases: Sequence[Case], name: str) -> dict[str, np.ndarray]:
    """A 0/1 column for each level but the first; empty if there are fewer than two levels."""
    cells = [case.columns.get(name, "") for case in cases]
    levels = sorted(set(cells) - {""})
    return {
        f"{name}: {level}": np.array([np.nan if not cell else float(cell == level) for cell in cells])
        for level in levels[1:]
    }
