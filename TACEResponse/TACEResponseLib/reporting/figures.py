"""The figures of one patient's report: uncertainty bar, training scores, contributions, slices."""

from __future__ import annotations

import math

import numpy as np

from ..models import ModelBundle
from ..prediction import Contribution, PerturbationBand, Prediction
from ..prediction.wording import per_hundred, percent_of_threshold, score_label
from . import svg
from .png import png_data_uri
from .slice_view import SliceView, display_window, enlarge, outline_commands, to_grey

_SLICE_PIXELS = 420
_OUTLINE = "#ffd23f"
_DENSITY_POINTS = 161


def probability_bar(prediction: Prediction, bundle: ModelBundle) -> str:
    """Estimate, or range of estimates, with its 95 % interval on a scale of 0 to 100 patients."""
    left, width, top, height = 12.0, 616.0, 30.0, 22.0

    def x(probability: float) -> float:
        return left + width * probability

    training = bundle.cohort_responders / bundle.cohort_size
    below = top + height
    low, high = prediction.probability_low, prediction.probability_high
    shapes = [svg.box(left, top, width, height, svg.TRACK, radius=4)]
    shapes += [svg.box(x(low), top, x(high) - x(low), height, svg.RESPONSE, 0.28, radius=4)]
    threshold = f"threshold {percent_of_threshold(prediction.threshold)}"
    shapes += [svg.line(x(prediction.threshold), top - 7, x(prediction.threshold), below + 4, svg.INK, 1.2, "3 2")]
    shapes += [_clamped_label(x(prediction.threshold), top - 12, threshold, left, left + width, svg.INK)]
    smallest, largest = prediction.estimates
    if prediction.probability_range is None:
        shapes += [svg.line(x(smallest), top - 3, x(smallest), below + 3, svg.RESPONSE, 4)]
    else:
        shapes += [svg.box(x(smallest), top + 5, x(largest) - x(smallest), height - 10, svg.RESPONSE, 0.9, radius=2)]
        shapes += [svg.line(x(p), top + 2, x(p), below - 2, svg.RESPONSE, 3) for p in (smallest, largest)]
    for hundredth in (0, 25, 50, 75, 100):
        shapes += [svg.line(x(hundredth / 100), below, x(hundredth / 100), below + 5, svg.MUTED)]
        anchor = {0: "start", 100: "end"}.get(hundredth, "middle")
        shapes += [svg.label(x(hundredth / 100), below + 18, str(hundredth), 12, svg.MUTED, anchor)]
    shapes += [svg.path(f"M{x(training):.1f} {below + 24:.1f}l-5 8h10z", fill=svg.MUTED)]
    cohort = f"training cohort {per_hundred(training)}"
    shapes += [_clamped_label(x(training), below + 45, cohort, left, left + width, svg.MUTED)]
    return svg.picture(640, below + 50, shapes, "Estimate with model uncertainty, of 100 patients")


def perturbation_bar(band: PerturbationBand) -> str:
    """The band over perturbed VOIs on the scale of `probability_bar`, slimmer, so that it is not taken for it."""
    left, width, top, height = 12.0, 616.0, 20.0, 8.0
    x_low, x_high = (left + width * edge for edge in (band.low, band.high))
    shapes = [svg.label(left, top - 7, "VOIs drawn a little differently", 12.5, svg.MUTED)]
    shapes += [svg.box(left, top, width, height, svg.TRACK, radius=3)]
    shapes += [svg.box(x_low, top, max(x_high - x_low, 2.0), height, svg.MUTED, 0.75, radius=2)]
    return svg.picture(640, top + height + 6, shapes, "Estimate over perturbed VOIs, of 100 patients")


