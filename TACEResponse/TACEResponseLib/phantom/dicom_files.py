"""A phantom's sequences as DICOM series with the tags that a scanner writes."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

from ..cohort import SEQUENCES
from .acquisition import SEQUENCE_TIMES_S
from .patient import PhantomPatient
from .volume_files import PHANTOM_TEXT, STUDY_DATE

_MR_STORAGE = "1.2.840.10008.5.1.4.1.1.4"
_EXPLICIT_LITTLE_ENDIAN = "1.2.840.10008.1.2.1"
_INJECTION_S = 10 * 3600 + 15 * 60

_DESCRIPTIONS = {
    "T2": "t2_tse_fs_tra_mbh",
    "AP": "t1_vibe_fs_tra_dyn_art",
    "PVP": "t1_vibe_fs_tra_dyn_pv",
    "DP": "t1_vibe_fs_tra_dyn_3min",
}

_GAP_MM = {"T2": 1.0, 6.0: 1.0}
"""Gap between slices: of T2, and of the dynamic sequence by its slice spacing; a 3-D sequence has none."""

_SEQUENCE_TAGS = {
    "T2": {"ScanningSequence": "SE", "MRAcquisitionType": "2D", "RepetitionTime": "3200", "EchoTime": "84"},
    "dynamic": {"ScanningSequence": "GR", "MRAcquisitionType": "3D", "RepetitionTime": "3.9", "EchoTime": "1.4"},
}


def write_series(folder: Path, patient: PhantomPatient, sequence: str) -> None:
    """Write one sequence as a folder of slices, PHANTOM in ImageComments of each.

    SliceThickness is the slice without the gap, as scanners write it: the spacing follows from the positions.
    """
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import UID

    voxels = patient.image(sequence)
    spacing = patient.grid(sequence).spacing_mm
    direction = np.array(patient.direction).reshape(3, 3)
    first = np.array(patient.origin_mm(sequence))
    series_uid = _uid(patient, sequence)
    shared = _shared_tags(patient, sequence)
    folder.mkdir(parents=True, exist_ok=True)
    for number, plane in enumerate(voxels):
        instance_uid = f"{series_uid}.{number + 1}"
        slice_ = Dataset()
        slice_.file_meta = FileMetaDataset()
        slice_.file_meta.TransferSyntaxUID = UID(_EXPLICIT_LITTLE_ENDIAN)
        slice_.file_meta.MediaStorageSOPClassUID = UID(_MR_STORAGE)
        slice_.file_meta.MediaStorageSOPInstanceUID = UID(instance_uid)
        for keyword, value in shared.items():
            setattr(slice_, keyword, value)
        slice_.SOPInstanceUID = instance_uid
        slice_.SeriesInstanceUID = series_uid
        slice_.InstanceNumber = number + 1
        position = first + direction[:, 2] * spacing[2] * number
        slice_.ImagePositionPatient = [_decimal(value) for value in position]
        slice_.Rows, slice_.Columns = plane.shape
        slice_.PixelData = plane.astype("<u2").tobytes()
        slice_.save_as(folder / f"IM{number + 1:04d}.dcm", enforce_file_format=True)


def _shared_tags(patient: PhantomPatient, sequence: str) -> dict[str, object]:
    spacing = patient.grid(sequence).spacing_mm
    direction = np.array(patient.direction).reshape(3, 3)
    gap_mm = _GAP_MM.get(sequence, _GAP_MM.get(spacing[2], 0.0))
    time_s = _INJECTION_S + SEQUENCE_TIMES_S[sequence]
    clock = f"{int(time_s // 3600):02d}{int(time_s % 3600 // 60):02d}{time_s % 60:09.6f}"
    tags = {
        "SpecificCharacterSet": "ISO_IR 192",
        "ImageType": ["ORIGINAL", "PRIMARY", "M"],
        "SOPClassUID": _MR_STORAGE,
        "Modality": "MR",
        "Manufacturer": "TACEResponse phantom",
        "PatientID": patient.truth.patient_id,
        "PatientName": f"PHANTOM^{patient.truth.patient_id.removeprefix('PHANTOM-')}",
        "StudyInstanceUID": _uid(patient, "study"),
        "FrameOfReferenceUID": _uid(patient, "frame"),
        "StudyID": "1",
        "StudyDate": STUDY_DATE,
        "SeriesDate": STUDY_DATE,
        "AcquisitionDate": STUDY_DATE,
        "StudyTime": "100000",
        "SeriesTime": clock,
        "AcquisitionTime": clock,
        "SeriesNumber": 2 + list(map(str, SEQUENCES)).index(sequence),
        "SeriesDescription": _DESCRIPTIONS[sequence],
        "ImageComments": PHANTOM_TEXT,
        "BodyPartExamined": "LIVER",
        "PatientPosition": "HFS",
        "MagneticFieldStrength": f"{patient.acquisition.field_strength_t:g}",
        "SliceThickness": _decimal(spacing[2] - gap_mm),
        "SpacingBetweenSlices": _decimal(spacing[2]),
        "PixelSpacing": [_decimal(spacing[1]), _decimal(spacing[0])],
        "ImageOrientationPatient": [_decimal(value) for value in (*direction[:, 0], *direction[:, 1])],
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "BitsAllocated": 16,
        "BitsStored": 16,
        "HighBit": 15,
        "PixelRepresentation": 0,
        **_SEQUENCE_TAGS["T2" if sequence == "T2" else "dynamic"],
    }
    if sequence != "T2":
        tags["ContrastBolusAgent"] = "Gd-DTPA"
    return tags


def _uid(patient: PhantomPatient, part: str) -> str:
    """A UID under the root for UUIDs (2.25), the same for the same patient."""
    digest = hashlib.sha256(f"{patient.seed} {patient.index} {part}".encode()).digest()
    return f"2.25.{int.from_bytes(digest[:12], 'big')}"


def _decimal(value: float) -> str:
    """At most the 16 characters that DICOM allows for a decimal string."""
    return f"{value:.10g}"[:16]
