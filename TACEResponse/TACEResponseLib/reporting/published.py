"""The published AUCs, to lay ours beside where they mean the same thing (study.md; doi 10.1186/s13244-023-01380-2)."""

PUBLISHED_AUC = {
    "KNN": ".774 / .669",
    "SVM": ".871 / .688",
    "Lasso": ".941 / .745",
    "DNN": ".927 / .837",
    "Clinical": ".637 / .685",
    "CL": ".943 / .716",
    "CD": ".974 / .831",
}

PUBLISHED_NOTE = "The published numbers are of other patients: 115 in training, 29 in the test set."
