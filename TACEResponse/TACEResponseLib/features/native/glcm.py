"""Grey level co-occurrence matrix (IBSI: LFYI), distance 1, one symmetric matrix a direction.

Features are averaged over the 13 directions (IBSI: 3D, averaged, ITBB).

``p[i, j]`` is the frequency with which a voxel of grey level i has a neighbour of level j in a direction, or the other
way round. ``px`` is its marginal (the same by rows and columns), ``mu`` and ``sigma`` the marginal's mean and standard
deviation, ``p_sum[k]`` and ``p_diff[k]`` the frequencies of i + j = k and of abs(i - j) = k.

The direction is the last axis of every array here, so that sums run over level pairs in the same order as in
PyRadiomics: what is left of some in tiny or flat VOIs is rounding noise, and the noise then is the same.
"""

from __future__ import annotations

import numpy as np

from .discretisation import DiscretisedVoi
from .feature_class import FeatureClass, GriddedVoi
from .first_order import EPSILON


def co_occurrence_matrices(voi: DiscretisedVoi) -> np.ndarray:
    """Symmetric, normalised matrices (n_levels, n_levels, directions) of the directions that hold any pair."""
    n_codes = voi.n_levels + 1
    codes = voi.codes.ravel()
    first_of_pair = codes.astype(np.intp) * n_codes
    matrices = []
    for step in voi.flat_steps:
        pairs = np.bincount(first_of_pair[:-step] + codes[step:], minlength=n_codes**2)
        counts = pairs.reshape(n_codes, n_codes)[1:, 1:]  # code 0 is outside the VOI
        n_pairs = counts.sum()
        if n_pairs:
            matrices.append((counts + counts.T) / (2.0 * n_pairs))
    if not matrices:
        return np.zeros((voi.n_levels, voi.n_levels, 0))
    return np.stack(matrices, axis=-1)


def glcm_features(gridded: GriddedVoi) -> dict[str, float]:
    """The 24 GLCM features; NaN where no two voxels are neighbours.

    - ``JointAverage`` (60VM): sum i p
    - ``SumAverage`` (ZGXS): sum k p_sum, twice JointAverage
    - ``SumSquares`` (UR99, joint variance): sum (i - mu)^2 p
    - ``Autocorrelation`` (QWB0): sum i j p
    - ``ClusterTendency`` (DG8W), ``ClusterShade`` (7NFM), ``ClusterProminence`` (AE86): sum (i + j - 2 mu)^(2, 3, 4) p
    - ``Contrast`` (ACUI): sum (i - j)^2 p
    - ``Correlation`` (NI2N): sum (i - mu)(j - mu) p / sigma^2; 1 where sigma is 0
    - ``JointEnergy`` (8ZQL, angular second moment): sum p^2
    - ``JointEntropy`` (TU9B), ``SumEntropy`` (P6QZ), ``DifferenceEntropy`` (NTRS), bits: -sum q log2(q + eps)
    - ``MaximumProbability`` (GYBY, joint maximum): max p
    - ``DifferenceAverage`` (TF7R): sum k p_diff
    - ``DifferenceVariance`` (D3YU): sum (k - DifferenceAverage)^2 p_diff
    - ``Id`` (IB1Z, inverse difference): sum p_diff / (1 + k)
    - ``Idn`` (NDRX): sum p_diff / (1 + k / Ng), with Ng the number of the highest bin
    - ``Idm`` (WF0Z, inverse difference moment): sum p_diff / (1 + k^2)
    - ``Idmn`` (1QCO): sum p_diff / (1 + k^2 / Ng^2)
    - ``InverseVariance`` (E8JP): sum over k > 0 of p_diff / k^2
    - ``Imc1`` (R8DG), ``Imc2`` (JN9H), ``MCC`` (not in IBSI): see `_information_correlations`, `_maximal_correlation`
    """
    voi = gridded.discretised
    p = co_occurrence_matrices(voi)
    i = voi.grey_levels
    highest = int(i[-1])
    px = p.sum(axis=1)
    mu = i @ px
    deviation = i[:, None] - mu
    variance = np.sum(px * deviation**2, axis=0)
    covariance = np.sum(p * deviation[:, None] * deviation, axis=(0, 1))

    p_sum = _sums_by(np.add.outer(i, i), p, 2 * highest + 1)
    p_diff = _sums_by(np.abs(np.subtract.outer(i, i)), p, highest)
    k_sum, k_diff = np.arange(2 * highest + 1.0), np.arange(float(highest))
    cluster = k_sum[:, None] - 2 * mu
    difference_average = k_diff @ p_diff
    imc1, imc2, joint_entropy = _information_correlations(p, px)
    by_direction = {
        "Autocorrelation": np.sum(p * np.multiply.outer(i, i)[:, :, None], axis=(0, 1)),
        "ClusterProminence": np.sum(cluster**4 * p_sum, axis=0),
        "ClusterShade": np.sum(cluster**3 * p_sum, axis=0),
        "ClusterTendency": np.sum(cluster**2 * p_sum, axis=0),
        "Contrast": k_diff**2 @ p_diff,
        "Correlation": np.where(variance == 0, 1.0, covariance / (variance + EPSILON)),
        "DifferenceAverage": difference_average,
        "DifferenceEntropy": _entropy(p_diff),
        "DifferenceVariance": np.sum(p_diff * (k_diff[:, None] - difference_average) ** 2, axis=0),
        "Id": (1 / (1 + k_diff)) @ p_diff,
        "Idm": (1 / (1 + k_diff**2)) @ p_diff,
        "Idmn": (1 / (1 + (k_diff / highest) ** 2)) @ p_diff,
        "Idn": (1 / (1 + k_diff / highest)) @ p_diff,
        "Imc1": imc1,
        "Imc2": imc2,
        "InverseVariance": (1 / k_diff[1:] ** 2) @ p_diff[1:],
        "JointAverage": mu,
        "JointEnergy": np.sum(p**2, axis=(0, 1)),
        "JointEntropy": joint_entropy,
        "MCC": _maximal_correlation(p, px),
        "MaximumProbability": p.max(axis=(0, 1), initial=0),
        "SumAverage": k_sum @ p_sum,
        "SumEntropy": _entropy(p_sum),
        "SumSquares": variance,
    }
    return {name: _mean_over_directions(values) for name, values in by_direction.items()}


