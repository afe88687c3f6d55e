"""Small pieces of the texts that people read."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

_STEERING = ("Cc", "Cf", "Cs", "Zl", "Zp")
"""Unicode's categories of what is obeyed and not shown: controls, formats, surrogates, ends of lines and paragraphs."""


_OPEN, _CLOSE = "\u2068", "\u2069"
_MARKS = re.compile(f"[{_OPEN}{_CLOSE}]")
_PRIVATE = re.compile(f"{_OPEN}[^{_CLOSE}]*{_CLOSE}")


def named_and_more(names: Iterable[object], most: int = 5, separator: str = ", ") -> str:
    """The first ``most`` names and how many follow: "a, b and 3 more", or "a; b; and 3 more" between semicolons."""
    listed = [str(name) for name in names]
    text = separator.join(listed[:most])
    more = len(listed) - most
    if more <= 0:
        return text
    return f"{text}{';' if ';' in separator else ''} and {more} more"


def shortened(text: str, most: int = 80) -> str:
    """The text of a cell, cut where nobody would read on in a message."""
    return text if len(text) <= most else f"{text[:most]}..."


def private(value: object) -> str:
    """An original identifier, date or text of a scanner within a message.

    The person at the screen needs it; `public` leaves it out of results. It stands between Unicode's isolates, which
    are invisible and stay on the way through logs and processes.
    """
    return f"{_OPEN}{_MARKS.sub('', str(value))}{_CLOSE}"


def public(text: str) -> str:
    """A message as it may stand in results, which are handed on: what is `private` is left out."""
    return _MARKS.sub("", _PRIVATE.sub("...", text))


def printable(text: str, line_ends: bool = True) -> str:
    """``text`` without what could steer a terminal, a log or a page instead of being shown there.

    Control characters, marks of writing direction and characters that cannot be encoded are written as escapes such as
    ``\\x1b``; with ``line_ends`` lines stay lines. Joiners stay: names are written with them.
    """
    if text.isprintable():
        return text
    text = _MARKS.sub("", text)
    return "".join(sign if _is_shown(sign) or (line_ends and sign == "\n") else _escape(sign) for sign in text)


def _is_shown(sign: str) -> bool:
    # Joiners of letters, and blanks of all kinds.
    return unicodedata.category(sign) not in _STEERING or sign in "\u200c\u200d"


def _escape(sign: str) -> str:
    return sign.encode("unicode_escape").decode("ascii")
