"""The four volumes, how they were found, and the four-up."""

from __future__ import annotations

import slicer

from ..cohort import SEQUENCES
from ..scene.clinical_entry import entryOf
from ..scene.i18n import _
from ..scene.roles import SEGMENTATION_ROLES, VOLUME_ROLES
from ..scene.sample_patient import loadSamplePatient
from .step import PROBLEM_STYLE, WARNING_STYLE, Step, showNote


class StudyStep(Step):
    """Step 1."""

    name = "study"
    uiFile = "StudyStep.ui"

    def setup(self) -> None:
        self.ui.assignButton.clicked.connect(self.onAssign)
        self.ui.fourUpButton.clicked.connect(self.onFourUp)
        self.ui.samplePatientButton.clicked.connect(self.onSamplePatient)
        self._reasons = ""

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
        showNote(self.ui.studyLabel, problem or self._reasons, PROBLEM_STYLE if problem else "")
        self.ui.fourUpButton.setEnabled(bool(inputs.volumes))
        self.ui.fourUpButton.setChecked(self.panel.fourUp.isShown)

    def onAssign(self) -> None:
        """Find the sequences among the loaded volumes and say why."""
        from ..scene.assignment import assignVolumes

        with self.panel.saying():
            assigned = assignVolumes()
            for sequence, node in assigned.volumes.items():
                self.panel.parameters.setNode(VOLUME_ROLES[sequence], node)
            self._reasons = "\n".join(assigned.reasons)
            self.panel.refresh()
            showNote(self.ui.studyLabel, self._reasons, "" if assigned.volumes else WARNING_STYLE)

    def onFourUp(self) -> None:
        """Show the four-up, or the layout before."""
        if self.panel.fourUp.isShown:
            self.panel.fourUp.hide()
        else:
            self.panel.showFourUp()
        self.panel.refresh()

    def onSamplePatient(self) -> None:
        """Make the phantom patient, choose his volumes and VOIs and enter his facts."""
        with self.panel.saying(), slicer.util.WaitCursor():
            self.panel.newPatient()
            sample = loadSamplePatient(withVois=True)
            for sequence, node in sample.volumes.items():
                self.panel.parameters.setNode(VOLUME_ROLES[sequence], node)
            self.panel.refresh()
            for sequence, node in sample.segmentations.items():
                self.panel.parameters.setNode(SEGMENTATION_ROLES[sequence], node)
            self.panel.parameters.setClinicalEntry(entryOf(sample.clinical))
            self._reasons = _("PHANTOM: a synthetic patient with drawn VOIs and facts.")
            self.panel.refresh()
            slicer.util.setSliceViewerLayers(background=sample.volumes["AP"], fit=True)

    def clear(self) -> None:
        """Another patient: the reasons of the one before go."""
        self._reasons = ""
