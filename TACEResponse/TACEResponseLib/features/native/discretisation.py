"""Grey levels of a VOI, in the one padded array that all texture classes share.

The VOI is discretised by a fixed bin width (IBSI: fixed bin size, Q3RU) whose bins begin at a multiple of the width, as
in PyRadiomics, and not at the minimum of the VOI, as IBSI has it: ``level = floor(x / w) - floor(min / w) + 1``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

DIRECTIONS: tuple[tuple[int, int, int], ...] = tuple(
    (dk, dj, di) for dk in (0, 1) for dj in (-1, 0, 1) for di in (-1, 0, 1) if (dk, dj, di) > (0, 0, 0)
)
"""The 13 directions to half of the 26 neighbours, in steps along (K, J, I); their negatives are the other half."""


@dataclass(frozen=True, eq=False)
class DiscretisedVoi:
    """A VOI as grey levels.

    ``codes`` is the bounding box (K, J, I) of the VOI with one voxel of padding on each side: 0 outside the VOI, else
    1 + the position of the voxel's grey level in ``grey_levels``. The padding lets a neighbour be found by a constant
    step in the flat array: a step from a voxel of the VOI never leaves the array, and never lands in the VOI on the
    other side. ``grey_levels`` (n,) float64 are the bin numbers that occur, ascending, from 1; bins without a voxel are
    left out. ``voxel_counts`` (n,) says how many voxels have each.
    """

    codes: np.ndarray
    grey_levels: np.ndarray
    voxel_counts: np.ndarray

    @property
    def n_levels(self) -> int:
        """Number of grey levels that occur."""
        return self.grey_levels.size

    @property
    def n_voxels(self) -> int:
        """Number of voxels of the VOI."""
        return int(self.voxel_counts.sum())

    @property
    def flat_steps(self) -> tuple[int, ...]:
        """The step in ``codes.ravel()`` to the neighbour in each of the 13 `DIRECTIONS`; all positive."""
        _, rows, columns = self.codes.shape
        return tuple((dk * rows + dj) * columns + di for dk, dj, di in DIRECTIONS)


MOST_BINS = 10_000
"""The input checks refuse far fewer; beyond this the matrices of grey levels would fill the memory."""


def discretise(voxels: np.ndarray, mask: np.ndarray, bin_width: float, bin_count: int | None = None) -> DiscretisedVoi:
    """Discretise the voxels of a VOI; ``voxels`` float32 and ``mask`` bool are its bounding box (K, J, I).

    With ``bin_count``, that many bins of equal width reach from the minimum to the maximum (IBSI: fixed bin number,
    K15C). The edges are built as PyRadiomics does, so that a value on an edge falls to the same side.
    Raises ValueError for intensities that are not finite or span more than `MOST_BINS` bins.
    """
    intensities = voxels[mask]
    n_bins = np.ptp(intensities.astype(float)) / (bin_width if bin_count is None else np.inf)
    if not n_bins <= MOST_BINS:
        raise ValueError(
            f"The intensities in the VOI are not finite or span over {MOST_BINS} bins of {bin_width:g}; "
            "check that the VOI lies on the right image and that the image is not damaged."
        )
    edges = bin_edges(intensities, bin_width) if bin_count is None else _edges_of_count(intensities, bin_count)
    bins = np.digitize(intensities, edges)
    counts = np.bincount(bins)
    occurring = np.flatnonzero(counts)
    code_of_bin = np.zeros(counts.size, np.uint16)
    code_of_bin[occurring] = np.arange(1, occurring.size + 1)
    codes = np.zeros(np.add(mask.shape, 2), np.uint16)
    codes[1:-1, 1:-1, 1:-1][mask] = code_of_bin[bins]
    return DiscretisedVoi(codes, occurring.astype(float), counts[occurring])


def bin_edges(intensities: np.ndarray, bin_width: float) -> np.ndarray:
    """Edges of the bins from the multiple of the bin width at or below the minimum to beyond the maximum."""
    lowest, highest = intensities.min(), intensities.max()
    return np.arange(lowest - lowest % bin_width, highest + 2 * bin_width, bin_width)


def _edges_of_count(intensities: np.ndarray, bin_count: int) -> np.ndarray:
    """Edges of equal bins from the minimum to the maximum, which belongs to the last bin."""
    edges = np.histogram_bin_edges(intensities, bin_count)
    edges[-1] += 1
    return edges
