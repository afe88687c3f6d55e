"""One patient of an archive: studies, sequences and VOIs found, images written under a pseudonym, rows to confirm."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np

from ..cohort import AcquisitionTags, Case, CaseKey, FileSource, ImageGeometry
from ..imaging.acquisition_tags import PHANTOM_KEY
from ..imaging.dicom_series import read_dicom_files
from .archive import VOI_MODALITIES, ArchivePatient, ArchiveStudy
from .assign import LOW, Assignment, Choice, assign_sequences
from .dicom_vois import DicomVoi, read_voi_objects, voi_mask
from .phases import Phase, split_phases
from .pseudonyms import Pseudonyms
from .review import CONFIRMED, ReviewRow
from .rules import AssignmentRules
from .studies import StudyChoice, choose_studies

_CONFIDENCE_ORDER = (LOW, "medium", "high", CONFIRMED)


@dataclass(frozen=True)
class PatientIntake:
    """The manifest's row of a patient, the rows to confirm, and what a person should know besides.

    ``case`` is None where no sequence was found. ``missing_vois`` are sequences whose VOI is still to be drawn.
    """

    case: Case | None
    rows: tuple[ReviewRow, ...]
    notes: tuple[str, ...]
    missing_vois: tuple[str, ...]


def take_in_patient(
    patient: ArchivePatient,
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
    folder : Path
        Of the manifest; files go to ``images/<pseudonym>/``. A VOI that a person saved there stays.
    pseudonyms : Pseudonyms
    rules : AssignmentRules
    tace_date : str
        YYYYMMDD of the first TACE, or empty.
    confirmed : mapping, optional
        Series (the review table's ``series``) to sequence, as a person confirmed them; without any for this patient
        the rules decide.

    Raises
    ------
    ValueError
        A sentence without the patient's name: two patients of one ID, studies without ID, no MR study before TACE, a
        series that makes no volume (missing slices, damaged files).
    """
    patient.check_one_person()
    name = pseudonyms.patient(patient.patient_id)
    choice = choose_studies(patient, tace_date)
    phases, passed_over = _phases(patient, pseudonyms)
    of_study = {key: phase for key, phase in phases.items() if phase.series.uid in choice.before.series}
    own = {key: sequence for key, sequence in (confirmed or {}).items() if key in phases}
    if own:
        assignment = Assignment({sequence: Choice(key, CONFIRMED, CONFIRMED) for key, sequence in own.items()}, {})
    else:
        assignment = assign_sequences([phase.facts for phase in of_study.values()], rules)
    notes = list(assignment.warnings)
    objects = _voi_objects(choice.before, notes)
    own_folder = folder / "images" / name
    sources, vois, missing = {}, {}, []
    for sequence, chosen in assignment.chosen.items():
        phase = phases[chosen.identifier]
        sources[sequence], vois[sequence] = _write_sequence(
            own_folder, sequence, phase, objects, patient, pseudonyms, notes
        )
        if not vois[sequence]:
            missing.append(sequence)
    rows = _rows(name, patient, pseudonyms, choice, phases, assignment, passed_over, vois)
    case = None
    if sources:
        lowest = min((one.confidence for one in assignment.chosen.values()), key=_CONFIDENCE_ORDER.index)
        if not choice.certain and not own:
            lowest = LOW
        shifted = pseudonyms.shifted_date(patient.patient_id, choice.tace_date)
        case = Case(
            key=CaseKey(name),
            sources=sources,
            first_tace_date=datetime.strptime(shifted, "%Y%m%d").date() if shifted else None,
            columns={"intake_confidence": lowest},
        )
    return PatientIntake(case, tuple(rows), tuple(notes), tuple(missing))


def _phases(patient: ArchivePatient, pseudonyms: Pseudonyms) -> tuple[dict[str, Phase], dict[str, str]]:
    """All volumes of the patient's MR studies by the review table's name; series without a volume, with the reason."""
    phases: dict[str, Phase] = {}
    passed_over: dict[str, str] = {}
    for study in patient.studies:
        for series in study.of_modality("MR"):
            try:
                if any(one["NumberOfFrames"] not in ("", "1") for one in series.files):
                    raise ValueError("enhanced (multi-frame) DICOM, which is not read; save it as .nrrd in 3D Slicer.")
                found = split_phases(series, lambda number, uid=series.uid: pseudonyms.series(uid, number))
            except ValueError as error:
                passed_over[pseudonyms.series(series.uid, 1)] = str(error)
                continue
            phases |= {phase.facts.identifier: phase for phase in found}
    return phases, passed_over


def _voi_objects(study: ArchiveStudy, notes: list[str]) -> list[DicomVoi]:
    objects = []
    for series in study.of_modality(*VOI_MODALITIES):
        try:
            objects += read_voi_objects(series)
        except ValueError as error:
            notes.append(str(error))
    return objects


