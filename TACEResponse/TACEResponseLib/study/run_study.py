"""A whole study: both protocols, their gap, and what else a reader must know; one dictionary of plain numbers."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from ..cohort import CLINICAL_FACTS, replace_file
from ..evaluation import (
    aliases,
    following_size,
    odds_ratios,
    reader_pairs,
    sample_size,
    table_one,
    univariate_odds_ratios,
)
from ..evaluation.roc import auc
from ..features import FeatureTable
from ..models.fitting import Learner, Progress
from ..models.learners import RADIOMICS_SCORES, get_learner
from ..models.network_batch import PAPER_RECIPE, NetworkRecipe
from .centres import centres_of, leave_one_centre_out
from .chain import ChainPlan, ChainScores, run_plans
from .controls import CHEAP_PERMUTATIONS, DNN_PERMUTATIONS, permutation_null
from .harmonised import harmonised
from .honest import ExternalPredictions, HonestSettings, OuterPredictions, run_honest
from .judgements import comparisons, decision_curves, external_numbers, honest_numbers, paper_numbers
from .paper import PaperPredictions, run_paper
from .protocol_models import Covariates, make_covariates
from .repeating_features import check_repeats, within_training_parts
from .study_data import StudyData
from .study_progress import StudyProgress, work_of_fits

_PAPER_PART = "published protocol"

PROTOCOLS = ("paper", "honest", "both")

EXTERNAL_SET = "external"


@dataclass(frozen=True)
class StudySettings:
    """What is run. ``permutations`` False leaves out the permutation null; ``is_quick`` marks a first look,
    ``leave_one_centre_out`` judges each centre (column ``site``) by models frozen on the others too,
    ``combat`` harmonises the features between centres in each training part of the honest protocol.

    ``repeats`` are features of repeated drawings, by which the honest protocol chooses features in each training part.
    """

    protocol: str = "both"
    honest: HonestSettings = HonestSettings()  # noqa: RUF009 - frozen
    recipe: NetworkRecipe = PAPER_RECIPE
    scores: tuple[str, ...] = RADIOMICS_SCORES
    permutations: bool = True
    is_quick: bool = False
    leave_one_centre_out: bool = False
    combat: bool = False
    repeats: FeatureTable | None = None


@dataclass(frozen=True, eq=False)
class StudyResult:
    """``numbers`` is what results.json holds, the predictions are for the figures; ``development`` are rows judged."""

    numbers: Mapping[str, object]
    data: StudyData
    development: np.ndarray
    external: np.ndarray
    honest: tuple[OuterPredictions, ...]
    frozen: tuple[ExternalPredictions, ...]
    paper: tuple[PaperPredictions, ...]


def run_study(
    data: StudyData,
    settings: StudySettings,
    work: Path | None = None,
    progress: Progress | None = None,
) -> StudyResult:
    """Run a study.

    Parameters
    ----------
    data : StudyData
        Rows whose column ``set`` says "external" take no part in anything but the external validation.
    settings : StudySettings
    work : Path, optional
        Folder where finished parts are kept, so that a killed study goes on where it stopped; parts of other data or
        settings are not used.
    progress : callable, optional
        ``progress(done, total, text)`` over the whole study.

    Raises
    ------
    ValueError
        For an unknown protocol and for cohorts too small for the folds.
    """
    if settings.protocol not in PROTOCOLS:
        raise ValueError(f"There is no protocol {settings.protocol!r}; choose one of {', '.join(PROTOCOLS)}.")
    if settings.combat and settings.leave_one_centre_out:
        raise ValueError("A centre that is left out is unknown to ComBat; choose ComBat or leaving one centre out.")
    external = np.array([case.columns.get("set", "") == EXTERNAL_SET for case in data.cases])
    development = np.flatnonzero(~external)
    learners = [get_learner(name, settings.honest.ensemble_size, settings.recipe) for name in settings.scores]
    if not data.feature_names:
        learners = []
    repeating = _repeating(data, learners, settings)
    remarks = list(data.remarks)
    if settings.repeats is not None:
        remarks.append(check_repeats(data.subset(development), settings.repeats))
    covariates = make_covariates(data, [learner.name for learner in learners])
    tracker = StudyProgress(progress, _work(settings, learners, external))
    numbers: dict[str, object] = {
        "schema": 1,
        "cohort": _cohort_numbers(data, external),
        "settings": _settings_numbers(settings, repeating),
        "remarks": remarks,
    }
    honest: list[OuterPredictions] = []
    frozen: list[ExternalPredictions] = []
    paper: list[PaperPredictions] = []
    outcome = data.outcome[development]
    if settings.protocol in ("honest", "both"):
        run = _resuming(data, settings, work, tracker)
        judged = run_honest(data, covariates, repeating, settings.honest, external, run)
        honest, frozen = judged.outer, judged.frozen
        patients = data.patients[development]
        numbers["honest"] = {one.model.title: honest_numbers(one, outcome, settings.honest, patients) for one in honest}
        numbers["selected_features"] = {
            score: [
                {"feature": data.feature_names[column], "share_of_training_parts": share}
                for column, share in shares.items()
            ]
            for score, shares in judged.selection_shares.items()
        }
        numbers["honest_comparisons"] = comparisons(honest, outcome, settings.honest)
        own = data.outcome[external]
        both = own.any() and not own.all()
        numbers["external"] = {one.model.title: external_numbers(one, own) for one in frozen} if both else {}
        numbers["readers"] = _reader_numbers(data, development, honest)
        if settings.leave_one_centre_out:
            own = data.subset(development)
            numbers["leave_one_centre_out"] = leave_one_centre_out(
                own, _repeating(own, learners, settings), settings.honest, _resuming(own, settings, work, tracker)
            )
        if settings.permutations:
            numbers["permutation_null"] = _null_numbers(data, development, learners, settings, tracker)
    if settings.protocol in ("paper", "both"):
        single = [replace(learner, ensemble_size=1) for learner in learners]
        paper = run_paper(data, covariates, single, settings.honest.seed, external, tracker.part(_PAPER_PART))
        numbers["paper"] = {one.model.title: paper_numbers(one, data.outcome) for one in paper}
    if settings.protocol == "both":
        numbers["leak_audit"] = _leak_audit(numbers)
    if honest:
        numbers["decision_curves"] = decision_curves(honest, outcome)
    numbers |= _table_numbers(data, development, covariates)
    return StudyResult(numbers, data, development, np.flatnonzero(external), tuple(honest), tuple(frozen), tuple(paper))


def _repeating(data: StudyData, learners: list[Learner], settings: StudySettings) -> list[Learner]:
    """Learners of the features that repeat in each training part of these data, where drawings were repeated."""
    if settings.combat:
        learners = [harmonised(learner, centres_of(data)) for learner in learners]
    if settings.repeats is None:
        return learners
    patients = [case.key.patient_id for case in data.cases]
    return [within_training_parts(learner, patients, settings.repeats) for learner in learners]


def _cohort_numbers(data: StudyData, external: np.ndarray) -> dict[str, object]:
    first = np.unique(data.patients, return_index=True)[1]
    outcome, outside = data.outcome[first], external[first]
    size = sample_size(len(first), int(outcome.sum()), 1 + len(CLINICAL_FACTS))
    return {
        "patients": len(first),
        "without_outcome": data.without_outcome,
        "responders": int(outcome.sum()),
        "lesions": len(data.cases),
        "external": int(outside.sum()),
        "external_responders": int(outcome[outside].sum()),
        "features": len(data.feature_names),
        "phantoms": data.is_phantom,
        "missing_facts": data.missing_facts,
        "sha256": data.sha256(),
        "sample_size": size.sentence(),
        "feature_engine": data.table.engine if data.table is not None else None,
    }


def _settings_numbers(settings: StudySettings, learners: list[Learner]) -> dict[str, object]:
    return {
        "protocol": settings.protocol,
        "quick": settings.is_quick,
        "honest": asdict(settings.honest),
        "learners": {learner.name: learner.settings for learner in learners},
    }


def _work(settings: StudySettings, learners: list[Learner], external: np.ndarray) -> dict[str, float]:
    """Part of the study -> its share of the work."""
    honest, parts = settings.honest, {}
    for learner in learners:
        if settings.protocol in ("honest", "both"):
            chain = (honest.inner_folds + 1) * learner.ensemble_size
            for repeat in range(honest.repeats):
                fits = chain * honest.outer_folds
                parts[_part_name(learner, f"repeat {repeat + 1}")] = work_of_fits(learner.name, fits)
            if external.any():
                parts[_part_name(learner, "frozen")] = work_of_fits(learner.name, chain)
            if settings.permutations:
                fits = (1 + _permutations(learner)) * honest.outer_folds
                parts[_part_name(learner, "shuffled outcomes")] = work_of_fits(learner.name, fits)
    if settings.protocol in ("paper", "both"):
        parts[_PAPER_PART] = sum(work_of_fits(learner.name, 1) for learner in learners)
    return parts


def _part_name(learner: Learner, name: str) -> str:
    return f"{learner.name}, {name}"


def _permutations(learner: Learner) -> int:
    return DNN_PERMUTATIONS if learner.name == "dnn" else CHEAP_PERMUTATIONS


def _resuming(data: StudyData, settings: StudySettings, work: Path | None, tracker: StudyProgress):
    """Runs plans, or takes their scores from ``work`` if they were run before on the same data and settings."""
    recorded = json.dumps({"honest": asdict(settings.honest), "recipe": asdict(settings.recipe)}, sort_keys=True)

    def run(learner: Learner, name: str, plans: list[ChainPlan]) -> list[ChainScores]:
        part = _part_name(learner, name)
        if work is None:
            chains = run_plans(data.features, data.outcome, learner, plans, tracker.part(part))
            tracker.finished(part)
            return chains
        identity = f"{data.sha256()} {recorded} {learner.name} {json.dumps(learner.settings, sort_keys=True)} {name}"
        path = work / f"{hashlib.sha256(identity.encode()).hexdigest()[:32]}.json"
        if path.exists():
            kept = json.loads(path.read_text(encoding="utf-8"))
            tracker.skip(part)
            return [
                ChainScores(np.array(part["out_of_fold"]), np.array(part["test"]), selected=part["selected"])
                for part in kept
            ]
        chains = run_plans(data.features, data.outcome, learner, plans, tracker.part(part))
        tracker.finished(part)
        kept = [
            {"out_of_fold": chain.out_of_fold.tolist(), "test": chain.test.tolist(), "selected": chain.selected}
            for chain in chains
        ]
        replace_file(path, json.dumps(kept).encode("utf-8"))
        return chains

    return run


def _null_numbers(
    data: StudyData,
    development: np.ndarray,
    learners: list[Learner],
    settings: StudySettings,
    tracker: StudyProgress,
) -> dict[str, object]:
    nulls = {}
    for learner in _repeating(data.subset(development), learners, settings):
        part = _part_name(learner, "shuffled outcomes")
        seed, folds = settings.honest.seed, settings.honest.outer_folds
        nulls[learner.name] = permutation_null(
            data, development, learner, _permutations(learner), seed, folds, tracker.part(part)
        )
        tracker.finished(part)
    return nulls


def _leak_audit(numbers: Mapping[str, object]) -> list[dict[str, object]]:
    """Both protocols' AUC of each model, and how much the published way says too much."""
    rows = []
    for title, honest in numbers["honest"].items():
        paper = numbers["paper"].get(title)
        if paper is not None:
            rows.append(
                {
                    "model": title,
                    "paper_train": paper["train"]["auc"],
                    "paper_test": paper["test"]["auc"],
                    "honest": honest["auc"],
                    "honest_low": honest["auc_low"],
                    "honest_high": honest["auc_high"],
                    "gap": paper["train"]["auc"] - honest["auc"],
                }
            )
    return rows


