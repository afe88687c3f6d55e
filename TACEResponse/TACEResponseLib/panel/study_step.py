"""The four volumes, how they were found, and the four-up."""

from __future__ import annotations

from pathlib import Path

import qt
import slicer

from ..cohort import SEQUENCES
from ..intake import load_rules
from ..scene.assignment import assignVolumes
from ..scene.clinical_entry import entryOf
from ..scene.display import showInViews
from ..scene.i18n import _
from ..scene.parameters import DEFAULTS
from ..scene.roles import CHECKLIST, SEGMENTATION_ROLES, VOLUME_ROLES
from ..scene.sample_patient import loadSamplePatient
from .step import PLAIN_STYLE, PROBLEM_STYLE, WARNING_STYLE, Step, showNote

RULES_SETTING = "TACEResponse/AssignmentRules"
"""Slicer's setting that holds the path of the user's own names of sequences."""


class StudyStep(Step):
    """Step 1."""

    name = "study"
    uiFile = "StudyStep.ui"

    def setup(self) -> None:
        self.ui.assignButton.clicked.connect(self.onAssign)
        self.ui.ownNamesButton.clicked.connect(self.onOwnNames)
        self.ui.fourUpButton.clicked.connect(self.onFourUp)
        self.ui.samplePatientButton.clicked.connect(self.onSamplePatient)
        self._reasons = self._passedOver = ""

    def refresh(self) -> None:
        inputs = self.panel.state.inputs
        for sequence in map(str, SEQUENCES):
            label = getattr(self.ui, f"volume{sequence}Label")
            volume = inputs.volumes.get(sequence)
            problem = self.panel.state.volumeProblem(sequence)
            if problem is not None:
                showNote(label, problem, PROBLEM_STYLE)
            else:
                showNote(label, None if volume is None else volume.geometry)
        problem = inputs.studyProblem()
        warning = inputs.studyWarning()
        style = PROBLEM_STYLE if problem else WARNING_STYLE if warning else PLAIN_STYLE
        showNote(self.ui.studyLabel, problem or warning or self._reasons, style)
        words = _("What was assigned and why; what does not fit together")
        self.ui.studyLabel.setToolTip(self._passedOver or words)
        rules = ownRules()
        self.ui.ownNamesButton.setChecked(rules is not None)
        words = _("Use your own names of sequences (JSON, see Docs/intake.md) before those of TACEResponse")
        inUse = _("Own names of sequences: {path}. Press to use those of TACEResponse only")
        self.ui.ownNamesButton.setToolTip(words if rules is None else inUse.format(path=rules))
        self.enable(self.ui.fourUpButton, None if inputs.volumes else _("Choose a volume first."))
        self.ui.fourUpButton.setChecked(self.panel.fourUp.isShown)

    def onAssign(self) -> None:
        """Find the sequences among the loaded volumes and say why."""
        with self.panel.saying():
            assigned = assignVolumes(ownRules())
            for sequence, node in assigned.volumes.items():
                self.panel.parameters.setNode(VOLUME_ROLES[sequence], node)
            # A change of patient clears the words of the one before, so they are set after it.
            self.panel.refresh()
            found = list(assigned.volumes)
            absent = ", ".join(sequence for sequence in map(str, SEQUENCES) if sequence not in found)
            notFound = [_("Not found: {sequences}.").format(sequences=absent)] if found and absent else []
            self._reasons = "\n".join([*assigned.reasons, *notFound])
            others = "\n".join(assigned.passedOver)
            self._passedOver = _("Not taken:") + "\n" + others if others else ""
            self.panel.refresh()
            if "AP" in assigned.volumes and not self.panel.fourUp.isShown:
                showInViews(assigned.volumes["AP"])

    def onOwnNames(self) -> None:
        """Choose a file of one's own names of sequences, or stop using it."""
        settings = slicer.app.userSettings()
        if ownRules() is not None:
            settings.remove(RULES_SETTING)
        else:
            path = qt.QFileDialog.getOpenFileName(self.widget, _("Own names of sequences"), "", "JSON (*.json)")
            if path:
                with self.panel.saying():
                    load_rules(Path(path))
                    settings.setValue(RULES_SETTING, path)
        self.panel.refresh()

    def onFourUp(self) -> None:
        """Show the four-up, or the layout before."""
        if self.panel.fourUp.isShown:
            self.panel.fourUp.hide()
            self.panel.vois.showInHand()
        else:
            self.panel.showFourUp()
        self.panel.refresh()

    def onSamplePatient(self) -> None:
        """Make the phantom patient, choose his volumes and VOIs and enter his facts."""
        with self.panel.saying(), slicer.util.WaitCursor():
            if self.panel.state.holdsPatient():
                self.panel.newPatient()
            else:
                # With nobody to forget, what is ticked already stays.
                self.panel.parameters.forgetPatient(keep=tuple(CHECKLIST))
            sample = loadSamplePatient(withVois=True)
            for sequence, node in sample.volumes.items():
                self.panel.parameters.setNode(VOLUME_ROLES[sequence], node)
            self.panel.refresh()
            for sequence, node in sample.segmentations.items():
                self.panel.parameters.setNode(SEGMENTATION_ROLES[sequence], node)
            for name in ("reader", "session"):
                self.panel.parameters.set(name, DEFAULTS[name])
            self.panel.parameters.setClinicalEntry(entryOf(sample.clinical))
            self._reasons = _("PHANTOM: a synthetic patient with drawn VOIs and facts. The checklist holds for him.")
            self.panel.refresh()
            if not self.panel.fourUp.isShown:
                showInViews(sample.volumes["AP"])

    def clear(self) -> None:
        """Another patient: the reasons of the one before go."""
        self._reasons = self._passedOver = ""


def ownRules() -> Path | None:
    """The user's own names of sequences, if he chose a file."""
    path = slicer.app.userSettings().value(RULES_SETTING)
    return Path(path) if path else None
