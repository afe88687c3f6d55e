"""Training a bundle: the honest protocol's recipe on all patients of a cohort (honesty.md, "honest")."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace

import numpy as np

from .. import __version__
from ..cohort import CLINICAL_FACTS, SEQUENCES
from ..features import get_feature_set
from ..models import (
    SCHEMA_VERSION,
    DnnScore,
    LinearPredictor,
    ModelBundle,
    ScoreModel,
    expit,
)
from ..models.fitting import Learner, Progress
from ..models.folded_network import concatenate_networks
from ..models.learners import get_learner
from ..models.network_batch import PAPER_RECIPE, NetworkRecipe
from ..models.published_clinical import CLINICAL_CODING, OUTCOME, TIME_HORIZON
from .chain import (
    calibration_slope,
    fit_second_stage,
    intercept_for_prevalence,
    plan_chain,
    run_plans,
)
from .folds import stratified_folds
from .model_card import model_card
from .study_data import StudyData

BUNDLE_KINDS: dict[str, tuple[str | None, bool]] = {
    "cd": ("dnn", True),
    "cl": ("lasso", True),
    "clinical": (None, True),
    "dnn": ("dnn", False),
    "lasso": ("lasso", False),
    "svm": ("svm", False),
    "knn": ("knn", False),
}
"""Kind of bundle -> its radiomics score and whether the clinical facts belong to it."""


@dataclass(frozen=True)
class TrainingSettings:
    """How a bundle is trained; all of it is recorded in the bundle.

    ``outer_folds`` estimate slope and threshold, ``inner_folds`` give the out-of-fold scores, ``refit_folds`` those
    within each of the ``refits`` bootstraps, whose score is one network instead of an ensemble.
    """

    seed: int = 1
    ensemble_size: int = 10
    outer_folds: int = 5
    inner_folds: int = 5
    refits: int = 100
    refit_folds: int = 3
    recipe: NetworkRecipe = PAPER_RECIPE


DEFAULT_SETTINGS = TrainingSettings()


@dataclass(frozen=True, eq=False)
class _Stage:
    """A second stage on all patients: its predictor, and the outer linear predictors that shrank it."""

    predictor: LinearPredictor
    slope: float
    outer_probability: np.ndarray
    penalised: bool


def train_bundle(
    data: StudyData,
    name: str,
    kind: str = "cd",
    settings: TrainingSettings = DEFAULT_SETTINGS,
    command: str = "",
    progress: Progress | None = None,
) -> ModelBundle:
    """Train a bundle of this kind on all patients.

    1. Outer cross-validation of the whole chain gives each patient a linear predictor from models that never saw him;
       on these the calibration slope (clipped to 0..1) and the threshold (Youden) are found.
    2. Inner cross-validation on all patients gives out-of-fold scores, averaged over the ensemble, to which the second
       stage is fitted; its linear predictor is shrunk by that slope, the intercept set to the cohort's prevalence.
    3. The ensemble is fitted on all patients.
    4. Bootstraps of patients repeat 2 and 3 with one network each; the slope is that of 1.

    What 1 says about performance is recorded in the card as what it is; thresholds and slopes are no performance.

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
        ``progress(done, total, text)``.

    Raises
    ------
    ValueError
        For an unknown kind, too few patients for the folds, or features whose origin is unknown.
    """
    if kind not in BUNDLE_KINDS:
        raise ValueError(f"There is no kind of model {kind!r}; choose one of {', '.join(BUNDLE_KINDS)}.")
    score_name, with_facts = BUNDLE_KINDS[kind]
    learner = get_learner(score_name, settings.ensemble_size, settings.recipe) if score_name else None
    sequences = _sequences_of(data) if learner else ()
    outcome, count = data.outcome, len(data.outcome)
    scores = _Scores.learn(data, learner, settings, progress) if learner else _Scores.none(data, settings)
    facts = CLINICAL_FACTS if with_facts else ()
    terms = ((score_name,) if score_name else ()) + facts
    main = _stage(data, scores, terms, settings)
    score_only = _stage(data, scores, (score_name,), settings).predictor if score_name and facts else None
    threshold = youden_threshold(main.outer_probability, outcome)
    training = scores.out_of_fold if learner else main.outer_probability
    minimum, maximum = data.features.min(axis=0, initial=np.inf), data.features.max(axis=0, initial=-np.inf)
    bundle = ModelBundle(
        name=name,
        schema_version=SCHEMA_VERSION,
        kind="clinical" if not learner else "merged" if facts else "radiomics",
        demonstration=data.is_phantom,
        required_sequences=sequences,
        required_facts=facts,
        feature_set=data.table.feature_set if learner else None,
        settings=data.table.settings if learner else None,
        feature_names=data.feature_names if learner else (),
        outcome=OUTCOME,
        time_horizon=TIME_HORIZON,
        cohort_size=count,
        cohort_responders=data.responders,
        threshold=threshold,
        threshold_rule=(
            f"largest Youden index on the {settings.outer_folds}-fold cross-validated probabilities of the training "
            "patients; not a measure of performance"
        ),
        training_scores={"OR": np.sort(training[outcome]), "NOR": np.sort(training[~outcome])},
        position_score=score_name or "probability",
        feature_minimum=minimum if learner else np.empty(0),
        feature_maximum=maximum if learner else np.empty(0),
        out_of_range_limit=out_of_range_limit(data.features) if learner else 0.0,
        sha256="",
        provenance=_provenance(data, learner, settings, main, command),
        card="",
        predictor=main.predictor,
        prevalence=data.responders / count,
        score_only=score_only,
        scores=scores.deployed,
        refit_scores=scores.refitted,
        clinical_coding={fact: CLINICAL_CODING[fact] for fact in facts},
        unknown_facts="range",
        calibration={
            "slope": main.slope,
            "rule": f"slope of the {settings.outer_folds}-fold cross-validated linear predictors, clipped to 0..1",
        },
    )
    return replace(bundle, card=model_card(bundle, data, main.outer_probability, settings.outer_folds))


@dataclass(frozen=True, eq=False)
class _Scores:
    """Scores of every part of the training, for one learner.

    ``outer`` lists (training rows, test rows, out-of-fold scores, test scores) of the outer folds; ``refits`` lists
    (rows, out-of-fold scores) of the bootstraps. Scores are empty for a model without images.
    """

    outer: list[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]]
    out_of_fold: np.ndarray
    refits: list[tuple[np.ndarray, np.ndarray]]
    deployed: dict[str, ScoreModel]
    refitted: dict[str, ScoreModel]

    @classmethod
    def learn(cls, data: StudyData, learner: Learner, settings: TrainingSettings, progress: Progress | None) -> _Scores:
        everyone = np.arange(len(data.outcome))
        nobody = np.empty(0, dtype=int)
        parts, samples = _outer_parts(data, settings), _bootstraps(data, settings)
        members, inner = learner.ensemble_size, settings.inner_folds
        plans = [
            plan_chain(data.outcome, rows, test, inner, members, (settings.seed, 1, number))
            for number, (rows, test) in enumerate(parts)
        ]
        plans.append(plan_chain(data.outcome, everyone, nobody, inner, members, (settings.seed, 2), keep_models=True))
        plans += [
            plan_chain(
                data.outcome, rows, nobody, settings.refit_folds, 1, (settings.seed, 3, number), keep_models=True
            )
            for number, rows in enumerate(samples)
        ]
        done = run_plans(data.features, data.outcome, learner, plans, progress)
        outer, main, refits = done[: len(parts)], done[len(parts)], done[len(parts) + 1 :]
        return cls(
            outer=[(*part, scores.out_of_fold, scores.test) for part, scores in zip(parts, outer, strict=True)],
            out_of_fold=main.out_of_fold,
            refits=[(rows, scores.out_of_fold) for rows, scores in zip(samples, refits, strict=True)],
            deployed={learner.name: join_models(main.models, quantise=False)},
            refitted={learner.name: join_models([scores.models[0] for scores in refits], quantise=True)},
        )

    @classmethod
    def none(cls, data: StudyData, settings: TrainingSettings) -> _Scores:
        empty = np.empty(0)
        outer = [(rows, test, empty, empty) for rows, test in _outer_parts(data, settings)]
        return cls(outer, empty, [(rows, empty) for rows in _bootstraps(data, settings)], {}, {})


def _outer_parts(data: StudyData, settings: TrainingSettings) -> list[tuple[np.ndarray, np.ndarray]]:
    folds = stratified_folds(data.outcome, settings.outer_folds, np.random.default_rng([settings.seed, 0]))
    return [(np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)) for fold in range(settings.outer_folds)]


def _bootstraps(data: StudyData, settings: TrainingSettings) -> list[np.ndarray]:
    """Rows of each bootstrap, drawn within each outcome, so that none lacks one; sorted."""
    random = np.random.default_rng([settings.seed, 4])
    levels = [np.flatnonzero(data.outcome == level) for level in (True, False)]
    samples: list[np.ndarray] = []
    while len(samples) < settings.refits:
        rows = np.sort(np.concatenate([random.choice(members, len(members)) for members in levels]))
        distinct = [len(set(rows) & set(members)) for members in levels]
        # A bootstrap of very few patients may hold too few distinct ones for its own folds.
        if min(distinct) >= settings.refit_folds:
            samples.append(rows)
    return samples


def _stage(data: StudyData, scores: _Scores, terms: tuple[str, ...], settings: TrainingSettings) -> _Stage:
    """Fit the second stage with these terms on all patients and on every bootstrap, shrunk by the outer slope."""
    outer_log_odds = np.empty(len(data.outcome))
    for rows, test, out_of_fold, test_scores in scores.outer:
        stage = fit_second_stage(_values(data, rows, out_of_fold, terms), data.outcome[rows])
        outer_log_odds[test] = stage.log_odds(_values(data, test, test_scores, terms))
    slope = float(np.clip(calibration_slope(outer_log_odds, data.outcome), 0.0, 1.0))
    everyone = np.arange(len(data.outcome))
    intercept, coefficients, means, penalised = _shrunk(
        data, everyone, _values(data, everyone, scores.out_of_fold, terms), slope
    )
    refits = [_shrunk(data, rows, _values(data, rows, own, terms), slope) for rows, own in scores.refits]
    predictor = LinearPredictor(
        terms=terms,
        intercept=intercept,
        coefficients=coefficients,
        offsets=np.zeros(len(terms)),
        means=means,
        refit_intercepts=np.array([refit[0] for refit in refits]),
        refit_coefficients=np.array([refit[1] for refit in refits]),
        refit_offsets=np.zeros((len(refits), len(terms))),
        refit_means=np.array([refit[2] for refit in refits]),
    )
    prevalence = data.outcome.mean()
    shifted = slope * outer_log_odds
    return _Stage(predictor, slope, expit(shifted + intercept_for_prevalence(shifted, prevalence)), penalised)


def _shrunk(
    data: StudyData, rows: np.ndarray, values: np.ndarray, slope: float
) -> tuple[float, np.ndarray, np.ndarray, bool]:
    """Intercept, coefficients, means of the terms, and whether the fit needed a penalty."""
    outcome = data.outcome[rows]
    stage = fit_second_stage(values, outcome)
    coefficients = slope * stage.fit.coefficients
    filled = np.where(np.isnan(values), stage.fill, values)
    intercept = intercept_for_prevalence(filled @ coefficients, outcome.mean())
    return intercept, coefficients, filled.mean(axis=0), stage.fit.penalised


def _values(data: StudyData, rows: np.ndarray, scores: np.ndarray, terms: tuple[str, ...]) -> np.ndarray:
    columns = [data.facts[rows, CLINICAL_FACTS.index(term)] if term in CLINICAL_FACTS else scores for term in terms]
    return np.column_stack(columns)


def join_models(models: tuple[ScoreModel, ...] | list[ScoreModel], quantise: bool) -> ScoreModel:
    """One model of the single members of several; networks with int8 weights if ``quantise``."""
    if not isinstance(models[0], DnnScore):
        return type(models[0]).join(list(models))
    networks = concatenate_networks([model.networks for model in models])
    return DnnScore(
        np.concatenate([model.mean for model in models]),
        np.concatenate([model.scale for model in models]),
        networks.quantised() if quantise else networks,
    )


def youden_threshold(probability: np.ndarray, outcome: np.ndarray) -> float:
    """The probability at or above which OR is said with the largest sensitivity + specificity, between two patients."""
    order = np.unique(probability)
    candidates = np.concatenate([[order[0]], (order[1:] + order[:-1]) / 2])
    said = probability[None, :] >= candidates[:, None]
    youden = said[:, outcome].mean(axis=1) - said[:, ~outcome].mean(axis=1)
    return float(candidates[np.argmax(youden)])


def out_of_range_limit(features: np.ndarray) -> float:
    """95th percentile of the number of features in which a patient lies outside the range of all the others."""
    ordered = np.sort(features, axis=0)
    lowest = (features == ordered[0]) & (ordered[1] > ordered[0])
    highest = (features == ordered[-1]) & (ordered[-2] < ordered[-1])
    alone = lowest | highest
    return float(np.percentile(alone.sum(axis=1), 95))


def _sequences_of(data: StudyData) -> tuple[str, ...]:
    """The sequences of the features, which must be exactly those of a feature set with known settings."""
    if data.table is None or data.table.settings is None:
        raise ValueError(
            "The feature table has no provenance file, so that nobody could extract the same features of a new "
            "patient; extract the features with tace-response extract."
        )
    prefixes = tuple(dict.fromkeys(name.partition("_")[0] for name in data.feature_names))
    sequences = tuple(str(sequence) for sequence in SEQUENCES if sequence in prefixes)
    if data.feature_names != get_feature_set(data.table.feature_set).column_names(sequences):
        raise ValueError(
            f"The columns of the feature table are not those of the feature set {data.table.feature_set} for "
            f"{', '.join(sequences)}, in their order; extract the features again."
        )
    return sequences


def _provenance(
    data: StudyData, learner: Learner | None, settings: TrainingSettings, stage: _Stage, command: str
) -> dict[str, object]:
    from importlib.metadata import version

    libraries = ["numpy", "scikit-learn", *(["torch"] if learner and learner.name == "dnn" else [])]
    return {
        "trained_on": "phantoms, synthetic images" if data.is_phantom else "patients",
        "command": command,
        "cohort_sha256": data.sha256(),
        "missing_facts": data.missing_facts,
        "missing_facts_rule": "counted as the share of the training patients who have the fact",
        "second_stage": "ridge penalty, the terms separate the outcomes" if stage.penalised else "maximum likelihood",
        "learner": learner.settings if learner else {},
        "settings": {name: value for name, value in asdict(settings).items() if name != "recipe"},
        "feature_engine": data.table.engine if learner else "",
        "remarks": list(data.remarks),
        "versions": {"TACEResponse": __version__, **{library: version(library) for library in libraries}},
    }
