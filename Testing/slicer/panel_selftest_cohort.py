"""The parts of the panel beyond one prediction, in the real application: second drawing, follow-up, many patients."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable
from pathlib import Path

import slicer
import vtk
from panel_selftest_driver import SelfTestDriver
from TACEResponseLib.cohort import read_manifest
from TACEResponseLib.features import read_feature_table
from TACEResponseLib.panel.focus import BLINDED
from TACEResponseLib.panel.present_case import presentKey
from TACEResponseLib.scene.follow_up import COHORT_FILE
from TACEResponseLib.scene.roles import (
    BASELINE_LINES_ROLE,
    FOLLOW_UP_LINES_ROLE,
    FOLLOW_UP_ROLE,
    SECOND_SEGMENTATION_ROLE,
    SEGMENTATION_ROLES,
    VOLUME_ROLES,
)
from TACEResponseLib.scene.sample_patient import SAMPLE_INDEX, SAMPLE_SEED
from TACEResponseLib.scene.segmentations import setVoiArray


class CohortSelfTest:
    """Continues with the patient that `panel_selftest.SelfTest` has predicted; ``command`` as there."""

    def __init__(self, driver: SelfTestDriver, command: Callable[[list[str]], int]) -> None:
        self.driver, self._command = driver, command
        self.panel = driver.panel

    def run(self, folder: Path) -> None:
        """Everything, in the order of the panel."""
        self.followUp(folder / "cohort")
        self.drawAgain(folder)
        self.repeatedCohort(folder / "repeated")
        self.manyPatients(folder / "many")

    def followUp(self, folder: Path) -> None:
        """A tumour of 40 mm that shrinks to 20 mm: a partial response, added to the site's cohort."""
        step = self.panel.followUp
        self.driver.openOnly(step)
        before = self.panel.parameters.getNode(VOLUME_ROLES["AP"])
        after = slicer.modules.volumes.logic().CloneVolume(slicer.mrmlScene, before, "AP after TACE")
        self.panel.parameters.setNode(FOLLOW_UP_ROLE, after)
        self.driver.wait()
        assert "not later than the study before TACE" in step.ui.followUpVolumeLabel.text
        assert not step.ui.addFollowUpButton.enabled
        after.SetAttribute("StudyDate", "20210406")
        self.driver.wait()
        assert step.ui.followUpVolumeLabel.text == "2021-04-06, 92 days after the study before TACE"
        for button, role, lengthMm, anteriorMm in (
            (step.ui.addBaselineButton, BASELINE_LINES_ROLE, 40.0, 30.0),
            (step.ui.addFollowUpButton, FOLLOW_UP_LINES_ROLE, 20.0, -30.0),
        ):
            button.click()
            [line] = step.lines(role)
            line.AddControlPoint(vtk.vtkVector3d(0, anteriorMm, 0))
            line.AddControlPoint(vtk.vtkVector3d(lengthMm, anteriorMm, 0))
        self.driver.wait()
        [baselineLine], [followUpLine] = step.lines(BASELINE_LINES_ROLE), step.lines(FOLLOW_UP_LINES_ROLE)
        assert not baselineLine.GetDisplayNode().GetVisibility()
        assert followUpLine.GetDisplayNode().GetVisibility()
        assert "40.0 mm" in step.ui.baselineLabel.text
        assert "mRECIST PR" in step.ui.mrecistLabel.text, step.ui.mrecistLabel.text
        folder.mkdir()
        self.panel.parameters.set("cohortFolder", str(folder))
        self.driver.wait()
        assert step.ui.addToCohortButton.enabled, step.ui.addToCohortButton.toolTip
        step.ui.addToCohortButton.click()
        self.driver.screenshot("follow_up")
        [case] = read_manifest(folder / COHORT_FILE)
        assert case.objective_response is True
        assert case.key == presentKey(self.panel.parameters)
        assert read_feature_table(folder / "features.csv").values.shape == (1, 440)

    def reopenBlinded(self, folder: Path) -> None:
        """A scene that is saved in the middle of a blinded drawing goes on with it."""
        scene = str(folder / "blinded.mrb")
        assert slicer.util.saveScene(scene)
        for module in ("TACEResponse", "Data"):
            slicer.mrmlScene.Clear()
            slicer.util.selectModule(module)
            self.driver.wait()
            slicer.util.loadScene(scene)
            slicer.util.selectModule("TACEResponse")
            # At once: what is seen for a moment is seen.
            assert self.panel.state.focus.kind == BLINDED
            for role in SEGMENTATION_ROLES.values():
                assert not self.panel.parameters.getNode(role).GetDisplayNode().GetVisibility(), role
            assert not self.panel.vois.ui.voiAPLabel.text
            self.driver.wait(1.0)
            assert not self.panel.vois.ui.voiAPLabel.text
            assert "reader 2" in self.panel.vois.ui.voiLabel.text, self.panel.vois.ui.voiLabel.text
            second = self.panel.parameters.getNode(SECOND_SEGMENTATION_ROLE)
            assert self.panel.vois.editing.widget.segmentationNode() is second
            assert not self.panel.repeatability.ui.compareButton.enabled
            assert not self.panel.result.ui.featuresButton.enabled
            slicer.mrmlScene.StartState(slicer.mrmlScene.ImportState)
            slicer.mrmlScene.EndState(slicer.mrmlScene.ImportState)
            assert self.panel.state.focus.kind == BLINDED
            assert self.panel.vois.editing.widget.segmentationNode() is second
            assert not self.panel.predictStep.ui.predictButton.enabled
            assert not self.panel.followUp.ui.addBaselineButton.enabled

    def drawAgain(self, folder: Path) -> None:
        """A second reader draws AP without seeing the first VOI; then both are compared."""
        from TACEResponseLib.phantom import make_patient

        step, vois = self.panel.repeatability, self.panel.vois
        self.driver.openOnly(step)
        first = self.panel.parameters.getNode(SEGMENTATION_ROLES["AP"])
        step.ui.drawAgainButton.click()
        assert self.panel.state.focus.kind == BLINDED
        assert not first.GetDisplayNode().GetVisibility()
        self.driver.wait()
        assert not vois.ui.voiAPLabel.text
        self.reopenBlinded(folder)
        first = self.panel.parameters.getNode(SEGMENTATION_ROLES["AP"])
        second = self.panel.parameters.getNode(SECOND_SEGMENTATION_ROLE)
        mask = make_patient(SAMPLE_SEED, SAMPLE_INDEX).mask("AP")
        setVoiArray(second, self.panel.parameters.getNode(VOLUME_ROLES["AP"]), mask)
        self.driver.wait()
        step.ui.compareButton.click()
        self.driver.waitForTask()
        assert "Dice" in step.ui.comparisonLabel.text
        assert first.GetDisplayNode().GetVisibility()
        self.driver.screenshot("repeatability")

    def repeatedCohort(self, folder: Path) -> None:
        """The ICC of phantoms drawn by two readers, as the command computes it."""
        from TACEResponseLib.phantom import write_cohort

        step = self.panel.repeatability
        self.driver.openOnly(step)
        manifest = write_cohort(folder / "cohort", 8, seed=11, readers=True)
        assert self._command(["icc", str(manifest), "--out", str(folder / "icc")]) == 0
        self.panel.parameters.set("repeatedCohortFolder", str(folder / "icc"))
        self.driver.wait()
        assert step.ui.iccButton.enabled, step.ui.iccButton.toolTip
        step.ui.iccButton.click()
        self.driver.wait(1.0)
        assert "features with ICC > 0.75" in step.ui.iccLabel.text, step.ui.iccLabel.text
        selection = slicer.app.applicationLogic().GetSelectionNode()
        table = slicer.mrmlScene.GetNodeByID(selection.GetActiveTableID()).GetTable()
        expected = _rows(folder / "icc" / "icc.csv")
        assert table.GetNumberOfRows() == len(expected) > 440
        for row, own in enumerate(expected):
            value = table.GetValueByName(row, "ICC").ToDouble()
            assert own["icc"] == "" or math.isclose(value, float(own["icc"]), abs_tol=1e-4), own
        assert slicer.mrmlScene.GetNodeByID(selection.GetActivePlotChartID()).GetNumberOfPlotSeriesNodes() == 9
        self.driver.screenshot("icc")

    def manyPatients(self, folder: Path) -> None:
        """Two phantoms by worker processes, as the command does them; one opened with its result."""
        from TACEResponseLib.phantom import write_cohort

        step = self.panel.batch
        self.driver.openOnly(step)
        self.cancelAndResume(write_cohort(folder / "longer", 6, seed=6), folder / "cancelled")
        manifest = write_cohort(folder / "cohort", 2, seed=5)
        self.panel.parameters.set("batchManifest", str(manifest))
        self.panel.parameters.set("batchFolder", str(folder / "out"))
        self.driver.wait()
        assert step.ui.batchRunButton.enabled, step.ui.batchRunButton.toolTip
        step.ui.batchRunButton.click()
        assert step.tasks.isRunning, step.ui.batchLabel.text
        self.driver.waitForTask(step.tasks)
        assert "2 done" in step.ui.batchLabel.text, step.ui.batchLabel.text
        self.driver.screenshot("many_patients")
        model = str(self.panel.parameters.get("model"))
        assert self._command(["predict", str(manifest), "--model", model, "--out", str(folder / "command")]) == 0
        ours, theirs = (_rows(folder / name / "predictions.csv") for name in ("out", "command"))
        assert ours == theirs
        step.ui.batchRunButton.click()
        self.driver.waitForTask(step.tasks)
        assert "2 done before" in step.ui.batchLabel.text, step.ui.batchLabel.text
        step.onOpen(1)
        self.driver.wait(1.0)
        assert self.panel.parameters.get("patientId") == "PHANTOM-0002"
        assert self.panel.state.resultIsCurrent
        assert math.isclose(self.panel.state.result.prediction.probability, float(ours[1]["probability"]), abs_tol=1e-6)
        self.driver.screenshot("opened_case")

    def cancelAndResume(self, manifest: Path, out: Path) -> None:
        """Cancelled after its first case, a batch keeps what is done and goes on from there."""
        step = self.panel.batch
        self.panel.parameters.set("batchManifest", str(manifest))
        self.panel.parameters.set("batchFolder", str(out))
        self.driver.wait()
        step.ui.batchRunButton.click()
        while not any(row.status for row in step.list.rows):
            self.driver.wait(0.05)
        assert step.ui.batchRunButton.text == "Cancel"
        step.ui.batchRunButton.click()
        self.driver.waitForTask(step.tasks)
        done = sum(row.status == "done" for row in step.list.rows)
        assert 0 < done < 6, step.ui.batchLabel.text
        step.ui.batchRunButton.click()
        self.driver.waitForTask(step.tasks)
        assert f"{6 - done} done, {done} done before, 0 failed" in step.ui.batchLabel.text, step.ui.batchLabel.text
        assert len(_rows(out / "predictions.csv")) == 6


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
