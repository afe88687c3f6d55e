"""One patient of an archive: studies, sequences and VOIs found, images written under a pseudonym, rows to confirm."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

import numpy as np

from ..cohort import SEQUENCES, Case, CaseKey, FileSource
from ..imaging.dicom_series import read_dicom_files
from ..imaging.mask_file import read_mask
from .archive import ArchivePatient
from .assign import LOW, MEDIUM, Assignment, Choice, assign_sequences
from .identity import scrubber
from .image_files import pseudonymous_header, voi_path, volume_path, write_nrrd
from .lesions import DrawnLesion, numbered_lesions, separate_lesions
from .persons import check_one_person, says_one_person
from .pseudonyms import Pseudonyms
from .review import CONFIRMED, ReviewRow
from .review_rows import SequenceVoi, review_rows
from .rules import AssignmentRules
from .studies import StudyChoice, choose_studies
from .voi_matching import FoundVois, WrittenVolume, find_vois
from .volumes import PatientVolumes

_CONFIDENCE_ORDER = (LOW, MEDIUM, "high", CONFIRMED)


@dataclass(frozen=True)
class PatientIntake:
    """The manifest's rows of a patient, one a lesion, the rows to confirm, and what a person should know besides.

    ``cases`` is empty where no sequence was found. ``not_done`` are sentences on sequences that were chosen and could
    not be read. ``missing_vois`` are sequences whose VOI is still to be drawn.
    """

    cases: tuple[Case, ...]
    rows: tuple[ReviewRow, ...]
    notes: tuple[str, ...]
    not_done: tuple[str, ...]
    missing_vois: tuple[str, ...]


@dataclass
class _Work:
    """What comes together on the way through one patient."""

    patient: ArchivePatient
    volumes: PatientVolumes
    folder: Path
    pseudonyms: Pseudonyms
    rules: AssignmentRules
    notes: list[str] = field(default_factory=list)
    not_done: list[str] = field(default_factory=list)


def take_in_patient(
    patient: ArchivePatient,
    volumes: PatientVolumes,
    folder: Path,
    pseudonyms: Pseudonyms,
    rules: AssignmentRules,
    tace_date: str = "",
    confirmed: Mapping[str, str] | None = None,
) -> PatientIntake:
    """Find the four sequences of a patient and write their volumes and VOIs below ``folder``.

    Parameters
    ----------
    patient : ArchivePatient
    volumes : PatientVolumes
        Of `find_volumes`.
    folder : Path
        Of the manifest; files go to ``images/<pseudonym>/``. A VOI that a person saved there stays.
    pseudonyms : Pseudonyms
    rules : AssignmentRules
    tace_date : str
        YYYYMMDD of the first TACE, or empty.
    confirmed : mapping, optional
        Volume (the review table's ``series``) to sequence, as a person confirmed them; without any for this patient
        the rules decide.

    Raises
    ------
    ValueError
        A sentence without the patient's name: two patients of one ID, studies without ID, no MR study before TACE, or
        files that cannot be written. A sequence that cannot be read costs only itself.
    """
    check_one_person(patient)
    name = pseudonyms.patient(patient.patient_id)
    choice = choose_studies(patient, tace_date)
    work = _Work(patient, volumes, folder / "images" / name, pseudonyms, rules)
    if volumes.repeated_images:
        work.notes.append(f"{volumes.repeated_images} images are in the archive more than once; each was taken once")
    for copy, original in volumes.copy_of.items():
        texts = [f"{volumes.phases[one].text}" for one in (copy, original)]
        work.notes.append(f"{texts[0]} has the same images as {texts[1]} under another UID; they were taken once")
    own = {key: sequence for key, sequence in (confirmed or {}).items() if key in volumes.names}
    assignment = _confirmed(own, work) if own else _assigned(choice, work)
    if not choice.certain:
        assignment = _at_most(LOW, assignment, dict.fromkeys(assignment.chosen, ""))
    written, assignment = _write_volumes(assignment, work)
    found = find_vois(patient, volumes, written, pseudonyms)
    vois = _write_vois(written, found, work)
    scrub = scrubber(patient.images)
    rows = review_rows(patient, choice, volumes, assignment, vois, found, pseudonyms, scrub)
    cases = _cases(name, written, vois, assignment, choice, work) if written else ()
    missing = [
        sequence if lesion == "1" else f"{sequence} (lesion {lesion})"
        for lesion, own_vois in vois.items()
        for sequence, voi in own_vois.items()
        if voi.source == "to be drawn"
    ]
    notes = [*assignment.warnings, *work.notes, *found.notes]
    return PatientIntake(tuple(cases), tuple(rows), tuple(map(scrub, notes)), tuple(work.not_done), tuple(missing))


def _confirmed(own: Mapping[str, str], work: _Work) -> Assignment:
    chosen = {}
    for key, sequence in own.items():
        if key in work.volumes.phases:
            chosen[sequence] = Choice(key, CONFIRMED, CONFIRMED)
        else:
            reason = work.volumes.not_read.get(key, "this row is not a series of images.")
            work.not_done.append(f"{sequence}: {reason}")
    return Assignment(chosen, {})


def _assigned(choice: StudyChoice, work: _Work) -> Assignment:
    """The sequences of the examination's main study; what it lacks is taken from other studies of that day."""
    originals = {name: phase for name, phase in work.volumes.phases.items() if name not in work.volumes.copy_of}
    assignments = {}
    for study in choice.before:
        facts = [phase.facts for phase in originals.values() if phase.series.uid in study.series]
        if facts:
            assignments[study.uid] = assign_sequences(facts, work.rules)
    if not assignments:
        return Assignment({}, {})
    by_size = sorted(assignments.values(), key=lambda one: (len(set(one.chosen) - {"T2"}), len(one.chosen)))
    main, others = by_size[-1], by_size[-2::-1]
    for other in others:
        if len({"AP", "PVP", "DP"} & set(main.chosen) & set(other.chosen)) < 2:
            continue
        if not says_one_person(work.patient):
            raise ValueError(
                "two complete MR studies of one day share this ID, and no name or birth date says that they are of one "
                "patient; give each patient a PatientID of their own, or remove one of the studies."
            )
        main = _at_most(LOW, main, dict.fromkeys(main.chosen, "of two complete studies of that day"))
    chosen, passed_over, warnings = dict(main.chosen), dict(main.passed_over), list(main.warnings)
    for other in others:
        passed_over |= other.passed_over
        for sequence, picked in other.chosen.items():
            if sequence in chosen:
                passed_over[picked.identifier] = f"{sequence} too, but that of the main study of this day was chosen"
                continue
            reason = f"{picked.reason}; from another study of the same day"
            confidence = min(MEDIUM, picked.confidence, key=_CONFIDENCE_ORDER.index)
            chosen[sequence] = Choice(picked.identifier, confidence, reason)
            work.notes.append(
                f"{sequence} is from another study (StudyInstanceUID) of the same day; check that it belongs to this "
                "examination"
            )
        warnings += other.warnings
    in_order = {sequence: chosen[sequence] for sequence in map(str, SEQUENCES) if sequence in chosen}
    return Assignment(in_order, passed_over, tuple(dict.fromkeys(warnings)))


def _at_most(confidence: str, assignment: Assignment, why: Mapping[str, str]) -> Assignment:
    """Lower the confidence of the sequences in ``why``, with the reason; what a person confirmed stays."""
    chosen = {}
    for sequence, one in assignment.chosen.items():
        if sequence in why and one.confidence != CONFIRMED:
            lower = min(confidence, one.confidence, key=_CONFIDENCE_ORDER.index)
            one = replace(one, confidence=lower, reason="; ".join(filter(None, (one.reason, why[sequence]))))
        chosen[sequence] = one
    return replace(assignment, chosen=chosen)


def _write_volumes(assignment: Assignment, work: _Work) -> tuple[dict[str, WrittenVolume], Assignment]:
    """Write the chosen volumes; one that cannot be read is left out and reported."""
    written: dict[str, WrittenVolume] = {}
    unread: dict[str, str] = {}
    lossy: dict[str, str] = {}
    for sequence, picked in assignment.chosen.items():
        phase = work.volumes.phases[picked.identifier]
        try:
            if phase.lacking:
                count = len(phase.images)
                raise ValueError(
                    f"{phase.text} lacks {phase.lacking} of {count + phase.lacking} slices that other volumes of its "
                    "kind have; export the whole volume as one series."
                )
            images = [(one.path, one.frame or 0) for one in phase.images]
            voxels, geometry, tags = read_dicom_files(phase.images[0].path.parent, images)
        except ValueError as error:
            work.not_done.append(f"{sequence}: {error}")
            unread[picked.identifier] = f"would be {sequence} ({picked.reason}), but it cannot be read"
            continue
        header = pseudonymous_header(tags, sequence, work.patient.patient_id, work.pseudonyms, work.rules)
        write_nrrd(volume_path(work.folder, sequence), voxels, geometry, header)
        written[sequence] = WrittenVolume(phase, geometry, voxels.shape)
        if tags.lossy:
            lossy[sequence] = "its images were compressed with loss"
    if lossy:
        work.notes.append(
            f"the images of {', '.join(lossy)} were compressed with loss, so that their grey values and features are "
            "not those of the scanner; export them without loss"
        )
    shorter = _shorter_than_another(written)
    for sequence, why in shorter.items():
        work.notes.append(f"{sequence}: {written[sequence].phase.text} {why}; check that none is missing")
    kept = {sequence: one for sequence, one in assignment.chosen.items() if sequence in written}
    left = replace(assignment, chosen=kept, passed_over={**assignment.passed_over, **unread})
    return written, _at_most(LOW, _at_most(LOW, left, lossy), shorter)


def _shorter_than_another(written: Mapping[str, WrittenVolume]) -> dict[str, str]:
    """Phases that have only some of the positions of another phase: slices at their ends may be lost."""
    positions = {
        sequence: {one["ImagePositionPatient"] for one in volume.phase.images}
        for sequence, volume in written.items()
        if sequence != "T2"
    }
    return {
        sequence: f"has {len(own)} slices where {other} has {len(others)}"
        for sequence, own in positions.items()
        for other, others in positions.items()
        if own < others
    }


def _write_vois(
    written: Mapping[str, WrittenVolume], found: FoundVois, work: _Work
) -> dict[str, dict[str, SequenceVoi]]:
    """{lesion: {sequence: VOI}}, those of the archive written; one that a person drew in the folder is used first."""
    on_sequences: dict[str, list[DrawnLesion]] = {}
    for sequence, drawn in found.drawn.items():
        try:
            on_sequences[sequence], copies = separate_lesions(drawn)
            if copies:
                work.notes.append(f"{sequence}: the same VOI is in the archive {copies + 1} times; it was taken once")
        except ValueError as error:
            work.notes.append(f"{sequence}: {error}")
    lesions, notes = numbered_lesions(on_sequences)
    work.notes += notes
    vois: dict[str, dict[str, SequenceVoi]] = {}
    for lesion in lesions or {"1": {}}:
        for sequence, volume in written.items():
            by_hand = voi_path(work.folder, sequence, lesion, by_hand=True)
            from_archive = voi_path(work.folder, sequence, lesion, by_hand=False)
            # One of an earlier run, of what is no longer taken for the tumour.
            from_archive.unlink(missing_ok=True)
            one = lesions.get(lesion, {}).get(sequence)
            if by_hand.exists():
                voi = _drawn_by_hand(by_hand, sequence, work)
            elif one is None:
                voi = SequenceVoi(by_hand, "to be drawn")
            else:
                write_nrrd(from_archive, one.mask, volume.geometry, {})
                voi = SequenceVoi(from_archive, one.source, one.name, one.volume_ml, one.diameter_mm)
            vois.setdefault(lesion, {})[sequence] = voi
    return vois


def _drawn_by_hand(path: Path, sequence: str, work: _Work) -> SequenceVoi:
    try:
        mask, geometry = read_mask(path, None)
    except ValueError as error:
        work.notes.append(f"{sequence}: {error}")
        return SequenceVoi(path, "drawn")
    one = DrawnLesion("drawn", "", np.asarray(mask, np.uint8), geometry)
    return SequenceVoi(path, "drawn", "", one.volume_ml, one.diameter_mm)


def _cases(
    name: str,
    written: Mapping[str, WrittenVolume],
    vois: Mapping[str, Mapping[str, SequenceVoi]],
    assignment: Assignment,
    choice: StudyChoice,
    work: _Work,
) -> list[Case]:
    lowest = min((one.confidence for one in assignment.chosen.values()), key=_CONFIDENCE_ORDER.index)
    shifted = work.pseudonyms.shifted_date(work.patient.patient_id, choice.tace_date)
    cases = []
    for lesion, own in vois.items():
        columns = {"intake_confidence": lowest}
        diameters = [own[phase].diameter_mm for phase in ("AP", "PVP") if phase in own] or [
            voi.diameter_mm for voi in own.values()
        ]
        if len(vois) > 1 and max(diameters) > 0:
            columns["lesion_diameter_mm"] = f"{max(diameters):.1f}"
        cases.append(
            Case(
                key=CaseKey(name, lesion),
                sources={
                    sequence: FileSource(volume_path(work.folder, sequence), own[sequence].path) for sequence in written
                },
                first_tace_date=datetime.strptime(shifted, "%Y%m%d").date() if shifted else None,
                columns=columns,
            )
        )
    return cases
