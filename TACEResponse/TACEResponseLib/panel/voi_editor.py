"""Slicer's Segment Editor inside the panel: what it shows, its own node, and one VOI at a time in it."""

from __future__ import annotations

from contextlib import suppress

import slicer

from ..scene.segmentations import tumourSegmentId

EDITOR_TAG = "TACEResponseSegmentEditor"

EFFECTS = ("Paint", "Draw", "Erase", "Level tracing", "Fill between slices", "Threshold", "Margin")
EFFECTS += ("Smoothing", "Scissors", "Islands")
"""Those that need one segment only; growing from seeds, for one, needs several."""

SEGMENTS_TABLE_HEIGHT = 64

UNDO_STATES = 10

SPACE_EFFECT_INDEX = -1
"""By this property of its shortcuts the Segment Editor knows the space bar."""


class VoiEditor:
    """``parent`` is the widget whose keys the editor's shortcuts are; ``isActive`` while the module is shown."""

    def __init__(self, parent) -> None:
        self._parent = parent
        self.isActive = False
        self.widget = slicer.qMRMLSegmentEditorWidget()
        self.widget.setMRMLScene(slicer.mrmlScene)
        self.widget.setSegmentationNodeSelectorVisible(False)
        self.widget.setSourceVolumeNodeSelectorVisible(False)
        self.widget.setSwitchToSegmentationsButtonVisible(False)
        self.widget.setAddRemoveSegmentButtonsVisible(False)
        self.widget.setShow3DButtonVisible(False)
        # One row is all that the table ever holds; the effects' options must have room below.
        for frame in slicer.util.findChildren(self.widget, name="SegmentsTableResizableFrame"):
            frame.setFixedHeight(SEGMENTS_TABLE_HEIGHT)
        # Otherwise choosing a sequence would put its volume into all four views.
        self.widget.setAutoShowSourceVolumeNode(False)
        self.widget.setEffectNameOrder(EFFECTS)
        self.widget.unorderedEffectsVisible = False
        self.widget.setMaximumNumberOfUndoStates(UNDO_STATES)
        # Options of some effects are wide: at 1280 pixels they and the four-up must have room side by side.
        self.widget.effectColumnCount = 1
        self.widget.layout().setContentsMargins(0, 0, 0, 0)

    def resume(self) -> None:
        """The module is shown: keys and views are the editor's."""
        if self.isActive:
            return
        self.isActive = True
        self._ensureNode()
        self.widget.setupViewObservations()
        self.widget.installKeyboardShortcuts(self._parent)
        # The editor's Space takes its last effect again, wherever the focus is: it would press no button.
        for shortcut in slicer.util.findChildren(self._parent, className="QShortcut"):
            if shortcut.property("effectIndex") == SPACE_EFFECT_INDEX:
                shortcut.enabled = False

    def pause(self) -> None:
        """The module is left, or the scene changes."""
        self.isActive = False
        # With an active effect, closing the scene crashed now and then.
        self.widget.setActiveEffect(None)
        self.widget.uninstallKeyboardShortcuts()
        self.widget.removeViewObservations()

    def edit(self, volume, segmentation) -> None:
        """Have one VOI in the editor, drawn on ``volume``."""
        if (self.widget.segmentationNode(), self.widget.sourceVolumeNode()) == (segmentation, volume):
            return
        self._ensureNode()
        # An editor's node that came with a scene names its segmentation, and has not taken it.
        self.widget.setSegmentationNode(None)
        self.widget.setSegmentationNode(segmentation)
        self.widget.setSourceVolumeNode(volume)
        # Which of several segments is the tumour's may be open; then the user selects one.
        with suppress(ValueError):
            self.widget.setCurrentSegmentID(tumourSegmentId(segmentation))

    def uses(self, node) -> bool:
        """The node is in the editor."""
        return node in (self.widget.segmentationNode(), self.widget.sourceVolumeNode())

    def letGo(self) -> None:
        """Nothing is in the editor any more."""
        if (self.widget.segmentationNode(), self.widget.sourceVolumeNode()) != (None, None):
            self.widget.setActiveEffect(None)
            self.widget.setSourceVolumeNode(None)
            self.widget.setSegmentationNode(None)

    def forgetNodes(self) -> None:
        """The scene changes, or the panel goes away: the editor lets go of its own node too."""
        self.letGo()
        self.widget.setMRMLSegmentEditorNode(None)

    def forgetUndo(self) -> None:
        """What was done before cannot be undone any more."""
        self.widget.setMaximumNumberOfUndoStates(0)
        self.widget.setMaximumNumberOfUndoStates(UNDO_STATES)

    def cleanup(self) -> None:
        """The panel goes away."""
        self.pause()
        self.forgetNodes()
        node = slicer.mrmlScene.GetSingletonNode(EDITOR_TAG, "vtkMRMLSegmentEditorNode")
        if node is not None:
            slicer.mrmlScene.RemoveNode(node)

    def _ensureNode(self) -> None:
        if self.widget.mrmlSegmentEditorNode() is not None:
            return
        node = slicer.mrmlScene.GetSingletonNode(EDITOR_TAG, "vtkMRMLSegmentEditorNode")
        if node is None:
            node = slicer.mrmlScene.CreateNodeByClass("vtkMRMLSegmentEditorNode")
            node.UnRegister(None)
            node.SetSingletonTag(EDITOR_TAG)
            node = slicer.mrmlScene.AddNode(node)
        self.widget.setMRMLSegmentEditorNode(node)
