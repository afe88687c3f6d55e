"""Numbers as spreadsheets of all countries write them: 1.5 and 1,5, 1,200 and 1.200."""

from __future__ import annotations

import re
from collections.abc import Sequence

_NUMBER = re.compile(r"((?:[<>]=?|[≤≥])?\s*[+-]?)(\d[\d.,\u00a0\u202f\u2009' ]*)((?:[eE][+-]?\d+)?)")
_AMBIGUOUS = re.compile(r"[1-9]\d{0,2}[.,]\d{3}")
_THOUSANDS = re.compile(r"\d{1,3}(?:(?P<point>\.\d{3})+(?:,\d+)?|(?P<comma>,\d{3})+(?:\.\d+)?)")


def with_decimal_point(cell: str) -> str:
    """The cell of a table that may have decimal commas, with a decimal point and no separators of thousands.

    What is not a number stays as it is. Raises ValueError for what can be read in two ways, such as 1.200 or 1,200.
    """
    match = _NUMBER.fullmatch(cell.strip())
    if match is None or not ("," in cell or "." in cell):
        return cell
    sign, digits, exponent = match.groups()
    if _AMBIGUOUS.fullmatch(digits):
        whole, decimals = re.split("[.,]", digits)
        shorter = f"{whole},{decimals.rstrip('0')}".rstrip(",")
        shorter += "0" if len(decimals.rstrip("0")) == 3 else ""
        raise ValueError(
            f"{cell!r} is ambiguous: the {'point' if '.' in digits else 'comma'} may separate thousands or decimals. "
            f"Write {whole}{decimals} or {shorter}."
        )
    if len(re.findall("[.,]", digits)) > 1:
        thousands = _THOUSANDS.fullmatch(digits)
        if thousands is None:
            return cell
        digits = digits.replace("." if thousands["point"] else ",", "")
    return sign + digits.replace(",", ".") + exponent


def with_decimal_points(cells: Sequence[str]) -> list[str]:
    """`with_decimal_point` of the cells of one column, which has one notation.

    A cell that could be read in two ways is read as the clear ones of its column: behind 3,5 and 12,25 the comma
    separates decimals in 1,200, too. Raises ValueError if no cell or contradicting cells decide. A column that holds
    anything but numbers stays as it is.
    """
    filled = [cell for cell in cells if cell]
    if not all(_NUMBER.fullmatch(cell) for cell in filled):
        return list(cells)
    signs = {sign for cell in filled if (sign := _decimal_sign(cell))}
    if len(signs) == 1:
        decimal = signs.pop()
        thousands = "." if decimal == "," else ","
        return [cell.replace(thousands, "").replace(decimal, ".") for cell in cells]
    return [with_decimal_point(cell) for cell in cells]


def _decimal_sign(cell: str) -> str | None:
    """What separates decimals in this cell, None if it does not say."""
    match = _NUMBER.fullmatch(cell)
    digits = match[2] if match else ""
    separators = re.findall("[.,]", digits)
    if not separators or _AMBIGUOUS.fullmatch(digits):
        return None
    thousands = _THOUSANDS.fullmatch(digits)
    if thousands and len(separators) > 1:
        return "," if thousands["point"] else "."
    return str(separators[-1])
