"""Several networks of one shape trained side by side as one batch of matrices (torch; training only).

The network, "three layers, n-n/2-2" in the paper (ours: three linear layers): Linear(n, n), BatchNorm, ReLU, dropout;
Linear(n, n/2), BatchNorm, ReLU, dropout; Linear(n/2, 2); softmax. Decisions where the paper is silent: the output layer
has no BatchNorm, ReLU or dropout, which would cut off half of the logits that the softmax needs; the hidden linear
layers have no bias, because the BatchNorm after them subtracts it again.

Activations have axes (network, unit, patient): each layer is one ``torch.bmm``, and one BatchNorm call with a channel a
unit serves all networks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .folded_network import FoldedNetworks, fold_batch_norm, plain_layer

if TYPE_CHECKING:
    import torch

BATCH_NORM_EPSILON = 1e-5
BATCH_NORM_MOMENTUM = 0.1


@dataclass(frozen=True)
class NetworkRecipe:
    """How a network is trained (paper.md); Adam without weight decay and equal class weights are ours.

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
        self.weights = [self._uniform((width, size), size) for width, size in zip(self.widths, inputs, strict=True)]
        # Of the hidden layers the shift of BatchNorm, of the output layer the bias; (m * width,).
        self.biases = [torch.zeros(self.count * width) for width in self.widths[:2]]
        self.biases.append(self._uniform((2,), inputs[2]).flatten())
        self.bn_weights = [torch.ones(self.count * width) for width in self.widths[:2]]
        self.running_means = [torch.zeros(self.count * width) for width in self.widths[:2]]
        self.running_variances = [torch.ones(self.count * width) for width in self.widths[:2]]
        parameters = [parameter.requires_grad_() for parameter in (*self.weights, *self.biases, *self.bn_weights)]
        self._optimiser = torch.optim.Adam(parameters, lr=recipe.learning_rate, fused=True)

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
        targets = torch.from_numpy(np.asarray(outcome).astype(np.int64))
        batches = batch_slices(inputs.shape[1], self._recipe.batch_size)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(self._optimiser, self._recipe.epochs)
        for _ in range(self._recipe.epochs):
            if not go_on():
                return
            order = [torch.from_numpy(random.permutation(inputs.shape[1])) for random in self._random]
            epoch_inputs = torch.stack([inputs[k, rows].T for k, rows in enumerate(order)])
            epoch_targets = torch.stack([targets[k, rows] for k, rows in enumerate(order)])
            masks = [self._dropout_masks(inputs.shape[1], width) for width in self.widths[:2]]
            for rows in batches:
                self.step(epoch_inputs[..., rows], epoch_targets[:, rows], [mask[..., rows] for mask in masks])
            schedule.step()

    def step(self, inputs: torch.Tensor, targets: torch.Tensor, masks: Sequence[torch.Tensor]) -> None:
        """One step of Adam on a mini-batch of b patients a network: inputs (m, n, b), targets (m, b) 1 for OR, masks
        (m, width, b) of the hidden layers: 0 for a unit left out, 1 / (1 - dropout) for one that stays."""
        functional = self._torch.nn.functional
        hidden = inputs
        for layer in range(2):
            linear = self._torch.bmm(self.weights[layer], hidden)
            normal = functional.batch_norm(
                linear.reshape(1, -1, linear.shape[2]),
                self.running_means[layer],
                self.running_variances[layer],
                self.bn_weights[layer],
                self.biases[layer],
                training=True,
                momentum=BATCH_NORM_MOMENTUM,
                eps=BATCH_NORM_EPSILON,
            )
            hidden = functional.relu(normal).view(linear.shape) * masks[layer]
        logits = self._torch.baddbmm(self.biases[2].view(self.count, 2, 1), self.weights[2], hidden)
        # The sum over networks of each one's mean loss: no network's gradient depends on another's.
        loss = functional.cross_entropy(logits, targets, reduction="sum") / inputs.shape[2]
        self._optimiser.zero_grad()
        loss.backward()
        self._optimiser.step()

    def folded(self) -> FoldedNetworks:
        """The networks as they predict."""
        layers = []
        for layer in range(2):
            shape = (self.count, self.widths[layer])
            of_units = (self.bn_weights, self.biases, self.running_means, self.running_variances)
            scale, shift, mean, variance = (values[layer].detach().numpy().reshape(shape) for values in of_units)
            weight = self.weights[layer].detach().numpy()
            layers.append(fold_batch_norm(weight, scale, shift, mean, variance, BATCH_NORM_EPSILON))
        output, bias = self.weights[2].detach().numpy(), self.biases[2].detach().numpy()
        layers.append(plain_layer(output.copy(), bias.reshape(self.count, 2).copy()))
        return FoldedNetworks(tuple(layers))

    def _uniform(self, shape: tuple[int, ...], inputs: int) -> torch.Tensor:
        limit = 1.0 / np.sqrt(inputs)
        drawn = [random.uniform(-limit, limit, shape).astype(np.float32) for random in self._random]
        return self._torch.from_numpy(np.stack(drawn))

    def _dropout_masks(self, row_count: int, width: int) -> torch.Tensor:
        """0, or 1 / (1 - dropout) for a unit that stays: (m, width, rows)."""
        kept_of_256 = round(256 * (1.0 - self._recipe.dropout))
        drawn = [random.integers(0, 256, (width, row_count), dtype=np.uint8) for random in self._random]
        kept = np.stack(drawn) < kept_of_256
        return self._torch.from_numpy(kept.astype(np.float32) * np.float32(256 / kept_of_256))


def batch_slices(row_count: int, batch_size: int) -> list[slice]:
    """Mini-batches of an epoch; a last batch of one row, on which BatchNorm fails, joins the one before it."""
    starts = list(range(0, row_count, batch_size))
    if row_count - starts[-1] == 1 and len(starts) > 1:
        starts.pop()
    return [slice(start, stop) for start, stop in zip(starts, [*starts[1:], row_count], strict=True)]
