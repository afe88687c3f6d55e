"""Trained networks for predicting in NumPy: each BatchNorm is folded into the linear layer before it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

_INT8_LARGEST = 127


@dataclass(frozen=True, eq=False)
class FoldedNetworks:
    """Any number m of networks of one shape: linear layers with ReLU between them, softmax over the last two outputs.

    ``weights`` holds per layer an array (m, n_out, n_in) of float32 or int8, ``row_scales`` and ``biases`` per layer
    arrays (m, n_out) float32. A layer computes ``row_scale * (weight @ x) + bias``. Dropout does nothing when
    predicting.
    """

    weights: tuple[np.ndarray, ...]
    row_scales: tuple[np.ndarray, ...]
    biases: tuple[np.ndarray, ...]

    @property
    def count(self) -> int:
        """Number of networks m."""
        return len(self.biases[0])

    @property
    def feature_count(self) -> int:
        """Number of inputs."""
        return self.weights[0].shape[2]

    def probabilities(self, scaled_features: np.ndarray) -> np.ndarray:
        """Softmax probability of the second output (OR).

        Parameters
        ----------
        scaled_features : array (m, n, n_features)
            For each network the patients in its own scaling.

        Returns
        -------
        array (n, m) float64, 0-1
        """
        result = np.empty((scaled_features.shape[1], self.count))
        for network in range(self.count):
            values = scaled_features[network].astype(np.float32)
            for layer in range(len(self.weights)):
                weight = self.weights[layer][network].astype(np.float32, copy=False)
                values = (values @ weight.T) * self.row_scales[layer][network] + self.biases[layer][network]
                if layer < len(self.weights) - 1:
                    np.maximum(values, 0.0, out=values)
            result[:, network] = _softmax_second(values.astype(float))
        return result

    def select(self, network: int) -> FoldedNetworks:
        """One of the networks, copied."""
        return FoldedNetworks(
            *(
                tuple(array[network : network + 1].copy() for array in arrays)
                for arrays in (self.weights, self.row_scales, self.biases)
            )
        )

    def quantised(self) -> FoldedNetworks:
        """The same networks with int8 weights: each row is divided by its largest magnitude over 127 and rounded."""
        weights, row_scales = [], []
        for weight, scale in zip(self.weights, self.row_scales, strict=True):
            step = np.abs(weight).max(axis=2) / _INT8_LARGEST
            step = np.where(step > 0, step, 1.0).astype(np.float32)
            weights.append(np.rint(weight / step[:, :, None]).astype(np.int8))
            row_scales.append(scale * step)
        return FoldedNetworks(tuple(weights), tuple(row_scales), self.biases)

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Arrays by name, for a bundle."""
        arrays = {}
        for layer in range(len(self.weights)):
            arrays[f"weight_{layer}"] = self.weights[layer]
            arrays[f"row_scale_{layer}"] = self.row_scales[layer]
            arrays[f"bias_{layer}"] = self.biases[layer]
        return arrays

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> FoldedNetworks:
        """Inverse of `to_arrays`."""
        layers = range(sum(name.startswith("weight_") for name in arrays))
        return cls(
            tuple(arrays[f"weight_{layer}"] for layer in layers),
            tuple(arrays[f"row_scale_{layer}"] for layer in layers),
            tuple(arrays[f"bias_{layer}"] for layer in layers),
        )


def fold_batch_norm(
    weight: np.ndarray,
    bn_weight: np.ndarray,
    bn_bias: np.ndarray,
    running_mean: np.ndarray,
    running_variance: np.ndarray,
    epsilon: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Weight and bias of a linear layer without bias followed by BatchNorm in evaluation mode.

    y = g (W x - mean) / sqrt(var + eps) + b, so W' = g W / sqrt(var + eps), b' = b - g mean / sqrt(var + eps). Arrays
    (..., n_out, n_in) and (..., n_out); float64 inside, float32 out.
    """
    gain = bn_weight.astype(float) / np.sqrt(running_variance.astype(float) + epsilon)
    folded_weight = weight.astype(float) * gain[..., None]
    folded_bias = bn_bias.astype(float) - gain * running_mean.astype(float)
    return folded_weight.astype(np.float32), folded_bias.astype(np.float32)


def concatenate_networks(networks: list[FoldedNetworks]) -> FoldedNetworks:
    """All networks in one object, in this order."""
    layers = range(len(networks[0].weights))
    return FoldedNetworks(
        tuple(np.concatenate([part.weights[layer] for part in networks]) for layer in layers),
        tuple(np.concatenate([part.row_scales[layer] for part in networks]) for layer in layers),
        tuple(np.concatenate([part.biases[layer] for part in networks]) for layer in layers),
    )


def _softmax_second(logits: np.ndarray) -> np.ndarray:
    difference = np.clip(logits[:, 0] - logits[:, 1], -700.0, 700.0)
    return 1.0 / (1.0 + np.exp(difference))
