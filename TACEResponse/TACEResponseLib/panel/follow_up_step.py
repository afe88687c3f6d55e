"""After TACE: viable diameters, mRECIST, and the patient's row in the site's own cohort."""

from __future__ import annotations

from pathlib import Path

import slicer

from ..scene import follow_up
from ..scene.display import COVERING, hideNodes, jumpToVoi, showInViews, showNodes
from ..scene.i18n import _
from ..scene.roles import BASELINE_LINES_ROLE, FOLLOW_UP_LINES_ROLE, FOLLOW_UP_ROLE, SEGMENTATION_ROLES, VOLUME_ROLES
from .step import PLAIN_STYLE, PROBLEM_STYLE, Step, fillSelector, showNote


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
        showNodes(self.allLines(), True)

    def forgetWords(self) -> None:
        showNote(self.ui.cohortLabel, None)

    def clear(self) -> None:
        """Another patient: nothing of the one before is measured any more."""
        self._endPlacing()

    def refresh(self) -> None:
        inputs = self.panel.state.inputs
        problem = inputs.followUpProblem()
        showNote(
            self.ui.followUpVolumeLabel, problem or inputs.followUpWords(), PROBLEM_STYLE if problem else PLAIN_STYLE
        )
        for role, label in (
            (BASELINE_LINES_ROLE, self.ui.baselineLabel),
            (FOLLOW_UP_LINES_ROLE, self.ui.followUpLabel),
        ):
            lines = self.lines(role)
            if self.panel.repeatability.isBlinded:
                showNote(label, None)
                continue
            try:
                words = _("{sum:.1f} mm (lesions: {count})").format(
                    sum=follow_up.sumOfDiametersMm(lines), count=len(lines)
                )
                showNote(label, words if lines else _("nothing measured"))
            except follow_up.UnfinishedLineError as error:
                showNote(label, str(error) if not self._isPlacing() else _("Click both ends of the diameter."))
            except ValueError as error:
                showNote(label, str(error), PROBLEM_STYLE)
        # A model without images hides step 1: then the line is drawn on what the views show.
        hasBaseline = self.panel.parameters.getNode(VOLUME_ROLES["AP"]) is not None or not inputs.needsImages
        blinded = _("A VOI is drawn blinded.") if self.panel.repeatability.isBlinded else None
        noBaseline = None if hasBaseline else _("Choose the volume of AP in step 1 first.")
        self.enable(self.ui.addBaselineButton, noBaseline or blinded)
        noFollowUp = None if inputs.followUp is not None else _("Choose the follow-up volume first.")
        self.enable(self.ui.addFollowUpButton, problem or noFollowUp or blinded)
        try:
            row = self.row()
        except ValueError as error:
            isSaid = self.lines(BASELINE_LINES_ROLE) and not isinstance(error, follow_up.UnfinishedLineError)
            showNote(self.ui.mrecistLabel, str(error) if isSaid else None, PROBLEM_STYLE)
            row = None
        else:
            outcome = _("objective response") if row.objective_response else _("no objective response")
            showNote(self.ui.mrecistLabel, f"mRECIST {row.mrecist['']}: {outcome}")
        self.enable(self.ui.addToCohortButton, problem or self._missing(row))

    def lines(self, role: str) -> list[slicer.vtkMRMLMarkupsLineNode]:
        """The lines of a role that are still there."""
        node = self.panel.parameters.node
        lines = [node.GetNthNodeReference(role, number) for number in range(node.GetNumberOfNodeReferences(role))]
        return [line for line in lines if line is not None]

    def allLines(self) -> list[slicer.vtkMRMLMarkupsLineNode]:
        """Those before and after TACE."""
        return [*self.lines(BASELINE_LINES_ROLE), *self.lines(FOLLOW_UP_LINES_ROLE)]

    def hideAfterTace(self) -> None:
        """Diameters of the study after TACE say nothing on the images before it."""
        hideNodes(self.lines(FOLLOW_UP_LINES_ROLE), COVERING)

    def row(self):
        """The patient's row. Raises ValueError for what cannot be judged."""
        problem = self.panel.state.patientProblem()
        if problem is not None:
            raise ValueError(problem)
        parameters = self.panel.parameters
        smallest = float(parameters.get("smallestMm"))
        return follow_up.responseRow(
            self.panel.key(),
            self.panel.state.inputs.clinical.knownFacts(),
            follow_up.sumOfDiametersMm(self.lines(BASELINE_LINES_ROLE)),
            follow_up.followUpSumMm(self.lines(FOLLOW_UP_LINES_ROLE), bool(parameters.get("nothingViable"))),
            None if smallest < 0 else smallest,
            bool(parameters.get("newLesion")),
            str(parameters.get("nonTarget")) or None,
            int(parameters.get("tumourCount")) or None,
            self.panel.state.inputs.lesionDiameterMm(),
        )

    def onAddBaseline(self) -> None:
        """Draw a line on the arterial phase before TACE."""
        self._addLine(BASELINE_LINES_ROLE, VOLUME_ROLES["AP"], _("Viable before TACE"))

    def onAddFollowUp(self) -> None:
        """Draw a line on the follow-up study."""
        self._addLine(FOLLOW_UP_LINES_ROLE, FOLLOW_UP_ROLE, _("Viable after TACE"))

    def onAddToCohort(self) -> None:
        """Append the patient to the site's cohort, as it is now."""
        self.panel.refresh()
        if not self.ui.addToCohortButton.enabled:
            return
        with self.panel.saying(self.ui.cohortLabel):
            folder = Path(str(self.panel.parameters.get("cohortFolder")))
            count = follow_up.addToCohort(folder, self.row(), self.panel.features)
            words = _("{patient} was added. Patients in the cohort: {count}.")
            showNote(self.ui.cohortLabel, words.format(patient=self.panel.key().label, count=count))

    def _addLine(self, role: str, volumeRole: str, name: str) -> None:
        line = follow_up.addLine(f"{name} {len(self.lines(role)) + 1}")
        self.panel.parameters.node.AddNodeReferenceID(role, line.GetID())
        volume = self.panel.parameters.getNode(volumeRole)
        self.panel.fourUp.hide()
        # Nothing may lie over the rim that is measured, and nobody draws what he does not see.
        self.panel.vois.letGo()
        self.panel.vois.showOnly()
        # Lines of the one study say nothing on the images of the other.
        for shown in (BASELINE_LINES_ROLE, FOLLOW_UP_LINES_ROLE):
            if shown == role:
                showNodes(self.lines(shown), True)
            else:
                hideNodes(self.lines(shown), COVERING)
        if volume is not None:
            showInViews(volume)
        first = self.panel.parameters.getNode(SEGMENTATION_ROLES["AP"])
        if role == BASELINE_LINES_ROLE and first is not None:
            jumpToVoi(first)
        slicer.modules.markups.logic().SetActiveList(line)
        _interaction().SetCurrentInteractionMode(slicer.vtkMRMLInteractionNode.Place)
        self._hasBegunPlacing = True
        self.panel.refresh()

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
        if self.panel.state.inputs.followUp is None:
            return _("Choose the follow-up volume first.")
        if not self.panel.parameters.get("cohortFolder"):
            return _("Choose the folder of your cohort.")
        if self.panel.state.resultIsStale:
            return _("The result is out of date; predict again.")
        features = self.panel.features
        if self.panel.state.inputs.needsImages and (features is None or not self.panel.state.resultIsCurrent):
            if self.panel.state.resultIsCurrent:
                return _("The features are not at hand; predict again.")
            return _("Predict first: the cohort takes the features with it.")
        return None


def _interaction() -> slicer.vtkMRMLInteractionNode:
    return slicer.app.applicationLogic().GetInteractionNode()
