"""Small pieces of the texts that people read."""

from __future__ import annotations

from collections.abc import Iterable


def named_and_more(names: Iterable[object], most: int = 5, separator: str = ", ") -> str:
    """The first ``most`` names and how many follow: "a, b and 3 more", or "a; b; and 3 more" between semicolons."""
    listed = [str(name) for name in names]
    text = separator.join(listed[:most])
    more = len(listed) - most
    if more <= 0:
        return text
    return f"{text}{';' if ';' in separator else ''} and {more} more"
