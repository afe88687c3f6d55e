"""Facts that are measured: a number in a unit, or a limit such as <20 or >1000."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ..clinical_values import number_text, parse_number
from .fact import Fact, Term


@dataclass(frozen=True)
class Between:
    """A number that is only known to lie in this closed interval, e.g. an AFP reported as "<20"."""

    low: float
    high: float

    @classmethod
    def below(cls, limit: float) -> Between:
        """What "<limit" says."""
        return cls(0.0, math.nextafter(limit, 0.0))

    @classmethod
    def above(cls, limit: float) -> Between:
        """What ">limit" says."""
        return cls(math.nextafter(limit, math.inf), math.inf)


_SIGN = re.compile(r"[<>]=?|[≤≥]")
_LIMITS: Mapping[str, Callable[[float], Between]] = {
    "<": Between.below,
    ">": Between.above,
    "<=": lambda limit: Between(0.0, limit),
    ">=": lambda limit: Between(limit, math.inf),
}

Measured = float | Between
"""A measured number, or what is known of it."""


def is_above(value: Measured, limit: float) -> bool | None:
    """Whether the number lies above ``limit``; None where the interval leaves it open."""
    low, high = (value.low, value.high) if isinstance(value, Between) else (value, value)
    return True if low > limit else False if high <= limit else None


def measured(
    column: str,
    name: str,
    unit: str,
    least: float = 0.0,
    most: float = math.inf,
    units: Mapping[str, float] | None = None,
    aliases: tuple[str, ...] = (),
    above: tuple[str, float] | None = None,
    whole: bool = False,
) -> Fact[Measured]:
    """A measured fact.

    Parameters
    ----------
    column, name, unit, aliases
        As of `Fact`.
    least, most : float
        What is plausible in ``unit``; a value beyond is refused, with the other unit in which it would be plausible.
    units : dict, optional
        Units in use and their factors to ``unit``, which is one of them.
    above : tuple, optional
        Name and limit of the term that models take: whether the value lies above the limit.
    whole : bool
        Whether only whole numbers are possible, as of a count.
    """
    term = None if above is None else _term(*above, name, unit)

    def read(cell: str) -> Measured:
        text = cell.strip()
        if unit and text[-len(unit) :].lower() == unit.lower():
            text = text[: -len(unit)].rstrip()
        sign = _SIGN.match(text)
        number = parse_number(text[sign.end() :] if sign else text)
        if not least <= number <= most:
            raise ValueError(_implausible(cell, number))
        if whole and number != round(number):
            raise ValueError(f"{cell!r} is not a whole number; {name} is a count or a grade.")
        if not sign:
            return number
        value = _LIMITS[sign[0].replace("≤", "<=").replace("≥", ">=")](number)
        if above is not None and is_above(value, above[1]) is None:
            raise ValueError(
                f"{cell!r} does not say whether {name} is above {above[1]:g} {unit}; enter the measured value."
            )
        return value

    def _implausible(cell: str, number: float) -> str:
        amount, side = f"{cell!r} {unit}".strip(), "low" if number < least else "high"
        text = f"{amount} is too {side} for a patient's {name}"
        for other, factor in (units or {}).items():
            if other != unit and least <= factor * number <= most:
                converted = f"{factor * number:g} {unit}".strip()
                return f"{text}: is it in {other}? Then write it times {factor:g} ({converted})."
        return f"{text}; check the value and its unit."

    return Fact(
        column=column,
        name=name,
        read=read,
        write=lambda value: measured_text(value, ""),
        text=lambda value: f"{measured_text(value, ' ')} {unit}".strip(),
        unit=unit,
        units=units or {unit: 1.0},
        aliases=aliases,
        least=least,
        most=most,
        term=term,
    )


def _term(term_name: str, limit: float, name: str, unit: str) -> Term[Measured]:
    amount = f"{limit:g} {unit}".strip()
    return Term(
        name=term_name,
        coding=f"{name} above {amount}",
        levels=(f"≤ {amount}", f"> {amount}"),
        holds=lambda value: is_above(value, limit),
        examples=(Between.below(limit), Between.above(limit)),
    )


def measured_text(value: Measured, blank: str = "") -> str:
    """The number, or its limit behind < or > and ``blank``."""
    if not isinstance(value, Between):
        return number_text(value)
    sign, limit, beside = (
        (">", value.low, math.nextafter(value.low, 0.0))
        if math.isinf(value.high)
        else ("<", value.high, math.nextafter(value.high, math.inf))
    )
    # Of a limit and the number beside it, the one that a person wrote has fewer digits.
    is_closed = len(number_text(limit)) < len(number_text(beside))
    return f"{sign}{'=' if is_closed else ''}{blank}{number_text(limit if is_closed else beside)}"
