"""The few SVG shapes of the reports, with the colours that all figures share.

Shapes carry their colours as attributes, not style classes, so that a figure looks the same wherever it stands. Blue
and vermilion are from the palette of Okabe and Ito, which colour-blind readers can tell apart.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from typing import NamedTuple

RESPONSE = "#0072B2"
NO_RESPONSE = "#D55E00"
INK = "#1d2a33"
MUTED = "#5b6b76"
GRID = "#d5dde2"
TRACK = "#e9eef1"
PATIENT = "#111111"

FONT = "'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"


class Drawing(NamedTuple):
    """A figure drawn here: an SVG element and its natural width in pixels."""

    svg: str
    width: float

    def file(self) -> bytes:
        """The figure as a file of its own, which needs the name of its language."""
        return self.svg.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1).encode("utf-8")


def ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Round numbers (1, 2 or 5 times a power of ten apart) from ``low`` to ``high``, ``most`` of them at most."""
    step = 10.0 ** math.floor(math.log10((high - low) / most))
    step *= next(factor for factor in (1, 2, 5, 10, 20) if (high - low) / (factor * step) < most)
    first = math.ceil(low / step)
    return [round(place * step, 12) for place in range(first, math.floor(high / step) + 1)]


def number(value: float) -> str:
    """A coordinate with two decimals at most."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def picture(width: float, height: float, shapes: Sequence[str], title: str) -> str:
    """An SVG element that scales to its container; ``title`` is what a screen reader says."""
    return (
        f'<svg viewBox="0 0 {number(width)} {number(height)}" role="img" '
        f'aria-label="{escape(title)}" font-family="{escape(FONT)}">{"".join(shapes)}</svg>'
    )


def line(x1: float, y1: float, x2: float, y2: float, colour: str, width: float = 1.0, dash: str = "") -> str:
    """A straight line; ``dash`` as in stroke-dasharray."""
    dashes = f' stroke-dasharray="{dash}"' if dash else ""
    return (
        f'<line x1="{number(x1)}" y1="{number(y1)}" x2="{number(x2)}" y2="{number(y2)}" stroke="{colour}" '
        f'stroke-width="{number(width)}"{dashes}/>'
    )


def box(x: float, y: float, width: float, height: float, fill: str, opacity: float = 1.0, radius: float = 0.0) -> str:
    """A filled rectangle."""
    return (
        f'<rect x="{number(x)}" y="{number(y)}" width="{number(max(width, 0.0))}" height="{number(height)}" '
        f'fill="{fill}" fill-opacity="{number(opacity)}" rx="{number(radius)}"/>'
    )


def dot(x: float, y: float, radius: float, fill: str, opacity: float = 1.0, stroke: str = "none") -> str:
    """A filled circle."""
    return (
        f'<circle cx="{number(x)}" cy="{number(y)}" r="{number(radius)}" fill="{fill}" '
        f'fill-opacity="{number(opacity)}" stroke="{stroke}" stroke-width="1.5"/>'
    )


def path(commands: str, stroke: str = "none", width: float = 1.0, fill: str = "none", opacity: float = 1.0) -> str:
    """A path; ``opacity`` is that of fill and stroke."""
    return (
        f'<path d="{commands}" stroke="{stroke}" stroke-width="{number(width)}" fill="{fill}" '
        f'opacity="{number(opacity)}" stroke-linecap="square"/>'
    )


def label(
    x: float,
    y: float,
    text: str,
    size: float = 12.0,
    colour: str = INK,
    anchor: str = "start",
    weight: str = "400",
    halo: str = "",
) -> str:
    """Text at a baseline; ``anchor`` is start, middle or end; ``halo`` is a colour around letters on an image."""
    around = (
        f' stroke="{halo}" stroke-width="{number(size / 6)}" stroke-linejoin="round" paint-order="stroke"'
        if halo
        else ""
    )
    return (
        f'<text x="{number(x)}" y="{number(y)}" font-size="{number(size)}" fill="{colour}" text-anchor="{anchor}" '
        f'font-weight="{weight}"{around}>{escape(text)}</text>'
    )
