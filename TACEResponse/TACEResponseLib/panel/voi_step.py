"""One VOI for each sequence, drawn in the embedded Segment Editor."""

from __future__ import annotations

import slicer

from ..cohort import SEQUENCES
from ..scene.display import COVERING, hideNodes, jumpToVoi, showHidden, showInViews
from ..scene.i18n import _
from ..scene.roles import SECOND_SEGMENTATION_ROLE, SEGMENTATION_ROLES, VOLUME_ROLES
from ..scene.segmentations import (
    READER_TAG,
    SESSION_TAG,
    confirmVoi,
    copyVoi,
    createVoi,
    isEmptyVoi,
    renameReader,
    shiftVoi,
    showVoi,
    tumourSegmentId,
)
from .step import DONE_MARK, PROBLEM_STYLE, WARNING_STYLE, Step, showNote

EDITOR_TAG = "TACEResponseSegmentEditor"

EFFECTS = ("Paint", "Draw", "Erase", "Level tracing", "Fill between slices", "Threshold", "Margin")
EFFECTS += ("Smoothing", "Scissors", "Islands")
"""Those that need one segment only; growing from seeds, for one, needs several."""

WARNING_MARK = "⚠ "

SEGMENTS_TABLE_HEIGHT = 64

UNDO_STATES = 10

SPACE_EFFECT_INDEX = -1
"""By this property of its shortcuts the Segment Editor knows the space bar."""


