"""How trained networks are stored: 8 bits a weight, and layers of low rank where their answers allow it.

An ensemble of ten and a hundred refits of the 440-220-2 network are 32 million weights. Nothing of what a prediction
shows needs them all: the features of a patient are correlated, so that the outputs of a layer lie close to a plane of
few dimensions (Docs/design/decisions/2026-11-28-storage.md has the sizes and errors).
"""

from __future__ import annotations

import numpy as np

from .folded_network import FoldedNetworks, Layer

REFIT_RANK = 36
"""Rank of the hidden layers of stored refits."""

_INT8_LARGEST = 127
_NOISE_SHARE = 0.1
"""Independent variance, as a share of the mean variance of a layer's inputs, that new patients may add in any direction
of those in which the training patients happen not to differ."""


def quantised(networks: FoldedNetworks) -> FoldedNetworks:
    """The same networks with int8 weights: each row is divided by its largest magnitude over 127 and rounded."""
    return FoldedNetworks(
        tuple(_quantised_layer(layer.weight * layer.row_scale[..., None], layer.bias) for layer in networks.layers)
    )


def low_rank(networks: FoldedNetworks, scaled_features: np.ndarray, rank: int = REFIT_RANK) -> FoldedNetworks:
    """The same networks with int8 weights and hidden layers of this rank.

    Of each hidden layer only the part is kept that changes its outputs most over the training patients, whose
    ``scaled_features`` (m, n, n_features) are in each network's own scaling: its projection on the first ``rank``
    principal axes of the outputs. A layer that is not larger than its two factors would be is stored whole.
    """
    parts = [_low_rank_network(networks, number, scaled_features[number], rank) for number in range(networks.count)]
    layers = []
    for number, layer in enumerate(networks.layers):
        weights, factors = zip(*(network[number] for network in parts), strict=True)
        layers.append(
            _quantised_layer(
                np.concatenate(weights), layer.bias, None if factors[0] is None else np.concatenate(factors)
            )
        )
    return FoldedNetworks(tuple(layers))


def _low_rank_network(
    networks: FoldedNetworks, number: int, values: np.ndarray, rank: int
) -> list[tuple[np.ndarray, np.ndarray | None]]:
    """(weight, factor) of each layer of one network, with a leading axis of one; factor None where it is whole."""
    result: list[tuple[np.ndarray, np.ndarray | None]] = []
    for position, layer in enumerate(networks.layers):
        weight = layer.weight[number].astype(float) * layer.row_scale[number][:, None]
        outputs, inputs = weight.shape
        if position == len(networks.layers) - 1 or rank * (outputs + inputs) >= outputs * inputs:
            result.append((weight[None], None))
        else:
            axes = _principal_axes(weight, values, rank)
            result.append((axes[None], (axes.T @ weight)[None]))
        values = np.maximum(values @ weight.T + layer.bias[number], 0.0)
    return result


def _principal_axes(weight: np.ndarray, values: np.ndarray, rank: int) -> np.ndarray:
    """First axes (n_out, rank) of the outputs of ``weight`` for inputs like ``values`` (n, n_in)."""
    spread = values.T @ values / len(values)
    spread += _NOISE_SHARE * np.trace(spread) / len(spread) * np.eye(len(spread))
    _, axes = np.linalg.eigh(weight @ spread @ weight.T)
    return axes[:, : -rank - 1 : -1]


def _quantised_layer(weight: np.ndarray, bias: np.ndarray, factor: np.ndarray | None = None) -> Layer:
    """The layer in 8 bits; ``factor`` (m, r, n_in) makes it one of low rank whose ``weight`` is (m, n_out, r)."""
    factor_scale = None
    if factor is not None:
        # Each axis as long as what it carries, so that the 8 bits of a row serve the long axes.
        length = np.linalg.norm(factor, axis=2)
        weight = weight * length[:, None]
        factor, factor_scale = _int8(factor / np.where(length > 0, length, 1.0)[..., None])
    weight, row_scale = _int8(weight)
    return Layer(weight, row_scale, bias, factor, factor_scale)


def _int8(matrices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(m, a, b) as int8, and the step of each row (m, a) float32."""
    step = np.abs(matrices).max(axis=2) / _INT8_LARGEST
    step = np.where(step > 0, step, 1.0).astype(np.float32)
    return np.rint(matrices / step[..., None]).astype(np.int8), step
