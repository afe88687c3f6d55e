"""The parts of one patient's report, each from plain data to HTML."""

from __future__ import annotations

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from ..cohort import FACT_OF_TERM, ClinicalRecord, Json, MrSequence
from ..imaging import (
    CaseImages,
    Voi,
    count_bins,
    largest_diameter_mm,
    largest_in_plane_diameter_mm,
    slice_axis,
    volume_ml,
)
from ..models import ModelBundle
from ..models.shipped_models import shipped_text
from ..prediction import Prediction, plain_text
from ..prediction.wording import (
    FACT_LEVELS,
    FACT_NAMES,
    ONE_LESION,
    contribution_text,
    interval_per_hundred,
    level_text,
    outcome_text,
    per_hundred,
    percent_of_threshold,
    perturbation_text,
    position_text,
    strip_text,
    term_label,
    training_subjects,
)
from .figures import contribution_bars, perturbation_bar, probability_bar, score_figure, slice_figure
from .page import definitions, section, table, text
from .slice_view import SliceView, common_field_mm, crop, display_window, largest_slice

_CLASS_TITLES = {"OR": "Response predicted", "NOR": "No response predicted", "undecided": "No class named"}
_FIGURES_AT_ONCE = 2  # packing a picture leaves the interpreter free
_HASH_SHOWN = 16
_SEQUENCE_NAMES = {str(sequence): sequence.full_name for sequence in MrSequence}


def strips(prediction: Prediction) -> str:
    """What must be seen first: phantom images, a demonstration model."""
    return "".join(
        f'<div class="strip {css_class}"><strong>{text(title)}</strong> {text(remark)}</div>'
        for css_class, title, remark in strip_text(prediction)
    )


def result_section(prediction: Prediction, bundle: ModelBundle) -> str:
    """The number, its uncertainty, and the sentence."""
    if prediction.probability_range is None:
        number, css_class = per_hundred(prediction.estimates[0]), "number"
    else:
        number, css_class = interval_per_hundred(*prediction.probability_range), "number range"
    bar, below = "", '<p class="stamp">DEMONSTRATION</p>'
    if prediction.demonstration_only:
        number_html = f"<s>{text(number)}</s>"
    else:
        number_html, bar = text(number), probability_bar(prediction, bundle)
        chip = f'<p class="chip {text(prediction.predicted_class)}">'
        below = f"{chip}{text(_CLASS_TITLES[prediction.predicted_class])}</p>{_score_only(prediction)}"
        if prediction.perturbation is not None:
            bar += (
                f'{perturbation_bar(prediction.perturbation)}<p class="note">{text(perturbation_text(prediction))}</p>'
            )
    note = f'<p class="note">{text(ONE_LESION)}</p>' if prediction.scores else ""
    return (
        f'<section class="result"><div class="{css_class}"><p class="value">{number_html}</p>'
        f'<p class="unit">of 100 patients:<br>{text(bundle.outcome.split(" (")[0])}</p>{below}</div>'
        f'<div class="words"><p class="sentence">{text(prediction.sentence)}</p>{bar}{note}</div></section>\n'
    )


def warnings_section(prediction: Prediction) -> str:
    """Everything to know before using the number; nothing if there is nothing."""
    if not prediction.warnings:
        return ""
    items = "".join(
        f"<li>{f'<b>{text(w.sequence)}</b> ' if w.sequence is not None else ''}{text(w.text)}</li>"
        for w in prediction.warnings
    )
    return section("Warnings", f"<ul>{items}</ul>", "warnings")


def scores_section(prediction: Prediction, bundle: ModelBundle) -> str:
    """Where the patient stands among the training patients; nothing if that is unknown or must not be stated."""
    position = position_text(prediction, bundle)
    if not position:
        return ""
    caption = f'<p class="caption">{text(position)} Training scores are out-of-fold.</p>'
    title = f"Among the {training_subjects(bundle.demonstration)}"
    return section(title, score_figure(prediction, bundle) + caption + _out_of_range(prediction, bundle))


