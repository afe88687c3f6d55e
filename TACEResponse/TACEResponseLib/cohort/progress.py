"""How long work reports what it does, everywhere in the library."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[int, int, str], None]
"""``progress(done, total, text)`` before each step and at the end; what it raises cancels the work."""


def part_of(progress: Progress | None, first: int, total: int) -> Progress | None:
    """The progress of a part whose steps begin at ``first`` of the ``total`` steps of a longer work."""
    if progress is None:
        return None
    return lambda done, _, text: progress(first + done, total, text)
