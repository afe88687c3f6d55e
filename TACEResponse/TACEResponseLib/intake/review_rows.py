"""The rows of the review table of one patient: every volume of the archive, and every VOI object."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from .archive import ArchivePatient, ArchiveSeries, ArchiveStudy
from .assign import Assignment
from .headers import ArchiveImage
from .pseudonyms import Pseudonyms
from .review import ReviewRow
from .studies import StudyChoice
from .voi_matching import FoundVois
from .volumes import PatientVolumes


@dataclass(frozen=True)
class SequenceVoi:
    """The VOI of one lesion on one sequence: its file, and where it comes from ("SEG", "drawn", "to be drawn")."""

    path: Path
    source: str
    name: str = ""
    volume_ml: float = 0.0
    diameter_mm: float = 0.0


def review_rows(
    patient: ArchivePatient,
    choice: StudyChoice,
    volumes: PatientVolumes,
    assignment: Assignment,
    vois: Mapping[str, Mapping[str, SequenceVoi]],
    found: FoundVois,
    pseudonyms: Pseudonyms,
    scrub: Callable[[str], str],
) -> Iterator[ReviewRow]:
    """One row for each volume and each series that makes none, then one for each SEG or RTSTRUCT."""
    sequence_of = {chosen.identifier: sequence for sequence, chosen in assignment.chosen.items()}
    fates = {name: (one.modality if one else "", fate) for name, one, fate in found.fates}
    for study in patient.studies:
        for series in (*study.of_modality("MR"), *study.of_modality("SEG", "RTSTRUCT")):
            for name, images, phase in _entries(series, volumes, pseudonyms):
                sequence = sequence_of.get(name, "")
                chosen = assignment.chosen.get(sequence)
                own = [(lesion, of_lesion[sequence]) for lesion, of_lesion in vois.items() if sequence in of_lesion]
                if chosen:
                    reason = f"{chosen.reason}; study: {choice.reason}"
                elif name in fates:
                    reason = fates[name][1]
                else:
                    reason = _why_not(name, study, choice, volumes, assignment)
                yield ReviewRow(
                    patient_id=pseudonyms.patient(patient.patient_id),
                    study_date=pseudonyms.shifted_date(patient.patient_id, study.date),
                    study=_place_in_time(study, choice),
                    series=name,
                    series_number=series.first["SeriesNumber"],
                    description=scrub(images[0]["SeriesDescription"]),
                    phase=phase,
                    slices="" if name in fates else str(len(images)),
                    sequence=sequence,
                    confidence=chosen.confidence if chosen else "",
                    voi=" and ".join(dict.fromkeys(voi.source for _, voi in own)) or fates.get(name, ("", ""))[0],
                    voi_name=scrub(_by_lesion({lesion: voi.name for lesion, voi in own if voi.name})),
                    voi_ml=_by_lesion({lesion: f"{voi.volume_ml:.1f}" for lesion, voi in own if voi.volume_ml}),
                    reason=scrub(reason),
                )


def _entries(
    series: ArchiveSeries, volumes: PatientVolumes, pseudonyms: Pseudonyms
) -> Iterator[tuple[str, Sequence[ArchiveImage], str]]:
    """Name, images and phase of each row of a series."""
    if series.first["Modality"] != "MR":
        for count, image in enumerate(series.images, start=1):
            yield pseudonyms.series(series.uid, count), [image], ""
        return
    own = [phase for phase in volumes.phases.values() if phase.series.uid == series.uid]
    for phase in own:
        told = f"{phase.number} by {phase.told_by}" if phase.told_by else ""
        yield phase.facts.identifier, phase.images, told
    if not own:
        yield pseudonyms.series(series.uid), series.images, ""


def _why_not(
    name: str, study: ArchiveStudy, choice: StudyChoice, volumes: PatientVolumes, assignment: Assignment
) -> str:
    if name in volumes.not_read:
        return volumes.not_read[name]
    if name in assignment.passed_over:
        return assignment.passed_over[name]
    if name in volumes.copy_of:
        return f"the same images as {volumes.phases[volumes.copy_of[name]].text}"
    return "not confirmed" if study in choice.before else f"another study than {choice.reason}"


def _place_in_time(study: ArchiveStudy, choice: StudyChoice) -> str:
    if study in choice.before:
        return "before TACE"
    return "after" if study is choice.after else "other"


def _by_lesion(texts: Mapping[str, str]) -> str:
    """The text of a single lesion as it is, those of several with their numbers."""
    if len(texts) == 1:
        return next(iter(texts.values()))
    return "; ".join(f"{lesion}: {text}" for lesion, text in texts.items())