def contributions_section(prediction: Prediction) -> str:
    """What moves the estimate away from the training mean; nothing where no estimate may be stated."""
    if prediction.demonstration_only:
        return ""
    bars, axis = contribution_bars(prediction.contributions)
    rows = "".join(
        f'<tr><th scope="row">{text(contribution.label)}<br><span>{text(level_text(contribution))}</span></th>'
        f"<td>{bar}<span>{text(contribution_text(contribution))}</span></td></tr>"
        for contribution, bar in zip(prediction.contributions, bars, strict=True)
    )
    caption = (
        '<p class="caption">Odds of response against the average of the '
        f"{training_subjects(prediction.bundle_demonstration)}, with the 95 % interval over the model's bootstrap "
        "refits.</p>"
    )
    return section(
        "What contributes",
        f'<table class="contributions"><tbody>{rows}<tr><th></th><td>{axis}</td></tr></tbody></table>{caption}',
    )


def images_section(images: CaseImages | None) -> str:
    """One slice of each sequence, all to one scale; nothing without images."""
    if images is None or not images.vois:
        return ""
    views = [largest_slice(voi) for voi in images.vois.values()]
    field_mm = common_field_mm(views)

    def figure(view: SliceView) -> str:
        cropped = crop(view, field_mm)
        low, high = display_window(cropped.pixels)
        name = _SEQUENCE_NAMES.get(view.sequence, "")
        return (
            f"<figure>{slice_figure(cropped, field_mm)}<figcaption><b>{text(view.sequence)}</b> {text(name)}<br>"
            f"<span>{text(view.place)}; window {low:.0f} to {high:.0f}</span></figcaption></figure>"
        )

    with ThreadPoolExecutor(_FIGURES_AT_ONCE) as executor:
        figures = list(executor.map(figure, views))
    caption = (
        '<p class="caption">The slice on which the lesion is largest, VOI outlined by its voxels. All to one scale; '
        "interpolated for display only. Not for diagnosis.</p>"
    )
    return section("Images and VOIs", f'<div class="slices">{"".join(figures)}</div>{caption}', "images")


def voi_section(images: CaseImages | None, bundle: ModelBundle) -> str:
    """Size of each VOI; nothing without images."""
    if images is None or not images.vois:
        return ""
    header = (
        "Sequence",
        "Volume, mL",
        "In-plane diameter, mm",
        "3-D diameter, mm",
        "Slices",
        "Grey levels",
        "Voxel, mm",
    )
    rows = [_voi_row(sequence, voi, images, bundle) for sequence, voi in images.vois.items()]
    return section("VOIs", table(header, rows, "numbers"))


def clinical_section(clinical: ClinicalRecord, bundle: ModelBundle) -> str:
    """The facts as entered and as the model takes them."""
    rows = []
    for fact, value in clinical.facts().items():
        if fact not in bundle.required_facts:
            used = "not used"
        elif value is None:
            used = "unknown"
        else:
            used = FACT_LEVELS[fact][int(value)]
        entered = clinical.get(FACT_OF_TERM[fact])
        rows.append((term_label(fact), "unknown" if entered is None else FACT_OF_TERM[fact].text(entered), used))
    return section("Clinical facts", table(("Fact", "Entered", "In the model"), rows))


def published_section(prediction: Prediction) -> str:
    """Published scores of the same facts; empty where nothing is known of any."""
    published = prediction.published
    if published.note:
        return section("Published scores", f"<p>Not computed. {text(published.note)}</p>", "warnings")
    if not published.results:
        return ""
    rows = []
    for one in published.results:
        months = one.score.survival_months(one.group) if one.group else None
        survival = "" if months is None else f"{months:g} months"
        rows.append((one.score.title, one.value_text, one.group_text, survival, one.score.predicts))
    header = ("Score", "Value", "Group", "Median survival in its own cohort", "Predicts")
    remarks = list(dict.fromkeys(remark for one in published.results for remark in one.remarks))
    notes = "".join(f'<p class="caption">{text(remark)}</p>' for remark in remarks)
    lead = "From the clinical facts alone, not from the model. None was made to predict response to TACE."
    return section("Published scores", f"<p>{lead}</p>{table(header, rows, 'published')}{notes}", "small")


def plain_text_section(prediction: Prediction) -> str:
    """The text to paste into a radiology report."""
    return section(
        "Text for the radiology report", f'<pre class="copy">{text(plain_text(prediction))}</pre>', "screen-only"
    )


