"""How trained networks are stored: 8 bits a weight, and layers of low rank where their answers allow it.

An ensemble of ten and a hundred refits of the 440-220-2 network are 32 million weights. Nothing of what a prediction
shows needs them all: the features of a patient are correlated, so that the outputs of a layer lie close to a plane of
few dimensions (Docs/design/decisions/2026-11-28-storage.md has the sizes and errors).
"""

from __future__ import annotations

import numpy as np

from .folded_network import FoldedNetworks, Layer
from .linear_predictor import expit

LOST_SHARE = 1.8e-5
"""Share of the variance of a layer's weighted outputs that a low rank may lose."""

_INT8_LARGEST = 127
_NOISE_SHARE = 0.1
"""Independent variance, as a share of the mean, that new patients may add in directions in which the training patients
happen not to differ."""


def quantised(networks: FoldedNetworks) -> FoldedNetworks:
    """The same networks with int8 weights: each row is divided by its largest magnitude over 127 and rounded."""
    return FoldedNetworks(
        tuple(_quantised_layer(layer.weight * layer.row_scale[..., None], layer.bias) for layer in networks.layers)
    )


def low_rank(networks: FoldedNetworks, scaled_features: np.ndarray, lost_share: float = LOST_SHARE) -> FoldedNetworks:
    """The same networks with int8 weights and hidden layers of low rank.

    Of each hidden layer that part is kept which changes the score of the training patients most, whose
    ``scaled_features`` (m, n, n_features) are in each network's own scaling: the layer's outputs are weighted by the
    score's gradient and projected on their principal axes, as many as leave ``lost_share`` of their variance on
    average over the networks. A layer that is not larger than its two factors would be is stored whole.
    """
    sweeps = [_sweep(networks, number, scaled_features[number]) for number in range(networks.count)]
    layers = []
    for position, layer in enumerate(networks.layers):
        weights = [sweep[position][0] for sweep in sweeps]
        outputs, inputs = weights[0].shape
        rank = outputs
        if position < len(networks.layers) - 1:
            axes = [_axes(*sweep[position]) for sweep in sweeps]
            lost = np.mean([1 - np.cumsum(variances) / variances.sum() for variances, _, _ in axes], axis=0)
            rank = 1 + int(np.argmax(lost <= lost_share))
        if rank * (outputs + inputs) >= outputs * inputs:
            layers.append(_quantised_layer(np.stack(weights), layer.bias))
        else:
            outer, inner = (np.stack([own[part][:rank] for own in axes]) for part in (1, 2))
            layers.append(_quantised_layer(outer.transpose(0, 2, 1), layer.bias, inner))
    return FoldedNetworks(tuple(layers))


def _sweep(
    networks: FoldedNetworks, number: int, inputs: np.ndarray
) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """(weight, inputs (n, n_in), gradient of the score by the outputs (n, n_out)) of each layer of one network."""
    layers = networks.layers
    weights = [layer.weight[number].astype(float) * layer.row_scale[number][:, None] for layer in layers]
    values = [inputs]
    for weight, layer in zip(weights, layers, strict=True):
        values.append(np.maximum(values[-1] @ weight.T + layer.bias[number], 0.0))
    logits = values[-2] @ weights[-1].T + layers[-1].bias[number]
    score = expit(logits[:, 1] - logits[:, 0])
    # Of the log odds, more for patients whose score can still move.
    movable = np.sqrt(score * (1 - score) + _NOISE_SHARE**2)[:, None]
    gradient = np.array([-1.0, 1.0]) * movable
    result = []
    for position in range(len(layers) - 1, -1, -1):
        result.append((weights[position], values[position], gradient))
        gradient = (gradient @ weights[position]) * (values[position] > 0)
    return result[::-1]


def _axes(weight: np.ndarray, inputs: np.ndarray, gradient: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Variance along each axis (k,), falling, and the axes' outer (k, n_out) and inner (k, n_in) factors.

    The score's change for an error E of the weights is gradient E inputs: its mean square over patients like those of
    ``inputs`` (n, n_in) and ``gradient`` (n, n_out), taken as independent, is least for the principal axes of G^1/2 W
    C^1/2 with their second moments G and C. The sum of outer times inner over all axes is ``weight``.
    """
    levels, basis = np.linalg.eigh(_second_moments(gradient))
    root = (basis * np.sqrt(levels)) @ basis.T
    weighted = root @ weight
    variances, leading = np.linalg.eigh(weighted @ _second_moments(inputs) @ weighted.T)
    leading = leading[:, ::-1]
    factors = np.linalg.solve(root, leading).T.astype(np.float32), (leading.T @ weighted).astype(np.float32)
    return np.maximum(variances[::-1], 0.0), *factors


def _second_moments(values: np.ndarray) -> np.ndarray:
    """(k, k) of values (n, k), with a share of independent variance for what new patients may add."""
    moments = values.T @ values / len(values)
    return np.asarray(moments + _NOISE_SHARE * np.trace(moments) / len(moments) * np.eye(len(moments)))


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
