"""What a reader of a result must know beside the images' own warnings (clinical.md)."""

from __future__ import annotations

import numpy as np

from ..cohort import CHILD_PUGH, PORTAL_VENOUS_INVASION, CaseWarning, ClinicalRecord
from ..models import ModelBundle
from .wording import FACT_NAMES, capitalised, listed, training_subjects

CAUTION_FROM_CHILD_PUGH_POINTS = 8

_FEATURES_NAMED = 3


def clinical_cautions(clinical: ClinicalRecord) -> list[CaseWarning]:
    """Child-Pugh B8 or more, C, and portal venous invasion, whether the model uses these facts or not."""
    cautions = []
    grade = clinical.get(CHILD_PUGH)
    if grade is not None and grade.highest_points >= CAUTION_FROM_CHILD_PUGH_POINTS:
        name = f"Child-Pugh {' or '.join(grade.classes)}{grade.points or ''}"
        if grade.lowest_points >= CAUTION_FROM_CHILD_PUGH_POINTS:
            text = f"{name}: caution with TACE from B8 on. This result does not judge whether it is indicated."
        else:
            text = f"{name} without points: caution with TACE from B8 on. Enter the points to know."
        cautions.append(CaseWarning("child_pugh_caution", text))
    if clinical.get(PORTAL_VENOUS_INVASION):
        text = (
            "Portal venous invasion: caution with TACE if the main trunk is invaded; the facts entered do not say "
            "which branch is."
        )
        cautions.append(CaseWarning("portal_venous_invasion_caution", text))
    return cautions


def unknown_facts_warning(unknown: tuple[str, ...], bundle: ModelBundle) -> CaseWarning:
    """Needed facts are unknown: the result is a range over their levels, or the model dropped them."""
    named = capitalised(listed([FACT_NAMES[name] for name in unknown]))
    verb = "is" if len(unknown) == 1 else "are"
    if bundle.unknown_facts == "drop":
        text = f"{named} {verb} unknown and left out of the model, which is exact only if the facts are independent."
        return CaseWarning("facts_dropped", text)
    return CaseWarning("facts_unknown", f"{named} {verb} unknown: the result is a range over all possibilities.")


def demonstration_warning(bundle: ModelBundle) -> CaseWarning:
    """For a demonstration model on images other than phantoms."""
    return CaseWarning(
        "demonstration_model",
        f"The model {bundle.name} is for demonstration: it was trained on phantoms, and its number says nothing about "
        "a patient.",
    )


def out_of_range_warning(values: np.ndarray, bundle: ModelBundle) -> tuple[int, CaseWarning | None]:
    """Number of features outside their training range, and a warning if it exceeds the bundle's limit.

    ``values`` is (n_features,) in the order of ``bundle.feature_names``. The limit is the 95th percentile of the
    leave-one-out counts of the training patients, as a normal new patient has a few such features too. The warning
    names the features that lie farthest outside, in widths of their training range.
    """
    excess = np.maximum(bundle.feature_minimum - values, values - bundle.feature_maximum)
    count = int(np.count_nonzero(excess > 0))
    if count <= bundle.out_of_range_limit:
        return count, None
    width = bundle.feature_maximum - bundle.feature_minimum
    farthest = np.argsort(-excess / np.where(width > 0, width, 1.0), kind="stable")[: min(count, _FEATURES_NAMED)]
    named = ", ".join(bundle.feature_names[number] for number in farthest)
    text = (
        f"{count} of {len(values)} features lie outside the range of the {training_subjects(bundle.demonstration)}, "
        f"more than in 95 % of those (up to {int(bundle.out_of_range_limit)}); farthest: {named}. The model was not "
        "made for such images."
    )
    return count, CaseWarning("out_of_range", text)
