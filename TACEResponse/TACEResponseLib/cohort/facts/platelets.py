"""Platelet count."""

from ..units import PLATELET_UNITS
from .measured import measured

PLATELETS = measured(
    "platelets_10e9_l",
    "platelet count",
    "10^9/L",
    least=3.0,
    most=2000.0,
    units=PLATELET_UNITS,
)
