"""Figures of the report of repeatability: every feature's ICC, and Bland-Altman plots.

Drawn as SVG without a library, as the command also runs in 3D Slicer, which has no matplotlib.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..repeatability import Icc, Repeatability
from .svg import GRID, INK, MUTED, Drawing, dot, label, line, number, picture, ticks

_COLOURS = {"test-retest": "#0072b2", "inter-observer": "#d55e00", "perturbation": "#2e7d32"}


LOWEST_DRAWN = -0.1
"""Few pairs give ICCs far below 0, which would flatten all others."""


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


def icc_figure(names: Sequence[str], parts: Mapping[str, Icc], threshold: float) -> Drawing:
    """A point for each feature by class and sequence; ``parts`` are ICCs by kind of repetition.

    An ICC below `LOWEST_DRAWN` is drawn there; an undefined one has no point.
    """
    groups = list(feature_groups(names))
    sequences = list(dict.fromkeys(sequence for _, sequence, _ in groups))
    classes = list(dict.fromkeys(feature_class for feature_class, _, _ in groups))
    row_height, panel_width, left, top = 34.0, 190.0, 80.0, 54.0
    bottom = top + row_height * len(classes)
    shapes = []
    for place, kind in enumerate(parts):
        shapes += [dot(left + 150 * place, 14, 4, _COLOURS[kind]), label(left + 150 * place + 10, 18, kind)]
    for column, sequence in enumerate(sequences):
        start = left + column * (panel_width + 24)
        to_x = _scale(LOWEST_DRAWN, 1.0, start, start + panel_width)
        shapes.append(label(start + panel_width / 2, top - 14, sequence, 13, anchor="middle", weight="600"))
        shapes += _bottom_axis(to_x, (0.0, 0.25, 0.5, 0.75, 1.0), top, bottom, "ICC")
        shapes.append(line(to_x(threshold), top, to_x(threshold), bottom, INK, 1.2, "5 4"))
        for place, (kind, result) in enumerate(parts.items()):
            for feature_class, own, columns in groups:
                if own != sequence:
                    continue
                row = classes.index(feature_class) + 0.5 + (place - (len(parts) - 1) / 2) * 0.34
                spread = 0.1 * np.sin(np.arange(columns.size) * 2.4)
                for value, offset in zip(np.clip(result.value[columns], LOWEST_DRAWN, 1), spread, strict=True):
                    if np.isfinite(value):
                        shapes.append(dot(to_x(value), top + row_height * (row + offset), 2.4, _COLOURS[kind], 0.75))
    for row, feature_class in enumerate(classes):
        shapes.append(label(left - 10, top + row_height * (row + 0.5) + 4, feature_class, anchor="end"))
    width = left + len(sequences) * (panel_width + 24)
    return Drawing(picture(width, bottom + 44, shapes, "ICC of every feature"), width)


def agreement(part: Repeatability, name: str) -> Agreement:
    """Bias and limits, bias +- 1.96 standard deviations (Bland, Altman 1986), of the pairs with two values."""
    first, second = _valued_pairs(part, name)
    if first.size < 2:
        return Agreement(float("nan"), float("nan"), float("nan"))
    bias, spread = float((second - first).mean()), float((second - first).std(ddof=1))
    return Agreement(bias, bias - 1.96 * spread, bias + 1.96 * spread)


def bland_altman_figure(parts: Sequence[Repeatability], name: str) -> Drawing:
    """Difference against mean of both drawings, a panel for each kind of repetition."""
    shapes: list[str] = []
    width, height, left, top = 320.0, 210.0, 80.0, 48.0
    for column, part in enumerate(parts):
        first, second = _valued_pairs(part, name)
        mean, difference, limits = (first + second) / 2, second - first, agreement(part, name)
        start = left + column * (width + 90)
        heights = [value for value in (limits.bias, limits.low, limits.high) if np.isfinite(value)]
        to_x = _scale(*_reach(mean), start, start + width)
        to_y = _scale(*_reach(np.append(difference, heights)), top + height, top)
        value = part.icc.value[part.names.index(name)]
        known = "ICC undefined" if np.isnan(value) else f"ICC {value:.3f}"
        shown = f"{limits.bias:+.3g} ({limits.low:+.3g} to {limits.high:+.3g})"
        shapes.append(label(start, top - 30, f"{part.redrawn.kind}, {known}", 13, weight="600"))
        shapes.append(label(start, top - 12, shown))
        shapes += _bottom_axis(to_x, ticks(*_reach(mean)), top, top + height, "mean of both")
        for tick in ticks(*_reach(np.append(difference, heights))):
            shapes.append(line(start, to_y(tick), start + width, to_y(tick), GRID))
            shapes.append(label(start - 8, to_y(tick) + 4, f"{tick:g}", 11, MUTED, "end"))
        for level, dash in zip((limits.bias, limits.low, limits.high), ("", "5 4", "5 4"), strict=True):
            if np.isfinite(level):
                shapes.append(line(start, to_y(level), start + width, to_y(level), INK, 1.2, dash))
        points = zip(mean, difference, strict=True)
        shapes += [dot(to_x(x), to_y(y), 3.5, _COLOURS[part.redrawn.kind], 0.8) for x, y in points]
    total = left + len(parts) * (width + 90)
    # Turned by hand: SVG text that stands upright beside the axis.
    middle = number(top + height / 2)
    shapes.append(
        f'<g transform="rotate(-90 16 {middle})">'
        f"{label(16, top + height / 2, 'second minus first', anchor='middle')}</g>"
    )
    return Drawing(picture(total, top + height + 50, shapes, f"Bland-Altman plot of {name}"), total)


def _scale(low: float, high: float, start: float, end: float) -> Callable[[float], float]:
    """From numbers to pixels."""
    return lambda value: start + (value - low) / (high - low) * (end - start)


def _reach(values: np.ndarray) -> tuple[float, float]:
    """From the smallest to the largest value, with a twentieth around; never empty."""
    low, high = (float(values.min()), float(values.max())) if values.size else (0.0, 1.0)
    around = (high - low) / 20 or max(abs(high) / 20, 0.5)
    return low - around, high + around


def _bottom_axis(
    to_x: Callable[[float], float], at: Sequence[float], top: float, bottom: float, title: str
) -> list[str]:
    shapes = []
    for tick in at:
        shapes.append(line(to_x(tick), top, to_x(tick), bottom, GRID))
        shapes.append(label(to_x(tick), bottom + 16, f"{tick:g}", 11, MUTED, "middle"))
    return [*shapes, label((to_x(at[0]) + to_x(at[-1])) / 2, bottom + 34, title, anchor="middle")]


def _valued_pairs(part: Repeatability, name: str) -> np.ndarray:
    """First and second rating (2, n) of the pairs in which the feature has a value twice."""
    ratings = part.ratings[:, :, part.names.index(name)]
    return np.asarray(ratings[np.isfinite(ratings).all(axis=1)].T)
