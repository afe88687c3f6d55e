"""A case: one lesion of one patient as one reader drew it in one session, with its images, facts and outcome."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import NamedTuple

import numpy as np

from .clinical_record import ClinicalRecord


class CaseKey(NamedTuple):
    """The four columns that identify a row of a manifest, a cohort table or a feature table."""

    patient_id: str
    lesion: str = "1"
    reader: str = "1"
    session: str = "1"

    def __str__(self) -> str:
        parts = [f"patient {self.patient_id}"]
        parts += [f"{name} {value}" for name, value in zip(self._fields[1:], self[1:], strict=True) if value != "1"]
        return ", ".join(parts)

    def may_be_of(self, reader: str | None, session: str | None) -> bool:
        """Whether a drawing that states this reader and session, None if it does not state them, can be this case's."""
        return reader in (None, self.reader) and session in (None, self.session)

    @property
    def label(self) -> str:
        """The key at the beginning of a sentence: "Patient Abc, lesion 2"."""
        return "P" + str(self)[1:]


@dataclass(frozen=True)
class FileSource:
    """One sequence as files: an image and the mask drawn on it.

    ``image_path`` is a NRRD, NIfTI or MHA file or a folder with one DICOM series. ``mask_path`` is a labelmap or a
    ``.seg.nrrd``. ``label`` chooses the tumour: an integer label value, a segment name, or None when the mask holds
    exactly one label.
    """

    image_path: Path
    mask_path: Path
    label: int | str | None = None


@dataclass(frozen=True)
class ImageGeometry:
    """Where a voxel grid lies in the patient, LPS in mm.

    ``spacing_mm`` and ``origin_mm`` are in the order of the image axes I, J, K. ``direction`` is the row-major 3x3
    matrix as nine numbers whose *columns* are the unit vectors of the axes I, J, K (SimpleITK's ``GetDirection()``).
    """

    spacing_mm: tuple[float, float, float]
    origin_mm: tuple[float, float, float] = (0.0, 0.0, 0.0)
    direction: tuple[float, ...] = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)


@dataclass(frozen=True)
class AcquisitionTags:
    """What the input checks compare between sequences; None where the file or node does not state it.

    ``study_date`` is YYYYMMDD. ``is_phantom`` is True only if the volume's own metadata carries PHANTOM. ``lossy`` is
    True if the voxels went through lossy compression.
    """

    patient_id: str | None = None
    study_date: str | None = None
    frame_of_reference_uid: str | None = None
    contrast_agent: str | None = None
    series_description: str | None = None
    is_phantom: bool = False
    lossy: bool = False


@dataclass(frozen=True, eq=False)
class ArraySource:
    """One sequence as arrays: what a Slicer node or a notebook gives.

    ``voxels`` and ``mask`` have axes (K, J, I). ``mask`` holds the tumour's voxels as non-zero integers or booleans on
    ``mask_geometry``, or on the image's voxel grid when that is None; its extent may differ from the image's as long as
    its voxel centres coincide with the image's.
    """

    voxels: np.ndarray
    mask: np.ndarray
    spacing_mm: tuple[float, float, float]
    origin_mm: tuple[float, float, float] = (0.0, 0.0, 0.0)
    direction: tuple[float, ...] = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)
    mask_geometry: ImageGeometry | None = None
    tags: AcquisitionTags = AcquisitionTags()

    @property
    def geometry(self) -> ImageGeometry:
        """The voxel grid of ``voxels``."""
        return ImageGeometry(self.spacing_mm, self.origin_mm, self.direction)


@dataclass(frozen=True, eq=False)
class Case:
    """One row of a manifest.

    ``sources`` maps a sequence name to its images; a sequence that was not given is absent. ``objective_response`` is
    True (OR: CR or PR), False (NOR: SD or PD) or None when the row does not state it. ``mrecist`` maps a reader to the
    category CR, PR, SD, PD or NE, not evaluable ("" is the one consensus column). A study after ``first_tace_date``,
    where known, is refused. ``columns`` keeps every further cell of the row as text.
    """

    key: CaseKey
    sources: Mapping[str, FileSource | ArraySource] = field(default_factory=dict)
    clinical: ClinicalRecord = field(default_factory=ClinicalRecord)
    objective_response: bool | None = None
    mrecist: Mapping[str, str] = field(default_factory=dict)
    first_tace_date: date | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
