"""Scanners and sequences: grids as the paper prints them, and how bright each tissue is (arbitrary scanner units)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from .random_streams import Purpose, random_stream
from .smooth_field import in_mm

COVERAGE_MM = 210.0
"""Extent of the slices, enough for a liver."""


@dataclass(frozen=True)
class Grid:
    """Spacing (I, J, K) in mm and size (I, J, K) of one sequence."""

    spacing_mm: tuple[float, float, float]
    size: tuple[int, int, int]

    def coordinates_mm(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """x, y, z of the voxel centres in the frame of the slices, the isocentre in the middle."""
        x, y, z = (
            (np.arange(count) - (count - 1) / 2).astype(np.float32) * np.float32(step)
            for count, step in zip(self.size, self.spacing_mm, strict=True)
        )
        return x, y, z


@dataclass(frozen=True)
class Acquisition:
    """How one patient was scanned.

    ``shift_mm`` maps a sequence to how far breathing moved the organs (x, y, z), ``gain`` is the receiver's,
    ``noise`` the standard deviation of each channel in scanner units before gain, ``tilt_degrees`` the angle of the
    slices about the left-right axis.
    """

    field_strength_t: float
    scanner: str
    grids: Mapping[str, Grid]
    shift_mm: Mapping[str, tuple[float, float, float]]
    gain: float
    noise: float
    bias: float
    tilt_degrees: float


def _grid(in_plane_mm: tuple[float, float], size: tuple[int, int], slice_mm: float) -> Grid:
    return Grid((*in_plane_mm, slice_mm), (*size, round(COVERAGE_MM / slice_mm)))


_PROTOCOLS = {
    3.0: {"T2": _grid((2.0, 1.61), (200, 195), 8.0), "dynamic": _grid((1.786, 1.892), (224, 166), 2.5)},
    1.5: {"T2": _grid((1.484, 1.484), (256, 256), 8.0), "dynamic": _grid((1.1875, 1.1875), (320, 320), 6.0)},
}
"""By field strength. T2: 7 mm slices and 1 mm gap; 1.5 T dynamic: 5 mm slices and 1 mm gap."""

SEQUENCE_TIMES_S: Mapping[str, float] = MappingProxyType({"T2": -420.0, "AP": 28.0, "PVP": 65.0, "DP": 180.0})
"""Start after the contrast agent."""

SIGNAL: Mapping[str, Mapping[str, float]] = MappingProxyType(
    {
        "T2": {
            **{"liver": 170, "lesion": 275, "necrosis": 400, "capsule": 120, "portal": 70, "hepatic_vein": 70},
            **{"aorta": 40, "spleen": 300, "muscle": 105, "fat": 75, "bone": 150, "kidney": 380, "stomach": 430},
        },
        "AP": {
            **{"liver": 310, "lesion": 310, "necrosis": 200, "capsule": 300, "portal": 430, "hepatic_vein": 300},
            **{"aorta": 980, "spleen": 560, "muscle": 235, "fat": 95, "bone": 170, "kidney": 700, "stomach": 150},
        },
        "PVP": {
            **{"liver": 490, "lesion": 490, "necrosis": 215, "capsule": 540, "portal": 700, "hepatic_vein": 660},
            **{"aorta": 680, "spleen": 570, "muscle": 265, "fat": 100, "bone": 190, "kidney": 760, "stomach": 150},
        },
        "DP": {
            **{"liver": 450, "lesion": 450, "necrosis": 240, "capsule": 560, "portal": 560, "hepatic_vein": 550},
            **{"aorta": 560, "spleen": 480, "muscle": 275, "fat": 105, "bone": 195, "kidney": 640, "stomach": 155},
        },
    }
)


def draw_acquisition(seed: int, index: int) -> Acquisition:
    """Scanner, breathing and noise of one patient."""
    rng = random_stream(seed, index, Purpose.ACQUISITION)
    field_strength = 3.0 if rng.random() < 0.6 else 1.5
    protocol = _PROTOCOLS[field_strength]
    grids = {name: protocol["T2" if name == "T2" else "dynamic"] for name in SIGNAL}
    shifts = {name: in_mm(rng.normal(0, (0.6, 1.2, 2.0)).clip(-4, 4)) for name in SIGNAL}
    return Acquisition(
        field_strength_t=field_strength,
        scanner=f"phantom {field_strength:g} T",
        grids=grids,
        shift_mm=shifts,
        gain=float(np.exp(0.06 * rng.standard_normal())),
        noise=float(rng.uniform(7, 11) * (1.0 if field_strength == 3.0 else 1.35)),
        bias=float(rng.uniform(0.04, 0.10) * (1.3 if field_strength == 3.0 else 1.0)),
        tilt_degrees=float(rng.uniform(-8, 8)) if rng.random() < 0.3 else 0.0,
    )
