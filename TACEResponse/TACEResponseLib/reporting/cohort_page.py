"""The page that every report of a cohort is: heading, strips, remarks and sections, with figures also as files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ..cohort import replace_file
from ..prediction.wording import RESEARCH_USE_ONLY
from .figure_files import figure_bytes
from .page import page, section, text
from .svg import Drawing

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_PIXELS_A_POINT = 1.36
"""Figures keep their natural size on a wide page, so that letters are of one size in all of them."""


class Strip(NamedTuple):
    """A band across the top of the page; ``kind`` is its CSS class."""

    kind: str
    title: str
    sentence: str


PHANTOM_STRIP = Strip("phantom", "PHANTOM RESULTS", "Synthetic patients; nothing here says anything about real ones.")


class ReportFigure(NamedTuple):
    """A figure, of matplotlib or drawn here, by the name of its files; ``label``, as "Fig. 1", begins the caption."""

    name: str
    caption: str
    figure: Figure | Drawing
    label: str = ""


@dataclass(frozen=True)
class CohortPage:
    """A report: plain texts but for ``sections``, which are HTML as `page.section` makes it, empty ones among them.

    ``title`` is that of the document, ``kicker`` and ``heading`` stand above the sections, ``details`` beside them.
    """

    title: str
    heading: str
    sections: Sequence[str]
    kicker: str = ""
    details: Sequence[str] = ()
    strips: Sequence[Strip] = ()
    remarks: Sequence[str] = ()

    def html(self) -> str:
        """The whole document; remarks come after the first section."""
        strips = "".join(
            f'<div class="strip {one.kind}"><strong>{text(one.title)}</strong> {text(one.sentence)}</div>'
            for one in self.strips
        )
        remarks = section("Remarks", bullets(self.remarks), "warnings") if self.remarks else ""
        details = "<br>".join(text(one) for one in self.details)
        return page(
            self.title,
            f'<div class="banner">{text(RESEARCH_USE_ONLY)}</div>\n{strips}\n<main class="study">\n'
            f'<header><div><p class="kicker">{text(self.kicker)}</p><h1>{text(self.heading)}</h1></div>'
            f'<p class="model">{details}</p></header>\n'
            f"{''.join([*self.sections[:1], remarks, *self.sections[1:]])}</main>",
        )


def bullets(sentences: Sequence[str]) -> str:
    """A list of plain sentences."""
    return "<ul>" + "".join(f"<li>{text(one)}</li>" for one in sentences) + "</ul>"


def folded(title: str, content: str, css_class: str = "", is_open: bool = False) -> str:
    """A section that opens when its title is clicked; ``content`` is HTML."""
    opened = " open" if is_open else ""
    details = f"<details{opened}><summary>{text(title)}</summary>{content}</details>"
    return f'<section class="card folded {css_class}">{details}</section>\n'


def write_figures(folder: Path, figures: Iterable[ReportFigure], owned: str = "*") -> dict[str, str]:
    """Write figures as SVG, those of matplotlib also as PNG, into ``folder``/figures; returns their HTML by name.

    Figures that match ``owned`` and are not among these are of an earlier run, and are removed. Raises ValueError if a
    file cannot be written.
    """
    shown = {}
    for one in figures:
        path = folder / "figures" / f"{one.name}.svg"
        if isinstance(one.figure, Drawing):
            replace_file(path, one.figure.file())
            shown[one.name] = _figure(one, one.figure.svg, one.figure.width)
            continue
        svg = figure_bytes(one.figure, "svg")
        replace_file(path, svg)
        replace_file(path.with_suffix(".png"), figure_bytes(one.figure, "png"))
        shown[one.name] = _figure(one, svg.decode("utf-8"), one.figure.get_figwidth() * 72 * _PIXELS_A_POINT)
    for path in (folder / "figures").glob(owned):
        if path.suffix in (".svg", ".png") and path.stem not in shown:
            path.unlink()
    return shown


def _figure(one: ReportFigure, svg: str, width: float) -> str:
    label = f"<strong>{text(one.label)}.</strong> " if one.label else ""
    return (
        f'<figure class="study-figure" style="max-width:{width:.0f}px">'
        f"{svg[svg.index('<svg') :]}<figcaption>{label}{text(one.caption)}</figcaption></figure>"
    )
