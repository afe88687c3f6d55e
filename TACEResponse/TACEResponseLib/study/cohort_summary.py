"""What a study reports of its cohort besides the models: counts, Table 1, odds ratios, readers, redundant features."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..cohort import CLINICAL_FACTS
from ..evaluation import (
    aliases,
    following_size,
    odds_ratios,
    reader_pairs,
    sample_size,
    table_one,
    table_one_left_out,
    univariate_odds_ratios,
)
from ..evaluation.roc import auc
from .nested_cv import OuterPredictions
from .protocol_models import Covariates
from .results import CohortSummary, CohortTables, ReaderAgreement, Redundancy
from .study_data import StudyData


def cohort_summary(data: StudyData, external: np.ndarray) -> CohortSummary:
    """Counts of patients, and what their number can show; ``external`` bool (n,)."""
    first = np.unique(data.patients, return_index=True)[1]
    outcome, outside = data.outcome[first], external[first]
    size = sample_size(len(first), int(outcome.sum()), 1 + len(CLINICAL_FACTS))
    return CohortSummary(
        patients=len(first),
        without_outcome=data.without_outcome,
        responders=int(outcome.sum()),
        lesions=len(data.cases),
        external=int(outside.sum()),
        external_responders=int(outcome[outside].sum()),
        features=len(data.feature_names),
        phantoms=data.is_phantom,
        missing_facts=data.missing_facts,
        sha256=data.sha256(),
        sample_size=size.sentence(),
        feature_engine=data.table.engine if data.table is not None else None,
    )


def reader_agreement(
    data: StudyData, development: np.ndarray, predictions: Sequence[OuterPredictions]
) -> ReaderAgreement | None:
    """Readers against each other, and each model against each reader; None where fewer than two rated the outcome."""
    readers = sorted({reader for row in development for reader in data.cases[row].mrecist if reader})
    if len(readers) < 2:
        return None
    first = np.unique(data.patients[development], return_index=True)[1]
    categories = {reader: [data.cases[row].mrecist.get(reader) for row in development[first]] for reader in readers}
    models: dict[str, dict[str, float]] = {}
    for one in predictions:
        score = one.ranking.mean(axis=0)[first]
        models[one.model.title] = {}
        for reader, rated in categories.items():
            known = np.array([category in ("CR", "PR", "SD", "PD") for category in rated])
            responded = np.array([category in ("CR", "PR") for category in rated])
            if known.any() and responded[known].any() and not responded[known].all():
                models[one.model.title][reader] = auc(score[known], responded[known])
    return ReaderAgreement(reader_pairs(categories), models)


def cohort_tables(data: StudyData, development: np.ndarray, covariates: Covariates) -> CohortTables:
    """Table 1, odds ratios and redundant features of the ``development`` rows."""
    # One row a patient: what is reported of patients is not counted once a lesion.
    development = development[np.unique(data.patients[development], return_index=True)[1]]
    cases, outcome = [data.cases[row] for row in development], data.outcome[development]
    names = [name for case in cases for name in case.columns]
    columns = {name: [case.columns.get(name, "") for case in cases] for name in dict.fromkeys(names) if name != "set"}
    for number, fact in enumerate(CLINICAL_FACTS):
        values = data.facts[development, number]
        columns[fact] = ["" if np.isnan(value) else "yes" if value else "no" for value in values]
    facts = next((model.covariates for model in covariates.models if model.name == "clinical"), ())
    values = np.column_stack([covariates.columns[name][development] for name in facts]) if facts else np.empty((0, 0))
    return CohortTables(
        table_one=table_one(columns, outcome),
        table_one_left_out=table_one_left_out(columns),
        univariate=univariate_odds_ratios(values, outcome, facts) if facts else [],
        multivariate=odds_ratios(values, outcome, facts) if facts else [],
        redundancy=_redundancy(data.features[development], data.feature_names) if data.feature_names else None,
    )


def _redundancy(features: np.ndarray, names: tuple[str, ...]) -> Redundancy:
    volumes = [column for column, name in enumerate(names) if name.endswith("shape_VoxelVolume")]
    return Redundancy(
        aliases(features, names), following_size(features, names, features[:, volumes[0]]) if volumes else []
    )