class VoiStep(Step):
    """Step 2; ``sequence`` is the one in hand."""

    name = "vois"
    uiFile = "VoiStep.ui"

    def setup(self) -> None:
        self.sequence: str | None = None
        self._second = None
        for sequence in map(str, SEQUENCES):
            button = getattr(self.ui, f"voi{sequence}Button")
            button.clicked.connect(lambda *_ignored, sequence=sequence: self.onSequence(sequence))
        self.ui.copyVoiButton.clicked.connect(self.onCopy)
        self.ui.confirmVoiButton.clicked.connect(self.onConfirm)
        self.ui.shiftVoiButton.clicked.connect(self.onShift)
        # Before the binding, which sets the parameters.
        self.ui.readerEdit.textChanged.connect(lambda text: self.onRenamed("reader", text))
        self.ui.sessionEdit.textChanged.connect(lambda text: self.onRenamed("session", text))
        self.editor = slicer.qMRMLSegmentEditorWidget()
        self.editor.setMRMLScene(slicer.mrmlScene)
        self.editor.setSegmentationNodeSelectorVisible(False)
        self.editor.setSourceVolumeNodeSelectorVisible(False)
        self.editor.setSwitchToSegmentationsButtonVisible(False)
        self.editor.setAddRemoveSegmentButtonsVisible(False)
        self.editor.setShow3DButtonVisible(False)
        # One row is all that the table ever holds; the effects' options must have room below.
        for frame in slicer.util.findChildren(self.editor, name="SegmentsTableResizableFrame"):
            frame.setFixedHeight(SEGMENTS_TABLE_HEIGHT)
        # Otherwise choosing a sequence would put its volume into all four views.
        self.editor.setAutoShowSourceVolumeNode(False)
        self.editor.setEffectNameOrder(EFFECTS)
        self.editor.unorderedEffectsVisible = False
        self.editor.setMaximumNumberOfUndoStates(UNDO_STATES)
        # Options of some effects are wide: at 1280 pixels they and the four-up must have room side by side.
        self.editor.effectColumnCount = 1
        self.editor.layout().setContentsMargins(0, 0, 0, 0)
        self.ui.editorFrame.layout().addWidget(self.editor)

    def enter(self) -> None:
        self._ensureEditorNode()
        self.editor.setupViewObservations()
        self.editor.installKeyboardShortcuts(self.widget)
        # The editor's Space takes its last effect in hand again, wherever the focus is: it would press no button.
        for shortcut in slicer.util.findChildren(self.widget, className="QShortcut"):
            if shortcut.property("effectIndex") == SPACE_EFFECT_INDEX:
                shortcut.enabled = False

    def exit(self) -> None:
        self.showAll()
        # A blinded drawing ends with the module: the first VOI is shown again.
        if self._second is not None:
            self.letGo()
        self.pause()

    def pause(self) -> None:
        """The editor does nothing for a while; a VOI that is drawn blinded is taken in hand again by `takeSecond`."""
        # With an active effect, closing the scene crashed now and then.
        self.editor.setActiveEffect(None)
        if self._second is not None:
            self._emptyEditor()
        self.editor.uninstallKeyboardShortcuts()
        self.editor.removeViewObservations()

    def forgetEditorNode(self) -> None:
        """The scene closes, or the panel goes away: the editor lets go of its nodes."""
        self.editor.setActiveEffect(None)
        self.editor.setSourceVolumeNode(None)
        self.editor.setSegmentationNode(None)
        self.editor.setMRMLSegmentEditorNode(None)
        self.sequence = self._second = None

    def forgetNode(self, node) -> None:
        """A node is about to be removed: the editor lets go of it, and does not take another in its place."""
        if node in (self.editor.segmentationNode(), self.editor.sourceVolumeNode()):
            self.letGo()

    def cleanup(self) -> None:
        self.exit()
        self.forgetEditorNode()
        node = slicer.mrmlScene.GetSingletonNode(EDITOR_TAG, "vtkMRMLSegmentEditorNode")
        if node is not None:
            slicer.mrmlScene.RemoveNode(node)

    def refresh(self) -> None:
        self._letGoOfOthers()
        state = self.panel.state
        for sequence in map(str, SEQUENCES):
            button, label = (getattr(self.ui, f"voi{sequence}{kind}") for kind in ("Button", "Label"))
            voi = state.inputs.vois.get(sequence)
            problem = state.voiProblem(sequence)
            hasVolume = sequence in state.inputs.volumes
            noVolume = _("Choose the volume of {sequence} in step 1 first.").format(sequence=sequence)
            self.enable(button, state.volumeProblem(sequence) if hasVolume else noVolume)
            button.setChecked(sequence == self.sequence)
            # Warnings and problems tell how large the first VOI is, and where.
            isBlinded = self.panel.repeatability.isBlinded
            warned = voi is not None and bool(voi.warnings) and not isBlinded
            mark = DONE_MARK if state.voiIsTicked(sequence) else ""
            button.setText(f"{mark}{sequence}{' ' + WARNING_MARK.strip() if warned else ''}")
            size = ""
            if voi is not None and voi.volumeMl is not None:
                size = _("{volume} mL, largest diameter {diameter} mm").format(
                    volume=f"{voi.volumeMl:.1f}", diameter=f"{voi.diameterMm:.0f}"
                )
            parts = [size, *(() if voi is None else voi.warnings)]
            if sequence == state.failedSequence():
                problem = state.failure
            if isBlinded:
                parts, problem = [], None
            if problem and (hasVolume or voi is not None):
                parts.append(problem)
            showNote(label, "\n".join(part for part in parts if part), _style(problem, voi, warned))
        self._refreshTools()

    def onSequence(self, sequence: str) -> None:
        """Take a sequence in hand: its VOI, made if there is none, goes into the editor."""
        with self.panel.saying():
            volume, segmentation = self.nodesOf(sequence, create=True)
            self.panel.repeatability.endBlinding()
            self.sequence, self._second = sequence, None
            self._edit(volume, segmentation)
            if self.panel.fourUp.isShown:
                self.panel.showFourUp()
            else:
                self.showInHand()
        self.panel.refresh()

    def takeSecond(self, volume, segmentation) -> None:
        """Take a VOI that is drawn again in hand; it belongs to no button."""
        self.sequence, self._second = None, segmentation
        self.panel.fourUp.hide()
        # An editor's node that came with a scene names its segmentation, and has not taken it in.
        self._ensureEditorNode()
        self.editor.setSegmentationNode(None)
        self._edit(volume, segmentation)
        self.setCollapsed(False)
        showInViews(volume)

    def showOnly(self, *segmentations) -> None:
        """Of the case's VOIs only these are seen, until `showAll`; in one view all would lie over each other."""
        self.showAll()
        roles = (*SEGMENTATION_ROLES.values(), SECOND_SEGMENTATION_ROLE)
        nodes = [node for node in map(self.panel.parameters.getNode, roles) if node is not None]
        hideNodes([node for node in nodes if node not in segmentations], COVERING)
        self.panel.followUp.hideAfterTace()

    def showInHand(self) -> None:
        """In views that show one image: the sequence in hand with its VOI alone, where that lies."""
        if self._second is not None:
            showInViews(self.editor.sourceVolumeNode())
        if self.sequence is None:
            return
        volume, segmentation = self.nodesOf(self.sequence)
        if None not in (volume, segmentation):
            showInViews(volume)
            self.showOnly(segmentation)
            jumpToVoi(segmentation)

    def showAll(self) -> None:
        """Show the VOIs that `showOnly` has hidden."""
        showHidden(COVERING)

    def onCopy(self) -> None:
        """Copy the VOI in hand to the sequences that have none yet."""
        with self.panel.saying(), slicer.util.WaitCursor():
            source = self.sequence
            problem = self.panel.state.inputs.copyProblem(source)
            if problem is not None:
                raise ValueError(problem)
            _volume, segmentation = self.nodesOf(source)
            refused = []
            for sequence in self.panel.state.inputs.volumes:
                if sequence == source:
                    continue
                volume, target = self.nodesOf(sequence, create=True)
                try:
                    if isEmptyVoi(target):
                        copyVoi(segmentation, target, volume, source)
                except ValueError as error:
                    refused.append(f"{sequence}: {error}")
            if refused:
                raise ValueError(_("Not copied:") + "\n" + "\n".join(refused))
        self.panel.refresh()

    def onConfirm(self) -> None:
        """The copied VOI in hand fits as it is."""
        with self.panel.saying():
            confirmVoi(self.nodesOf(self.sequence)[1])
        self.panel.refresh()

    def onShift(self) -> None:
        """Move the whole VOI in hand."""
        with self.panel.saying(), slicer.util.WaitCursor():
            volume, segmentation = self.nodesOf(self.sequence)
            wanted = tuple(
                spinBox.value
                for spinBox in (self.ui.shiftLeftSpinBox, self.ui.shiftPosteriorSpinBox, self.ui.shiftSuperiorSpinBox)
            )
            made = shiftVoi(segmentation, volume, wanted)
            self.panel.refresh()
            words = _("{sequence}: shifted by L {left:.1f}, P {posterior:.1f}, S {superior:.1f} mm (whole voxels).")
            showNote(
                self.ui.voiLabel,
                words.format(sequence=self.sequence, left=made[0], posterior=made[1], superior=made[2]),
            )

    def onRenamed(self, name: str, text: str) -> None:
        """The case's reader or session was named anew: with it the VOIs that stood under the name before."""
        parameters = self.panel.parameters
        before = str(parameters.get(name))
        if not self.panel.isShowingParameters and text != before:
            nodes = [parameters.getNode(role) for role in SEGMENTATION_ROLES.values()]
            tagName = {"reader": READER_TAG, "session": SESSION_TAG}[name]
            renameReader([node for node in nodes if node is not None], tagName, before, text)
            # Undo would bring the old name back.
            self.editor.setMaximumNumberOfUndoStates(0)
            self.editor.setMaximumNumberOfUndoStates(UNDO_STATES)

    def nodesOf(self, sequence: str, create: bool = False):
        """Volume and segmentation of a sequence; the segmentation is made with ``create``."""
        parameters = self.panel.parameters
        volume = parameters.getNode(VOLUME_ROLES[sequence])
        segmentation = parameters.getNode(SEGMENTATION_ROLES[sequence])
        if segmentation is None and create:
            segmentation = createVoi(volume, sequence, str(parameters.get("reader")), str(parameters.get("session")))
            parameters.setNode(SEGMENTATION_ROLES[sequence], segmentation)
        return volume, segmentation

    def letGo(self) -> None:
        """Nothing is in the editor any more; a blinded drawing ends."""
        if self._second is not None:
            self.panel.repeatability.endBlinding()
        self._emptyEditor()

    def _emptyEditor(self) -> None:
        self.editor.setActiveEffect(None)
        self.editor.setSourceVolumeNode(None)
        self.editor.setSegmentationNode(None)
        self.sequence = self._second = None

    def _letGoOfOthers(self) -> None:
        """A VOI or volume that is not chosen any more is not edited any more."""
        edited = self.editor.segmentationNode(), self.editor.sourceVolumeNode()
        if self.sequence is not None:
            volume, segmentation = self.nodesOf(self.sequence)
            if edited != (segmentation, volume):
                self.letGo()
        elif self._second is None:
            # The editor's node came with a scene, its VOI and brush in it.
            if edited != (None, None):
                self.letGo()
        elif self.panel.parameters.getNode(SECOND_SEGMENTATION_ROLE) != self._second:
            self.letGo()

    def _refreshTools(self) -> None:
        state, inHand = self.panel.state, self.sequence
        self.editor.setEnabled(inHand is not None or self._second is not None)
        copyProblem = _("Take a sequence in hand first.")
        if inHand is not None:
            copyProblem = state.inputs.copyProblem(inHand)
        self.enable(self.ui.copyVoiButton, copyProblem)
        voi = state.inputs.vois.get(inHand)
        isUnchecked = voi is not None and voi.isUnchecked
        self.enable(self.ui.confirmVoiButton, None if isUnchecked else _("The VOI in hand is no unchecked copy."))
        isDrawn = voi is not None and voi.volumeMl is not None
        self.enable(self.ui.shiftVoiButton, None if isDrawn else _("Take a sequence with a VOI in hand first."))
        blinded = _("A VOI is drawn blinded.") if self.panel.repeatability.isBlinded else None
        for edit in (self.ui.readerEdit, self.ui.sessionEdit):
            self.enable(edit, blinded)
        readerProblem = state.readerProblem()
        notes = [readerProblem] if readerProblem else self._blindedWords() or state.inputs.betweenSequences
        showNote(self.ui.voiLabel, "\n".join(notes), PROBLEM_STYLE if readerProblem else WARNING_STYLE)

    def _blindedWords(self) -> tuple[str, ...]:
        """Who draws what while the others' VOIs are hidden: the fields above tell the first reader's."""
        if not self.panel.repeatability.isBlinded:
            return ()
        names = ("secondSequence", "secondReader", "secondSession")
        sequence, reader, session = (str(self.panel.parameters.get(name)) for name in names)
        words = _("Blinded: {sequence}, reader {reader}, session {session} is being drawn.")
        return (words.format(sequence=sequence, reader=reader, session=session),)

    def _edit(self, volume, segmentation) -> None:
        self._ensureEditorNode()
        showVoi(segmentation)
        self.editor.setSegmentationNode(segmentation)
        self.editor.setSourceVolumeNode(volume)
        self.editor.setCurrentSegmentID(tumourSegmentId(segmentation))

    def _ensureEditorNode(self) -> None:
        if self.editor.mrmlSegmentEditorNode() is not None:
            return
        node = slicer.mrmlScene.GetSingletonNode(EDITOR_TAG, "vtkMRMLSegmentEditorNode")
        if node is None:
            node = slicer.mrmlScene.CreateNodeByClass("vtkMRMLSegmentEditorNode")
            node.UnRegister(None)
            node.SetSingletonTag(EDITOR_TAG)
            node = slicer.mrmlScene.AddNode(node)
        self.editor.setMRMLSegmentEditorNode(node)


def _style(problem: str | None, voi, warned: bool) -> str:
    if problem is not None and voi is not None and not voi.isUnchecked and voi.content:
        return PROBLEM_STYLE
    return WARNING_STYLE if warned or problem is not None else ""
