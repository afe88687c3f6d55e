"""Facts that are answered by yes or no."""

from __future__ import annotations

from ..clinical_values import parse_yes_no
from .fact import Fact, Term


def yes_or_no(
    column: str,
    name: str,
    levels: tuple[str, str] = ("no", "yes"),
    aliases: tuple[str, ...] = (),
    term: Term[bool] | None = None,
) -> Fact[bool]:
    """A fact that is present or not; ``levels`` are the texts of no and yes, the rest is as of `Fact`."""
    return Fact(
        column=column,
        name=name,
        read=parse_yes_no,
        write=lambda value: "yes" if value else "no",
        text=lambda value: levels[value],
        choices={"no": levels[0], "yes": levels[1]},
        aliases=aliases,
        term=term,
    )
