"""After TACE: viable diameters, mRECIST, and the patient's row in the site's own cohort."""

from __future__ import annotations

from pathlib import Path

import slicer

from ..scene import follow_up
from ..scene.i18n import _
from ..scene.roles import BASELINE_LINES_ROLE, FOLLOW_UP_LINES_ROLE, VOLUME_ROLES
from .focus import MEASURING
from .present_case import presentKey
from .shown import PLAIN, PROBLEM, Shown
from .step import Step, fillSelector, refusals, showNote


class FollowUpStep(Step):
    """Step 6."""

    name = "followUp"
    uiFile = "FollowUpStep.ui"

    def setup(self) -> None:
        self._hasBegunPlacing = False
        fillSelector(
            self.ui.nonTargetSelector,
            {"": _("none"), "gone": _("gone"), "persisting": _("persisting"), "progressing": _("progressing")},
        )
        self.ui.addBaselineButton.clicked.connect(self.onAddBaseline)
        self.ui.addFollowUpButton.clicked.connect(self.onAddFollowUp)
        self.ui.addToCohortButton.clicked.connect(self.onAddToCohort)

    def exit(self) -> None:
        self._endPlacing()

    def pause(self) -> None:
        self._endPlacing()

    def onPatientChanged(self) -> None:
        self._endPlacing()

    def forgetMessages(self) -> None:
        showNote(self.ui.cohortLabel, None)

    def refresh(self, shown: Shown) -> None:
        if self.state.focus.kind != MEASURING:
            self._endPlacing()
        inputs = self.state.inputs
        problem = inputs.followUpProblem()
        showNote(self.ui.followUpVolumeLabel, problem or inputs.followUpText(), PROBLEM if problem else PLAIN)
        self._showSum(BASELINE_LINES_ROLE, self.ui.baselineLabel, shown)
        self._showSum(FOLLOW_UP_LINES_ROLE, self.ui.followUpLabel, shown)
        # A model without images hides step 1: then the line is drawn on what the views show.
        hasBaseline = self.parameters.getNode(VOLUME_ROLES["AP"]) is not None or not inputs.needsImages
        noBaseline = None if hasBaseline else _("Choose the volume of AP in step 1 first.")
        self.enable(self.ui.addBaselineButton, noBaseline or shown.lock)
        noFollowUp = None if inputs.followUp is not None else _("Choose the follow-up volume first.")
        self.enable(self.ui.addFollowUpButton, problem or noFollowUp or shown.lock)
        try:
            row = self.row()
        except ValueError as error:
            isShown = self.lines(BASELINE_LINES_ROLE) and not isinstance(error, follow_up.UnfinishedLineError)
            showNote(self.ui.mrecistLabel, str(error) if isShown else None, PROBLEM)
            row = None
        else:
            outcome = _("objective response") if row.objective_response else _("no objective response")
            showNote(self.ui.mrecistLabel, f"mRECIST {row.mrecist['']}: {outcome}")
        self.enable(self.ui.addToCohortButton, problem or self._missing(row))

    def lines(self, role: str) -> list[slicer.vtkMRMLMarkupsLineNode]:
        """The lines of a role that are still there."""
        return self.parameters.nodes(role)

    def row(self):
        """The patient's row. Raises ValueError for what cannot be judged."""
        problem = self.state.patientProblem()
        if problem is not None:
            raise ValueError(problem)
        parameters = self.parameters
        smallest = float(parameters.get("smallestMm"))
        return follow_up.responseRow(
            presentKey(self.parameters),
            self.state.inputs.clinical.knownFacts(),
            follow_up.sumOfDiametersMm(self.lines(BASELINE_LINES_ROLE)),
            follow_up.followUpSumMm(self.lines(FOLLOW_UP_LINES_ROLE), bool(parameters.get("nothingViable"))),
            None if smallest < 0 else smallest,
            bool(parameters.get("newLesion")),
            str(parameters.get("nonTarget")) or None,
            int(parameters.get("tumourCount")) or None,
            self.state.inputs.lesionDiameterMm(),
        )

    def onAddBaseline(self) -> None:
        """Draw a line on the arterial phase before TACE."""
        self._addLine(BASELINE_LINES_ROLE, _("Viable before TACE"))

    def onAddFollowUp(self) -> None:
        """Draw a line on the follow-up study."""
        self._addLine(FOLLOW_UP_LINES_ROLE, _("Viable after TACE"))

    def onAddToCohort(self) -> None:
        """Append the patient to the site's cohort, as it is now."""
        self.gather()
        if not self.ui.addToCohortButton.enabled:
            return
        with refusals(self.ui.cohortLabel):
            folder = Path(str(self.parameters.get("cohortFolder")))
            count = follow_up.addToCohort(folder, self.row(), self.state.features)
            words = _("{patient} was added. Patients in the cohort: {count}.")
            showNote(self.ui.cohortLabel, words.format(patient=presentKey(self.parameters).label, count=count))

    def _showSum(self, role: str, label, shown: Shown) -> None:
        lines = self.lines(role)
        if shown.lock:
            showNote(label, None)
            return
        try:
            sum_ = follow_up.sumOfDiametersMm(lines)
        except follow_up.UnfinishedLineError as error:
            showNote(label, str(error) if not self._isPlacing() else _("Click both ends of the diameter."))
        except ValueError as error:
            showNote(label, str(error), PROBLEM)
        else:
            text = _("{sum:.1f} mm (lesions: {count})").format(sum=sum_, count=len(lines))
            showNote(label, text if lines else _("nothing measured"))

    def _addLine(self, role: str, name: str) -> None:
        line = follow_up.addLine(f"{name} {len(self.lines(role)) + 1}")
        self.parameters.node.AddNodeReferenceID(role, line.GetID())
        self._endPlacing()
        self.state.look(MEASURING, role=role)
        self.gather()
        slicer.modules.markups.logic().SetActiveList(line)
        _interaction().SetCurrentInteractionMode(slicer.vtkMRMLInteractionNode.Place)
        self._hasBegunPlacing = True
        self.showStep()

    def _endPlacing(self) -> None:
        if self._isPlacing():
            _interaction().SetCurrentInteractionMode(slicer.vtkMRMLInteractionNode.ViewTransform)
        self._hasBegunPlacing = False

    def _isPlacing(self) -> bool:
        """A line was begun, and the views still wait for its ends."""
        place = slicer.vtkMRMLInteractionNode.Place
        return self._hasBegunPlacing and _interaction().GetCurrentInteractionMode() == place

    def _missing(self, row) -> str | None:
        if row is None:
            return _("Measure the viable diameters first.")
        if self.state.inputs.followUp is None:
            return _("Choose the follow-up volume first.")
        if not self.parameters.get("cohortFolder"):
            return _("Choose the folder of your cohort.")
        if self.state.resultIsStale:
            return _("The result is out of date; predict again.")
        features = self.state.features
        if self.state.inputs.needsImages and (features is None or not self.state.resultIsCurrent):
            if self.state.resultIsCurrent:
                return _("The features are not available; predict again.")
            return _("Predict first: the cohort takes the features with it.")
        return None


def _interaction() -> slicer.vtkMRMLInteractionNode:
    return slicer.app.applicationLogic().GetInteractionNode()
