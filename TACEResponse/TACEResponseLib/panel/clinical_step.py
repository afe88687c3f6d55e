"""The four clinical facts and the Child-Pugh calculator."""

from __future__ import annotations

from ..cohort.child_pugh import ASCITES, ENCEPHALOPATHY
from ..cohort.facts import ALBUMIN, BILIRUBIN, INR
from ..cohort.units import AFP_UNITS, AST_UNITS
from ..scene.clinical_entry import CHILD_PUGH_CHOICES, FIELD_OF_FACT, NO, NOT_ENTERED, UNKNOWN, YES
from ..scene.i18n import _
from .child_pugh_calculator import ALBUMIN_UNITS, BILIRUBIN_UNITS, COAGULATION_KINDS, ChildPughItems
from .shown import PROBLEM, Shown
from .step import Step, fillSelector, showNote


class ClinicalStep(Step):
    """Step 3."""

    name = "clinical"
    uiFile = "ClinicalStep.ui"
    isFoldedByResult = True

    def setup(self) -> None:
        ui = self.ui
        unanswered = {NOT_ENTERED: _("not entered"), UNKNOWN: _("unknown")}
        fillSelector(ui.childPughSelector, unanswered | {grade: grade for grade in CHILD_PUGH_CHOICES[2:]})
        fillSelector(ui.portalVenousInvasionSelector, unanswered | {NO: _("absent"), YES: _("present")})
        fillSelector(ui.afpUnitSelector, {unit: unit for unit in AFP_UNITS})
        fillSelector(ui.astUnitSelector, {unit: unit for unit in AST_UNITS})
        fillSelector(ui.bilirubinUnitSelector, {unit: unit for unit in BILIRUBIN_UNITS})
        fillSelector(ui.albuminUnitSelector, {unit: unit for unit in ALBUMIN_UNITS})
        coagulation = dict(zip(COAGULATION_KINDS, (_("INR"), _("seconds over control")), strict=True))
        fillSelector(ui.coagulationSelector, coagulation)
        grades = (_("none"), _("mild or controlled"), _("moderate or more"))
        fillSelector(ui.ascitesSelector, {"": _("not entered")} | dict(zip(ASCITES, grades, strict=True)))
        fillSelector(ui.encephalopathySelector, {"": _("not entered")} | {grade: grade for grade in ENCEPHALOPATHY})
        for edit in (ui.bilirubinEdit, ui.albuminEdit, ui.coagulationEdit):
            edit.textChanged.connect(self.onItemChanged)
        for selector in (
            ui.bilirubinUnitSelector,
            ui.albuminUnitSelector,
            ui.coagulationSelector,
            ui.ascitesSelector,
            ui.encephalopathySelector,
        ):
            selector.currentIndexChanged.connect(self.onItemChanged)
        ui.useCalculatorButton.clicked.connect(self.onUseCalculator)
        self.onItemChanged()

    def refresh(self, shown: Shown) -> None:
        entry = self.state.inputs.clinical
        problems = entry.problems()
        needed = FIELD_OF_FACT.values() if self.state.bundle is None else self.state.inputs.model.requiredFields
        converted = {"afp": entry.afpInModelUnit(), "ast": entry.astInModelUnit()}
        for field in FIELD_OF_FACT.values():
            label = getattr(self.ui, f"{field}Label")
            if field in problems and field in needed and not entry.isEmpty():
                showNote(label, problems[field], PROBLEM)
            else:
                showNote(label, converted.get(field))
        isIu = entry.afpUnit == "IU/mL"
        self.ui.ngPerMlPerIuSpinBox.setVisible(isIu)
        self.ui.ngPerMlPerIuLabel.setVisible(isIu)
        self._fillCalculator(entry.more())
        self.ui.afpEdit.setEnabled(not entry.afpUnknown)
        self.ui.astEdit.setEnabled(not entry.astUnknown)

    def onPatientChanged(self) -> None:
        for edit in (self.ui.bilirubinEdit, self.ui.albuminEdit, self.ui.coagulationEdit):
            edit.clear()
        self.ui.ascitesSelector.setCurrentIndex(0)
        self.ui.encephalopathySelector.setCurrentIndex(0)

    def onItemChanged(self, *_ignored) -> None:
        """Show what the items of the calculator say."""
        items = self._items()
        showNote(self.ui.calculatorLabel, items.words())
        try:
            isDecided = bool(items.choice())
        except ValueError:
            isDecided = False
        undecided = items.words() or _("Enter the items first.")
        self.enable(self.ui.useCalculatorButton, None if isDecided else undecided)

    def onUseCalculator(self) -> None:
        """Take the class over, and what was measured for it as further facts."""
        entry = self.parameters.clinicalEntry()
        for column, cell in self._items().cells().items():
            entry = entry.withMore(column, cell)
        self.parameters.set("moreFacts", entry.moreFacts)
        self.parameters.set("childPugh", self._items().choice())
        self.gather()

    def _fillCalculator(self, cells: dict[str, str]) -> None:
        """Facts that are known already, into items that are empty."""
        ui = self.ui
        for column, edit, units, unit in (
            (BILIRUBIN.column, ui.bilirubinEdit, ui.bilirubinUnitSelector, BILIRUBIN.unit),
            (ALBUMIN.column, ui.albuminEdit, ui.albuminUnitSelector, ALBUMIN.unit),
            (INR.column, ui.coagulationEdit, ui.coagulationSelector, COAGULATION_KINDS[0]),
        ):
            if cells.get(column) and not edit.text:
                units.setCurrentIndex(max(0, units.findData(unit)))
                edit.setText(cells[column])

    def _items(self) -> ChildPughItems:
        ui = self.ui
        return ChildPughItems(
            ui.bilirubinEdit.text,
            _data(ui.bilirubinUnitSelector),
            ui.albuminEdit.text,
            _data(ui.albuminUnitSelector),
            ui.coagulationEdit.text,
            _data(ui.coagulationSelector),
            _data(ui.ascitesSelector),
            _data(ui.encephalopathySelector),
        )


def _data(selector) -> str:
    return selector.itemData(selector.currentIndex) or ""
