"""One VOI for each sequence, drawn in the embedded Segment Editor."""

from __future__ import annotations

import slicer

from ..cohort import SEQUENCES
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
)
from .focus import EDITING
from .shown import PROBLEM, WARNING, Shown
from .step import DONE_MARK, Step, refusals, showNote
from .voi_editor import VoiEditor

WARNING_MARK = "⚠"


class VoiStep(Step):
    """Step 2; the selected sequence is the one whose VOI is edited."""

    name = "vois"
    uiFile = "VoiStep.ui"
    isFoldedByResult = True

    def setup(self) -> None:
        for sequence in map(str, SEQUENCES):
            button = getattr(self.ui, f"voi{sequence}Button")
            button.clicked.connect(lambda *_ignored, sequence=sequence: self.onSequence(sequence))
        self.ui.copyVoiButton.clicked.connect(self.onCopy)
        self.ui.confirmVoiButton.clicked.connect(self.onConfirm)
        self.ui.shiftVoiButton.clicked.connect(self.onShift)
        self._isSecondEdited = False
        self.editing = VoiEditor(self.widget)
        self.ui.editorFrame.layout().addWidget(self.editing.widget)

    def enter(self) -> None:
        self.editing.resume()

    def exit(self) -> None:
        self.editing.pause()

    def pause(self) -> None:
        self.editing.pause()
        self.editing.forgetNodes()

    def forgetNode(self, node) -> None:
        # The editor would take another node in its place.
        if self.editing.uses(node):
            self.editing.letGo()
        super().forgetNode(node)

    def cleanup(self) -> None:
        self.editing.cleanup()

    def refresh(self, shown: Shown) -> None:
        if self.editing.isActive:
            self._edit(shown)
        for sequence in map(str, SEQUENCES):
            button, label = (getattr(self.ui, f"voi{sequence}{kind}") for kind in ("Button", "Label"))
            noVolume = _("Choose the volume of {sequence} in step 1 first.").format(sequence=sequence)
            hasVolume = sequence in self.state.inputs.volumes
            self.enable(button, self.state.volumeProblem(sequence) if hasVolume else noVolume)
            button.setChecked(sequence == shown.editedSequence)
            line = shown.vois[sequence]
            mark = DONE_MARK if line.isDone else ""
            button.setText(f"{mark}{sequence}{f' {WARNING_MARK}' if line.hasWarnings else ''}")
            showNote(label, line.text, line.style)
        self._refreshTools(shown)

    def _edit(self, shown: Shown) -> None:
        """Put into the editor what is edited; a VOI or volume that is not chosen any more is not edited any more."""
        if shown.isSecondEdited:
            self.editing.edit(*self._nodesOf(self.state.inputs.secondSequence, SECOND_SEGMENTATION_ROLE))
            if not self._isSecondEdited:
                self.setCollapsed(False)
        elif shown.editedSequence:
            self.editing.edit(*self._nodesOf(shown.editedSequence))
        else:
            self.editing.letGo()
        self._isSecondEdited = shown.isSecondEdited

    def _refreshTools(self, shown: Shown) -> None:
        state, selected = self.state, shown.editedSequence
        self.editing.widget.setEnabled(bool(selected) or shown.isSecondEdited)
        noneSelected = None if selected else _("Select a sequence first.")
        self.enable(self.ui.copyVoiButton, noneSelected or state.inputs.copyProblem(selected))
        voi = state.inputs.vois.get(selected)
        isUnchecked = voi is not None and voi.isUnchecked
        notCopied = None if isUnchecked else _("The selected VOI is not an unconfirmed copy.")
        self.enable(self.ui.confirmVoiButton, noneSelected or notCopied)
        isDrawn = voi is not None and voi.volumeMl is not None
        self.enable(self.ui.shiftVoiButton, None if isDrawn else _("Select a sequence with a VOI first."))
        for edit in (self.ui.readerEdit, self.ui.sessionEdit):
            self.enable(edit, shown.lock)
        problem = state.readerProblem()
        showNote(self.ui.voiLabel, problem or "\n".join(shown.voiNotes), PROBLEM if problem else WARNING)

    def onSequence(self, sequence: str) -> None:
        """Select a sequence: its VOI, made if there is none, goes into the editor."""
        with refusals():
            volume, segmentation = self._nodesOf(sequence)
            if volume is None:
                raise ValueError(_("Choose the volume of {sequence} in step 1 first.").format(sequence=sequence))
            segmentation = segmentation or self._create(sequence)
            showVoi(segmentation)
            roles = {VOLUME_ROLES[sequence]: volume.GetID(), SEGMENTATION_ROLES[sequence]: segmentation.GetID()}
            self.state.look(EDITING, sequence, nodeIds=roles)
        self.gather()

    def onCopy(self) -> None:
        """Copy the selected VOI to the sequences that have none yet."""
        with refusals(), slicer.util.WaitCursor():
            source, _volume, segmentation = self._selected()
            problem = self.state.inputs.copyProblem(source)
            if problem is not None:
                raise ValueError(problem)
            refused = []
            for sequence in self.state.inputs.volumes:
                if sequence == source:
                    continue
                volume, target = self._nodesOf(sequence)
                target = target or self._create(sequence)
                try:
                    if isEmptyVoi(target):
                        copyVoi(segmentation, target, volume, source)
                except ValueError as error:
                    refused.append(f"{sequence}: {error}")
            if refused:
                raise ValueError(_("Not copied:") + "\n" + "\n".join(refused))
        self.gather()

    def onConfirm(self) -> None:
        """The selected VOI, a copy, is right as it is."""
        with refusals():
            confirmVoi(self._selected()[2])
        self.gather()

    def onShift(self) -> None:
        """Move the whole selected VOI."""
        with refusals(), slicer.util.WaitCursor():
            sequence, volume, segmentation = self._selected()
            boxes = (self.ui.shiftLeftSpinBox, self.ui.shiftPosteriorSpinBox, self.ui.shiftSuperiorSpinBox)
            made = shiftVoi(segmentation, volume, tuple(box.value for box in boxes))
            self.gather()
            text = _("{sequence}: shifted by L {left:.1f}, P {posterior:.1f}, S {superior:.1f} mm (whole voxels).")
            made = dict(zip(("left", "posterior", "superior"), made, strict=True))
            showNote(self.ui.voiLabel, text.format(sequence=sequence, **made))

    def onEdited(self, name: str, before: object, now: object) -> None:
        """The case's reader or session was renamed: the VOIs that stood under the name before follow."""
        tagName = {"reader": READER_TAG, "session": SESSION_TAG}.get(name)
        if tagName is not None and now != before:
            nodes = [self.parameters.getNode(role) for role in SEGMENTATION_ROLES.values()]
            renameReader([node for node in nodes if node is not None], tagName, str(before), str(now))
            # Undo would bring the old name back.
            self.editing.forgetUndo()

    def _selected(self):
        """Sequence, volume and segmentation. Raises ValueError if none is selected, or if one of them has gone."""
        self.gather()
        sequence = self.state.focus.sequence if self.state.focus.kind == EDITING else ""
        if not sequence:
            raise ValueError(_("Select a sequence first."))
        return sequence, *self._nodesOf(sequence)

    def _nodesOf(self, sequence: str, role: str = ""):
        """Volume and segmentation of a sequence; ``role`` is another one's than the first segmentation's."""
        roles = (VOLUME_ROLES[sequence], role or SEGMENTATION_ROLES[sequence])
        return tuple(map(self.parameters.getNode, roles))

    def _create(self, sequence: str) -> slicer.vtkMRMLSegmentationNode:
        reader, session = (str(self.parameters.get(name)) for name in ("reader", "session"))
        node = createVoi(self.parameters.getNode(VOLUME_ROLES[sequence]), sequence, reader, session)
        self.parameters.setNode(SEGMENTATION_ROLES[sequence], node)
        return node