def _reader_numbers(data: StudyData, development: np.ndarray, honest: list[OuterPredictions]) -> dict[str, object]:
    """Readers against each other, and each model against each reader, where several judged the outcome."""
    readers = sorted({reader for row in development for reader in data.cases[row].mrecist if reader})
    if len(readers) < 2:
        return {}
    first = np.unique(data.patients[development], return_index=True)[1]
    categories = {reader: [data.cases[row].mrecist.get(reader) for row in development[first]] for reader in readers}
    models = {}
    for one in honest:
        score = one.ranking.mean(axis=0)[first]
        models[one.model.title] = {}
        for reader, judged in categories.items():
            known = np.array([category in ("CR", "PR", "SD", "PD") for category in judged])
            responded = np.array([category in ("CR", "PR") for category in judged])
            if known.any() and responded[known].any() and not responded[known].all():
                models[one.model.title][reader] = auc(score[known], responded[known])
    return {"pairs": [asdict(pair) for pair in reader_pairs(categories)], "models_against_readers": models}


def _table_numbers(data: StudyData, development: np.ndarray, covariates: Covariates) -> dict[str, object]:
    # One row a patient: what is told of patients is not counted once a lesion.
    development = development[np.unique(data.patients[development], return_index=True)[1]]
    cases, outcome = [data.cases[row] for row in development], data.outcome[development]
    names = [name for case in cases for name in case.columns]
    columns = {name: [case.columns.get(name, "") for case in cases] for name in dict.fromkeys(names) if name != "set"}
    for number, fact in enumerate(CLINICAL_FACTS):
        values = data.facts[development, number]
        columns[fact] = ["" if np.isnan(value) else "yes" if value else "no" for value in values]
    facts = tuple(model.covariates for model in covariates.models if model.name == "clinical")
    facts = facts[0] if facts else ()
    values = np.column_stack([covariates.columns[name][development] for name in facts]) if facts else np.empty((0, 0))
    numbers: dict[str, object] = {
        "table_one": [asdict(row) for row in table_one(columns, outcome)],
        "univariate": [asdict(row) for row in univariate_odds_ratios(values, outcome, facts)] if facts else [],
        "multivariate": [asdict(row) for row in odds_ratios(values, outcome, facts)] if facts else [],
    }
    volumes = [name for name in data.feature_names if name.endswith("shape_VoxelVolume")]
    if data.feature_names:
        features = data.features[development]
        numbers["redundancy"] = {
            "aliases": aliases(features, data.feature_names),
            "following_size": following_size(
                features, data.feature_names, features[:, data.feature_names.index(volumes[0])]
            )
            if volumes
            else [],
        }
    return numbers
