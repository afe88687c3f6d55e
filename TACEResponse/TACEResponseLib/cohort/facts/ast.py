"""Aspartate aminotransferase; serum AST under 5 U/L is next to unknown."""

from ..units import AST_UNITS
from .measured import measured

AST = measured(
    "ast_u_l",
    "AST",
    "U/L",
    least=5.0,
    units=AST_UNITS,
    aliases=("ast", "sgot", "got", "asat"),
    above=("ast_above_40_u_l", 40.0),
)
