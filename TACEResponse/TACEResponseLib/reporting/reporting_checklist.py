"""A checklist after TRIPOD+AI (Collins et al. 2024) and CLEAR (Kocak et al. 2023), filled in as far as a run can."""

from __future__ import annotations

from ..features import FeatureSettings
from ..study.results import CohortSummary, StudyResult

_AUTHOR = "for the author"
_HERE = "in this report"


def checklist_rows(result: StudyResult) -> list[list[str]]:
    """(item, answer) rows with TRIPOD+AI's item numbers; what only the author knows is marked so."""
    cohort = result.cohort
    missing = ", ".join(f"{name} {count}" for name, count in cohort.missing_facts.items()) or "none"
    left_out = f"; {cohort.without_outcome} left out without outcome" if cohort.without_outcome else ""
    share = 100 * cohort.responders / cohort.patients
    features = None if result.data.table is None else result.data.table.settings
    stable = any("repeats_sha256" in learner for learner in result.learner_settings.values())
    readers = result.nested_cv is not None and result.nested_cv.readers is not None
    return [
        ["1-2 Title and abstract: prediction model, population, outcome", _AUTHOR],
        ["3-4 Background, purpose, target population, objectives", _AUTHOR],
        ["5 Data: source, dates, setting", _AUTHOR],
        ["6 Participants: eligibility, treatments", _AUTHOR],
        ["7 Data preparation", "z-score within each training part; a table standardised before is warned of"],
        ["8 Outcome: definition, time", "objective response, mRECIST CR or PR; when and by whom: for the author"],
        ["8 Outcome: agreement of readers", _HERE if readers else "one reader, or none named"],
        ["9 Predictors", f"{cohort.features} features and the clinical facts of Table 1"],
        ["CLEAR Image acquisition and protocol", _AUTHOR],
        ["CLEAR Segmentation: who, how, blinded to what", _AUTHOR],
        ["CLEAR Image preprocessing and discretisation", _AUTHOR if features is None else _plain(features)],
        ["CLEAR Feature extraction software", str(cohort.feature_engine or "not recorded in the feature table")],
        [
            "CLEAR Robustness of features to segmentation",
            "features selected by ICC in each training part"
            if stable
            else "not used in this run; see tace-response icc",
        ],
        ["10 Sample size", cohort.sample_size],
        ["11 Missing data", f"unknown facts: {missing}; counted as the share of each training part"],
        ["12 Analytical methods: selection, models, hyperparameters", "inside each training part; see Settings"],
        ["12 Internal validation", _validation(result)],
        ["13 Class imbalance", f"{share:.0f} % respond; no resampling, equal class weights, recalibrated"],
        ["14 Fairness across groups", _AUTHOR],
        ["15 Model output", "probability of response; thresholds chosen within each training part"],
        [
            "16 Training versus evaluation",
            f"{cohort.external} external patients, models frozen" if cohort.external else "no external set",
        ],
        ["17 Ethical approval", _AUTHOR],
        ["18 Funding, conflicts of interest, protocol, registration", _AUTHOR],
        ["18 Data sharing", _AUTHOR],
        ["18 Code sharing", "TACEResponse, Apache-2.0; versions and seeds in this report"],
        ["19 Patient and public involvement", _AUTHOR],
        ["20 Participants: flow, characteristics, events", f"Fig. 1 and Table 1; {_events(cohort)}{left_out}"],
        [
            "22 Model specification",
            "tace-response train writes the model as a bundle; where it can be had: for the author",
        ],
        ["23 Performance with intervals: discrimination, calibration, utility", _HERE],
        ["23 Comparison with simple baselines", _baselines(result)],
        ["24 Model updating", "tace-response evaluate --recalibrate on local patients"],
        ["25-27 Interpretation, limitations, usability", _AUTHOR],
    ]


def _validation(result: StudyResult) -> str:
    if result.nested_cv is None:
        return "one 8:2 split only (published protocol)"
    folds = result.settings.nested_cv
    return (
        f"{folds.repeats} x {folds.outer_folds}-fold nested cross-validation by patient, {folds.inner_folds} inner "
        f"folds, seed {folds.seed}"
    )


def _events(cohort: CohortSummary) -> str:
    return f"{cohort.patients} patients, {cohort.responders} with response"


def _baselines(result: StudyResult) -> str:
    models = {} if result.nested_cv is None else result.nested_cv.models
    return (
        ", ".join(title for title in ("Clinical", "Size only", "Scanner only") if title in models) or "none in this run"
    )


def _plain(settings: FeatureSettings) -> str:
    spacing = " x ".join(f"{one:g}" for one in settings.spacing_mm)
    return f"{spacing} mm, {settings.binning}, intensity normalisation {settings.normalisation}"
