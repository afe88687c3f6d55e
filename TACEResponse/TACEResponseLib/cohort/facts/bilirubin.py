"""Total bilirubin."""

from ..units import BILIRUBIN_UNITS
from .measured import measured

BILIRUBIN = measured(
    "bilirubin_umol_l",
    "bilirubin",
    "umol/L",
    least=1.5,
    most=1100.0,
    units=BILIRUBIN_UNITS,
)
