"""What the header of a volume file promises, whatever its format; nothing is decoded before this is whole."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from ..cohort import ImageGeometry
from .voi import MOST_VOXELS

NOT_THIS_FORMAT = "cannot be read: it is damaged or not of the format that its name says; copy or export it again"
NO_VOXEL_SIZE = "does not say how large its voxels are; export it again with its spacing"
IN_ANOTHER_FILE = "keeps its voxels in another file; save it as one {} file"
SHEARED = "cannot be read: its axes are not at right angles (sheared volume); resample it to a straight volume first"

MM_OF_UNIT = {"mm": 1.0, "millimeter": 1.0, "cm": 10.0, "m": 1000.0, "um": 0.001, "µm": 0.001, "μm": 0.001}

_MOST_DIMENSIONS = 7
_MOST_COMPONENTS = 256
_ROUNDING = 2e-3
"""Axes this far from right angles were rounded to three decimals by their writer, and are straightened."""


@dataclass(frozen=True)
class VolumeHeader:
    """How a file stores one volume.

    Attributes
    ----------
    sizes : tuple of int
        Voxels along I, J, K.
    components : int
        Values per voxel; they lie together, or, with ``components_last``, one volume after the other.
    dtype : dtype
        With the file's byte order.
    encoding : str
        "raw", "gzip", "zlib", "bzip2", "text" or "hex", from byte ``data_start`` of the file.
    skipped_bytes : int
        Decoded bytes before the voxels.
    stored_bytes : int or None
        Length of the encoded data, where the header says it.
    slope, intercept : float
        Voxel = slope * stored value + intercept.
    metadata : mapping
        Keys and values beyond the format's own, and NIfTI's description.
    """

    sizes: tuple[int, int, int]
    dtype: np.dtype
    encoding: str
    data_start: int
    geometry: ImageGeometry
    components: int = 1
    components_last: bool = False
    skipped_bytes: int = 0
    stored_bytes: int | None = None
    slope: float = 1.0
    intercept: float = 0.0
    metadata: Mapping[str, str] = field(default_factory=dict)

    @property
    def value_count(self) -> int:
        """Numbers that the file stores."""
        return math.prod(self.sizes) * self.components

    @property
    def voxel_bytes(self) -> int:
        """Bytes of all voxels, decoded."""
        return self.value_count * self.dtype.itemsize


def volume_sizes(sizes: tuple[int, ...], components: int) -> tuple[int, int, int]:
    """The three sizes of a volume; further axes of a single entry, such as one frame in time, are left out.

    Raises ValueError for another number of axes, for sizes below 1 and for more voxels than `MOST_VOXELS`.
    """
    if not 1 <= len(sizes) <= _MOST_DIMENSIONS or min(sizes) < 1:
        raise ValueError(NOT_THIS_FORMAT)
    shown = " x ".join(map(str, sizes))
    if len(sizes) < 3 or max(sizes[3:], default=1) > 1:
        raise ValueError(
            f"has {len(sizes)} dimensions ({shown}); give one 3-D volume, of a series in time the one phase "
            "that is meant"
        )
    if not 1 <= components <= _MOST_COMPONENTS or math.prod(sizes) * components > MOST_VOXELS:
        raise ValueError(
            f"has {shown} voxels{f' of {components} values' if components > 1 else ''}, more than the {MOST_VOXELS:,} "
            "that are read; crop it to the liver"
        )
    return sizes[0], sizes[1], sizes[2]


def geometry_of_axes(axes_mm: np.ndarray, origin_mm: np.ndarray) -> ImageGeometry:
    """Geometry from the steps along I, J, K: the columns of ``axes_mm`` (3, 3), LPS.

    Axes off right angles by rounding are straightened; those of a sheared volume are left as they are, for
    `canonical.canonical_voi` to refuse. Raises ValueError if a number is not finite or a step is zero.
    """
    spacing = np.sqrt((axes_mm**2).sum(axis=0))
    if not (np.isfinite(axes_mm).all() and np.isfinite(origin_mm).all() and (spacing > 0).all()):
        raise ValueError(NO_VOXEL_SIZE)
    direction = axes_mm / spacing
    return ImageGeometry(
        tuple(spacing.tolist()), tuple(np.asarray(origin_mm).tolist()), tuple(straightened(direction).ravel().tolist())
    )


def straightened(direction: np.ndarray) -> np.ndarray:
    """The nearest axes at right angles (by singular values), if those given are off by rounding only."""
    off = np.abs(direction.T @ direction - np.eye(3)).max()
    if not 1e-6 < off <= _ROUNDING:
        return direction
    left, _, right = np.linalg.svd(direction)
    return np.asarray(left @ right)


def numbers(text: str, count: int | None = None) -> np.ndarray:
    """Finite numbers between blanks. Raises ValueError for others, or for another number of them."""
    try:
        values = np.array([float(word) for word in text.split()])
    except ValueError:
        raise ValueError(NOT_THIS_FORMAT) from None
    if (count is not None and values.size != count) or not np.isfinite(values).all():
        raise ValueError(NOT_THIS_FORMAT)
    return values


def whole_numbers(text: str) -> tuple[int, ...]:
    """Whole numbers between blanks. Raises ValueError for anything else."""
    words = text.split()
    if not words or not all(word.isascii() and word.isdecimal() and len(word) < 12 for word in words):
        raise ValueError(NOT_THIS_FORMAT)
    return tuple(int(word) for word in words)


def decoded(raw: bytes) -> str:
    """Header text; bytes that are not UTF-8 are kept for `acquisition_tags.clean_text`."""
    return raw.decode("utf-8", "surrogateescape")
