"""Alpha-fetoprotein."""

from ..units import AFP_UNITS
from .measured import measured

AFP = measured(
    "afp_ng_ml",
    "AFP",
    "ng/mL",
    units=AFP_UNITS,
    aliases=("afp",),
    above=("afp_above_400_ng_ml", 400.0),
)