def model_section(bundle: ModelBundle) -> str:
    """What a reader must know of the model, and its whole card folded away."""
    subjects = "phantoms" if bundle.demonstration else "patients"
    responders = f"{bundle.cohort_responders} of {bundle.cohort_size} {subjects}"
    pairs = [
        ("Model", f"{bundle.name} ({bundle.kind}{', demonstration' if bundle.demonstration else ''})"),
        ("Outcome", outcome_text(bundle)),
        ("Response in training", f"{responders} ({100 * bundle.cohort_responders / bundle.cohort_size:.0f} %)"),
        ("Threshold", f"{percent_of_threshold(bundle.threshold)}: {bundle.threshold_rule}"),
        ("Needs", _needs(bundle)),
    ]
    training = ((name, _plain(value)) for name, value in bundle.provenance.items() if name != "patient_marks")
    pairs += [(f"Training: {name.replace('_', ' ')}", value) for name, value in training if value]
    card = f'<details><summary>Model card</summary><pre class="card-text">{text(bundle.card)}</pre></details>'
    return section("The model", definitions(pairs) + card, "small")


def provenance_section(prediction: Prediction, reading: Mapping[str, Json]) -> str:
    """How the case was read, and what is needed to make the same number again."""
    provenance = dict(prediction.provenance)
    inputs = provenance.pop("inputs", None)
    origin = shipped_text(prediction.bundle_name, prediction.bundle_sha256)
    pairs = [(name, str(value)) for name, value in reading.items()]
    pairs.append(("Model SHA-256", f"{prediction.bundle_sha256} ({origin})"))
    pairs += [(name.replace("_", " ").capitalize(), _plain(value)) for name, value in provenance.items()]
    content = definitions(pairs)
    if isinstance(inputs, Mapping):
        rows = [
            (sequence, *(str(hashes[f"{kind}_sha256"])[:_HASH_SHOWN] for kind in ("image", "mask")))
            for sequence, hashes in inputs.items()
            if isinstance(hashes, Mapping)
        ]
        content += table(("SHA-256", "Image", "Mask"), rows, "hash-table")
        content += (
            f'<p class="caption">Hashes of canonical voxels, not of files; the first {_HASH_SHOWN} of 64 digits. '
            "All are in prediction.json.</p>"
        )
    return section("Provenance", content, "small hashes")


def _score_only(prediction: Prediction) -> str:
    if prediction.score_only is None:
        return ""
    alone, low, high = prediction.score_only
    content = f"By the score alone: {per_hundred(alone)} ({interval_per_hundred(low, high)})"
    return f'<p class="unit alone">{text(content)}</p>'


def _out_of_range(prediction: Prediction, bundle: ModelBundle) -> str:
    if prediction.out_of_range_count is None:
        return ""
    sentence = (
        f"{prediction.out_of_range_count} of {len(bundle.feature_names)} features lie outside the range of the "
        f"{training_subjects(bundle.demonstration)}; up to {int(bundle.out_of_range_limit)} is usual."
    )
    return f'<p class="caption">{text(sentence)}</p>'


def _voi_row(sequence: str, voi: Voi, images: CaseImages, bundle: ModelBundle) -> tuple[str, ...]:
    axis = slice_axis(voi.spacing_mm)
    slices = int(voi.mask.any(axis=tuple(other for other in range(3) if other != axis)).sum())
    resampled = images.resampled.get(sequence)
    bins = ""
    if resampled is not None and bundle.settings is not None:
        settings = bundle.settings
        values = resampled.voxels[resampled.mask]
        bins = str(settings.bin_count or count_bins(values, settings.bin_width))
    return (
        sequence,
        f"{volume_ml(voi):.1f}",
        f"{largest_in_plane_diameter_mm(voi):.1f}",
        f"{largest_diameter_mm(voi):.1f}",
        str(slices),
        bins,
        " × ".join(f"{value:.3g}" for value in voi.spacing_mm),
    )


def _needs(bundle: ModelBundle) -> str:
    needs = [", ".join(bundle.required_sequences)] if bundle.required_sequences else []
    needs += [FACT_NAMES[fact] for fact in bundle.required_facts]
    return "; ".join(needs)


def _plain(value: object) -> str:
    """Nested provenance on one line that can wrap."""
    if isinstance(value, dict):
        return ", ".join(f"{name} {_plain(part)}" for name, part in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(_plain(part) for part in value)
    if isinstance(value, float):
        return f"{value:.4g}"
    return value if isinstance(value, str) else json.dumps(value)
