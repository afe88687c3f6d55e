"""Grey level run length matrix (IBSI: TP0I), one a direction.

A run is a longest stretch of voxels of one grey level along a direction, inside the VOI. Features are averaged over the
13 directions (IBSI: 3D, averaged, ITBB).
"""

from __future__ import annotations

import numpy as np

from .discretisation import DIRECTIONS, DiscretisedVoi
from .feature_class import FeatureClass, GriddedVoi
from .size_matrix import SizeMatrices, count_pairs


def run_length_matrices(voi: DiscretisedVoi) -> SizeMatrices:
    """Matrices of the directions in which at least two voxels of the VOI lie on one line (as in PyRadiomics)."""
    longest = max(voi.codes.shape)
    flat = voi.codes.ravel()
    matrices = []
    for direction, step in zip(DIRECTIONS, voi.flat_steps, strict=True):
        codes, lengths = _runs(flat, step)
        matrix = count_pairs(codes, lengths, voi.n_levels, longest)
        if lengths.size < voi.n_voxels or _share_a_line(voi.codes, direction):
            matrices.append(matrix)
    counts = np.array(matrices).reshape(-1, voi.n_levels, longest)
    occurring = np.flatnonzero(counts.any(axis=(0, 1)))
    return SizeMatrices(counts[:, :, occurring], voi.grey_levels, occurring + 1.0)


def _runs(flat: np.ndarray, step: int) -> tuple[np.ndarray, np.ndarray]:
    """Code and length of all runs along one direction, given as the step in the flat padded array.

    Voxels that are ``step`` apart are brought side by side: row r of the reshaped array holds the voxels r, r + step,
    r + 2 step, ... Each row begins with padding and so does what is cut off, so that no run crosses an end.
    """
    along = flat[: flat.size // step * step].reshape(-1, step).T.ravel()
    starts = np.flatnonzero(along[1:] != along[:-1]) + 1
    lengths = np.diff(starts)
    codes = along[starts[:-1]]
    inside = codes > 0
    return codes[inside], lengths[inside]


def _share_a_line(codes: np.ndarray, direction: tuple[int, int, int]) -> bool:
    """Whether two voxels of the VOI lie on one line along a direction, next to each other or not."""
    positions = np.argwhere(codes)
    axis = np.flatnonzero(direction)[0]  # the first step that is not 0 is +1
    foot_points = positions - positions[:, [axis]] * np.array(direction)
    return len(np.unique(foot_points, axis=0)) < len(positions)


def glrlm_features(gridded: GriddedVoi) -> dict[str, float]:
    """The 16 GLRLM features, by level i and run length j (formulas: `SizeMatrices`); NaN if no direction counts.

    - ``ShortRunEmphasis`` (22OV): sum p / j^2; ``LongRunEmphasis`` (W4KF): sum p j^2
    - ``LowGrayLevelRunEmphasis`` (V3SW): sum p / i^2; ``HighGrayLevelRunEmphasis`` (G3QZ): sum p i^2
    - ``ShortRunLowGrayLevelEmphasis`` (HTZT), ``ShortRunHighGrayLevelEmphasis`` (GD3A),
      ``LongRunLowGrayLevelEmphasis`` (IVPO), ``LongRunHighGrayLevelEmphasis`` (3KUM): sum p i^(-+2) j^(-+2)
    - ``GrayLevelNonUniformity`` (R5YN) and divided by n ``...Normalized`` (OVBL)
    - ``RunLengthNonUniformity`` (W92Y) and divided by n ``...Normalized`` (IC23)
    - ``RunPercentage`` (9ZK5): number of runs / number of voxels
    - ``GrayLevelVariance`` (8CE5), ``RunVariance`` (SXLW), ``RunEntropy`` (HJ9O)
    """
    voi = gridded.discretised
    runs = run_length_matrices(voi)
    by_direction = {
        "GrayLevelNonUniformity": runs.level_non_uniformity(),
        "GrayLevelNonUniformityNormalized": runs.level_non_uniformity() / runs.n,
        "GrayLevelVariance": runs.level_variance(),
        "HighGrayLevelRunEmphasis": runs.emphasis(2, 0),
        "LongRunEmphasis": runs.emphasis(0, 2),
        "LongRunHighGrayLevelEmphasis": runs.emphasis(2, 2),
        "LongRunLowGrayLevelEmphasis": runs.emphasis(-2, 2),
        "LowGrayLevelRunEmphasis": runs.emphasis(-2, 0),
        "RunEntropy": runs.entropy(),
        "RunLengthNonUniformity": runs.size_non_uniformity(),
        "RunLengthNonUniformityNormalized": runs.size_non_uniformity() / runs.n,
        "RunPercentage": runs.n / voi.n_voxels,
        "RunVariance": runs.size_variance(),
        "ShortRunEmphasis": runs.emphasis(0, -2),
        "ShortRunHighGrayLevelEmphasis": runs.emphasis(2, -2),
        "ShortRunLowGrayLevelEmphasis": runs.emphasis(-2, -2),
    }
    return {name: values.mean() if values.size else np.nan for name, values in by_direction.items()}


GLRLM = FeatureClass(
    "glrlm",
    tuple(
        (
            "GrayLevelNonUniformity GrayLevelNonUniformityNormalized GrayLevelVariance HighGrayLevelRunEmphasis "
            "LongRunEmphasis LongRunHighGrayLevelEmphasis LongRunLowGrayLevelEmphasis LowGrayLevelRunEmphasis "
            "RunEntropy RunLengthNonUniformity RunLengthNonUniformityNormalized RunPercentage RunVariance "
            "ShortRunEmphasis ShortRunHighGrayLevelEmphasis ShortRunLowGrayLevelEmphasis"
        ).split()
    ),
    glrlm_features,
)
