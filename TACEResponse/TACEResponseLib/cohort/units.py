"""Laboratory values in the unit entered and in the unit the models use (clinical.md)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

AFP_UNITS: Mapping[str, float] = MappingProxyType({"ng/mL": 1.0, "ug/L": 1.0, "IU/mL": 1.21})
"""Factors to ng/mL. That of IU/mL depends on the assay; 1.21 is shown and can be changed by the user."""

AST_UNITS: Mapping[str, float] = MappingProxyType({"U/L": 1.0, "ukat/L": 60.0})
"""Factors to U/L."""

BILIRUBIN_UMOL_L_PER_MG_DL = 17.1

ALBUMIN_G_L_PER_G_DL = 10.0

BILIRUBIN_UNITS: Mapping[str, float] = MappingProxyType({"umol/L": 1.0, "mg/dL": BILIRUBIN_UMOL_L_PER_MG_DL})
"""Factors to umol/L."""

ALBUMIN_UNITS: Mapping[str, float] = MappingProxyType({"g/L": 1.0, "g/dL": ALBUMIN_G_L_PER_G_DL})
"""Factors to g/L."""

PLATELET_UNITS: Mapping[str, float] = MappingProxyType({"10^9/L": 1.0, "1/uL": 0.001})
"""Factors to 10^9/L."""

CREATININE_UNITS: Mapping[str, float] = MappingProxyType({"mg/dL": 1.0, "umol/L": 1 / 88.42})
"""Factors to mg/dL."""


def to_ng_ml(afp: float, unit: str, ng_ml_per_iu_ml: float = AFP_UNITS["IU/mL"]) -> float:
    """AFP in ng/mL. Raises ValueError for an unknown unit or a negative value."""
    factor = ng_ml_per_iu_ml if unit == "IU/mL" else _factor(AFP_UNITS, unit, "AFP")
    return factor * _not_negative(afp, "AFP")


def to_u_l(ast: float, unit: str) -> float:
    """AST in U/L. Raises ValueError for an unknown unit or a negative value."""
    return _factor(AST_UNITS, unit, "AST") * _not_negative(ast, "AST")


def _factor(units: Mapping[str, float], unit: str, name: str) -> float:
    if unit not in units:
        raise ValueError(f"{name}: the unit {unit!r} is not known; use one of {', '.join(units)}.")
    return units[unit]


def _not_negative(value: float, name: str) -> float:
    if not value >= 0:
        raise ValueError(f"{name}: {value:g} is negative or not a number; enter the measured value.")
    return value
