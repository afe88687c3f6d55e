"""One phantom: its record, its four images and any reader's VOIs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..cohort import SEQUENCES
from .acquisition import SIGNAL, Acquisition, Grid, draw_acquisition
from .anatomy import Anatomy, make_anatomy, paint_anatomy
from .drawing import draw_mask
from .lesion import Lesion, make_lesion, paint_lesion
from .random_streams import Purpose, random_stream
from .smooth_field import SmoothField, in_mm
from .truth import PatientTruth, draw_truth

_BIAS_LENGTH_MM = 110.0

CLINICAL_COLUMNS = ("child_pugh", "portal_venous_invasion", "afp_ng_ml", "ast_u_l")
"""The facts of Table 1 that the published models take."""


@dataclass(frozen=True, eq=False)
class PhantomPatient:
    """The patient number ``index`` (from 0) of ``seed``; images and VOIs are computed when asked for."""

    seed: int
    index: int
    truth: PatientTruth
    acquisition: Acquisition
    anatomy: Anatomy
    lesion: Lesion

    @cached_property
    def direction(self) -> tuple[float, ...]:
        """Row-major 3x3 matrix whose columns are the unit vectors of I, J, K in LPS: a turn about the x axis."""
        angle = np.deg2rad(self.acquisition.tilt_degrees)
        cosine, sine = float(np.cos(angle)), float(np.sin(angle))
        return (1.0, 0.0, 0.0, 0.0, cosine, -sine, 0.0, sine, cosine)

    def grid(self, sequence: str) -> Grid:
        """Spacing and size of a sequence."""
        return self.acquisition.grids[sequence]

    def origin_mm(self, sequence: str) -> tuple[float, ...]:
        """Position of the first voxel, LPS."""
        first = np.array([places[0] for places in self.grid(sequence).coordinates_mm()], dtype=float)
        return tuple(float(value) for value in np.array(self.direction).reshape(3, 3) @ first)

    def image(self, sequence: str) -> np.ndarray:
        """Voxels of a sequence: int16, axes (K, J, I), Rician noise, bias field and gain included."""
        x, y, z = self._places(sequence)
        signal = dict(SIGNAL[sequence])
        image = paint_anatomy(self.anatomy, signal, x, y, z)
        paint_lesion(image, self.lesion, self.truth, sequence, signal, x, y, z)
        rng = random_stream(self.seed, self.index, Purpose.IMAGE, list(map(str, SEQUENCES)).index(sequence))
        scanner = self.grid(sequence).coordinates_mm()
        half = in_mm(places[-1] for places in scanner)
        bias = SmoothField(rng, _BIAS_LENGTH_MM, (0.0, 0.0, 0.0), half)
        image *= np.float32(self.acquisition.gain) * np.exp(np.float32(self.acquisition.bias) * bias.sample(*scanner))
        noise = np.float32(self.acquisition.noise)
        image += noise * rng.standard_normal(image.shape, dtype=np.float32)
        imaginary = noise * rng.standard_normal(image.shape, dtype=np.float32)
        np.hypot(image, imaginary, out=image)
        return np.asarray(np.rint(image).clip(0, 32767), dtype=np.int16)

    def mask(self, sequence: str, reader: str = "1", session: str = "1") -> np.ndarray:
        """A reader's VOI on a sequence: bool, axes (K, J, I)."""
        number = list(map(str, SEQUENCES)).index(sequence)
        return draw_mask(self.lesion, self.seed, self.index, number, reader, session, *self._places(sequence))

    def _places(self, sequence: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Where the voxels lie in the organs' frame, which breathing has moved."""
        x, y, z = (
            places - np.float32(shift)
            for places, shift in zip(
                self.grid(sequence).coordinates_mm(), self.acquisition.shift_mm[sequence], strict=True
            )
        )
        return x, y, z


def make_patient(seed: int, index: int) -> PhantomPatient:
    """Draw a patient; the same seed and index always give the same one."""
    truth = draw_truth(seed, index)
    anatomy = make_anatomy(seed, index, truth.facts.diameter_mm, truth.facts.cirrhosis)
    lesion = make_lesion(seed, index, truth, anatomy.lesion_centre_mm)
    return PhantomPatient(seed, index, truth, draw_acquisition(seed, index), anatomy, lesion)


def manifest_columns(patient: PhantomPatient) -> Mapping[str, str]:
    """Further columns of the patient's row: Table 1 and the scanner."""
    columns = {name: cell for name, cell in patient.truth.facts.columns.items() if name not in CLINICAL_COLUMNS}
    diameter = f"{patient.truth.facts.diameter_mm:.0f}"
    return {**columns, "lesion_diameter_mm": diameter, "scanner": patient.acquisition.scanner}
