"""Performance status after ECOG."""

from .measured import measured

ECOG = measured(
    "ecog",
    "ECOG performance status",
    "",
    most=4.0,
    whole=True,
)
