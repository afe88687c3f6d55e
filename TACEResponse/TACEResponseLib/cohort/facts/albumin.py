"""Serum albumin."""

from ..units import ALBUMIN_UNITS
from .measured import measured

ALBUMIN = measured(
    "albumin_g_l",
    "albumin",
    "g/L",
    least=8.0,
    most=80.0,
    units=ALBUMIN_UNITS,
)
