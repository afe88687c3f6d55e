"""Figures of the report of repeatability: every feature's ICC, and Bland-Altman plots (matplotlib)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..repeatability import Icc, Repeatability
from .figure_files import new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_COLOURS = {"test-retest": "#0072b2", "inter-observer": "#d55e00", "perturbation": "#2e7d32"}


@dataclass(frozen=True)
class Agreement:
    """Bias (second minus first) and its 95 % limits of agreement; NaN for fewer than two pairs."""

    bias: float
    low: float
    high: float


def sequence_and_class(name: str) -> tuple[str, str]:
    """Such as ("AP", "glcm") of AP_glcm_Contrast."""
    sequence, feature_class, _ = name.split("_", 2) if name.count("_") >= 2 else ("", "", name)
    return sequence, feature_class


def feature_groups(names: Sequence[str]) -> Iterator[tuple[str, str, np.ndarray]]:
    """(class, sequence, columns) of the features, in their order."""
    kinds = [sequence_and_class(name) for name in names]
    for feature_class in dict.fromkeys(kind[1] for kind in kinds):
        for sequence in dict.fromkeys(kind[0] for kind in kinds):
            columns = np.flatnonzero([kind == (sequence, feature_class) for kind in kinds])
            if columns.size:
                yield feature_class, sequence, columns


def icc_figure(names: Sequence[str], parts: Mapping[str, Icc], threshold: float) -> Figure:
    """A point for each feature by class and sequence; ``parts`` are ICCs by kind of repetition."""
    groups = list(feature_groups(names))
    sequences = list(dict.fromkeys(sequence for _, sequence, _ in groups))
    classes = list(dict.fromkeys(feature_class for feature_class, _, _ in groups))
    figure, axes = new_figure(9.0, 0.42 * len(classes) + 1.0, 1, len(sequences))
    for axis, sequence in zip(axes[0], sequences, strict=True):
        for place, (kind, result) in enumerate(parts.items()):
            label: str | None = kind
            for feature_class, own, columns in groups:
                if own == sequence:
                    row = classes.index(feature_class) + (place - (len(parts) - 1) / 2) * 0.34
                    spread = row + 0.1 * np.sin(np.arange(columns.size) * 2.4)
                    shown = np.clip(result.value[columns], -0.1, 1)
                    axis.plot(shown, spread, ".", color=_COLOURS[kind], markersize=4, alpha=0.75, label=label)
                    label = None
        axis.axvline(threshold, color="black", linewidth=0.8, linestyle="--")
        axis.set_xlim(-0.12, 1.03)
        axis.set_title(sequence, fontsize=9)
        axis.set_xlabel("ICC", fontsize=8)
        axis.set_yticks(range(len(classes)), classes if axis is axes[0, 0] else [])
        axis.set_ylim(len(classes) - 0.5, -0.5)
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, fontsize=8, frameon=False, loc="outside upper center", ncols=2)
    return figure


def agreement(part: Repeatability, name: str) -> Agreement:
    """Bias and limits, bias +- 1.96 standard deviations (Bland, Altman 1986), of the pairs with two values."""
    first, second = _valued_pairs(part, name)
    if first.size < 2:
        return Agreement(float("nan"), float("nan"), float("nan"))
    bias, spread = float((second - first).mean()), float((second - first).std(ddof=1))
    return Agreement(bias, bias - 1.96 * spread, bias + 1.96 * spread)


def bland_altman_figure(parts: Sequence[Repeatability], name: str) -> Figure:
    """Difference against mean of both drawings, a panel for each kind of repetition."""
    figure, axes = new_figure(4.4 * len(parts), 3.4, 1, len(parts))
    for axis, part in zip(axes[0], parts, strict=True):
        first, second = _valued_pairs(part, name)
        mean, difference = (first + second) / 2, second - first
        limits = agreement(part, name)
        axis.plot(mean, difference, "o", color=_COLOURS[part.redrawn.kind], markersize=4, alpha=0.8)
        for height, line in ((limits.bias, "-"), (limits.low, "--"), (limits.high, "--")):
            axis.axhline(height, color="black", linewidth=0.9, linestyle=line)
        value = part.icc.value[part.names.index(name)]
        known = "ICC undefined" if np.isnan(value) else f"ICC {value:.3f}"
        shown = f"{limits.bias:+.3g} ({limits.low:+.3g} to {limits.high:+.3g})"
        axis.set_title(f"{part.redrawn.kind}, {known}\n{shown}", fontsize=9)
        axis.set_xlabel("mean of both", fontsize=9)
        axis.set_ylabel("second minus first", fontsize=9)
    return figure


def _valued_pairs(part: Repeatability, name: str) -> np.ndarray:
    """First and second rating (2, n) of the pairs in which the feature has a value twice."""
    ratings = part.ratings[:, :, part.names.index(name)]
    return np.asarray(ratings[np.isfinite(ratings).all(axis=1)].T)
