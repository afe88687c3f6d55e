"""The tumour: an irregular ball with texture, necrosis and capsule, the same in space for every sequence."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .random_streams import Purpose, random_stream
from .smooth_field import SmoothField
from .truth import PatientTruth

_TEXTURE_LENGTHS_MM = (2.5, 6.0)
_CAPSULE_HALF_MM = 1.2
_EDGE_MM = 1.2
_FARTHEST = 1.45
"""Beyond this many radii there is no lesion, whatever the margin."""


@dataclass(frozen=True, eq=False)
class Lesion:
    """Centre (x, y, z) and mean radius in mm, margin and texture as fields in space around the centre."""

    centre_mm: tuple[float, float, float]
    radius_mm: float
    margin_amplitude: float
    margin: SmoothField
    textures: tuple[SmoothField, ...]
    necrosis: SmoothField

    def box(self, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> tuple[slice, slice, slice]:
        """Slices (K, J, I) of the voxels that the lesion could reach."""
        reach = _FARTHEST * self.radius_mm + 2.0
        found = []
        for places, centre in zip((z, y, x), self.centre_mm[::-1], strict=True):
            inside = np.flatnonzero(np.abs(places - centre) <= reach)
            found.append(slice(inside[0], inside[-1] + 1) if inside.size else slice(0, 0))
        k, j, i = found
        return k, j, i

    def depth_mm(self, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        """Distance to the margin along the radius, positive inside: float32, axes (K, J, I)."""
        dx, dy, dz = (places - centre for places, centre in zip((x, y, z), self.centre_mm, strict=True))
        distance = np.sqrt(dx[None, None, :] ** 2 + dy[None, :, None] ** 2 + dz[:, None, None] ** 2)
        margin = self.margin.sample(dx, dy, dz).clip(-2.5, 2.5)
        return self.radius_mm * (1 + self.margin_amplitude * margin) - distance


def make_lesion(seed: int, index: int, truth: PatientTruth, centre_mm: tuple[float, float, float]) -> Lesion:
    """Draw margin and texture of a patient's lesion; its mean diameter is that of the record."""
    rng = random_stream(seed, index, Purpose.LESION)
    radius = truth.facts.diameter_mm / 2
    half = (_FARTHEST * radius + 4.0,) * 3
    origin = (0.0, 0.0, 0.0)
    return Lesion(
        centre_mm=centre_mm,
        radius_mm=radius,
        margin_amplitude=0.10 if truth.facts.non_smooth_margin else 0.045,
        margin=SmoothField(rng, max(0.55 * radius, 5.0), origin, half),
        textures=tuple(SmoothField(rng, length, origin, half) for length in _TEXTURE_LENGTHS_MM),
        necrosis=SmoothField(rng, max(0.3 * radius, 4.0), origin, half),
    )


def paint_lesion(
    image: np.ndarray,
    lesion: Lesion,
    truth: PatientTruth,
    sequence: str,
    signal: dict[str, float],
    x: np.ndarray,
    y: np.ndarray,
    z: np.ndarray,
) -> None:
    """Blend the lesion into ``image`` (K, J, I) whose voxels lie at x, y, z in the lesion's own frame."""
    box = lesion.box(x, y, z)
    z, y, x = (places[part] for places, part in zip((z, y, x), box, strict=True))
    if min(z.size, y.size, x.size) == 0:
        return
    depth = lesion.depth_mm(x, y, z)
    inside = np.clip(depth / _EDGE_MM + 0.5, 0, 1)
    offsets = (x - lesion.centre_mm[0], y - lesion.centre_mm[1], z - lesion.centre_mm[2])
    texture = sum(field.sample(*offsets) for field in lesion.textures) / np.sqrt(len(lesion.textures))
    factor = {"AP": truth.arterial_enhancement, "PVP": truth.washout, "DP": truth.washout - 0.03}.get(sequence, 1.0)
    values = factor * signal["lesion"] * (1 + truth.heterogeneity * texture.clip(-3, 3))
    if truth.necrotic_share > 0.02:
        values = _with_necrosis(values, depth, lesion, truth, signal["necrosis"], offsets)
    if truth.has_capsule:
        weight = np.exp(-(((depth - _CAPSULE_HALF_MM) / _CAPSULE_HALF_MM) ** 2))
        values += weight * (signal["capsule"] - values)
    image[box] += inside * (values - image[box])


def _with_necrosis(
    values: np.ndarray,
    depth: np.ndarray,
    lesion: Lesion,
    truth: PatientTruth,
    necrotic: float,
    offsets: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> np.ndarray:
    """Replace the wanted share of the inner lesion by necrosis, where a smooth field is highest."""
    inner = depth > 0.15 * lesion.radius_mm
    if not inner.any():
        return values
    field = lesion.necrosis.sample(*offsets) + 1.2 * depth / lesion.radius_mm
    share = truth.necrotic_share * np.count_nonzero(depth > 0) / np.count_nonzero(inner)
    level = np.quantile(field[inner], 1 - min(share, 1.0))
    weight = np.clip(4 * (field - level) + 0.5, 0, 1) * inner
    return values + weight * (necrotic - values)
