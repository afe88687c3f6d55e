"""Something a reader must know about a case that is not a reason to refuse it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class CaseWarning:
    """A warning that a radiologist understands.

    ``code`` is a stable name such as "bins_outside_8_128"; ``sequence`` is None when the whole case is concerned.
    """

    code: str
    text: str
    sequence: str | None = None
