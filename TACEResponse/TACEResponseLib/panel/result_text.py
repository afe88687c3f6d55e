"""A result as the panel shows it: simple HTML of what `prediction.wording` says."""

from __future__ import annotations

from html import escape
from itertools import groupby

from ..models import ModelBundle
from ..models.shipped_models import is_shipped
from ..prediction import Prediction
from ..prediction.wording import (
    ONE_LESION,
    RESEARCH_USE_ONLY,
    contribution_text,
    interval_per_hundred,
    level_text,
    per_hundred,
    perturbation_text,
    position_text,
    strip_text,
    warning_text,
)
from ..scene.i18n import _

_GREY = "#808080"

_TRACK, _INTERVAL, _ESTIMATE, _THRESHOLD = "#d5dde2", "#0072b2", "#1d2a33", "#d55e00"


def headlineHtml(prediction: Prediction, bundle: ModelBundle | None) -> str:
    """What is seen first: the number, its interval as a bar from 0 to 100, and the warnings in one line."""
    parts = [numberHtml(prediction)]
    if not prediction.demonstration_only:
        parts.append(_barHtml(prediction, bundle))
    if prediction.warnings:
        first = prediction.warnings[0]
        text = warning_text(first.text, first.sequence)
        others = len(prediction.warnings) - 1
        more = " " + _("({count} more below)").format(count=others) if others else ""
        parts.append(f'<p style="color:{_THRESHOLD}">⚠ {escape(text + more)}</p>')
    parts.append(_scoresLineHtml(prediction))
    return "".join(parts)


def _scoresLineHtml(prediction: Prediction) -> str:
    """The published scores that the facts decide, in one small line; empty where there is none."""
    certain = [one.text for one in prediction.published.results if not one.deciding]
    if not certain:
        return ""
    text = _("Published scores (survival, not response): {scores}").format(scores="; ".join(certain))
    return f'<p style="color:{_GREY}"><small>{escape(text)}</small></p>'


def _scoresTableHtml(prediction: Prediction) -> str:
    """Every published score with its group or what would decide it, or why there is none."""
    published = prediction.published
    if not (published.results or published.note):
        return ""
    rows = "".join(
        f"<tr><td>{escape(one.score.title)}&nbsp;</td><td>{escape(one.value_text)}&nbsp;</td>"
        f"<td>{escape(one.group_text)}</td></tr>"
        for one in published.results
    )
    heading = _("Published scores: they predict survival, not response")
    return f"<h4>{escape(heading)}</h4><p>{escape(published.note)}</p><table>{rows}</table>"


def barCells(low: float, high: float, estimate: float | None, threshold: float) -> list[tuple[str, int]]:
    """Colour and width in percent of the bar's cells, from 0 to 100; the threshold's cell is one percent wide."""

    def colour(percent: int) -> str:
        if percent == min(int(100 * threshold), 99):
            return _THRESHOLD
        if estimate is not None and percent == min(int(100 * estimate), 99):
            return _ESTIMATE
        return _INTERVAL if 100 * low <= percent < 100 * high else _TRACK

    return [(name, len(list(cells))) for name, cells in groupby(map(colour, range(100)))]


def _barHtml(prediction: Prediction, bundle: ModelBundle | None) -> str:
    cells = barCells(
        prediction.probability_low, prediction.probability_high, prediction.probability, prediction.threshold
    )
    row = "".join(
        f'<td width="{width}%" bgcolor="{colour}" style="font-size:6pt">&nbsp;</td>' for colour, width in cells
    )
    threshold = _("threshold {threshold} (orange)").format(threshold=per_hundred(prediction.threshold))
    parts = [_("Scale 0 to 100"), threshold]
    if bundle is not None:
        share = per_hundred(bundle.cohort_responders / bundle.cohort_size)
        parts.append(_("in the training cohort {share} of 100 responded").format(share=share))
    return (
        f'<table width="100%" cellspacing="0" cellpadding="0"><tr>{row}</tr></table>'
        f'<p style="color:{_GREY}"><small>{escape("; ".join(parts))}</small></p>'
    )


def resultHtml(
    prediction: Prediction,
    bundle: ModelBundle | None,
    isStale: bool,
    provenance: dict[str, int] | None = None,
    withNumber: bool = True,
) -> str:
    """Number, sentence, warnings, position and contributions; grey, with a note, if out of date.

    ``withNumber`` is False where `headlineHtml` stands above. ``bundle`` is None if the model of a stored result is not
    here any more; then its position is left out.
    """
    parts = []
    if isStale:
        parts.append(f"<p><b>{escape(_('Out of date: an input has changed. Predict again.'))}</b></p>")
    parts += [numberHtml(prediction)] if withNumber else []
    parts.append(f"<p>{escape(prediction.sentence)}</p>")
    if perturbation_text(prediction):
        parts.append(f"<p>{escape(perturbation_text(prediction))}</p>")
    if prediction.warnings:
        parts.append(f"<h4>{escape(_('Warnings'))}</h4><ul>{''.join(map(_warningItem, prediction.warnings))}</ul>")
    if bundle is not None and position_text(prediction, bundle):
        parts.append(f"<p>{escape(position_text(prediction, bundle))}</p>")
    if not prediction.demonstration_only:
        rows = "".join(
            f"<tr><td>{escape(one.label)}&nbsp;</td><td>{escape(level_text(one))}&nbsp;</td>"
            f"<td>{escape(contribution_text(one))}</td></tr>"
            for one in prediction.contributions
        )
        parts.append(f"<h4>{escape(_('What contributes'))}</h4><table>{rows}</table>")
    parts.append(_scoresTableHtml(prediction))
    if prediction.scores:
        parts.append(f"<p>{escape(ONE_LESION)}</p>")
    parts.append(f"<p><small>{escape(_provenanceWords(prediction, provenance or {}))}</small></p>")
    body = "".join(parts)
    return f'<div style="color:{_GREY}">{body}</div>' if isStale else body


