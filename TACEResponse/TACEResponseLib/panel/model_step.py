"""The model, the patient, and whether the model was made for such a patient."""

from __future__ import annotations

from pathlib import Path

import qt
import slicer

from ..models import find_bundle, shipped_bundles
from ..scene.i18n import _
from .present_case import forgetPatient
from .shown import PROBLEM, Shown
from .step import Step, fillSelector, showNote, warn

USER_MODELS_KEY = "TACEResponse/Models"
"""Slicer's setting with the folders of the user's own models."""


class ModelStep(Step):
    """Step 0."""

    name = "model"
    uiFile = "ModelStep.ui"
    isFoldedByResult = True

    def setup(self) -> None:
        self.ui.browseModelButton.clicked.connect(self.onBrowse)
        self.ui.modelCardButton.clicked.connect(self.onCard)
        self.ui.newPatientButton.clicked.connect(self.onNewPatient)
        self.ui.modelSelector.currentIndexChanged.connect(self.onModelSelected)
        self._models: dict[str, str] = {}

    def refresh(self, shown: Shown) -> None:
        self._fillModels(str(self.parameters.get("model")))
        model = self.state.inputs.model
        self.ui.demonstrationLabel.setVisible(model is not None and model.isDemonstration)
        self.enable(self.ui.modelCardButton, None if self.state.bundle is not None else _("Choose a model first."))
        problems = [None if model is None else model.problem]
        if self.state.inputs.patientId.strip():
            problems.append(self.state.patientProblem())
        showNote(self.ui.modelProblemLabel, "\n".join(filter(None, problems)), PROBLEM)
        self.ui.extracellularAgentCheckBox.setVisible(self.state.inputs.needsImages)

    def onModelSelected(self, index: int) -> None:
        """Another model was chosen."""
        self.parameters.set("model", self.ui.modelSelector.itemData(index) or "")
        self.gather()

    def onNewPatient(self) -> None:
        """Forget the patient."""
        forgetPatient(self.state, self.parameters)

    def onBrowse(self) -> None:
        """Choose the folder of a model of one's own; it is offered from now on."""
        folder = qt.QFileDialog.getExistingDirectory(slicer.util.mainWindow(), _("Folder of a model"))
        if not folder:
            return
        try:
            find_bundle(folder)
        except ValueError as error:
            warn(str(error))
            return
        folders = [*_userModels(), folder]
        qt.QSettings().setValue(USER_MODELS_KEY, list(dict.fromkeys(folders)))
        self.parameters.set("model", folder)
        self.gather()

    def onCard(self) -> None:
        """Show what the model was made from."""
        # Of the main window, so that it stays in front of it and goes with Esc.
        dialog = qt.QDialog(slicer.util.mainWindow())
        dialog.setAttribute(qt.Qt.WA_DeleteOnClose)
        dialog.setWindowTitle(_("Model card: {name}").format(name=self.state.bundle.name))
        browser = qt.QTextBrowser()
        browser.setMarkdown(self.state.bundle.card)
        qt.QVBoxLayout(dialog).addWidget(browser)
        dialog.resize(700, 600)
        dialog.show()

    def _fillModels(self, chosen: str) -> None:
        models = {"": _("choose a model")} | {name: name for name in shipped_bundles()}
        models |= {folder: Path(folder).name for folder in _userModels()}
        if chosen not in models:
            models[chosen] = Path(chosen).name
        if models != self._models:
            self._models = models
            fillSelector(self.ui.modelSelector, models)
        wasBlocked = self.ui.modelSelector.blockSignals(True)
        self.ui.modelSelector.setCurrentIndex(list(models).index(chosen))
        self.ui.modelSelector.blockSignals(wasBlocked)


def _userModels() -> list[str]:
    folders = qt.QSettings().value(USER_MODELS_KEY) or ()
    folders = [folders] if isinstance(folders, str) else folders
    return [folder for folder in folders if Path(folder).is_dir()]
