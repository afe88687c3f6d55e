"""The abdomen around the lesion: ellipsoids, vessels and texture, enough for a window, a bias field and an outline."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from .random_streams import Purpose, random_stream
from .smooth_field import SmoothField, in_mm

Point = tuple[float, float, float]

_EDGE_MM = 1.5


@dataclass(frozen=True)
class Ellipsoid:
    """Centre and half axes (x, y, z) in mm, patient axes: +x left, +y back, +z head."""

    tissue: str
    centre_mm: Point
    half_mm: Point


@dataclass(frozen=True)
class Vessel:
    """A tube from one point to another, its radius running from first to last, in mm."""

    tissue: str
    start_mm: Point
    end_mm: Point
    start_radius_mm: float
    end_radius_mm: float


@dataclass(frozen=True, eq=False)
class Anatomy:
    """One patient's abdomen. ``lesion_centre_mm`` lies in the right lobe, as deep as the lesion is large."""

    body_half_mm: tuple[float, float]
    organs: tuple[Ellipsoid, ...]
    vessels: tuple[Vessel, ...]
    parenchyma: SmoothField
    parenchyma_amplitude: float
    lesion_centre_mm: Point


def make_anatomy(seed: int, index: int, diameter_mm: float, cirrhosis: bool) -> Anatomy:
    """Draw one patient's organs; a large lesion has a liver large enough to hold it."""
    rng = random_stream(seed, index, Purpose.ANATOMY)
    scale = float(rng.uniform(0.93, 1.07))
    lobe = np.array([92.0, 82.0, 80.0]) * scale
    lobe = np.maximum(lobe, diameter_mm / 2 + 18)
    body = (max(172.0 * scale, lobe[0] + 82), max(120.0 * scale, lobe[1] + 36))
    right = np.array([-(body[0] - lobe[0] - 12), -2.0, 5.0])
    free = np.maximum(lobe - diameter_mm / 2 - 12, 2.0)
    direction = rng.normal(size=3)
    centre = right + direction / np.linalg.norm(direction) * free * rng.uniform(0, 0.75)
    organs = (
        Ellipsoid("muscle", (0, 20, 0), (0.86 * body[0], 0.80 * body[1], 400)),
        Ellipsoid("stomach", (72 * scale, -50, 15), (42, 30, 45)),
        Ellipsoid("spleen", (112 * scale, 42, 20), (30, 42, 48)),
        Ellipsoid("kidney", (72, 68, -55), (26, 24, 48)),
        Ellipsoid("kidney", (-72, 72, -70), (26, 22, 48)),
        Ellipsoid("liver", in_mm(right), in_mm(lobe)),
        Ellipsoid("liver", (right[0] + 78, -52, 18), (78 * scale, 34, 42)),
        Ellipsoid("bone", (0, 78, 0), (23, 20, 400)),
        Ellipsoid("aorta", (10, 50, 0), (10, 10, 400)),
        Ellipsoid("hepatic_vein", (-20, 44, 0), (11, 10, 400)),
    )
    # Both lobes: the left one reaches farther to the left and to the front.
    middle, size_mm = in_mm(right + np.array([80.0, -12.0, 6.0])), in_mm(lobe + np.array([92.0, 24.0, 18.0]))
    nodules_mm = 5.0 if cirrhosis else 9.0
    return Anatomy(
        body_half_mm=body,
        organs=tuple(Ellipsoid(organ.tissue, in_mm(organ.centre_mm), in_mm(organ.half_mm)) for organ in organs),
        vessels=_vessels(rng, right, lobe),
        parenchyma=SmoothField(rng, nodules_mm, middle, size_mm),
        parenchyma_amplitude=0.05 if cirrhosis else 0.025,
        lesion_centre_mm=in_mm(centre),
    )


def paint_anatomy(
    anatomy: Anatomy, signal: Mapping[str, float], x: np.ndarray, y: np.ndarray, z: np.ndarray
) -> np.ndarray:
    """Signal of the abdomen without lesion at the voxels x, y, z: float32, axes (K, J, I)."""
    image = np.zeros((z.size, y.size, x.size), np.float32)
    outline = (x[None, :] / anatomy.body_half_mm[0]) ** 2 + (y[:, None] / anatomy.body_half_mm[1]) ** 2
    image += np.float32(signal["fat"]) * np.clip((1 - outline) * 40 + 0.5, 0, 1).astype(np.float32)
    for organ in anatomy.organs:
        _paint_ellipsoid(image, organ, signal[organ.tissue], anatomy, x, y, z)
        if organ.tissue == "liver":
            for vessel in anatomy.vessels:
                _paint_vessel(image, vessel, signal[vessel.tissue], organ, x, y, z)
    return image


