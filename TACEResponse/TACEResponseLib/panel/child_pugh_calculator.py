"""From the five items of Child-Pugh, as entered, to points, class and words."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from ..cohort import CHILD_PUGH, ChildPugh, child_pugh_from_items
from ..cohort.child_pugh import (
    ASCITES,
    ENCEPHALOPATHY,
    albumin_points,
    bilirubin_points,
    grade_points,
    inr_points,
    prothrombin_points,
)
from ..cohort.clinical_values import parse_number
from ..cohort.facts import ALBUMIN, BILIRUBIN, INR
from ..scene.clinical_entry import cellOf, withFieldName
from ..scene.i18n import _

BILIRUBIN_UNITS = ("mg/dL", "umol/L")
ALBUMIN_UNITS = ("g/dL", "g/L")
COAGULATION_KINDS = ("INR", "s")
"""INR, or the prothrombin time in seconds over the control."""


@dataclass(frozen=True)
class ChildPughItems:
    """The calculator's fields; an empty one is missing and leaves the class open."""

    bilirubin: str = ""
    bilirubinUnit: str = "mg/dL"
    albumin: str = ""
    albuminUnit: str = "g/dL"
    coagulation: str = ""
    coagulationKind: str = "INR"
    ascites: str = ""
    encephalopathy: str = ""

    def childPugh(self) -> ChildPugh:
        """Points and classes still possible. Raises ValueError naming the item that cannot be read."""
        coagulation = inr_points if self.coagulationKind == "INR" else prothrombin_points
        return child_pugh_from_items(
            _points(_("Bilirubin"), self.bilirubin, lambda value: bilirubin_points(value, self.bilirubinUnit)),
            _points(_("Albumin"), self.albumin, lambda value: albumin_points(value, self.albuminUnit)),
            _points(_("Coagulation"), self.coagulation, coagulation, self.coagulationKind == "s"),
            grade_points(self.ascites, ASCITES) if self.ascites else None,
            grade_points(self.encephalopathy, ENCEPHALOPATHY) if self.encephalopathy else None,
        )

    def cells(self) -> dict[str, str]:
        """Bilirubin, albumin and INR as cells of a manifest, by column; what is missing or cannot be read is absent."""
        typed = ((BILIRUBIN, self.bilirubin, self.bilirubinUnit), (ALBUMIN, self.albumin, self.albuminUnit))
        if self.coagulationKind == "INR":
            typed += ((INR, self.coagulation, INR.unit),)
        cells = {}
        for fact, text, unit in typed:
            cell = cellOf(fact, text, unit)
            # An error of an item is shown by the calculator.
            with suppress(ValueError):
                cells[fact.column] = fact.write(fact.read(cell))
        return cells

    def choice(self) -> str:
        """The choice of `clinical_entry.CHILD_PUGH_CHOICES` that the items decide; empty while several are possible."""
        childPugh = self.childPugh()
        return "" if childPugh.child_pugh is None else CHILD_PUGH.write(childPugh)

    def words(self) -> str:
        """What the items say, or which of them cannot be read."""
        try:
            childPugh = self.childPugh()
        except ValueError as error:
            return str(error)
        if not (self.bilirubin or self.albumin or self.coagulation or self.ascites or self.encephalopathy):
            return ""
        if childPugh.points is not None:
            return _("Child-Pugh {grade}").format(grade=self.choice())
        classes = _(" or ").join(childPugh.classes)
        return _("{lowest} to {highest} points: class {classes}. Missing items count as 1 to 3 points.").format(
            lowest=childPugh.lowest_points, highest=childPugh.highest_points, classes=classes
        )


def _points(name: str, text: str, pointsOf, mayBeNegative: bool = False) -> int | None:
    if not text.strip():
        return None
    # A prothrombin time may be shorter than the control's.
    sign, digits = (-1.0, text.strip()[1:]) if text.strip().startswith("-") and mayBeNegative else (1.0, text)
    try:
        return pointsOf(sign * parse_number(digits))
    except ValueError as error:
        raise ValueError(withFieldName(name, error)) from error
