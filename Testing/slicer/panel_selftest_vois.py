"""The self-test's part on views and VOIs: the four-up, drawing with the Segment Editor, whose VOIs they are."""

from __future__ import annotations

import numpy as np
import slicer
import vtk
from panel_selftest_driver import SelfTestDriver
from TACEResponseLib.panel.four_up import VIEW_NAMES
from TACEResponseLib.scene.roles import SEGMENTATION_ROLES, VOLUME_ROLES
from TACEResponseLib.scene.sample_patient import SAMPLE_INDEX, SAMPLE_NAMES, SAMPLE_SEED
from TACEResponseLib.scene.segmentations import READER_TAG, drawnBy, setTag, tumourSegmentId


class VoiSelfTest:
    """Begins with the sample patient's volumes in the four-up."""

    def __init__(self, driver: SelfTestDriver) -> None:
        self.driver, self.panel = driver, driver.panel

    def keepViews(self) -> None:
        """Each view shows its own volume, on one of its slices, whatever else is loaded or renamed."""
        for sequence, name in VIEW_NAMES.items():
            node = slicer.app.layoutManager().sliceWidget(name).mrmlSliceNode()
            volume = self.panel.parameters.getNode(VOLUME_ROLES[sequence])
            toIjk = vtk.vtkMatrix4x4()
            volume.GetRASToIJKMatrix(toIjk)
            k = toIjk.MultiplyPoint((0.0, 0.0, node.GetSliceOffset(), 1.0))[2]
            assert abs(k - round(k)) < 1e-3, (sequence, k)
            assert 0 <= round(k) < volume.GetImageData().GetDimensions()[2], (sequence, k)
        views = [slicer.app.layoutManager().sliceWidget(name).mrmlSliceNode() for name in VIEW_NAMES.values()]
        before = [view.GetSliceOffset() for view in views]
        ap = self.panel.parameters.getNode(VOLUME_ROLES["AP"])
        other = slicer.util.addVolumeFromArray(slicer.util.arrayFromVolume(ap), name="loaded meanwhile")
        slicer.util.setSliceViewerLayers(background=other, fit=True)
        ap.SetName("renamed")
        self.driver.wait(1.0)
        for sequence, composite in zip(VIEW_NAMES, self.panel.views.compositeNodes(), strict=True):
            shown = composite.GetBackgroundVolumeID()
            assert shown == self.panel.parameters.getNode(VOLUME_ROLES[sequence]).GetID(), (sequence, shown)
        assert [view.GetSliceOffset() for view in views] == before
        slicer.mrmlScene.RemoveNode(other)
        ap.SetName(SAMPLE_NAMES["AP"])
        self.driver.wait()

    def draw(self) -> None:
        """Paint on AP, copy to the others, confirm two of them, and threshold within the third."""
        from TACEResponseLib.phantom import make_patient

        patient = make_patient(SAMPLE_SEED, SAMPLE_INDEX)
        vois = self.panel.vois
        vois.setCollapsed(False)
        vois.ui.voiAPButton.click()
        self._paint("AP", patient.mask("AP"))
        self.driver.wait(1.0)
        assert self.panel.state.voiIsTicked("AP")
        vois.ui.copyVoiButton.click()
        self.driver.wait(1.0)
        for sequence in ("T2", "PVP", "DP"):
            assert "not checked" in self.panel.state.voiProblem(sequence)
            copied = self.panel.parameters.getNode(SEGMENTATION_ROLES[sequence])
            assert copied.GetDisplayNode().GetNumberOfViewNodeIDs() == 1
        for sequence in ("T2", "PVP"):
            getattr(vois.ui, f"voi{sequence}Button").click()
            vois.ui.confirmVoiButton.click()
        vois.ui.voiDPButton.click()
        self._thresholdInside("DP")
        self.driver.wait(1.0)
        assert self.panel.state.stepIsDone("vois"), self.panel.state.missing()
        self.driver.openOnly(self.panel.vois)
        self.driver.screenshot("vois")
        self.panel.study.ui.fourUpButton.click()
        assert not self.panel.views.isFourUp

    def renameReader(self) -> None:
        """The VOIs of a case follow its reader's name; one of another reader is refused; the result is out of date."""
        edit = self.panel.vois.ui.readerEdit
        edit.setText("MK ")
        self.driver.wait()
        for role in SEGMENTATION_ROLES.values():
            assert drawnBy(self.panel.parameters.getNode(role)) == ("MK", "1")
        assert self.panel.state.resultIsStale
        assert not self.panel.state.missing()
        setTag(self.panel.parameters.getNode(SEGMENTATION_ROLES["AP"]), READER_TAG, "JS")
        self.driver.wait()
        assert "Drawn by reader JS" in self.panel.vois.ui.voiAPLabel.text
        setTag(self.panel.parameters.getNode(SEGMENTATION_ROLES["AP"]), READER_TAG, "MK")
        edit.setText("1")
        self.driver.wait()
        assert self.panel.state.resultIsCurrent

    def _paint(self, sequence: str, truth: np.ndarray) -> None:
        """A sphere brush as large as the lesion, dragged over its centre."""
        volume = self.panel.parameters.getNode(VOLUME_ROLES[sequence])
        centre = [*np.argwhere(truth).mean(axis=0)[::-1], 1.0]
        ras = _ijkToRas(volume) @ centre
        slicer.modules.markups.logic().JumpSlicesToLocation(*ras[:3], False)
        slicer.app.layoutManager().sliceWidget(VIEW_NAMES[sequence]).sliceLogic().SnapSliceOffsetToIJK()
        self.driver.wait()
        editor = self.panel.vois.editing.widget
        editor.setActiveEffectByName("Paint")
        effect = editor.activeEffect()
        effect.setCommonParameter("BrushSphere", 1)
        effect.setCommonParameter("BrushDiameterIsRelative", 0)
        effect.setCommonParameter("BrushAbsoluteDiameter", 30)
        widget = slicer.app.layoutManager().sliceWidget(f"TACEResponse{sequence}")
        toRas = slicer.util.arrayFromVTKMatrix(widget.mrmlSliceNode().GetXYToRAS())
        place = tuple(int(value) for value in np.rint(np.linalg.solve(toRas, ras)[:2]))
        slicer.util.clickAndDrag(widget, start=place, end=(place[0] + 2, place[1]), steps=5)
        editor.setActiveEffect(None)
        segmentation = self.panel.parameters.getNode(SEGMENTATION_ROLES[sequence])
        painted = slicer.util.arrayFromSegmentBinaryLabelmap(segmentation, tumourSegmentId(segmentation), volume) > 0
        assert 2 * (painted & truth).sum() > 0.7 * (painted.sum() + truth.sum()), "painted beside the lesion"

    def _thresholdInside(self, sequence: str) -> None:
        """Keep the brighter three quarters of a VOI: the effect Threshold, allowed inside the segment only."""
        segmentation = self.panel.parameters.getNode(SEGMENTATION_ROLES[sequence])
        volume = self.panel.parameters.getNode(VOLUME_ROLES[sequence])
        name = tumourSegmentId(segmentation)
        before = slicer.util.arrayFromSegmentBinaryLabelmap(segmentation, name, volume) > 0
        voxels = slicer.util.arrayFromVolume(volume)
        threshold = float(np.percentile(voxels[before], 25))
        editor = self.panel.vois.editing.widget
        node = editor.mrmlSegmentEditorNode()
        node.SetMaskMode(slicer.vtkMRMLSegmentationNode.EditAllowedInsideAllSegments)
        editor.setActiveEffectByName("Threshold")
        effect = editor.activeEffect()
        effect.setParameter("MinimumThreshold", threshold)
        effect.setParameter("MaximumThreshold", float(voxels.max()))
        effect.self().onApply()
        node.SetMaskMode(slicer.vtkMRMLSegmentationNode.EditAllowedEverywhere)
        editor.setActiveEffect(None)
        after = slicer.util.arrayFromSegmentBinaryLabelmap(segmentation, name, volume) > 0
        assert np.array_equal(after, before & (voxels >= threshold))


def _ijkToRas(volume: slicer.vtkMRMLVolumeNode) -> np.ndarray:
    import vtk

    matrix = vtk.vtkMatrix4x4()
    volume.GetIJKToRASMatrix(matrix)
    return slicer.util.arrayFromVTKMatrix(matrix)