def _vessels(rng: np.random.Generator, liver: np.ndarray, half: np.ndarray) -> tuple[Vessel, ...]:
    """Portal vein from the hilum with two generations of branches, three hepatic veins towards the vena cava."""
    hilum = liver + half * np.array([0.55, 0.15, -0.25])
    vessels = [Vessel("portal", tuple(hilum + np.array([28.0, 4.0, -22.0])), tuple(hilum), 7.0, 6.0)]
    for way in ((-0.6, -0.45, 0.35), (-0.7, 0.35, -0.3), (-0.1, -0.7, 0.1)):
        end = hilum + half * (np.array(way) + rng.normal(0, 0.08, 3))
        vessels.append(Vessel("portal", tuple(hilum), tuple(end), 5.0, 3.0))
        for _ in range(3):
            tip = end + half * rng.normal(0, 0.28, 3)
            vessels.append(Vessel("portal", tuple(end), tuple(tip), 2.8, 1.2))
    cava = np.array([-20.0, 44.0, float(liver[2] + 0.75 * half[2])])
    for way in ((-0.75, 0.1, -0.2), (-0.35, -0.65, -0.1), (0.2, -0.7, 0.0)):
        end = liver + half * (np.array(way) + rng.normal(0, 0.08, 3))
        vessels.append(Vessel("hepatic_vein", tuple(cava), tuple(end), 5.0, 1.6))
    return tuple(vessels)


def _box(centre: np.ndarray, reach: np.ndarray, axes: tuple[np.ndarray, ...]) -> tuple[slice, ...] | None:
    """Slices of the voxels within reach, in the order of ``axes``; None if there are none."""
    parts = []
    for places, middle, far in zip(axes, centre, reach, strict=True):
        first, last = np.searchsorted(places, (middle - far, middle + far))
        if first == last:
            return None
        parts.append(slice(first, last))
    return tuple(parts)


def _paint_ellipsoid(
    image: np.ndarray,
    organ: Ellipsoid,
    value: float,
    anatomy: Anatomy,
    x: np.ndarray,
    y: np.ndarray,
    z: np.ndarray,
) -> None:
    centre, half = np.array(organ.centre_mm[::-1]), np.array(organ.half_mm[::-1])
    box = _box(centre, half + _EDGE_MM, (z, y, x))
    if box is None:
        return
    z, y, x = (places[part] for places, part in zip((z, y, x), box, strict=True))
    squares = (
        ((z - organ.centre_mm[2]) / organ.half_mm[2])[:, None, None] ** 2
        + ((y - organ.centre_mm[1]) / organ.half_mm[1])[None, :, None] ** 2
        + ((x - organ.centre_mm[0]) / organ.half_mm[0])[None, None, :] ** 2
    ).astype(np.float32)
    inside = np.clip((1 - squares) * np.float32(min(organ.half_mm) / 2 / _EDGE_MM) + 0.5, 0, 1)
    signal = np.asarray(value, dtype=np.float32)
    if organ.tissue == "liver":
        signal = signal * (1 + np.float32(anatomy.parenchyma_amplitude) * anatomy.parenchyma.sample(x, y, z))
    image[box] += inside * (signal - image[box])


def _paint_vessel(
    image: np.ndarray, vessel: Vessel, value: float, liver: Ellipsoid, x: np.ndarray, y: np.ndarray, z: np.ndarray
) -> None:
    """A tube, where it runs within this part of the liver or close to it."""
    start, end = np.array(vessel.start_mm), np.array(vessel.end_mm)
    widest = max(vessel.start_radius_mm, vessel.end_radius_mm) + _EDGE_MM
    box = _box(((start + end) / 2)[::-1], (np.abs(end - start) / 2 + widest)[::-1], (z, y, x))
    if box is None:
        return
    offsets = [places[part] - first for places, part, first in zip((x, y, z), box[::-1], start, strict=True)]
    along = (end - start) / np.sum((end - start) ** 2)
    dx, dy, dz = offsets[0][None, None, :], offsets[1][None, :, None], offsets[2][:, None, None]
    share = np.clip(dx * along[0] + dy * along[1] + dz * along[2], 0, 1)
    step = end - start
    distance = np.sqrt((dx - share * step[0]) ** 2 + (dy - share * step[1]) ** 2 + (dz - share * step[2]) ** 2)
    radius = vessel.start_radius_mm + share * (vessel.end_radius_mm - vessel.start_radius_mm)
    inside = np.clip((radius - distance) / _EDGE_MM + 0.5, 0, 1).astype(np.float32)
    squares = sum(
        ((offset + first - middle) / half) ** 2
        for offset, first, middle, half in zip((dx, dy, dz), start, liver.centre_mm, liver.half_mm, strict=True)
    )
    inside *= squares < 1.15
    image[box] += inside * (np.float32(value) - image[box])
