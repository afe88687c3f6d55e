"""The four clinical facts of the merged models, as entered and as the models code them (clinical.md)."""

from __future__ import annotations

from dataclasses import dataclass

CLINICAL_FACTS: tuple[str, ...] = (
    "child_pugh_b_or_c",
    "portal_venous_invasion",
    "afp_above_400_ng_ml",
    "ast_above_40_u_l",
)
"""Names and order of the dichotomised facts (paper.md, Table 1); each is True, False or None (unknown)."""


@dataclass(frozen=True)
class ClinicalRecord:
    """The clinical facts of one patient; None means unknown, never normal.

    ``child_pugh`` is "A", "B" or "C", ``child_pugh_points`` 5-15 where known. ``afp_ng_ml`` and ``ast_u_l`` are kept as
    measured; ``afp_above_400_ng_ml`` decides also for "<20" or ">1000", where no number is known.
    """

    child_pugh: str | None = None
    child_pugh_points: int | None = None
    portal_venous_invasion: bool | None = None
    afp_ng_ml: float | None = None
    afp_above_400_ng_ml: bool | None = None
    ast_u_l: float | None = None

    @property
    def child_pugh_b_or_c(self) -> bool | None:
        """Child-Pugh B or C against A."""
        return None if self.child_pugh is None else self.child_pugh != "A"

    @property
    def ast_above_40_u_l(self) -> bool | None:
        """AST above 40 U/L."""
        return None if self.ast_u_l is None else self.ast_u_l > 40

    def facts(self) -> dict[str, bool | None]:
        """The four facts by the names of `CLINICAL_FACTS`, in that order."""
        return {name: getattr(self, name) for name in CLINICAL_FACTS}
