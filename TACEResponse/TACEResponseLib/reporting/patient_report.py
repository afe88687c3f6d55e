"""The report of one patient: one HTML file without scripts or anything to load, for the screen and for paper."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from ..cohort import ClinicalRecord, Json, replace_file
from ..imaging import CaseImages
from ..models import ModelBundle
from ..prediction import Prediction
from ..prediction.wording import RESEARCH_USE_ONLY
from .page import page, pair, text
from .patient_sections import (
    clinical_section,
    contributions_section,
    images_section,
    model_section,
    plain_text_section,
    provenance_section,
    published_section,
    result_section,
    scores_section,
    strips,
    voi_section,
    warnings_section,
)


def patient_report(
    prediction: Prediction,
    bundle: ModelBundle,
    images: CaseImages | None,
    clinical: ClinicalRecord,
    reading: Mapping[str, Json] = MappingProxyType({}),
) -> str:
    """HTML of one patient's report; every text from a file is escaped.

    Parameters
    ----------
    prediction : Prediction
    bundle : ModelBundle
        The one that made ``prediction``.
    images : CaseImages or None
        What the prediction was made from; None leaves out slices and VOI table.
    clinical : ClinicalRecord
        The facts as entered.
    reading : mapping of str to values, optional
        What else is known of how the case was read, by its name, e.g. the number of tumours; stands in the provenance.

    Raises
    ------
    ValueError
        If bundle or images are not those of the prediction.
    """
    if (bundle.name, bundle.sha256) != (prediction.bundle_name, prediction.bundle_sha256):
        raise ValueError(
            f"The prediction of {prediction.key} was made by the model {prediction.bundle_name}, not by this "
            f"{bundle.name}; give that model."
        )
    if images is not None and images.key != prediction.key:
        raise ValueError(
            f"The prediction is of {prediction.key}, the images are of {images.key}; give those of one case."
        )
    scores, contributions = scores_section(prediction, bundle), contributions_section(prediction)
    facts, vois = clinical_section(clinical, bundle), voi_section(images, bundle)
    if scores:
        middle = [pair(scores, contributions), images_section(images), pair(vois, facts, "wide-left")]
    else:
        middle = [pair(contributions, facts) if contributions else facts, images_section(images), vois]
    body = "\n".join(
        [
            f'<div class="banner">{text(RESEARCH_USE_ONLY)}</div>',
            strips(prediction),
            "<main>",
            _header(prediction, bundle),
            result_section(prediction, bundle),
            warnings_section(prediction),
            *middle,
            published_section(prediction),
            plain_text_section(prediction),
            pair(model_section(bundle), provenance_section(prediction, reading)),
            "</main>",
        ]
    )
    return page(f"Estimated response to TACE: {prediction.patient_id}", body)


def write_patient_report(
    path: Path,
    prediction: Prediction,
    bundle: ModelBundle,
    images: CaseImages | None,
    clinical: ClinicalRecord,
    reading: Mapping[str, Json] = MappingProxyType({}),
) -> None:
    """Write `patient_report` as a file, whole or not at all. Raises ValueError if it cannot be written."""
    replace_file(path, patient_report(prediction, bundle, images, clinical, reading).encode("utf-8"))


def _header(prediction: Prediction, bundle: ModelBundle) -> str:
    key = prediction.key
    numbers = [f"{name} {value}" for name, value in zip(key._fields[1:], key[1:], strict=True) if value != "1"]
    below = f'<p class="sub">{text(", ".join(numbers))}</p>' if numbers else ""
    return (
        f'<header><div><p class="kicker">Estimated response to TACE</p><h1>{text(key.patient_id)}</h1>{below}</div>'
        f'<p class="model">Model <strong>{text(bundle.name)}</strong><br>{text(_learnt_from(bundle))}</p></header>'
    )


def _learnt_from(bundle: ModelBundle) -> str:
    subjects = "phantoms" if bundle.demonstration else "patients"
    return f"trained on {bundle.cohort_size} {subjects}, {bundle.cohort_responders} with response"
