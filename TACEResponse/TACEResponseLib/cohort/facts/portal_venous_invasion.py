"""Invasion of the portal vein by enhancing tumour thrombus, not bland thrombus."""

from .fact import Term
from .yes_or_no import yes_or_no

_LEVELS = ("absent", "present")

PORTAL_VENOUS_INVASION = yes_or_no(
    "portal_venous_invasion",
    "portal venous invasion",
    levels=_LEVELS,
    aliases=("portal_vein_invasion", "pvi"),
    term=Term(
        name="portal_venous_invasion",
        coding="portal venous invasion by enhancing tumour thrombus, not bland thrombus",
        levels=_LEVELS,
        holds=bool,
        examples=(False, True),
    ),
)
