"""The four volumes, how they were found, and the four-up."""

from __future__ import annotations

from pathlib import Path

import qt
import slicer

from ..cohort import SEQUENCES
from ..intake import load_rules
from ..scene.assignment import assignVolumes
from ..scene.clinical_entry import entryOf
from ..scene.i18n import _
from ..scene.parameters import DEFAULTS
from ..scene.roles import CHECKLIST, SEGMENTATION_ROLES, VOLUME_ROLES
from ..scene.sample_patient import loadSamplePatient
from .focus import LOADED
from .present_case import forgetPatient
from .shown import PLAIN, PROBLEM, WARNING, Shown
from .step import Step, refusals, showNote

RULES_SETTING = "TACEResponse/AssignmentRules"
"""Slicer's setting with the path of the user's names of sequences."""


class StudyStep(Step):
    """Step 1."""

    name = "study"
    uiFile = "StudyStep.ui"
    isFoldedByResult = True

    def setup(self) -> None:
        self.ui.assignButton.clicked.connect(self.onAssign)
        self.ui.ownNamesButton.clicked.connect(self.onOwnNames)
        self.ui.fourUpButton.clicked.connect(self.onFourUp)
        self.ui.samplePatientButton.clicked.connect(self.onSamplePatient)
        self._reasons = self._passedOver = ""

    def refresh(self, shown: Shown) -> None:
        inputs = self.state.inputs
        for sequence in map(str, SEQUENCES):
            label = getattr(self.ui, f"volume{sequence}Label")
            volume = inputs.volumes.get(sequence)
            problem = self.state.volumeProblem(sequence)
            if problem is not None:
                showNote(label, problem, PROBLEM)
            else:
                showNote(label, None if volume is None else volume.geometry)
        problem, warning = inputs.studyProblem(), inputs.studyWarning()
        style = PROBLEM if problem else WARNING if warning else PLAIN
        showNote(self.ui.studyLabel, problem or warning or self._reasons, style)
        text = _("What was assigned and why; what does not match")
        self.ui.studyLabel.setToolTip(self._passedOver or text)
        rules = ownRules()
        self.ui.ownNamesButton.setChecked(rules is not None)
        text = _("Use the names of your site's sequences (JSON, see Docs/intake.md) before those of TACEResponse")
        inUse = _("Names of sequences: {path}. Press to use only those of TACEResponse")
        self.ui.ownNamesButton.setToolTip(text if rules is None else inUse.format(path=rules))
        self.enable(self.ui.fourUpButton, None if inputs.volumes else _("Choose a volume first."))
        self.ui.fourUpButton.setChecked(self.views.isFourUp)

    def onAssign(self) -> None:
        """Find the sequences among the loaded volumes and give the reasons."""
        with refusals():
            assigned = assignVolumes(ownRules())
            for sequence, node in assigned.volumes.items():
                self.parameters.setNode(VOLUME_ROLES[sequence], node)
            # A change of patient clears the reasons of the one before, so they are set after it.
            self.gather()
            found = list(assigned.volumes)
            absent = ", ".join(sequence for sequence in map(str, SEQUENCES) if sequence not in found)
            notFound = [_("Not found: {sequences}.").format(sequences=absent)] if found and absent else []
            self._reasons = "\n".join([*assigned.reasons, *notFound])
            others = "\n".join(assigned.passedOver)
            self._passedOver = _("Not used:") + "\n" + others if others else ""
            if "AP" in assigned.volumes:
                self.state.look(LOADED)
            self.gather()

    def onOwnNames(self) -> None:
        """Choose a file with the names of one's own sequences, or stop using it."""
        settings = slicer.app.userSettings()
        if ownRules() is not None:
            settings.remove(RULES_SETTING)
        else:
            path = qt.QFileDialog.getOpenFileName(self.widget, _("Names of sequences"), "", "JSON (*.json)")
            if path:
                with refusals():
                    load_rules(Path(path))
                    settings.setValue(RULES_SETTING, path)
        self.gather()

    def onFourUp(self) -> None:
        """Show the four-up, or the layout before."""
        if self.views.isFourUp:
            self.views.hideFourUp()
        else:
            self.views.showFourUp()
        self.gather()

    def onSamplePatient(self) -> None:
        """Make the phantom patient, choose its volumes and VOIs and enter its facts."""
        with refusals(), slicer.util.WaitCursor():
            if self.state.holdsPatient():
                forgetPatient(self.state, self.parameters)
            else:
                # With nobody to forget, what is ticked already stays.
                self.parameters.forgetPatient(keep=tuple(CHECKLIST))
            sample = loadSamplePatient(withVois=True)
            for sequence, node in sample.volumes.items():
                self.parameters.setNode(VOLUME_ROLES[sequence], node)
            self.gather()
            for sequence, node in sample.segmentations.items():
                self.parameters.setNode(SEGMENTATION_ROLES[sequence], node)
            for name in ("reader", "session"):
                self.parameters.set(name, DEFAULTS[name])
            self.parameters.setClinicalEntry(entryOf(sample.clinical))
            self._reasons = _("PHANTOM: a synthetic patient with drawn VOIs and facts; every statement applies.")
            self.state.look(LOADED)
            self.gather()

    def onPatientChanged(self) -> None:
        self._reasons = self._passedOver = ""


def ownRules() -> Path | None:
    """The file with the user's names of sequences, if one was chosen."""
    path = slicer.app.userSettings().value(RULES_SETTING)
    return Path(path) if path else None