def _sums_by(k: np.ndarray, p: np.ndarray, n_bins: int) -> np.ndarray:
    """For each direction the sum of ``p`` over the level pairs with the same ``k``: (n_bins, directions)."""
    index = k.astype(np.intp).ravel()
    sums = np.zeros((n_bins, p.shape[2]))
    for direction in range(p.shape[2]):
        sums[:, direction] = np.bincount(index, p[:, :, direction].ravel(), n_bins)
    return sums


def _entropy(q: np.ndarray) -> np.ndarray:
    """-sum q log2(q + eps), in bits, of each direction."""
    entropies: np.ndarray = -np.sum(q * np.log2(q + EPSILON), axis=tuple(range(q.ndim - 1)))
    return entropies


def _information_correlations(p: np.ndarray, px: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Imc1 (R8DG), Imc2 (JN9H) and the joint entropy HXY of each direction.

    With HX the entropy of px, HXY1 = -sum p log2(px px + eps) and HXY2 = -sum px px log2(px px + eps):
    Imc1 = (HXY - HXY1) / HX, 0 where HX is 0; Imc2 = sqrt(1 - exp(-2 (HXY2 - HXY))). HXY2 is never below HXY but for
    rounding; where it is, Imc2 is NaN and the direction is left out of the mean, as in PyRadiomics.
    """
    independent = px[:, None] * px
    log_independent = np.log2(independent + EPSILON)
    hx, hxy = _entropy(px), _entropy(p)
    hxy1 = -np.sum(p * log_independent, axis=(0, 1))
    hxy2 = -np.sum(independent * log_independent, axis=(0, 1))
    imc1 = np.divide(hxy - hxy1, hx, out=np.zeros_like(hx), where=hx != 0)
    squared = 1 - np.exp(-2 * (hxy2 - hxy))
    imc2 = np.sqrt(squared, out=np.full_like(squared, np.nan), where=squared >= 0)
    return imc1, imc2, hxy


def _maximal_correlation(p: np.ndarray, px: np.ndarray) -> np.ndarray:
    """MCC of each direction: the square root of the second largest eigenvalue of Q; 1 if there is one grey level.

    Q(i, j) = sum over k of p(i, k) p(j, k) / (px(i) px(k) + eps). Rounding can make an eigenvalue that is 0 negative;
    then MCC is NaN and the direction is left out of the mean, as in PyRadiomics.
    """
    if len(p) == 1:
        return np.ones(1)
    weighted = p / (px[:, None] * px + EPSILON)
    q = np.moveaxis(weighted, -1, 0) @ np.moveaxis(p, -1, 0)
    second_largest = np.sort(np.linalg.eigvals(q), axis=1)[:, -2]
    correlation: np.ndarray
    if np.iscomplexobj(second_largest):
        correlation = np.sqrt(second_largest).real
    else:
        correlation = np.sqrt(second_largest, out=np.full_like(second_largest, np.nan), where=second_largest >= 0)
    return correlation


def _mean_over_directions(values: np.ndarray) -> float:
    defined = values[~np.isnan(values)]
    return defined.mean() if defined.size else np.nan


GLCM = FeatureClass(
    "glcm",
    tuple(
        (
            "Autocorrelation ClusterProminence ClusterShade ClusterTendency Contrast Correlation DifferenceAverage "
            "DifferenceEntropy DifferenceVariance Id Idm Idmn Idn Imc1 Imc2 InverseVariance JointAverage JointEnergy "
            "JointEntropy MCC MaximumProbability SumAverage SumEntropy SumSquares"
        ).split()
    ),
    glcm_features,
)
