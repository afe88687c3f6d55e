"""Trained networks for predicting in NumPy: each BatchNorm is folded into the linear layer before it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np


@dataclass(frozen=True, eq=False)
class Layer:
    """A linear layer of m networks: ``row_scale * (weight @ x) + bias``.

    ``weight`` (m, n_out, n_in) float32 or int8, ``row_scale`` and ``bias`` (m, n_out) float32. A layer of low rank r
    holds ``weight`` (m, n_out, r), and x is replaced by ``factor_scale * (factor @ x)`` with ``factor`` (m, r, n_in)
    and ``factor_scale`` (m, r); see `network_storage`.
    """

    weight: np.ndarray
    row_scale: np.ndarray
    bias: np.ndarray
    factor: np.ndarray | None = None
    factor_scale: np.ndarray | None = None

    @property
    def input_count(self) -> int:
        """Number of inputs n_in."""
        return int((self.weight if self.factor is None else self.factor).shape[2])

    def apply(self, network: int, values: np.ndarray) -> np.ndarray:
        """Outputs (n, n_out) of one of the networks for inputs (n, n_in) float32."""
        if self.factor is not None and self.factor_scale is not None:
            values = (values @ _float32(self.factor[network]).T) * self.factor_scale[network]
        outputs: np.ndarray = (values @ _float32(self.weight[network]).T) * self.row_scale[network] + self.bias[network]
        return outputs

    def arrays(self) -> dict[str, np.ndarray]:
        """The arrays that it holds by name."""
        return {one.name: getattr(self, one.name) for one in fields(self) if getattr(self, one.name) is not None}


@dataclass(frozen=True, eq=False)
class FoldedNetworks:
    """Any number m of networks of one shape: linear layers with ReLU between them, softmax over the last two outputs.

    Dropout does nothing when predicting.
    """

    layers: tuple[Layer, ...]

    @property
    def count(self) -> int:
        """Number of networks m."""
        return len(self.layers[0].bias)

    @property
    def feature_count(self) -> int:
        """Number of inputs."""
        return self.layers[0].input_count

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
            for layer in self.layers[:-1]:
                values = layer.apply(network, values)
                np.maximum(values, 0.0, out=values)
            result[:, network] = _softmax_second(self.layers[-1].apply(network, values).astype(float))
        return result

    def select(self, network: int) -> FoldedNetworks:
        """One of the networks, copied."""
        own = slice(network, network + 1)
        return FoldedNetworks(
            tuple(Layer(**{name: array[own].copy() for name, array in layer.arrays().items()}) for layer in self.layers)
        )

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Arrays by name, for a bundle: ``weight_0``, ``row_scale_0``, ..., ``weight_1``, ..."""
        return {
            f"{name}_{number}": array
            for number, layer in enumerate(self.layers)
            for name, array in layer.arrays().items()
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> FoldedNetworks:
        """Inverse of `to_arrays`."""
        names = [one.name for one in fields(Layer)]
        layers = range(sum(name.startswith("weight_") for name in arrays))
        return cls(
            tuple(
                Layer(**{name: arrays[f"{name}_{number}"] for name in names if f"{name}_{number}" in arrays})
                for number in layers
            )
        )


def fold_batch_norm(
    weight: np.ndarray,
    bn_weight: np.ndarray,
    bn_bias: np.ndarray,
    running_mean: np.ndarray,
    running_variance: np.ndarray,
    epsilon: float,
) -> Layer:
    """A linear layer without bias followed by BatchNorm in evaluation mode.

    y = g (W x - mean) / sqrt(var + eps) + b, so W' = g W / sqrt(var + eps), b' = b - g mean / sqrt(var + eps). Arrays
    (m, n_out, n_in) and (m, n_out); float64 inside, float32 out.
    """
    gain = bn_weight.astype(float) / np.sqrt(running_variance.astype(float) + epsilon)
    folded_weight = weight.astype(float) * gain[..., None]
    folded_bias = bn_bias.astype(float) - gain * running_mean.astype(float)
    return plain_layer(folded_weight.astype(np.float32), folded_bias.astype(np.float32))


def plain_layer(weight: np.ndarray, bias: np.ndarray) -> Layer:
    """A layer of weights (m, n_out, n_in) and biases (m, n_out) as they are."""
    return Layer(weight, np.ones_like(bias), bias)


def _float32(array: np.ndarray) -> np.ndarray:
    return array.astype(np.float32, copy=False)


def _softmax_second(logits: np.ndarray) -> np.ndarray:
    difference = np.clip(logits[:, 0] - logits[:, 1], -700.0, 700.0)
    second: np.ndarray = 1.0 / (1.0 + np.exp(difference))
    return second
