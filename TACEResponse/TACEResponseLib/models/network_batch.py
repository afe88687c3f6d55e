"""Several networks of one shape trained side by side as one batch of matrices (torch; training only).

The network, "three layers, n-n/2-2" in the paper (ours: three linear layers): Linear(n, n), BatchNorm, ReLU, dropout;
Linear(n, n/2), BatchNorm, ReLU, dropout; Linear(n/2, 2); softmax. Decisions where the paper is silent: the output layer
has no BatchNorm, ReLU or dropout, which would cut off half of the logits that the softmax needs; the hidden linear
layers have no bias, because the BatchNorm after them subtracts it again.

Gradients are written out by hand instead of by autograd, so that they land in buffers that stay; activations have axes
(batch, network, unit), so that one BatchNorm call serves all networks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from .folded_network import FoldedNetworks, fold_batch_norm

BATCH_NORM_EPSILON = 1e-5
BATCH_NORM_MOMENTUM = 0.1


@dataclass(frozen=True)
class NetworkRecipe:
    """How a network is trained (study.md); Adam without weight decay and equal class weights are ours.

    ``dropout`` is the share of hidden units left out at each step, in steps of 1/256. The learning rate falls to 0 by
    cosine annealing, once an epoch.
    """

    epochs: int = 200
    batch_size: int = 32
    learning_rate: float = 0.01
    dropout: float = 0.5


PAPER_RECIPE = NetworkRecipe()


class NetworkBatch:
    """m networks with n_features inputs in training; network k draws everything random from ``seeds[k]`` alone."""

    def __init__(self, feature_count: int, seeds: Sequence[Sequence[int]], recipe: NetworkRecipe) -> None:
        import torch

        self._torch = torch
        self._recipe = recipe
        self._random = [np.random.default_rng(list(seed)) for seed in seeds]
        self.count = len(seeds)
        self.widths = (feature_count, feature_count // 2, 2)
        inputs = (feature_count, *self.widths[:2])
        weight_shapes = [(self.count, width, size) for width, size in zip(self.widths, inputs, strict=True)]
        unit_shapes = [(self.count, width) for width in self.widths]
        # One long parameter, of which the layers are views: one call of Adam serves all.
        sizes = [int(np.prod(shape)) for shape in (*weight_shapes, *unit_shapes, *unit_shapes[:2])]
        self._parameter = torch.zeros(sum(sizes))
        self._parameter.grad = torch.zeros(sum(sizes))
        self._optimiser = torch.optim.Adam([self._parameter], lr=recipe.learning_rate, fused=True)
        values, gradients = self._parameter.split(sizes), self._parameter.grad.split(sizes)
        self.weights = [part.view(shape) for part, shape in zip(values[:3], weight_shapes, strict=True)]
        self._weight_gradients = [part.view(shape) for part, shape in zip(gradients[:3], weight_shapes, strict=True)]
        # Of the hidden layers the shift of BatchNorm, of the output layer the bias; (m * width,).
        self.biases, self._bias_gradients = values[3:6], gradients[3:6]
        self.bn_weights, self._bn_weight_gradients = values[6:], gradients[6:]
        self.running_means = [torch.zeros(size) for size in sizes[3:5]]
        self.running_variances = [torch.ones(size) for size in sizes[3:5]]
        for weight, size in zip(self.weights, inputs, strict=True):
            weight.copy_(self._uniform(weight.shape[1:], size))
        self.biases[2].copy_(self._uniform((2,), inputs[2]).flatten())
        for weight in self.bn_weights:
            weight.fill_(1.0)

    def train(self, features: np.ndarray, outcome: np.ndarray, go_on: Callable[[], bool] = lambda: True) -> None:
        """Train all epochs.

        Parameters
        ----------
        features : array (m, n_rows, n_features)
            Scaled training rows of each network.
        outcome : bool array (m, n_rows)
            True for OR.
        go_on : callable
            Asked before each epoch; False ends the training early (cancelled).
        """
        torch = self._torch
        inputs = torch.from_numpy(np.ascontiguousarray(features, dtype=np.float32))
        targets = torch.from_numpy(np.stack([~outcome, outcome], axis=2).astype(np.float32))
        batches = batch_slices(inputs.shape[1], self._recipe.batch_size)
        for epoch in range(self._recipe.epochs):
            if not go_on():
                return
            rate = self._recipe.learning_rate * (1.0 + np.cos(np.pi * epoch / self._recipe.epochs)) / 2.0
            for group in self._optimiser.param_groups:
                group["lr"] = float(rate)
            order = [torch.from_numpy(random.permutation(inputs.shape[1])) for random in self._random]
            epoch_inputs = torch.stack([inputs[k, rows] for k, rows in enumerate(order)], dim=1)
            epoch_targets = torch.stack([targets[k, rows] for k, rows in enumerate(order)], dim=1)
            masks = [self._dropout_masks(inputs.shape[1], width) for width in self.widths[:2]]
            for rows in batches:
                self.step(epoch_inputs[rows], epoch_targets[rows], [mask[rows] for mask in masks])

    def step(self, inputs, targets, masks) -> None:
        """One step of Adam on a mini-batch: inputs (b, m, n), targets (b, m, 2) one-hot, masks (b, m, width) of the
        hidden layers: 0 for a unit left out, 1 / (1 - dropout) for one that stays."""
        torch = self._torch
        hidden, caches = inputs, []
        for layer in range(2):
            linear = self._multiply(hidden, self.weights[layer].transpose(1, 2)).flatten(1)
            normal, mean, inverse_deviation = torch.native_batch_norm(
                linear,
                self.bn_weights[layer],
                self.biases[layer],
                self.running_means[layer],
                self.running_variances[layer],
                True,
                BATCH_NORM_MOMENTUM,
                BATCH_NORM_EPSILON,
            )
            caches.append((hidden, linear, mean, inverse_deviation))
            hidden = normal.relu_().mul_(masks[layer].flatten(1)).view(masks[layer].shape)
        logits = self._multiply(hidden, self.weights[2].transpose(1, 2)) + self.biases[2].view(self.count, 2)
        gradient = (torch.softmax(logits, dim=2) - targets) / len(inputs)
        self._weight_gradient(2, gradient, hidden)
        torch.sum(gradient.flatten(1), dim=0, out=self._bias_gradients[2])
        for layer in (1, 0):
            layer_input, linear, mean, inverse_deviation = caches[layer]
            gradient = self._multiply(gradient, self.weights[layer + 1]).mul_(masks[layer])
            gradient = torch.ops.aten.threshold_backward(gradient, hidden, 0.0).flatten(1)
            gradient, weight_gradient, bias_gradient = torch.ops.aten.native_batch_norm_backward(
                gradient,
                linear,
                self.bn_weights[layer],
                self.running_means[layer],
                self.running_variances[layer],
                mean,
                inverse_deviation,
                True,
                BATCH_NORM_EPSILON,
                [True, True, True],
            )
            self._bn_weight_gradients[layer].copy_(weight_gradient)
            self._bias_gradients[layer].copy_(bias_gradient)
            gradient = gradient.view(len(inputs), self.count, -1)
            self._weight_gradient(layer, gradient, layer_input)
            hidden = layer_input
        self._optimiser.step()

    def _multiply(self, values, matrices):
        """values (b, m, k) times matrices (m, k, j): (b, m, j)."""
        result = self._torch.empty(len(values), self.count, matrices.shape[2])
        for network in range(self.count):
            self._torch.mm(values[:, network], matrices[network], out=result[:, network])
        return result

    def _weight_gradient(self, layer: int, gradient, layer_input) -> None:
        for network in range(self.count):
            self._torch.mm(gradient[:, network].T, layer_input[:, network], out=self._weight_gradients[layer][network])

    def folded(self) -> FoldedNetworks:
        """The networks as they predict."""
        weights, biases = [], []
        for layer in range(2):
            shape = (self.count, self.widths[layer])
            weight, bias = fold_batch_norm(
                self.weights[layer].numpy(),
                *(
                    values[layer].numpy().reshape(shape)
                    for values in (self.bn_weights, self.biases, self.running_means, self.running_variances)
                ),
                BATCH_NORM_EPSILON,
            )
            weights.append(weight)
            biases.append(bias)
        weights.append(self.weights[2].numpy().copy())
        biases.append(self.biases[2].view(self.count, 2).numpy().copy())
        return FoldedNetworks(tuple(weights), tuple(np.ones_like(bias) for bias in biases), tuple(biases))

    def _uniform(self, shape: tuple[int, ...], inputs: int):
        limit = 1.0 / np.sqrt(inputs)
        drawn = [random.uniform(-limit, limit, shape).astype(np.float32) for random in self._random]
        return self._torch.from_numpy(np.stack(drawn))

    def _dropout_masks(self, row_count: int, width: int):
        """0, or 1 / (1 - dropout) for a unit that stays: (rows, m, width)."""
        kept_of_256 = round(256 * (1.0 - self._recipe.dropout))
        drawn = [random.integers(0, 256, (row_count, width), dtype=np.uint8) for random in self._random]
        kept = np.stack(drawn, axis=1) < kept_of_256
        return self._torch.from_numpy(kept.astype(np.float32) * np.float32(256 / kept_of_256))


def batch_slices(row_count: int, batch_size: int) -> list[slice]:
    """Mini-batches of an epoch; a last batch of one row, on which BatchNorm fails, joins the one before it."""
    starts = list(range(0, row_count, batch_size))
    if row_count - starts[-1] == 1 and len(starts) > 1:
        starts.pop()
    return [slice(start, stop) for start, stop in zip(starts, [*starts[1:], row_count], strict=True)]
