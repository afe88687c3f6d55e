"""A phantom patient as nodes, for Slicer's Sample Data and the panel's button."""

from __future__ import annotations

from dataclasses import dataclass

import slicer

from ..cohort import SEQUENCES, ClinicalRecord, ImageGeometry
from ..imaging.acquisition_tags import PHANTOM_KEY
from ..phantom import make_patient
from ..phantom.volume_files import PHANTOM_TEXT, STUDY_DATE
from ..phantom.write_cohort import clinical_record
from .segmentations import createVoi, setVoiArray
from .volumes import createVolume

SAMPLE_SEED, SAMPLE_INDEX = 7, 1
"""A lesion of 36 mm at 3 T."""

SAMPLE_NAMES = {
    "T2": "t2_tse_fs_tra_mbh",
    "AP": "t1_vibe_fs_tra_dyn_art",
    "PVP": "t1_vibe_fs_tra_dyn_pv",
    "DP": "t1_vibe_fs_tra_dyn_3min",
}
"""Names as a scanner writes them, for the automatic assignment to find its way."""


@dataclass(frozen=True)
class SamplePatient:
    """The nodes of the sample patient by sequence, and the facts; ``segmentations`` is empty unless asked for."""

    volumes: dict[str, slicer.vtkMRMLScalarVolumeNode]
    segmentations: dict[str, slicer.vtkMRMLSegmentationNode]
    clinical: ClinicalRecord


def loadSamplePatient(withVois: bool = False, seed: int = SAMPLE_SEED, index: int = SAMPLE_INDEX) -> SamplePatient:
    """Make the four volumes of a phantom patient, marked PHANTOM, and on demand the VOIs of reader 1."""
    patient = make_patient(seed, index)
    volumes, segmentations = {}, {}
    for sequence in map(str, SEQUENCES):
        attributes = {
            PHANTOM_KEY: PHANTOM_TEXT,
            "PatientID": patient.truth.patient_id,
            "StudyDate": STUDY_DATE,
            "SeriesDescription": SAMPLE_NAMES[sequence],
        }
        geometry = ImageGeometry(patient.grid(sequence).spacing_mm, patient.origin_mm(sequence), patient.direction)
        volume = createVolume(SAMPLE_NAMES[sequence], patient.image(sequence), geometry, attributes)
        volumes[sequence] = volume
        if withVois:
            segmentations[sequence] = createVoi(volume, sequence)
            setVoiArray(segmentations[sequence], volume, patient.mask(sequence))
    return SamplePatient(volumes, segmentations, clinical_record(patient))