def numberHtml(prediction: Prediction) -> str:
    """The number in large type; struck through with a demonstration model on a patient."""
    number = numberWords(prediction)
    if prediction.demonstration_only:
        return f'<p style="font-size:x-large"><s>{escape(number)}</s> <b>{escape(_("DEMONSTRATION"))}</b></p>'
    uncertainty = interval_per_hundred(prediction.probability_low, prediction.probability_high)
    note = _("of 100 respond, model uncertainty {uncertainty}").format(uncertainty=uncertainty)
    mark = f" <b>{escape(_('PHANTOM'))}</b>" if prediction.is_phantom else ""
    return f'<p><span style="font-size:xx-large"><b>{escape(number)}</b></span> {escape(note)}{mark}</p>'


def numberWords(prediction: Prediction) -> str:
    """ "62", or "31-62" where facts are unknown."""
    if prediction.probability is not None:
        return per_hundred(prediction.probability)
    return interval_per_hundred(*prediction.probability_range)


def estimateWords(prediction: Prediction) -> str:
    """ "62 (44-77)" for a cell of a table, marked for a phantom; a demonstration model on a patient has no number."""
    if prediction.demonstration_only:
        return _("DEMONSTRATION")
    uncertainty = interval_per_hundred(prediction.probability_low, prediction.probability_high)
    return f"{numberWords(prediction)} ({uncertainty}){_(' PHANTOM') if prediction.is_phantom else ''}"


def whatIfHtml(whatIf: Prediction) -> str:
    """A what-if, marked as not this patient's."""
    uncertainty = interval_per_hundred(whatIf.probability_low, whatIf.probability_high)
    number = numberWords(whatIf)
    if whatIf.demonstration_only:
        return f"<i>{escape(_('Not this patient’s'))}</i>: <s>{escape(number)}</s> {escape(_('DEMONSTRATION'))}"
    words = _("{number} of 100, model uncertainty {uncertainty}. Not saved and not reported.")
    text = words.format(number=number, uncertainty=uncertainty)
    return f"<i>{escape(_('Not this patient’s'))}</i>: {escape(text)}"


def pageHtml(prediction: Prediction, bundle: ModelBundle, provenance: dict[str, int]) -> str:
    """A page for the printer: the research-use banner, what must be seen first, the patient and `resultHtml`."""
    title = _("Estimated response to TACE: {patient}").format(patient=prediction.patient_id)
    strips = "".join(
        f'<p style="color:#b3261e"><b>{escape(name)}</b> {escape(words)}</p>'
        for _kind, name, words in strip_text(prediction)
    )
    return (
        f"<html><body><p><b>{escape(RESEARCH_USE_ONLY)}</b></p>{strips}<h2>{escape(title)}</h2>"
        f"{resultHtml(prediction, bundle, False, provenance)}</body></html>"
    )


def comparisonText(one: Prediction, other: Prediction) -> str:
    """Whether a second run gave the same numbers."""
    pairs = [(one.probability_low, other.probability_low), (one.probability_high, other.probability_high)]
    pairs += [(one.scores[name], other.scores.get(name, float("nan"))) for name in one.scores]
    if one.probability is not None and other.probability is not None:
        pairs.append((one.probability, other.probability))
    if all(first == second for first, second in pairs) and one.provenance == other.provenance:
        return _("Run again: every number is identical.")
    largest = max(abs(first - second) for first, second in pairs)
    if one.provenance == other.provenance:
        return _("Run again: the same inputs, largest difference {largest:.1e}.").format(largest=largest)
    return _("Run again: inputs or versions differ, largest difference {largest:.1e}.").format(largest=largest)


def _warningItem(warning) -> str:
    return f"<li>{escape(warning_text(warning.text, warning.sequence))}</li>"


def _provenanceWords(prediction: Prediction, provenance: dict[str, int]) -> str:
    name, sha256 = prediction.bundle_name, prediction.bundle_sha256
    origin = _("shipped with this version") if is_shipped(name, sha256) else _("not shipped with this version")
    words = _("Model {name}, SHA-256 {sha}, {origin}.").format(name=name, sha=sha256[:12], origin=origin)
    if provenance:
        words += " " + _("Predictions for this patient: {predictions}; VOI edits after a result: {edits}.").format(
            predictions=provenance.get("predictions", 0), edits=provenance.get("voi_edits_after_result", 0)
        )
    return words
