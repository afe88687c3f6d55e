"""The panel in the real application, driven as a radiologist would; also behind *Reload & Test*.

Screenshots go to the folder named by the environment variable ``TACE_RESPONSE_SCREENSHOTS``, if there is one.
"""

from __future__ import annotations

import csv
import importlib.util
import json
import logging
import math
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import qt
import slicer
from panel_selftest_cohort import CohortSelfTest
from panel_selftest_driver import SelfTestDriver
from panel_selftest_vois import VoiSelfTest
from TACEResponseLib.cohort import SEQUENCES, Case, FileSource, write_manifest
from TACEResponseLib.panel.focus import NOTHING
from TACEResponseLib.panel.present_case import presentKey
from TACEResponseLib.scene.roles import SEGMENTATION_ROLES, VOLUME_ROLES
from TACEResponseLib.scene.sample_patient import SAMPLE_NAMES, loadSamplePatient
from TACEResponseLib.scene.segmentations import TUMOUR_NAME

MODEL = "phantom-cd"

_SLICERS_OWN_VIEWS = {"PlotView1", "TableView1"}
"""Made by Slicer's layout manager for its layouts with a plot or a table."""

LONGEST_GAP_S = 0.1
"""No longer may the window stand still while a prediction is under way."""


class SelfTest:
    """``command`` is the function behind ``tace-response``: arguments to exit code."""

    def __init__(self, command: Callable[[list[str]], int]) -> None:
        self._command = command

    def run(self) -> None:
        """Everything, in the order of the panel."""
        layoutBefore = slicer.app.layoutManager().layout
        slicer.mrmlScene.Clear()
        slicer.util.selectModule("TACEResponse")
        self.driver = SelfTestDriver()
        self.panel = self.driver.panel
        self.vois = VoiSelfTest(self.driver)
        self.driver.wait(1.0)
        nodesBefore = _nodes()
        with tempfile.TemporaryDirectory() as folder:
            self.chooseModel()
            self.chooseStudy()
            self.vois.draw()
            self.keyboard()
            self.enterFacts()
            self.predict()
            self.compareWithCommand(Path(folder))
            self.cancelRun()
            self.editAndSeeItStale()
            self.saveAndReopen(Path(folder))
            self.addScene(Path(folder))
            self.vois.renameReader()
            self.useResult(Path(folder))
            self.otherEngine()
            CohortSelfTest(self.driver, self._command).run(Path(folder))
            self.removeChosen()
        slicer.util.selectModule("Data")
        assert slicer.app.layoutManager().layout == layoutBefore
        slicer.mrmlScene.Clear()
        self.driver.wait()
        # Views stay when a scene is closed, as Slicer's own do; they go when the module does.
        left = _nodes() - nodesBefore - _SLICERS_OWN_VIEWS
        assert all("TACEResponse" in name for name in left), left
        self.reload()
        left = _nodes() - nodesBefore - _SLICERS_OWN_VIEWS
        assert not left, left

    def removeChosen(self) -> None:
        """The place of a volume or VOI that is removed stays empty; Slicer's selectors would choose its neighbour."""
        vois = self.panel.vois
        vois.ui.voiDPButton.click()
        for role in (VOLUME_ROLES["AP"], SEGMENTATION_ROLES["DP"]):
            slicer.mrmlScene.RemoveNode(self.panel.parameters.getNode(role))
            self.driver.wait()
            assert self.panel.parameters.getNode(role) is None
        assert self.panel.study.ui.volumeAPSelector.currentNode() is None
        assert vois.ui.segmentationDPSelector.currentNode() is None
        assert vois.editing.widget.segmentationNode() is None
        assert self.panel.state.focus.kind == NOTHING
        assert "AP: choose the volume." in self.panel.state.missing()

    def reload(self) -> None:
        """The module loaded again, as by *Reload*: the panel before leaves no observer of the scene."""
        self._reloadOnce()
        observers = _observersOfScene()
        self._reloadOnce()
        assert _observersOfScene() == observers, (observers, _observersOfScene())

    def chooseModel(self) -> None:
        """The demonstration model and the checklist, by their widgets."""
        ui = self.panel.model.ui
        assert not self.panel.predictStep.ui.predictButton.enabled
        assert "choose" in self.panel.predictStep.ui.predictButton.toolTip
        ui.modelSelector.setCurrentIndex(ui.modelSelector.findData(MODEL))
        for name in ("firstTace", "noEarlierTreatment", "extracellularAgent", "adult", "notDiffuse"):
            getattr(ui, f"{name}CheckBox").click()
        self.driver.wait()
        assert ui.demonstrationLabel.visible

    def chooseStudy(self) -> None:
        """The sample patient, assigned automatically, in the four-up."""
        self.sample = loadSamplePatient()
        self.panel.study.ui.assignButton.click()
        self.driver.wait()
        for sequence, role in VOLUME_ROLES.items():
            assert self.panel.parameters.getNode(role).GetName() == SAMPLE_NAMES[sequence]
        assert self.panel.state.stepIsDone("model")
        assert self.panel.state.stepIsDone("study")
        self.panel.study.ui.fourUpButton.click()
        self.driver.wait()
        assert self.panel.views.isFourUp
        self.vois.keepViews()
        self.driver.openOnly(self.panel.study)
        self.driver.screenshot("study")

    def keyboard(self) -> None:
        """Tab reaches the node selectors, and no shortcut of the editor takes the space bar from buttons and boxes."""
        widgets = [widget for step in self.panel.steps for widget in vars(step.ui).values()]
        for selector in (widget for widget in widgets if widget.className() == "qMRMLNodeComboBox"):
            [comboBox] = slicer.util.findChildren(selector, className="ctkComboBox")
            assert comboBox.focusProxy() is None
            assert comboBox.focusPolicy & qt.Qt.TabFocus
        shortcuts = slicer.util.findChildren(self.panel.vois.widget, className="QShortcut")
        assert shortcuts
        assert not [one for one in shortcuts if one.enabled and one.key.toString() == "Space"]

    def enterFacts(self) -> None:
        """Child-Pugh by the calculator, the other facts by their fields."""
        ui = self.panel.clinical.ui
        self.panel.clinical.setCollapsed(False)
        for edit, text in ((ui.bilirubinEdit, "1.1"), (ui.albuminEdit, "4.1"), (ui.coagulationEdit, "1.1")):
            edit.setText(text)
        ui.ascitesSelector.setCurrentIndex(1)
        ui.encephalopathySelector.setCurrentIndex(1)
        ui.useCalculatorButton.click()
        ui.portalVenousInvasionSelector.setCurrentIndex(ui.portalVenousInvasionSelector.findData("no"))
        ui.afpEdit.setText("100")
        ui.afpUnitSelector.setCurrentIndex(ui.afpUnitSelector.findData("IU/mL"))
        ui.astUnknownCheckBox.click()
        self.driver.wait()
        assert self.panel.parameters.get("childPugh") == "A5"
        assert ui.afpLabel.text == "= 121 ng/mL"
        assert self.panel.state.missing() == ()
        self.driver.openOnly(self.panel.clinical)
        self.driver.screenshot("clinical")

    def predict(self) -> None:
        """Predict while the window stays alive."""
        self.panel.predictStep.ui.predictButton.click()
        assert self.panel.state.isRunning
        assert self.panel.predictStep.ui.predictButton.text == "Cancel"
        longest = self.driver.waitForTask()
        assert self.panel.state.failure is None
        words = f"the window stood still for up to {1000 * longest:.0f} ms"
        logging.info("%s", words)
        assert longest < LONGEST_GAP_S, words
        self.prediction = self.panel.state.result.prediction
        assert self.prediction.sentence[:60] in self.panel.result.ui.resultBrowser.plainText
        self.driver.openOnly(self.panel.result)
        self.panel.result.scrollIntoView()
        self.driver.screenshot("result")

    def compareWithCommand(self, folder: Path) -> None:
        """Every number of the panel against ``tace-response predict`` on the same volumes and VOIs as files."""
        sources = {}
        for sequence in map(str, SEQUENCES):
            image, mask = folder / f"{sequence}.nrrd", folder / f"{sequence}.seg.nrrd"
            slicer.util.exportNode(self.panel.parameters.getNode(VOLUME_ROLES[sequence]), str(image))
            slicer.util.exportNode(self.panel.parameters.getNode(SEGMENTATION_ROLES[sequence]), str(mask))
            sources[sequence] = FileSource(image, mask, TUMOUR_NAME)
        case = Case(presentKey(self.panel.parameters), sources, self.panel.state.inputs.clinical.record())
        write_manifest(folder / "manifest.csv", [case])
        out = folder / "out"
        code = self._command(["predict", str(folder / "manifest.csv"), "--model", MODEL, "--out", str(out)])
        assert code == 0
        with (out / "predictions.csv").open(encoding="utf-8") as file:
            [row] = csv.DictReader(file)
        assert row["error"] == ""
        fields = json.loads(next(out.glob("*/prediction.json")).read_text(encoding="utf-8"))
        # The exported images do not carry PHANTOM, so that their numbers are struck out there.
        numbers = fields["demonstration_numbers"] or fields
        assert math.isclose(numbers["probability_low"], self.prediction.probability_low, abs_tol=1e-9)
        assert math.isclose(numbers["probability_high"], self.prediction.probability_high, abs_tol=1e-9)
        for one, other in zip(numbers["probability_range"], self.prediction.probability_range, strict=True):
            assert math.isclose(one, other, abs_tol=1e-9)
        for name, score in self.prediction.scores.items():
            assert math.isclose(fields["scores"][name], score, abs_tol=1e-9)
        assert fields["provenance"]["inputs"] == dict(self.prediction.provenance["inputs"])

    def cancelRun(self) -> None:
        """A cancelled run leaves the result as it was."""
        self.panel.predictStep.ui.predictButton.click()
        self.panel.predictStep.ui.predictButton.click()
        self.driver.waitForTask()
        assert not self.panel.state.isRunning
        assert self.panel.state.result.prediction is self.prediction

    def editAndSeeItStale(self) -> None:
        """A changed fact greys the result and turns saving off, and the other way round."""
        self.panel.clinical.ui.afpEdit.setText("900")
        self.driver.wait()
        assert self.panel.state.resultIsStale
        assert not self.panel.result.ui.saveButton.enabled
        self.panel.clinical.ui.afpEdit.setText("100")
        self.driver.wait()
        assert self.panel.state.resultIsCurrent

    def saveAndReopen(self, folder: Path) -> None:
        """The panel shows the same after the scene was saved, closed and opened, the four-up too."""
        self.panel.result.ui.saveButton.click()
        self.panel.study.ui.fourUpButton.click()
        slicer.util.saveScene(str(folder / "case.mrb"))
        slicer.mrmlScene.Clear()
        self.driver.wait()
        assert self.panel.state.result is None
        assert self.panel.state.inputs.volumes == {}
        slicer.util.loadScene(str(folder / "case.mrb"))
        self.driver.wait(1.0)
        assert self.panel.state.missing() == ()
        assert self.panel.state.resultIsCurrent
        assert self.panel.state.result.prediction == self.prediction
        assert self.panel.views.isFourUp
        self.panel.study.ui.fourUpButton.click()
        assert not self.panel.views.isFourUp

    def addScene(self, folder: Path) -> None:
        """A scene that is added to the one at hand brings its patient with volumes and VOIs."""
        before = self.panel.parameters.getNode(VOLUME_ROLES["AP"])
        slicer.util.loadScene(str(folder / "case.mrb"), {"clear": False})
        self.driver.wait(1.0)
        assert self.panel.parameters.getNode(VOLUME_ROLES["AP"]) is not before
        assert self.panel.state.missing() == ()
        assert self.panel.state.resultIsCurrent

    def useResult(self, folder: Path) -> None:
        """Predict again, what-if, report, PDF, table."""
        self.panel.predictStep.ui.predictButton.click()
        self.driver.waitForTask()
        again = self.panel.state.result.prediction
        assert replace(again, provenance={}) == replace(self.prediction, provenance={})
        self.panel.result.ui.whatIfAstSelector.setCurrentIndex(1)
        self.driver.wait()
        assert "Not this patient" in self.panel.result.ui.whatIfLabel.text
        self.panel.result.writeReport(folder / "report.html")
        self.panel.result.writePdf(folder / "report.pdf")
        assert (folder / "report.html").stat().st_size > 10000
        assert (folder / "report.pdf").read_bytes()[:5] == b"%PDF-"

    def otherEngine(self) -> None:
        """PyRadiomics, where it is there, gives the native engine's scores."""
        if importlib.util.find_spec("radiomics") is None:
            logging.warning("PyRadiomics is not there: the panel's other engine was not tried.")
            return
        selector = self.panel.predictStep.ui.engineSelector
        native = self.panel.state.result.prediction
        for engine in ("pyradiomics", "native"):
            selector.setCurrentIndex(selector.findData(engine))
            self.driver.wait()
            self.panel.predictStep.ui.predictButton.click()
            self.driver.waitForTask()
            prediction = self.panel.state.result.prediction
            assert prediction.provenance["engine"].startswith(engine), prediction.provenance
            for name, score in native.scores.items():
                assert math.isclose(prediction.scores[name], score, abs_tol=1e-6)

    def _reloadOnce(self) -> None:
        slicer.util.getModuleWidget("TACEResponse").onReload()
        self.driver.wait()
        # Widgets are deleted when the application is idle, which a test is not.
        qt.QCoreApplication.sendPostedEvents(None, qt.QEvent.DeferredDelete)


def _observersOfScene() -> int:
    """VTK has no count; it prints them."""
    return str(slicer.mrmlScene).count("EventName:")


def _nodes() -> set[str]:
    """Names of the nodes in the scene, those of views with their tag."""
    scene = slicer.mrmlScene
    nodes = (scene.GetNthNode(number) for number in range(scene.GetNumberOfNodes()))
    return {node.GetSingletonTag() or node.GetName() or node.GetClassName() for node in nodes}
