"""Numbers and answers in cells: what is accepted, and what is refused with what to write instead."""

from __future__ import annotations

import re
from datetime import date, datetime

_YES = ("yes", "y", "1", "1.0", "true", "wahr", "ja", "oui", "present", "positive")
_BLANKS_OF_THOUSANDS = re.compile(r"(?<=\d)[ \u00a0\u202f\u2009'](?=\d{3}(?:\D|$))")
_NO = ("no", "n", "0", "0.0", "false", "falsch", "nein", "non", "absent", "negative")


def parse_yes_no(cell: str) -> bool:
    """True for yes or 1, False for no or 0."""
    word = cell.strip().lower()
    if word in _YES:
        return True
    if word in _NO:
        return False
    raise ValueError(f"{cell!r} is neither yes nor no; write yes or no, or leave the cell empty if it is unknown.")


def parse_number(cell: str) -> float:
    """A number that is not negative; a comma is refused, as it may be a decimal or a thousands separator.

    Blanks and apostrophes between thousands are understood: 1 200, 1'200.
    """
    text = cell.strip()
    if re.fullmatch(r"-?[\d.]*,[\d.,]*", text):
        raise ValueError(
            f"{cell!r} is ambiguous: the comma may separate thousands or decimals. {_without_separators(text)}"
        )
    try:
        # Python passes over underscores.
        value = float(_BLANKS_OF_THOUSANDS.sub("", text).replace("_", "?"))
    except ValueError as error:
        raise ValueError(
            f"{cell!r} is not a number; enter the measured value, or leave it empty if it is unknown."
        ) from error
    if not 0 <= value < float("inf"):
        raise ValueError(f"{cell!r} is negative or not finite; enter the measured value, or leave it empty.")
    return value


def parse_date(cell: str) -> date:
    """The date of year-month-day; others are read in two ways."""
    try:
        return datetime.strptime(cell.strip(), "%Y-%m-%d").date()
    except ValueError as error:
        raise ValueError(
            f"{cell!r} is not a date; write year-month-day such as 2021-08-31 (in a spreadsheet, format the column as "
            "text first)."
        ) from error


def check_typed_number(text: str) -> None:
    """Refuse what a person may have typed with a point between thousands, such as 1.200.

    In a table the point separates decimals; of a field that somebody types into, nobody can tell. Raises ValueError.
    """
    if re.fullmatch(r"[1-9]\d{0,2}\.\d{3}", text.strip()):
        raise ValueError(
            f"{text.strip()!r} is ambiguous: the point may separate thousands or decimals. "
            f"{_without_separators(text.strip())}"
        )


def _without_separators(text: str) -> str:
    """What to write instead of a number with one separator; with several, how to."""
    if len(re.findall(r"[.,]", text)) > 1:
        return "Write it without a separator of thousands, and decimals after a point."
    whole, decimals = re.split(r"[.,]", text)
    if len(decimals) != 3:
        # No separator of thousands stands there.
        return f"Write {whole or '0'}.{decimals or '0'}."
    decimals = decimals.rstrip("0")
    # Three decimals would be refused again.
    decimals += "0" if len(decimals) == 3 else ""
    return f"Write {re.sub(r'[.,]', '', text)} or {whole or '0'}{'.' if decimals else ''}{decimals}."


def number_text(value: float) -> str:
    """The shortest text that `parse_number` reads as this number."""
    return repr(float(value)).removesuffix(".0")