def score_figure(prediction: Prediction, bundle: ModelBundle) -> str:
    """Out-of-fold training scores by outcome, dots and density, with this patient's line (the paper's Fig. 2).

    Empty if the bundle holds no training scores or the patient's place among them is unknown.
    """
    if prediction.position is None:
        return ""
    scores = {outcome: np.sort(np.asarray(bundle.training_scores[outcome], float)) for outcome in ("OR", "NOR")}
    is_probability = bundle.position_score == "probability"
    own = prediction.estimates[0] if is_probability else prediction.scores[bundle.position_score]
    everything = np.concatenate([*scores.values(), [own]])
    bounded = everything.min() >= 0 and everything.max() <= 1
    low, high = (0.0, 1.0) if bounded else (float(everything.min()), float(everything.max()))
    left, width, top, row = 112.0, 336.0, 34.0, 78.0

    def x(score: float) -> float:
        return left + width * (score - low) / (high - low)

    bottom = top + 2 * row
    shapes = []
    for tick in np.linspace(low, high, 6):
        shapes += [svg.line(x(tick), top, x(tick), bottom, svg.GRID)]
        shapes += [
            svg.label(x(tick), bottom + 17, f"{tick:.1f}" if bounded else f"{tick:.3g}", 12, svg.MUTED, "middle")
        ]
    grid = np.linspace(low, high, _DENSITY_POINTS)
    densities = {
        outcome: _density(values, grid, (low, high) if bounded else None) for outcome, values in scores.items()
    }
    tallest = max(density.max() for density in densities.values())
    subjects = "phantoms" if bundle.demonstration else "patients"
    colours = {"OR": svg.RESPONSE, "NOR": svg.NO_RESPONSE}
    for number, (outcome, title) in enumerate((("OR", "response"), ("NOR", "no response"))):
        base = top + row * number + 48
        heights = 42 * densities[outcome] / tallest
        curve = "".join(f"L{x(g):.1f} {base - h:.1f}" for g, h in zip(grid, heights, strict=True))
        shapes += [
            svg.path(f"M{x(low):.1f} {base:.1f}{curve}L{x(high):.1f} {base:.1f}z", fill=colours[outcome], opacity=0.3)
        ]
        shapes += [svg.line(left, base, left + width, base, colours[outcome])]
        # The golden ratio spreads neighbours over the height of the strip, the same way each time.
        spread = np.arange(len(scores[outcome])) * 0.618034 % 1.0
        shapes += [
            svg.dot(x(score), base + 6 + 15 * jitter, 2.3, colours[outcome], 0.75)
            for score, jitter in zip(scores[outcome], spread, strict=True)
        ]
        shapes += [svg.label(left - 10, base - 8, title, 13, svg.INK, "end", "600")]
        shapes += [svg.label(left - 10, base + 8, f"{len(scores[outcome])} {subjects}", 12, svg.MUTED, "end")]
    shapes += [svg.line(x(own), top - 10, x(own), bottom, svg.PATIENT, 2.2)]
    shapes += [_clamped_label(x(own), top - 16, f"this patient {own:.2f}", left, left + width, svg.PATIENT, "700")]
    axis = "estimated share with response" if is_probability else score_label(bundle.position_score)
    shapes += [svg.label(left + width / 2, bottom + 36, axis, 12.5, svg.MUTED, "middle")]
    return svg.picture(460, bottom + 42, shapes, "Training scores by outcome with this patient's line")


def contribution_bars(contributions: tuple[Contribution, ...]) -> tuple[list[str], str]:
    """One bar with its interval a term, all on one scale of odds, and the axis that belongs below them."""
    edges = [abs(edge) for contribution in contributions for edge in contribution.effect or ()]
    reach = max([math.log(2), *edges]) * 1.08
    width, height = 240.0, 26.0

    def x(log_odds: float) -> float:
        return width / 2 * (1 + log_odds / reach)

    ticks = [math.log(factor) for factor in _odds_ticks(reach)]
    bars = []
    for contribution in contributions:
        shapes = [svg.line(x(tick), 0, x(tick), height, svg.GRID) for tick in ticks]
        shapes += [svg.line(x(0), 0, x(0), height, svg.MUTED, 1.2)]
        if contribution.effect is not None:
            log_odds, *ends = contribution.effect
            colour = svg.RESPONSE if log_odds > 0 else svg.NO_RESPONSE
            colour = svg.MUTED if contribution.includes_no_effect else colour
            start, stop = sorted((x(0), x(log_odds)))
            low, high = map(x, ends)
            shapes += [svg.box(start, 6, stop - start, height - 12, colour, 0.55)]
            shapes += [svg.line(low, height / 2, high, height / 2, svg.INK, 1.6)]
            shapes += [svg.line(edge, height / 2 - 4, edge, height / 2 + 4, svg.INK, 1.6) for edge in (low, high)]
        bars.append(svg.picture(width, height, shapes, f"Contribution of {contribution.label}"))
    shapes = []
    for tick in ticks:
        shapes += [svg.line(x(tick), 0, x(tick), 4, svg.MUTED)]
        shapes += [svg.label(x(tick), 17, f"× {math.exp(tick):.2g}", 11, svg.MUTED, "middle")]
    return bars, svg.picture(width, 22, shapes, "Scale of the odds")


