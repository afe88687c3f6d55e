"""First order statistics (IBSI: intensity-based statistics, UHIW, and intensity histogram, ZVCW).

All but Entropy and Uniformity are of the resampled intensities ``x`` of the ``n`` voxels, not of grey levels.
"""

from __future__ import annotations

import numpy as np

from .feature_class import FeatureClass, GriddedVoi

EPSILON = np.spacing(1.0)
"""Added to a probability inside a logarithm, as in PyRadiomics (2.2e-16)."""


def first_order_features(voi: GriddedVoi) -> dict[str, float]:
    """The 18 first order features; ``p`` are the frequencies of the grey levels.

    Returns
    -------
    dict
        In units of intensity unless another is given:

        - ``Energy`` (N8CA): sum of x^2
        - ``TotalEnergy`` (not in IBSI): Energy times the volume of a voxel in mm^3
        - ``Entropy`` (TLU2), bits: -sum p log2(p + eps)
        - ``Minimum`` (1GSF), ``Maximum`` (84IY), ``Range`` (2OJQ): max - min
        - ``10Percentile`` (QG58), ``90Percentile`` (8DWT), ``Median`` (Y12H), ``InterquartileRange`` (SALO): linear
          interpolation between order statistics
        - ``Mean`` (Q4LE), ``Variance`` (ECT3): mean of (x - mean)^2
        - ``MeanAbsoluteDeviation`` (4FUA): mean of abs(x - mean)
        - ``RobustMeanAbsoluteDeviation`` (1128): the same over the x from the 10th to the 90th percentile; NaN if
          there are none (two voxels)
        - ``RootMeanSquared`` (5ZWQ): sqrt(mean of x^2)
        - ``Skewness`` (KE2A): m3 / m2^1.5, with m_k = mean of (x - mean)^k; 0 in a flat VOI
        - ``Kurtosis`` (IPH6 + 3): m4 / m2^2; IBSI subtracts 3; 0 in a flat VOI
        - ``Uniformity`` (BJ5W): sum of p^2
    """
    frequencies = voi.discretised.voxel_counts / voi.discretised.n_voxels
    x = voi.voxels[voi.mask].astype(float)
    mean = x.mean()
    deviation = x - mean
    squared_deviation = deviation**2
    variance = squared_deviation.mean()
    percentile_10, percentile_25, median, percentile_75, percentile_90 = np.percentile(x, (10, 25, 50, 75, 90))
    central = x[(x >= percentile_10) & (x <= percentile_90)]
    energy = np.sum(x**2)
    return {
        "10Percentile": percentile_10,
        "90Percentile": percentile_90,
        "Energy": energy,
        "Entropy": -np.sum(frequencies * np.log2(frequencies + EPSILON)),
        "InterquartileRange": percentile_75 - percentile_25,
        "Kurtosis": np.mean(squared_deviation**2) / variance**2 if variance else 0.0,
        "Maximum": x.max(),
        "MeanAbsoluteDeviation": np.abs(deviation).mean(),
        "Mean": mean,
        "Median": median,
        "Minimum": x.min(),
        "Range": x.max() - x.min(),
        "RobustMeanAbsoluteDeviation": np.abs(central - central.mean()).mean() if central.size else np.nan,
        "RootMeanSquared": np.sqrt(energy / x.size),
        "Skewness": np.mean(squared_deviation * deviation) / variance**1.5 if variance else 0.0,
        "TotalEnergy": energy * np.prod(voi.spacing_mm),
        "Uniformity": np.sum(frequencies**2),
        "Variance": variance,
    }


FIRST_ORDER = FeatureClass(
    "firstorder",
    tuple(
        (
            "10Percentile 90Percentile Energy Entropy InterquartileRange Kurtosis Maximum MeanAbsoluteDeviation Mean "
            "Median Minimum Range RobustMeanAbsoluteDeviation RootMeanSquared Skewness TotalEnergy Uniformity Variance"
        ).split()
    ),
    first_order_features,
)
