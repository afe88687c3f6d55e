"""A sheet after TRIPOD+AI (Collins et al. 2024) and CLEAR (Kocak et al. 2023), filled in as far as a run knows."""

from __future__ import annotations

from collections.abc import Mapping

_AUTHOR = "for the author"


def checklist_rows(numbers: Mapping[str, object]) -> list[list[str]]:
    """(item, answer) rows; what only the author knows is marked so."""
    cohort, settings = numbers["cohort"], numbers["settings"]
    honest = settings["honest"]
    missing = ", ".join(f"{name} {count}" for name, count in cohort["missing_facts"].items()) or "none"
    return [
        ["Title and abstract: prediction model, target population, outcome", _AUTHOR],
        ["Data source, dates, setting, eligibility", _AUTHOR],
        ["Participants and outcome events", f"{cohort['patients']} patients, {cohort['responders']} with response"],
        ["Outcome definition and time", "objective response, mRECIST CR or PR; when and by whom: for the author"],
        ["Image acquisition and protocol", _AUTHOR],
        ["Segmentation: who, how, blinded to what", _AUTHOR],
        [
            "Feature extraction software and version",
            str(cohort["feature_engine"] or "not recorded in the feature table"),
        ],
        ["Number of features", str(cohort["features"])],
        ["Sample size", cohort["sample_size"]],
        ["Missing data", f"unknown facts: {missing}; counted as the share of each training part"],
        ["Feature selection and model building", "inside each training part; see Settings"],
        [
            "Internal validation",
            f"{honest['repeats']} x {honest['outer_folds']}-fold nested cross-validation by patient, "
            f"{honest['inner_folds']} inner folds, seed {honest['seed']}",
        ],
        ["External validation", f"{cohort['external']} patients" if cohort["external"] else "none in this run"],
        ["Discrimination, calibration, clinical utility with intervals", "in this report"],
        ["Fairness across groups", _AUTHOR],
        ["Model availability", "tace-response train writes the model as a bundle; where it can be had: for the author"],
        ["Code availability", "TACEResponse, Apache-2.0"],
        ["Funding, conflicts of interest, registration, ethics", _AUTHOR],
    ]