def _write_sequence(
    folder: Path,
    sequence: str,
    phase: Phase,
    objects: list[DicomVoi],
    patient: ArchivePatient,
    pseudonyms: Pseudonyms,
    notes: list[str],
) -> tuple[FileSource, str]:
    """Write volume and VOI; the source, and where its VOI comes from ("" if it is still to be drawn)."""
    try:
        voxels, geometry, tags = read_dicom_files(phase.files[0].path.parent, [(one.path, 0) for one in phase.files])
    except ValueError as error:
        raise ValueError(f"{sequence}: {error}") from error
    image_path = folder / f"{sequence}.nrrd"
    _write_nrrd(image_path, voxels, geometry, _pseudonymous(tags, sequence, patient, pseudonyms))
    drawn_by_hand = folder / f"{sequence}_voi.seg.nrrd"
    if drawn_by_hand.exists():
        return FileSource(image_path, drawn_by_hand), "drawn"
    uids = {one["SOPInstanceUID"] for one in phase.files}
    on_phase = [one for one in objects if one.image_uids & uids]
    if len(on_phase) > 1:
        notes.append(f"{sequence}: {len(on_phase)} VOIs lie on this series; none was taken, choose one.")
    if len(on_phase) != 1:
        return FileSource(image_path, drawn_by_hand), ""
    try:
        mask, own = voi_mask(on_phase[0], geometry, voxels.shape)
    except ValueError as error:
        notes.append(f"{sequence}: {error}")
        return FileSource(image_path, drawn_by_hand), ""
    mask_path = folder / f"{sequence}_voi.nrrd"
    _write_nrrd(mask_path, mask, own, {})
    return FileSource(image_path, mask_path), on_phase[0].modality


def _pseudonymous(
    tags: AcquisitionTags, sequence: str, patient: ArchivePatient, pseudonyms: Pseudonyms
) -> dict[str, str]:
    header = {
        "PatientID": pseudonyms.patient(patient.patient_id),
        "StudyDate": pseudonyms.shifted_date(patient.patient_id, tags.study_date or ""),
        "FrameOfReferenceUID": pseudonyms.uid(tags.frame_of_reference_uid) if tags.frame_of_reference_uid else "",
        "ContrastBolusAgent": tags.contrast_agent or "",
        "SeriesDescription": sequence,
        "LossyImageCompression": "01" if tags.lossy else "",
        PHANTOM_KEY: "PHANTOM: from a DICOM file that says so" if tags.is_phantom else "",
    }
    return {key: value for key, value in header.items() if value}


def _write_nrrd(path: Path, voxels: np.ndarray, geometry: ImageGeometry, header: Mapping[str, str]) -> None:
    import SimpleITK as sitk

    image = sitk.GetImageFromArray(voxels)
    image.SetSpacing(geometry.spacing_mm)
    image.SetOrigin(geometry.origin_mm)
    image.SetDirection(geometry.direction)
    for key, value in header.items():
        image.SetMetaData(key, value)
    part = path.with_name(f".{path.stem}.{os.getpid()}.part.nrrd")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        sitk.WriteImage(image, str(part), useCompression=True, compressionLevel=1)
        part.replace(path)
    except (OSError, RuntimeError) as error:
        why = error.strerror if isinstance(error, OSError) else "the disk is full or the folder is read-only"
        raise ValueError(f"{path} cannot be written: {why}.") from error
    finally:
        with suppress(OSError):
            part.unlink()


def _rows(
    name: str,
    patient: ArchivePatient,
    pseudonyms: Pseudonyms,
    choice: StudyChoice,
    phases: Mapping[str, Phase],
    assignment: Assignment,
    passed_over: Mapping[str, str],
    vois: Mapping[str, str],
) -> list[ReviewRow]:
    sequence_of = {chosen.identifier: sequence for sequence, chosen in assignment.chosen.items()}
    rows = []
    for study in patient.studies:
        for series in study.of_modality("MR"):
            keys = [key for key, phase in phases.items() if phase.series is series]
            for key in keys or [pseudonyms.series(series.uid, 1)]:
                sequence = sequence_of.get(key, "")
                if sequence:
                    chosen = assignment.chosen[sequence]
                    confidence = LOW if not choice.certain and chosen.confidence != CONFIRMED else chosen.confidence
                    reason = f"{chosen.reason}; study: {choice.reason}"
                else:
                    confidence = ""
                    other = "" if study is choice.before else f"another study than {choice.reason}"
                    reason = passed_over.get(key) or assignment.passed_over.get(key) or other or "not confirmed"
                phase = phases.get(key)
                rows.append(
                    ReviewRow(
                        patient_id=name,
                        study_date=pseudonyms.shifted_date(patient.patient_id, study.date),
                        study="before TACE"
                        if study is choice.before
                        else "after"
                        if study is choice.after
                        else "other",
                        series=key,
                        series_number=series.first["SeriesNumber"],
                        description=series.first["SeriesDescription"],
                        phase=f"{phase.number} by {phase.told_by}" if phase and phase.told_by else "",
                        slices=str(len(phase.files) if phase else len(series.files)),
                        sequence=sequence,
                        confidence=confidence,
                        voi=(vois.get(sequence) or "to be drawn") if sequence else "",
                        reason=reason,
                    )
                )
    return rows
