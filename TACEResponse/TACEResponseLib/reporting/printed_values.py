"""What the paper printed, to lay ours beside where it means the same (paper.md; doi 10.1186/s13244-023-01380-2)."""

from __future__ import annotations

PUBLISHED_NOTE = (
    "Published numbers (doi 10.1186/s13244-023-01380-2) are of other patients: 115 in training, 29 in the test and 28 "
    "in the external set."
)

PUBLISHED_AUC = {
    "KNN": {"train": ".774", "test": ".669", "external": ".615"},
    "SVM": {"train": ".871", "test": ".688", "external": ".712"},
    "Lasso": {"train": ".941", "test": ".745", "external": ".663"},
    "DNN": {"train": ".927", "test": ".837", "external": ".796"},
    "Clinical": {"train": ".637", "test": ".685", "external": ".543"},
    "CL": {"train": ".943", "test": ".716", "external": ".658"},
    "CD": {"train": ".974", "test": ".831", "external": ".735"},
}

PUBLISHED_SHARES = {
    "KNN": {"train": (".5", ".898", ".704"), "test": (".538", ".75", ".655"), "external": (".857", ".357", ".536")},
    "SVM": {"train": (".891", ".695", ".765"), "test": (".769", ".563", ".621"), "external": (".786", ".714", ".679")},
    "Lasso": {"train": (".982", ".780", ".861"), "test": (".769", ".813", ".655"), "external": (".929", ".5", ".679")},
    "DNN": {"train": (".911", ".864", ".870"), "test": (".923", ".688", ".759"), "external": (".714", ".857", ".714")},
    "Clinical": {"train": (".732", ".474", ""), "test": ("1", ".375", ""), "external": (".714", ".5", "")},
    "CL": {"train": (".928", ".847", ""), "test": (".76", ".75", ""), "external": (".78", ".571", "")},
    "CD": {"train": (".928", ".898", ""), "test": (".846", ".812", ""), "external": ("1", ".571", "")},
}
"""Sensitivity, specificity and accuracy as printed; empty where nothing is."""
