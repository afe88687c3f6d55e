"""Clinical cells of a manifest: what is accepted, and what is refused with words that say what to write instead."""

from __future__ import annotations

import re

from .child_pugh import CLASSES, class_of

AFP_LIMIT_NG_ML = 400.0

AST_LIMIT_U_L = 40.0

_LEAST_AST_U_L = 5.0
"""Below it a value is taken for ukat/L by mistake: serum AST under 5 U/L is next to unknown."""

_YES = ("yes", "y", "1", "true")
_NO = ("no", "n", "0", "false")


def parse_child_pugh(cell: str) -> tuple[str, int | None]:
    """("B", 7) for "B7", ("B", None) for "B". Class and points must fit: A 5-6, B 7-9, C 10-15."""
    match = re.fullmatch(r"([ABC])\s*(\d{1,2})?", cell.strip().upper())
    if match is None:
        raise ValueError(f"{cell!r} is no Child-Pugh class; write A, B or C, or class and points such as A5 or B7.")
    child_pugh, points = match.group(1), match.group(2)
    if points is None:
        return child_pugh, None
    if not 5 <= int(points) <= 15 or class_of(int(points)) != child_pugh:
        raise ValueError(f"{cell!r} does not fit together: A is 5-6 points, B 7-9, C 10-15; check class and points.")
    return child_pugh, int(points)


def parse_yes_no(cell: str) -> bool:
    """True for yes or 1, False for no or 0."""
    word = cell.strip().lower()
    if word in _YES:
        return True
    if word in _NO:
        return False
    raise ValueError(f"{cell!r} is neither yes nor no; write yes or no, or leave the cell empty if it is unknown.")


def parse_afp(cell: str) -> tuple[float | None, bool]:
    """(ng/mL or None, above 400). "<20" and ">1000" decide the class without a number; "<500" does not."""
    text = cell.strip()
    if text[:1] not in ("<", ">"):
        value = parse_number(text)
        return value, value > AFP_LIMIT_NG_ML
    bound = parse_number(text[1:])
    if text[0] == "<" and bound <= AFP_LIMIT_NG_ML:
        return None, False
    if text[0] == ">" and bound >= AFP_LIMIT_NG_ML:
        return None, True
    raise ValueError(f"{cell!r} does not say whether AFP is above 400 ng/mL; enter the measured value.")


def parse_ast(cell: str) -> float:
    """U/L; a value that only makes sense in ukat/L is refused."""
    value = parse_number(cell)
    if value < _LEAST_AST_U_L:
        raise ValueError(
            f"{cell!r} U/L is too low for a patient's AST: is it in ukat/L? Then write it times 60 "
            f"({60 * value:g} U/L)."
        )
    return value


def parse_number(cell: str) -> float:
    """A number that is not negative; a comma is refused, as it may be a decimal or a thousands separator."""
    text = cell.strip()
    if re.fullmatch(r"-?[\d.]*,[\d.,]*", text):
        raise ValueError(
            f"{cell!r} is ambiguous: the comma may separate thousands or decimals. {_without_separators(text)}"
        )
    try:
        # Python passes over underscores.
        value = float(text.replace("_", "?"))
    except ValueError as error:
        raise ValueError(f"{cell!r} is not a number; enter the measured value, or state that it is unknown.") from error
    if not 0 <= value < float("inf"):
        raise ValueError(f"{cell!r} is negative or no finite number; enter the measured value.")
    return value


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
    """What to write instead of a number with one separator; with several, in words."""
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


def child_pugh_cell(child_pugh: str | None, points: int | None) -> str:
    """Inverse of `parse_child_pugh`; empty for unknown."""
    if child_pugh is None:
        return ""
    if child_pugh not in CLASSES:
        raise ValueError(f"{child_pugh!r} is no Child-Pugh class.")
    return child_pugh if points is None else f"{child_pugh}{points}"
