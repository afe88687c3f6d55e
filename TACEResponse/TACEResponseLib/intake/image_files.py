"""The files that intake writes: volumes and VOIs as NRRD, whose headers hold nothing that names a patient."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from ..cohort import AcquisitionTags, ImageGeometry
from ..imaging.acquisition_tags import PHANTOM_KEY
from .pseudonyms import Pseudonyms
from .rules import AssignmentRules, found, plain_name


def volume_path(folder: Path, sequence: str) -> Path:
    """Where a sequence's volume is written."""
    return folder / f"{sequence}.nrrd"


def voi_path(folder: Path, sequence: str, lesion: str, by_hand: bool) -> Path:
    """Where a VOI from the archive is written, or one drawn by hand is looked for; lesion 1 has the plain name."""
    part = "" if lesion == "1" else f"_lesion-{lesion}"
    return folder / f"{sequence}_voi{part}{'.seg' if by_hand else ''}.nrrd"


def pseudonymous_header(
    tags: AcquisitionTags, sequence: str, patient_id: str, pseudonyms: Pseudonyms, rules: AssignmentRules
) -> dict[str, str]:
    """What the input checks need of a DICOM header, without free text, dates and UIDs of the hospital."""
    hepatobiliary = found(rules.hepatobiliary_agents, plain_name(tags.contrast_agent or ""))
    header = {
        "PatientID": pseudonyms.patient(patient_id),
        "StudyDate": pseudonyms.shifted_date(patient_id, tags.study_date or ""),
        "FrameOfReferenceUID": pseudonyms.uid(tags.frame_of_reference_uid) if tags.frame_of_reference_uid else "",
        "ContrastBolusAgent": hepatobiliary or ("another contrast agent" if tags.contrast_agent else ""),
        "SeriesDescription": sequence,
        "LossyImageCompression": "01" if tags.lossy else "",
        PHANTOM_KEY: "PHANTOM: from a DICOM file marked as phantom" if tags.is_phantom else "",
    }
    return {key: value for key, value in header.items() if value}


def write_nrrd(path: Path, voxels: NDArray[Any], geometry: ImageGeometry, header: Mapping[str, str]) -> None:
    """Write a volume (K, J, I), whole or not at all. Raises ValueError if the file cannot be written."""
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
