"""Taking what names a patient out of texts that scanners and people wrote freely."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from .headers import ArchiveImage

_REMOVED = "[removed]"
_FEWEST_LETTERS = 3
_DATE_OR_NUMBER = re.compile(
    r"(?<!\d)(?:(?:19|20)\d\d[-./ ]?[01]\d[-./ ]?[0-3]\d|[0-3]?\d[-./][01]?\d[-./](?:19|20)?\d\d|\d{6,})(?!\d)"
)


def scrubber(images: Iterable[ArchiveImage]) -> Callable[[str], str]:
    """A function that removes a patient's name, IDs and all dates and long numbers from a text.

    Parts of the name of three letters and more are removed wherever they stand as a word, in any capitals.
    """
    texts = {one[keyword] for one in images for keyword in ("PatientName", "PatientID", "AccessionNumber")}
    parts = {part for text in texts for part in (text, *re.split(r"[\s^=,]+", text)) if len(part) >= _FEWEST_LETTERS}
    longest_first = sorted(parts, key=len, reverse=True)
    secrets = re.compile("|".join(rf"(?<![^\W_]){re.escape(part)}(?![^\W_])" for part in longest_first), re.IGNORECASE)

    def scrub(text: str) -> str:
        plain = secrets.sub(_REMOVED, text) if longest_first else text
        return _DATE_OR_NUMBER.sub(_REMOVED, plain)

    return scrub
