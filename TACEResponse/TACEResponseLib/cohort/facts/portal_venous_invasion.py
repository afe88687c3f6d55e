"""Invasion of the portal vein by enhancing tumour thrombus, not bland thrombus."""

from ..clinical_values import parse_yes_no
from .fact import Fact, Term

_LEVELS = ("absent", "present")

PORTAL_VENOUS_INVASION: Fact[bool] = Fact(
    column="portal_venous_invasion",
    name="portal venous invasion",
    read=parse_yes_no,
    write=lambda value: "yes" if value else "no",
    text=lambda value: _LEVELS[value],
    choices={"no": _LEVELS[0], "yes": _LEVELS[1]},
    aliases=("portal_vein_invasion", "pvi"),
    term=Term(
        name="portal_venous_invasion",
        coding="portal venous invasion by enhancing tumour thrombus, not bland thrombus",
        levels=_LEVELS,
        holds=bool,
        examples=(False, True),
    ),
)