def slice_figure(view: SliceView, field_mm: float) -> str:
    """A cropped slice in true proportions with the VOI outlined, the patient's sides and a bar of 20 mm."""
    rows, columns = view.pixels.shape
    height_mm, width_mm = rows * view.height_mm, columns * view.width_mm
    scale = _SLICE_PIXELS / field_mm
    shown = enlarge(
        np.nan_to_num(view.pixels.astype(float)), max(1, round(height_mm * scale)), max(1, round(width_mm * scale))
    )
    grey = to_grey(shown, display_window(view.pixels))
    x, y = (field_mm - width_mm) / 2, (field_mm - height_mm) / 2
    outline = outline_commands(view.mask, view.height_mm, view.width_mm)
    text, inset, unit = field_mm / 17, field_mm / 40, field_mm / 200
    middle = field_mm / 2
    letters = (
        (view.left, inset, middle + text / 3, "start"),
        (view.right, field_mm - inset, middle + text / 3, "end"),
        (view.top, middle, inset + text * 0.8, "middle"),
        (view.bottom, middle, field_mm - inset, "middle"),
    )
    bar_y = field_mm - inset - unit
    shapes = [
        svg.box(0, 0, field_mm, field_mm, "#000000"),
        f'<image x="{svg.number(x)}" y="{svg.number(y)}" width="{svg.number(width_mm)}" '
        f'height="{svg.number(height_mm)}" preserveAspectRatio="none" href="{png_data_uri(grey)}"/>',
        f'<g transform="translate({svg.number(x)} {svg.number(y)})">',
        svg.path(outline, "#000000", unit * 3.2, opacity=0.55),
        svg.path(outline, _OUTLINE, unit * 1.5),
        "</g>",
        *(svg.label(lx, ly, letter, text, "#ffffff", anchor, "600", "#000000") for letter, lx, ly, anchor in letters),
        svg.line(inset - unit, bar_y, inset + 20 + unit, bar_y, "#000000", unit * 4),
        svg.line(inset, bar_y, inset + 20, bar_y, "#ffffff", unit * 2),
        svg.label(inset, bar_y - unit * 4, "20 mm", text * 0.8, "#ffffff", halo="#000000"),
    ]
    return svg.picture(field_mm, field_mm, shapes, f"{view.sequence}, {view.place}, with the VOI outlined")


def _clamped_label(x: float, y: float, text: str, left: float, right: float, colour: str, weight: str = "400") -> str:
    """A label centred at ``x``, kept between the two ends."""
    half = 3.4 * len(text)
    if x - half < left:
        return svg.label(left, y, text, 12.5, colour, "start", weight)
    if x + half > right:
        return svg.label(right, y, text, 12.5, colour, "end", weight)
    return svg.label(x, y, text, 12.5, colour, "middle", weight)


def _density(values: np.ndarray, grid: np.ndarray, bounds: tuple[float, float] | None) -> np.ndarray:
    """Gaussian kernel density with Silverman's bandwidth; mass beyond ``bounds`` is folded back."""
    spread = min(values.std(), float(np.subtract(*np.percentile(values, (75, 25)))) / 1.34) or values.std()
    bandwidth = max(0.9 * spread * len(values) ** -0.2, (grid[-1] - grid[0]) / 50)
    centres = values if bounds is None else np.concatenate([values, 2 * bounds[0] - values, 2 * bounds[1] - values])
    kernels = np.exp(-0.5 * ((grid[:, None] - centres) / bandwidth) ** 2)
    density: np.ndarray = kernels.sum(axis=1) / (bandwidth * len(values))
    return density


def _odds_ticks(reach: float) -> tuple[float, ...]:
    """Round factors of the odds, 1 in the middle, at most five within ``reach`` (natural log)."""
    largest = max(factor for factor in (1.5, 2, 4, 10, 100, 1000) if factor == 1.5 or math.log(factor) <= 0.9 * reach)
    return (1 / largest, 1.0, float(largest))
