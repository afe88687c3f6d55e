"""Serum creatinine."""

from ..units import CREATININE_UNITS
from .measured import measured

CREATININE = measured(
    "creatinine_mg_dl",
    "creatinine",
    "mg/dL",
    least=0.1,
    most=20.0,
    units=CREATININE_UNITS,
)
