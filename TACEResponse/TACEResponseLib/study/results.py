"""The results of a study; `reporting.results_json` writes them to results.json."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..cohort import Json
from ..evaluation import DecisionCurves, Estimate, OddsRatio, Performance, ReaderPair, TableOneRow
from .nested_cv import OuterPredictions
from .published import PublishedPredictions
from .study_data import StudyData
from .study_settings import StudySettings


@dataclass(frozen=True)
class CohortSummary:
    """Numbers of patients, and what they can show.

    ``without_outcome`` rows were left out; ``missing_facts`` numbers of patients by fact; ``sample_size`` a sentence.
    """

    patients: int
    without_outcome: int
    responders: int
    lesions: int
    external: int
    external_responders: int
    features: int
    phantoms: bool
    missing_facts: Mapping[str, int]
    sha256: str
    sample_size: str
    feature_engine: str | None


@dataclass(frozen=True)
class Redundancy:
    """Features of the same rank order as an earlier one, and rank correlations of those that follow the volume."""

    aliases: list[tuple[str, str]]
    following_size: list[tuple[str, float]]


@dataclass(frozen=True)
class CohortTables:
    """Table 1, odds ratios and redundant features of the development patients."""

    table_one: list[TableOneRow]
    table_one_left_out: list[str]
    univariate: list[OddsRatio]
    multivariate: list[OddsRatio]
    redundancy: Redundancy | None


@dataclass(frozen=True)
class NestedCvPerformance(Performance):
    """Of one model on outer predictions only.

    ``auc`` is the mean over outer test parts with the corrected resampled-t interval, ``auc_these_predictions`` that of
    the predictions averaged over repeats, model fixed. ``penalised_parts`` counts second stages that separated theirs.
    """

    auc_these_predictions: Estimate
    penalised_parts: int


@dataclass(frozen=True)
class PublishedPerformance:
    """Of one model in one set of the published protocol; ``auc`` with DeLong's interval, shares at the set's own
    Youden threshold, accuracy at .5; ``penalised`` where the terms separated the training set."""

    auc: Estimate
    sensitivity: float
    specificity: float
    accuracy: float
    penalised: bool


@dataclass(frozen=True)
class Comparison:
    """Difference of two models' AUCs (first minus second) with its 95 % interval, p and p corrected by Holm."""

    first: str
    second: str
    difference: float
    low: float
    high: float
    p: float
    p_holm: float


@dataclass(frozen=True)
class Optimism:
    """Both protocols' AUC of a model; ``gap`` is the training AUC as published minus that of nested cross-validation.

    ``published_test`` is None where the test set has one outcome only.
    """

    model: str
    published_train: float
    published_test: float | None
    nested_cv: Estimate
    gap: float


@dataclass(frozen=True)
class ReaderAgreement:
    """Readers against each other, and the AUC of each model (title) against each reader's outcome."""

    pairs: list[ReaderPair]
    models_against_readers: dict[str, dict[str, float]]


@dataclass(frozen=True)
class SelectedFeature:
    """How often a score selected a feature, 0-1."""

    feature: str
    share_of_training_parts: float


@dataclass(frozen=True)
class PermutationNull:
    """A score's AUC against the same chain on shuffled outcomes."""

    auc: float
    permutations: int
    p: float
    null_mean: float
    null_95th: float


@dataclass(frozen=True)
class Centre:
    """A centre on which models (by title) of all others are tested; None with too few patients of an outcome."""

    patients: int
    responders: int
    models: dict[str, Performance] | None


@dataclass(frozen=True)
class SetSize:
    """Patients of a set of the published split."""

    patients: int
    responders: int


@dataclass(frozen=True, eq=False)
class NestedCvResult:
    """Nested cross-validation: models by title, scores by name; what was not asked for is None."""

    predictions: tuple[OuterPredictions, ...]
    models: dict[str, NestedCvPerformance]
    comparisons: list[Comparison]
    decision_curves: DecisionCurves | None
    readers: ReaderAgreement | None
    selected_features: dict[str, list[SelectedFeature]]
    external: dict[str, Performance]
    external_comparisons: list[Comparison]
    centres: dict[str, Centre] | None
    permutation_null: dict[str, PermutationNull] | None


@dataclass(frozen=True, eq=False)
class PublishedResult:
    """The published protocol: sets by name, models by title and set."""

    predictions: tuple[PublishedPredictions, ...]
    sets: dict[str, SetSize]
    models: dict[str, dict[str, PublishedPerformance]]
    comparisons: dict[str, list[Comparison]]


@dataclass(frozen=True, eq=False)
class StudyResult:
    """A whole study; ``development`` (n,) are its rows that are not external, ``learner_settings`` by score; a protocol
    that was not run is None, and ``optimism`` where not both were."""

    data: StudyData
    development: np.ndarray
    settings: StudySettings
    learner_settings: Mapping[str, Mapping[str, Json]]
    cohort: CohortSummary
    remarks: list[str]
    nested_cv: NestedCvResult | None
    published: PublishedResult | None
    optimism: list[Optimism] | None
    tables: CohortTables

    @property
    def outcome(self) -> np.ndarray:
        """Bool (n_development,)."""
        return np.asarray(self.data.outcome[self.development])
