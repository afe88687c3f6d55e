"""Training a bundle: the recipe of nested cross-validation on all patients of a cohort (honesty.md)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace

import numpy as np

from .. import __version__
from ..cohort import CLINICAL_FACTS, SEQUENCES, Json, Progress
from ..evaluation.calibration import calibration
from ..evaluation.intervals import corrected_resampled_interval
from ..evaluation.roc import auc, youden_threshold
from ..features import get_feature_set
from ..models import SCHEMA_VERSION, LinearPredictor, ModelBundle, expit
from ..models.classifiers import get_learner
from ..models.fitting import Learner
from ..models.wording import CLINICAL_CODING, OUTCOME, TIME_HORIZON
from .chain import DISTINGUISHABLE, DeployedStage, deploy_second_stage
from .model_card import model_card
from .study_data import StudyData
from .training_overlap import patient_marks
from .training_scores import OuterPart, TrainingScores, learn_scores, no_scores
from .training_settings import BUNDLE_KINDS, DEFAULT_SETTINGS, FEWEST_PATIENTS, TrainingSettings


def train_bundle(
    data: StudyData,
    name: str,
    kind: str = "cd",
    settings: TrainingSettings = DEFAULT_SETTINGS,
    command: str = "",
    progress: Progress | None = None,
) -> ModelBundle:
    """Train a bundle of this kind on all patients.

    1. Inner cross-validation on all patients gives out-of-fold scores, averaged over the ensemble, to which the second
       stage is fitted, shrunk by its own likelihood ratio (`DeployedStage`).
    2. The ensemble is fitted on all patients.
    3. Bootstraps of patients repeat 1 and 2 with one network each.
    4. Outer cross-validation of 1 and 2 gives each patient a probability from models that never saw the patient: on
       these the threshold (Youden) is found and the calibration and AUC of the card are measured.

    Parameters
    ----------
    data : StudyData
    name : str
        Of the bundle.
    kind : str
        A key of `BUNDLE_KINDS`.
    settings : TrainingSettings
    command : str
        How to make the bundle again, for its provenance.
    progress : callable, optional
        ``progress(done, total, text)``; what it raises cancels the training.

    Raises
    ------
    ValueError
        For an unknown kind, too few patients, facts that do not vary, or features whose origin is unknown.
    """
    if kind not in BUNDLE_KINDS:
        raise ValueError(f"There is no kind of model {kind!r}; choose one of {', '.join(BUNDLE_KINDS)}.")
    score_name, with_facts = BUNDLE_KINDS[kind]
    facts = data.varying_facts if with_facts else ()
    _check(data, with_facts)
    learner = get_learner(score_name, settings.ensemble_size, settings.recipe) if score_name else None
    sequences = _sequences_of(data) if learner else ()
    scores = learn_scores(data, learner, settings, progress) if learner else no_scores(data, settings)
    score_terms = (score_name,) if score_name else ()
    main = _fit_stage(data, scores, score_terms + facts)
    prevalence = data.responders / len(data.outcome)
    score_only = _fit_stage(data, scores, score_terms).predictor if learner and facts else None
    table = data.table if learner else None
    outcome = data.outcome
    training = scores.out_of_fold if learner else main.outer_probability
    bundle = ModelBundle(
        name=name,
        schema_version=SCHEMA_VERSION,
        kind="clinical" if not learner else "merged" if facts else "radiomics",
        demonstration=data.is_phantom,
        required_sequences=sequences,
        required_facts=facts,
        feature_set=table.feature_set if table else None,
        settings=table.settings if table else None,
        feature_names=data.feature_names if learner else (),
        outcome=OUTCOME,
        time_horizon=TIME_HORIZON,
        cohort_size=len(outcome),
        cohort_responders=data.responders,
        threshold=youden_threshold(main.outer_probability, outcome)
        if main.stage.factor
        else data.responders / len(outcome),
        threshold_rule=(
            f"largest Youden index on the {settings.outer_folds}-fold cross-validated probabilities of the training "
            "patients; not a measure of performance"
            if main.stage.factor
            else "the share of responders in training, as the model gives it to every patient"
        ),
        training_scores={"OR": np.sort(training[outcome]), "NOR": np.sort(training[~outcome])},
        position_score=score_name or "probability",
        feature_minimum=data.features.min(axis=0) if learner else np.empty(0),
        feature_maximum=data.features.max(axis=0) if learner else np.empty(0),
        out_of_range_limit=out_of_range_limit(data.features) if learner else 0.0,
        sha256="",
        provenance=_provenance(data, learner, settings, main, command) | {"cross_validated_auc": _aucs(scores, main)},
        card="",
        predictor=main.predictor,
        prevalence=prevalence,
        score_only=score_only,
        scores=scores.deployed,
        refit_scores=scores.refitted,
        clinical_coding={fact: CLINICAL_CODING[fact] for fact in facts},
        unknown_facts="range",
        calibration=_calibration(main, settings),
    )
    return replace(bundle, card=model_card(bundle, data, settings))


@dataclass(frozen=True, eq=False)
class _Stage:
    """A second stage on all patients, its predictor with the refits, and what the outer cross-validation predicts."""

    stage: DeployedStage
    predictor: LinearPredictor
    outer_probability: np.ndarray
    outer_ranking: np.ndarray
    outcome: np.ndarray


def _fit_stage(data: StudyData, scores: TrainingScores, terms: tuple[str, ...]) -> _Stage:
    """Fit the second stage with these terms on all patients, on every bootstrap and in every outer part."""
    outcome = data.outcome

    def deploy(rows: np.ndarray, own: np.ndarray) -> tuple[DeployedStage, np.ndarray]:
        values = _values(data, rows, own, terms)
        stage = deploy_second_stage(values, outcome[rows], is_score_alone=not set(terms) & set(CLINICAL_FACTS))
        return stage, stage.plain.filled(values).mean(axis=0)

    outer_log_odds, outer_ranking = np.empty(len(outcome)), np.empty(len(outcome))
    for part in scores.outer:
        stage, _ = deploy(part.train_rows, part.train_scores)
        test = _values(data, part.test_rows, part.test_scores, terms)
        outer_log_odds[part.test_rows], outer_ranking[part.test_rows] = stage.log_odds(test), stage.ranking(test)
    main, means = deploy(np.arange(len(outcome)), scores.out_of_fold)
    refits, refit_means = zip(*(deploy(*bootstrap) for bootstrap in scores.bootstraps), strict=True)
    predictor = LinearPredictor(
        terms=terms,
        intercept=main.intercept,
        coefficients=main.coefficients,
        offsets=np.zeros(len(terms)),
        means=means,
        refit_intercepts=np.array([refit.intercept for refit in refits]),
        refit_coefficients=np.array([refit.coefficients for refit in refits]),
        refit_offsets=np.zeros((len(refits), len(terms))),
        refit_means=np.array(refit_means),
    )
    return _Stage(main, predictor, expit(outer_log_odds), outer_ranking, outcome)


def _calibration(main: _Stage, settings: TrainingSettings) -> dict[str, Json]:
    """How the predictor was shrunk, and how it is calibrated in the outer cross-validation."""
    stage, outcome = main.stage, main.outcome
    measured = calibration(main.outer_probability, outcome)
    varies = np.unique(main.outer_probability).size > settings.outer_folds
    return {
        "slope": stage.factor,
        "rule": (
            "(chi2 - terms + 1) / chi2 of the second stage's likelihood ratio on out-of-fold scores, 0 unless "
            f"p < {DISTINGUISHABLE:g}"
        ),
        "chi_squared": stage.chi_squared,
        "terms": stage.terms,
        "p_value": stage.p_value,
        "cross_validated": {
            "intercept": measured.intercept,
            "slope": measured.slope if varies else None,
            "brier": measured.brier,
            "brier_of_prevalence": float(np.mean((outcome.mean() - outcome) ** 2)),
        },
    }


def _values(data: StudyData, rows: np.ndarray, scores: np.ndarray, terms: tuple[str, ...]) -> np.ndarray:
    columns = [data.facts[rows, CLINICAL_FACTS.index(term)] if term in CLINICAL_FACTS else scores for term in terms]
    return np.column_stack(columns)


def out_of_range_limit(features: np.ndarray) -> float:
    """95th percentile of the number of features in which a patient lies outside the range of all the others."""
    ordered = np.sort(features, axis=0)
    lowest = (features == ordered[0]) & (ordered[1] > ordered[0])
    highest = (features == ordered[-1]) & (ordered[-2] < ordered[-1])
    return float(np.percentile((lowest | highest).sum(axis=1), 95))


def _check(data: StudyData, with_facts: bool) -> None:
    rarer = min(data.responders, len(data.outcome) - data.responders)
    if rarer < FEWEST_PATIENTS:
        raise ValueError(
            f"Of {len(data.outcome)} patients {data.responders} have OR; training needs at least {FEWEST_PATIENTS} "
            "patients with OR and as many with NOR."
        )
    if with_facts and not data.varying_facts:
        raise ValueError(
            "Every clinical fact is unknown or the same in all patients, so that a model of them would be useless; "
            "fill in a column of facts, such as child_pugh or ast_u_l, or train a score alone."
        )


def _sequences_of(data: StudyData) -> tuple[str, ...]:
    """The sequences of the features, which must be exactly those of a feature set with known settings."""
    if data.table is None or data.table.settings is None or data.table.feature_set is None:
        raise ValueError(
            "The feature table has no provenance file, so that the same features cannot be extracted of a new "
            "patient; extract the features with tace-response extract."
        )
    prefixes = tuple(dict.fromkeys(name.partition("_")[0] for name in data.feature_names))
    sequences = tuple(str(sequence) for sequence in SEQUENCES if sequence in prefixes)
    whole = get_feature_set(data.table.feature_set).column_names(sequences)
    if data.feature_names != tuple(name for name in whole if name in data.feature_names) or not (
        set(whole) <= set(data.table.names)
    ):
        raise ValueError(
            f"The columns of the feature table are not those of the feature set {data.table.feature_set} for "
            f"{', '.join(sequences)}, in their order; extract the features again."
        )
    return sequences


def _aucs(scores: TrainingScores, stage: _Stage) -> dict[str, list[float]]:
    """Mean AUC over the outer test parts with its corrected resampled-t interval: of the model and of its score."""
    outcome = stage.outcome

    def over_parts(score_of: Callable[[OuterPart], np.ndarray]) -> list[float]:
        values = [auc(score_of(part), outcome[part.test_rows]) for part in scores.outer]
        test_share = len(scores.outer[0].test_rows) / len(scores.outer[0].train_rows)
        return list(corrected_resampled_interval(np.array(values), test_share))

    own = {name: over_parts(lambda part: part.test_scores) for name in scores.deployed}
    return {"probability": over_parts(lambda part: np.asarray(stage.outer_ranking[part.test_rows])), **own}


def _provenance(
    data: StudyData, learner: Learner | None, settings: TrainingSettings, stage: _Stage, command: str
) -> dict[str, Json]:
    from importlib.metadata import version

    penalised = stage.stage.plain.fit.penalised
    libraries = ["numpy", "scikit-learn", *(["torch"] if learner and learner.name == "dnn" else [])]
    return {
        "trained_on": "phantoms, synthetic images" if data.is_phantom else "patients",
        "command": command,
        "cohort_sha256": data.sha256(),
        "patient_marks": sorted(patient_marks(data.features)) if learner else [],
        "missing_facts": data.missing_facts,
        "missing_facts_rule": "counted as the share of the training patients who have the fact",
        "second_stage": "ridge penalty, the terms separate the outcomes" if penalised else "maximum likelihood",
        "learner": dict(learner.settings) if learner else {},
        "settings": {name: value for name, value in asdict(settings).items() if name != "recipe"},
        "feature_engine": data.table.engine if learner and data.table else "",
        "remarks": list(data.remarks),
        "versions": {"TACEResponse": __version__, **{library: version(library) for library in libraries}},
    }
