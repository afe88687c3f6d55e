"""How readers draw: the true margin with smooth errors, voxel by voxel on the sequence's own slices."""

from __future__ import annotations

import numpy as np

from .lesion import Lesion
from .random_streams import Purpose, random_stream
from .smooth_field import SmoothField

READER_BIAS_MM = {"1": 0.0, "2": 0.5}
"""Reader 2 draws a little wider."""

_ERROR_SD_MM = 0.8

_PARTIAL_VOLUME = 0.25
"""A reader draws on a slice also where the lesion only reaches this share of the slice spacing into it."""


def draw_mask(
    lesion: Lesion,
    seed: int,
    index: int,
    sequence_number: int,
    reader: str,
    session: str,
    x: np.ndarray,
    y: np.ndarray,
    z: np.ndarray,
) -> np.ndarray:
    """The VOI of a reader in a session: bool, axes (K, J, I); whole lesion with capsule and necrosis.

    Errors of different readers, sessions and sequences are independent; those of one do not depend on whether the
    others exist.
    """
    rng = random_stream(seed, index, Purpose.DRAWING, sequence_number, int(reader), int(session))
    half = (1.6 * lesion.radius_mm + 4.0,) * 3
    error = SmoothField(rng, max(0.5 * lesion.radius_mm, 4.0), (0.0, 0.0, 0.0), half)
    general_mm = READER_BIAS_MM[reader] + 0.3 * rng.standard_normal()
    mask = np.zeros((z.size, y.size, x.size), bool)
    box = lesion.box(x, y, z)
    slice_spacing_mm = z[1] - z[0]
    z, y, x = (places[part] for places, part in zip((z, y, x), box, strict=True))
    offsets = (places - centre for places, centre in zip((x, y, z), lesion.centre_mm, strict=True))
    reach_mm = _PARTIAL_VOLUME * float(slice_spacing_mm)
    towards = z - lesion.centre_mm[2]
    nearest_z = lesion.centre_mm[2] + np.sign(towards) * np.maximum(np.abs(towards) - reach_mm, 0)
    error_mm = _ERROR_SD_MM * error.sample(*offsets).clip(-2, 2) + general_mm
    # Errors are small against the radius, so that the VOI of a small lesion stays in one piece.
    limit_mm = lesion.radius_mm / 6
    mask[box] = lesion.depth_mm(x, y, nearest_z) + error_mm.clip(-limit_mm, limit_mm) > 0
    return mask
