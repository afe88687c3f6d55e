"""A phantom cohort as files: images, VOIs, manifest.csv and truth.csv."""

from __future__ import annotations

from pathlib import Path

from ..cohort import (
    SEQUENCES,
    Case,
    CaseKey,
    ClinicalRecord,
    FileSource,
    Progress,
    new_folder,
    write_manifest,
    write_table,
)
from .dicom_files import write_series
from .patient import CLINICAL_COLUMNS, PhantomPatient, make_patient, manifest_columns
from .volume_files import SEGMENT_NAME, write_image, write_segmentation

MANIFEST_FILE = "manifest.csv"

TRUTH_FILE = "truth.csv"

_REDRAWN_EVERY = 4

_TRUTH_COLUMNS = (
    "patient_id",
    "objective_response",
    "latent_response",
    "heterogeneity",
    "arterial_enhancement",
    "washout",
    "necrotic_share",
    "has_capsule",
    "diameter_mm",
)


def write_cohort(
    folder: Path,
    patient_count: int,
    seed: int = 0,
    *,
    dicom: bool = False,
    readers: bool = False,
    external_count: int = 0,
    progress: Progress | None = None,
) -> Path:
    """Write phantom patients into a new folder; it appears only when it is complete.

    Parameters
    ----------
    folder : Path
        Must not exist yet, or be empty.
    patient_count : int
    seed : int
        Patient k of a seed is the same in a cohort of any size.
    dicom : bool
        A folder of slices for each sequence instead of one NRRD file. VOIs are ``.seg.nrrd`` either way.
    readers : bool
        Every fourth patient drawn again: by reader 1 in session 2, and by reader 2.
    external_count : int
        The last patients get "external" in the column ``set``, the others "development".
    progress : callable, optional
        Called as ``progress(done, total, text)`` before each patient and at the end; what it raises cancels.

    Returns
    -------
    Path
        The manifest.

    Raises
    ------
    ValueError
        If the folder is not empty or cannot be written, or for a count that is not positive.
    """
    if patient_count < 1 or not 0 <= external_count <= patient_count:
        raise ValueError("A phantom cohort needs at least one patient, and no more external ones than patients.")
    with new_folder(folder) as part:
        cases: list[Case] = []
        patients: list[PhantomPatient] = []
        for index in range(patient_count):
            patient = make_patient(seed, index)
            if progress is not None:
                progress(index, patient_count, f"patient {patient.truth.patient_id}")
            set_name = "external" if index >= patient_count - external_count else "development"
            drawings = [("1", "1")]
            if readers and index % _REDRAWN_EVERY == 0:
                drawings += [("1", "2"), ("2", "1")]
            cases += _write_patient(part, patient, drawings, dicom, set_name)
            patients.append(patient)
        write_manifest(part / MANIFEST_FILE, cases)
        write_table(part / TRUTH_FILE, _TRUTH_COLUMNS, map(_truth_row, patients))
    if progress is not None:
        progress(patient_count, patient_count, "cohort written")
    return folder / MANIFEST_FILE


def _write_patient(
    folder: Path, patient: PhantomPatient, drawings: list[tuple[str, str]], dicom: bool, set_name: str
) -> list[Case]:
    """Write images once and VOIs for each (reader, session); a case for each of them."""
    own = folder / patient.truth.patient_id
    own.mkdir()
    images = {}
    for sequence in SEQUENCES:
        images[sequence] = own / (sequence if dicom else f"{sequence}.nrrd")
        (write_series if dicom else write_image)(images[sequence], patient, sequence)
    cases = []
    for reader, session in drawings:
        sources = {}
        for sequence in SEQUENCES:
            mask = own / f"{sequence}_reader-{reader}_session-{session}.seg.nrrd"
            write_segmentation(mask, patient, sequence, reader, session)
            sources[str(sequence)] = FileSource(images[sequence], mask, SEGMENT_NAME)
        cases.append(_case(patient, CaseKey(patient.truth.patient_id, "1", reader, session), sources, set_name))
    return cases


def _case(patient: PhantomPatient, key: CaseKey, sources: dict[str, FileSource], set_name: str) -> Case:
    return Case(
        key=key,
        sources=sources,
        clinical=clinical_record(patient),
        objective_response=patient.truth.objective_response,
        mrecist={"": patient.truth.mrecist},
        columns={"set": set_name, **manifest_columns(patient)},
    )


def clinical_record(patient: PhantomPatient) -> ClinicalRecord:
    """The four facts of a phantom."""
    cells = patient.truth.facts.columns
    return ClinicalRecord.from_cells(**{name: cells[name] for name in CLINICAL_COLUMNS})


def _truth_row(patient: PhantomPatient) -> list[str]:
    truth = patient.truth
    numbers = (truth.latent_response, truth.heterogeneity, truth.arterial_enhancement, truth.washout)
    return [
        truth.patient_id,
        "OR" if truth.objective_response else "NOR",
        *(f"{value:.6f}" for value in (*numbers, truth.necrotic_share)),
        "yes" if truth.has_capsule else "no",
        f"{truth.facts.diameter_mm:.0f}",
    ]
