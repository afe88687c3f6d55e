"""Optional facts for the published scores, and what the scores say of those entered so far."""

from __future__ import annotations

from ..cohort.facts import (
    ALBUMIN,
    BILIRUBIN,
    CREATININE,
    ECOG,
    HEPATITIS_C,
    INR,
    LIVER_INVOLVEMENT,
    PLATELETS,
)
from ..scene.clinical_entry import MORE_FACTS, cellOf
from ..scene.i18n import _
from ..scores import ScoreFacts, all_scores
from .shown import PROBLEM, Shown
from .step import Step, fillSelector, showNote


class MoreFactsStep(Step):
    """Between steps 3 and 4; folded, as a prediction needs none of it."""

    name = "moreFacts"
    uiFile = "MoreFactsStep.ui"

    def setup(self) -> None:
        ui = self.ui
        self._edits = {
            BILIRUBIN.column: (BILIRUBIN, ui.bilirubinFactEdit, ui.bilirubinFactUnitSelector),
            ALBUMIN.column: (ALBUMIN, ui.albuminFactEdit, ui.albuminFactUnitSelector),
            PLATELETS.column: (PLATELETS, ui.plateletsFactEdit, ui.plateletsFactUnitSelector),
            INR.column: (INR, ui.inrFactEdit, None),
            CREATININE.column: (CREATININE, ui.creatinineFactEdit, ui.creatinineFactUnitSelector),
        }
        self._selectors = {
            ECOG.column: ui.ecogFactSelector,
            LIVER_INVOLVEMENT.column: ui.liverInvolvementFactSelector,
            HEPATITIS_C.column: ui.hepatitisCFactSelector,
        }
        unknown = {"": _("unknown")}
        fillSelector(ui.ecogFactSelector, unknown | {str(grade): str(grade) for grade in range(5)})
        for fact in (LIVER_INVOLVEMENT, HEPATITIS_C):
            fillSelector(self._selectors[fact.column], unknown | dict(fact.choices))
        for column, (fact, edit, units) in self._edits.items():
            if units is not None:
                fillSelector(units, {unit: unit for unit in fact.units})
                units.currentIndexChanged.connect(lambda _index, name=column: self.onTyped(name))
                edit.textEdited.connect(lambda _text, name=column: self.onTyped(name))
        ui.inrFactEdit.textEdited.connect(lambda _text: self.onTyped(INR.column))
        for column, selector in self._selectors.items():
            selector.currentIndexChanged.connect(lambda _index, name=column: self.onSelected(name))
        self._isShowing = False

    def onTyped(self, column: str) -> None:
        """A value or its unit was changed."""
        self._store(column, self._typedCell(column))

    def onSelected(self, column: str) -> None:
        """An answer was selected."""
        selector = self._selectors[column]
        self._store(column, selector.itemData(selector.currentIndex) or "")

    def refresh(self, shown: Shown) -> None:
        entry = self.state.inputs.clinical
        cells = entry.more()
        self._isShowing = True
        try:
            for column, (_fact, edit, units) in self._edits.items():
                cell = cells.get(column, "")
                if cell != self._typedCell(column):
                    if units is not None:
                        units.setCurrentIndex(0)
                    edit.setText(cell)
            for column, selector in self._selectors.items():
                selector.setCurrentIndex(max(0, selector.findData(cells.get(column, ""))))
        finally:
            self._isShowing = False
        problems = entry.problems()
        wrong = [problems[fact.column] for fact in MORE_FACTS if fact.column in problems]
        showNote(self.ui.moreFactsLabel, "\n".join(wrong), PROBLEM)
        showNote(self.ui.publishedScoresLabel, self._scoresText())

    def _typedCell(self, column: str) -> str:
        fact, edit, units = self._edits[column]
        unit = fact.unit if units is None else units.itemData(units.currentIndex) or fact.unit
        return cellOf(fact, edit.text, unit)

    def _store(self, column: str, cell: str) -> None:
        if self._isShowing or self.parameters.node is None:
            return
        entry = self.parameters.clinicalEntry().withMore(column, cell)
        self.parameters.set("moreFacts", entry.moreFacts)
        self.state.touched.emit()

    def _scoresText(self) -> str:
        """The scores that the facts entered decide; the size is added when a result is there."""
        try:
            results = all_scores(ScoreFacts.of_record(self.state.inputs.clinical.knownFacts()))
        except ValueError as error:
            return str(error)
        certain = [result.text for result in results if not result.deciding]
        if not certain:
            return ""
        return _("Published scores, which predict survival, not response: {scores}.").format(scores="; ".join(certain))
