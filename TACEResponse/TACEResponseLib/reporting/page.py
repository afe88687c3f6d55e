"""A self-contained HTML page, and the pieces that escape whatever they are given."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path

_STYLE = Path(__file__).with_name("report.css")

# No script runs and nothing is loaded, whatever a bundle or a manifest may hold.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def text(value: object) -> str:
    """Any value as HTML text, escaped."""
    return escape(str(value), quote=True)


def page(title: str, body: str) -> str:
    """The whole document; ``body`` is HTML, ``title`` is plain text."""
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(_POLICY)}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{text(title)}</title>\n<style>\n{_STYLE.read_text(encoding='utf-8')}</style>\n</head>\n"
        f"<body>\n{body}\n</body>\n</html>\n"
    )


def section(title: str, content: str, css_class: str = "") -> str:
    """A titled part of the page; ``content`` is HTML."""
    return f'<section class="card {css_class}"><h2>{text(title)}</h2>{content}</section>\n'


def pair(left: str, right: str, css_class: str = "") -> str:
    """Two sections side by side where there is room; one alone takes the whole width."""
    if not (left and right):
        return left + right
    return f'<div class="pair {css_class}">{left}{right}</div>\n'


def table(header: Sequence[str], rows: Sequence[Sequence[object]], css_class: str = "") -> str:
    """A table of plain values; the first column heads its row."""
    head = "".join(f'<th scope="col">{text(cell)}</th>' for cell in header)
    body = "".join(
        f'<tr><th scope="row">{text(row[0])}</th>' + "".join(f"<td>{text(cell)}</td>" for cell in row[1:]) + "</tr>"
        for row in rows
    )
    return f'<table class="{css_class}"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'


def definitions(pairs: Sequence[tuple[str, object]]) -> str:
    """A list of terms and plain values."""
    return "<dl>" + "".join(f"<dt>{text(term)}</dt><dd>{text(value)}</dd>" for term, value in pairs) + "</dl>"
