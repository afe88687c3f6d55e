"""The views follow the state: layout, the volume that is shown, and which VOIs and lines are seen."""

from __future__ import annotations

import slicer

from ..scene.cases import nodesOfParameterNode
from ..scene.display import BLINDED, COVERING, hideNodes, jumpToVoi, showHidden, showInViews
from ..scene.parameters import Parameters
from ..scene.roles import BASELINE_LINES_ROLE, FOLLOW_UP_LINES_ROLE, SECOND_SEGMENTATION_ROLE
from ..scene.second_reading import hideOtherVois, showOutlines
from .focus import Focus
from .four_up import FourUp, FourUpCase
from .shown import Picture, pictureOf
from .state import PanelState


class Views:
    """Applies `shown.pictureOf` after each change of the state, while the module is shown."""

    def __init__(self, state: PanelState, parameters: Parameters) -> None:
        self._state, self._parameters = state, parameters
        self._fourUp = FourUp()
        self._isEntered = False
        self._focus: Focus | None = None
        self._picture = Picture()
        self._placed = ("", "")
        self._coveringIds: list[str] = []

    @property
    def isFourUp(self) -> bool:
        """T2 | AP over PVP | DP is the present layout."""
        return self._fourUp.isShown

    def enter(self) -> None:
        """The module is shown."""
        self._isEntered = True

    def leave(self) -> None:
        """The module is left, or the scene closes: layout and visibility are the user's own again."""
        self._isEntered = False
        if self._parameters.node is not None:
            self._apply(Picture(), [])
        self._fourUp.hide()

    def removeNodes(self) -> None:
        """The panel goes away, and its views with it."""
        self._fourUp.removeNodes()

    def forget(self) -> None:
        """Another scene: what was shown of the one before was shown there."""
        self._focus, self._picture, self._placed, self._coveringIds = None, Picture(), ("", ""), []

    def showFourUp(self) -> None:
        """Each sequence in its own view."""
        self._fourUp.show(self._case())

    def hideFourUp(self) -> None:
        """The layout before."""
        self._fourUp.hide()

    def showInstead(self, layoutId: int) -> None:
        """A layout with a table or a plot; `leave` gives back the one before it too."""
        self._fourUp.showInstead(layoutId)

    def compositeNodes(self) -> list[slicer.vtkMRMLSliceCompositeNode]:
        """What says which volume each view of the four-up shows."""
        return self._fourUp.compositeNodes()

    def takeScene(self) -> None:
        """A scene was opened: what lay over others when it was saved, or was hidden from a reader, is seen again."""
        self.forget()
        self._apply(pictureOf(self._state, self.isFourUp), [])

    def follow(self) -> None:
        """Show what follows from the state."""
        if self._state.inputs.needsImages:
            self._fourUp.keepUp(self._case())
        elif self.isFourUp:
            self._fourUp.hide()
        if self._isEntered:
            self._follow()

    def _follow(self) -> None:
        picture, isNew = pictureOf(self._state, self.isFourUp), self._state.focus is not self._focus
        if isNew and picture.needsOneImage and self.isFourUp:
            self._fourUp.hide()
            picture = pictureOf(self._state, self.isFourUp)
        covering = [node for role in picture.coveringRoles for node in self._parameters.nodes(role)]
        isSame = picture == self._picture and sorted(node.GetID() for node in covering) == self._coveringIds
        if isSame and not isNew:
            return
        place = (picture.volumeRole, picture.jumpToRole)
        if isNew or place != self._placed:
            self._placed = place
            self._showVolume(*place)
        self._focus = self._state.focus
        self._apply(picture, covering)
        if picture.outlinedRoles:
            showOutlines([node for role in picture.outlinedRoles for node in self._parameters.nodes(role)])

    def _showVolume(self, volumeRole: str, jumpToRole: str) -> None:
        volume, target = (self._parameters.getNode(role) if role else None for role in (volumeRole, jumpToRole))
        if volume is not None:
            showInViews(volume)
            if target is not None:
                jumpToVoi(target)

    def _apply(self, picture: Picture, covering: list) -> None:
        """Hide what covers and what a blinded reader must not see; show what these have hidden before."""
        self._picture, self._coveringIds = picture, sorted(node.GetID() for node in covering)
        showHidden(COVERING)
        second = self._parameters.getNode(SECOND_SEGMENTATION_ROLE)
        if picture.isBlinded and second is not None:
            _volumes, segmentations = nodesOfParameterNode(self._parameters.node)
            roles = (BASELINE_LINES_ROLE, FOLLOW_UP_LINES_ROLE)
            lines = [line for role in roles for line in self._parameters.nodes(role)]
            hideOtherVois(second, [*segmentations.values(), *lines])
        else:
            showHidden(BLINDED)
        hideNodes(covering, COVERING)

    def _case(self) -> FourUpCase:
        inputs = self._state.inputs
        dates = {sequence: volume.studyDate for sequence, volume in inputs.volumes.items()}
        second = self._parameters.getNode(SECOND_SEGMENTATION_ROLE)
        drawnAgain = {} if second is None else {inputs.secondSequence: second}
        return FourUpCase(*nodesOfParameterNode(self._parameters.node), dates, drawnAgain)
