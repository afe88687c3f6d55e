"""T2 | AP over PVP | DP: four linked slice views, each with its own volume and VOI."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import qt
import slicer
import vtk

from ..cohort import SEQUENCES
from ..scene.display import isVisible, showBodyWindow
from ..scene.segmentations import voiCentre

LAYOUT_ID = 51347
"""Any number over 100 that no other module uses."""

VIEW_NAMES = {str(sequence): f"TACEResponse{sequence}" for sequence in SEQUENCES}
"""Singleton tags of the four slice views."""

_COMPOSITE = "vtkMRMLSliceCompositeNode"

_COLOURS = {"T2": "#4A50C8", "AP": "#E17012", "PVP": "#2F7E3B", "DP": "#8C3A8C"}


@dataclass(frozen=True)
class FourUpCase:
    """What is to be shown: by sequence the volumes, VOIs, study dates, and VOIs that are drawn again."""

    volumes: Mapping[str, slicer.vtkMRMLVolumeNode]
    segmentations: Mapping[str, slicer.vtkMRMLSegmentationNode]
    dates: Mapping[str, str | None]
    drawnAgain: Mapping[str, slicer.vtkMRMLSegmentationNode] = field(default_factory=dict)

    def vois(self, sequence: str) -> list[slicer.vtkMRMLSegmentationNode]:
        """Those of one sequence."""
        return [vois[sequence] for vois in (self.segmentations, self.drawnAgain) if sequence in vois]

    def nodes(self) -> tuple:
        """Nodes by sequence, and dates, to be compared."""
        parts = (self.volumes, self.segmentations, self.drawnAgain)
        ids = [sorted((sequence, node.GetID()) for sequence, node in part.items()) for part in parts]
        return (*ids, sorted(self.dates.items()))


def layoutDescription() -> str:
    """The layout's XML: two rows of two slice views."""

    def view(sequence: str) -> str:
        return (
            f'<item><view class="vtkMRMLSliceNode" singletontag="{VIEW_NAMES[sequence]}">'
            '<property name="orientation" action="default">Axial</property>'
            f'<property name="viewlabel" action="default">{sequence}</property>'
            f'<property name="viewcolor" action="default">{_COLOURS[sequence]}</property></view></item>'
        )

    rows = "".join(
        f'<item><layout type="horizontal">{view(left)}{view(right)}</layout></item>'
        for left, right in (("T2", "AP"), ("PVP", "DP"))
    )
    return f'<layout type="vertical" split="true">{rows}</layout>'


def registerLayout() -> None:
    """Tell Slicer of the layout; safe to call again."""
    layoutNode = slicer.app.layoutManager().layoutLogic().GetLayoutNode()
    if not layoutNode.IsLayoutDescription(LAYOUT_ID):
        layoutNode.AddLayoutDescription(LAYOUT_ID, layoutDescription())


class FourUp:
    """Shows the layout and gives back the one before; without a window (``--no-main-window``) it shows nothing."""

    def __init__(self) -> None:
        self._layoutBefore: int | None = None
        self._otherLayout: int | None = None
        self._layoutGivenBack: int = slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpView
        self._restricted: list[str] = []
        self._shown: tuple = ()
        self._case: FourUpCase | None = None
        self._fitted: dict[str, str | None] = {}
        self._captions: dict[str, vtk.vtkTextActor] = {}

    @property
    def isShown(self) -> bool:
        """The four-up is the present layout."""
        manager = slicer.app.layoutManager()
        return manager is not None and manager.layout == LAYOUT_ID

    def showInstead(self, layoutId: int) -> None:
        """Another layout, with a table or a plot; `hide` gives back the one before it too."""
        self.hide()
        manager = slicer.app.layoutManager()
        if manager is not None and manager.layout != layoutId:
            self._layoutBefore, self._otherLayout = manager.layout, layoutId
            manager.setLayout(layoutId)

    def keepUp(self, case: FourUpCase) -> None:
        """Follow the volumes and VOIs that are chosen now, if it is shown; give the layout back if none is."""
        if not self.isShown:
            self._liftRestrictions()
        elif not case.volumes:
            self.hide()
        elif self._shown != case.nodes():
            self.show(case)
        elif self._showsOthers(case):
            # Slicer has put another volume into the views, and moved them to its middle.
            self.show(case)
            self._placeViews()

    def show(self, case: FourUpCase) -> None:
        """Show the volumes by sequence, each VOI in its own view only, and link the views."""
        manager = slicer.app.layoutManager()
        if manager is None:
            return
        registerLayout()
        isShown = self.isShown
        if not isShown:
            self.hide()
        self._case = case
        if not isShown:
            self._layoutBefore = manager.layout
            manager.setLayout(LAYOUT_ID)
            # New views are given their size, and with it another place, only when they are shown.
            # A bound method without the case: Slicer keeps the timer and what it calls for good.
            qt.QTimer.singleShot(0, self._placeViews)
        self._liftRestrictions()
        # While a scene is read in, the layout is there before its views are; the next refresh finds them.
        if any(manager.sliceWidget(name) is None for name in VIEW_NAMES.values()):
            self._shown = ()
            return
        self._shown = case.nodes()
        for sequence, name in VIEW_NAMES.items():
            widget = manager.sliceWidget(name)
            composite, view = widget.sliceLogic().GetSliceCompositeNode(), widget.mrmlSliceNode()
            volume = case.volumes.get(sequence)
            volumeId = None if volume is None else volume.GetID()
            composite.SetLinkedControl(False)
            self._caption(name, widget).SetInput(f"{sequence}   {_dateWords(case.dates.get(sequence))}".strip())
            # A volume that is shown already, as in a scene that was opened, keeps its slice and zoom.
            isThere = composite.GetBackgroundVolumeID() == volumeId
            composite.SetBackgroundVolumeID(volumeId)
            if volume is not None and self._fitted.get(name) != volumeId:
                showBodyWindow(volume)
                if isThere:
                    widget.sliceLogic().SnapSliceOffsetToIJK()
                else:
                    _fit(widget)
            self._fitted[name] = volumeId
            widget.sliceView().scheduleRender()
            for segmentation in case.vois(sequence):
                self._restrict(segmentation, view)
        _link(True)

    def compositeNodes(self) -> list[slicer.vtkMRMLSliceCompositeNode]:
        """What says which volume each view shows, as far as the views were made."""
        nodes = [slicer.mrmlScene.GetSingletonNode(name, _COMPOSITE) for name in VIEW_NAMES.values()]
        return [node for node in nodes if node is not None]

    def _showsOthers(self, case: FourUpCase) -> bool:
        """A view shows another volume than its name says: Slicer puts what is loaded, or renamed, into all views."""
        volumes = [case.volumes.get(sequence) for sequence in VIEW_NAMES]
        ids = [None if volume is None else volume.GetID() for volume in volumes]
        return [node.GetBackgroundVolumeID() for node in self.compositeNodes()] != ids

    def _placeViews(self) -> None:
        """Fit each view to its volume, and show the lesion where it is drawn already."""
        case = self._case
        if case is None or not self.isShown or any(_sliceWidget(name) is None for name in VIEW_NAMES.values()):
            return
        _link(False)
        for sequence, name in VIEW_NAMES.items():
            if slicer.mrmlScene.IsNodePresent(case.volumes.get(sequence)):
                _fit(_sliceWidget(name))
        # A hidden VOI must not lead a blinded reader to the lesion.
        vois = [case.segmentations.get(sequence) for sequence in ("AP", "PVP", "DP", "T2")]
        present = [node for node in vois if slicer.mrmlScene.IsNodePresent(node) and isVisible(node)]
        centre = next((place for place in map(voiCentre, present) if place is not None), None)
        if centre is not None:
            self.jumpTo(centre)
        _link(True)

    def jumpTo(self, ras: tuple[float, float, float]) -> None:
        """Show the slices through one place of the patient in all four views."""
        for name in VIEW_NAMES.values():
            widget = _sliceWidget(name)
            widget.mrmlSliceNode().JumpSliceByOffsetting(*ras)
            # Between two slices of an image, what is drawn on one of them may not be seen.
            widget.sliceLogic().SnapSliceOffsetToIJK()

    def hide(self) -> None:
        """Give back the layout before, and show the VOIs in all views again."""
        self._liftRestrictions()
        self._fitted, self._shown, self._case = {}, (), None
        if self.isShown and self._layoutBefore is None:
            # It came with a scene: the layout that was given back last, or Slicer's own.
            self._layoutBefore = self._layoutGivenBack
        if self._layoutBefore is not None and slicer.app.layoutManager().layout in (LAYOUT_ID, self._otherLayout):
            slicer.app.layoutManager().setLayout(self._layoutBefore)
            self._layoutGivenBack = self._layoutBefore
        self._layoutBefore = None

    def _liftRestrictions(self) -> None:
        for nodeId in self._restricted:
            node = slicer.mrmlScene.GetNodeByID(nodeId)
            if node is not None:
                node.RemoveAllViewNodeIDs()
        self._restricted = []

    def removeNodes(self) -> None:
        """Take the views' nodes and captions away; not while they are shown."""
        scene = slicer.mrmlScene
        for name, actor in self._captions.items():
            widget = _sliceWidget(name)
            if widget is not None:
                _firstRenderer(widget).RemoveViewProp(actor)
        self._captions = {}
        for name in VIEW_NAMES.values():
            nodes = [
                scene.GetSingletonNode(name, className)
                for className in (_COMPOSITE, "vtkMRMLSliceDisplayNode", "vtkMRMLSliceNode")
            ]
            widget = _sliceWidget(name)
            if widget is not None:
                # The slice as a model in 3-D, after the slice's own node: as long as that is there, it is made anew.
                logic = widget.sliceLogic()
                nodes += [
                    logic.GetSliceModelNode(),
                    logic.GetSliceModelDisplayNode(),
                    logic.GetSliceModelTransformNode(),
                ]
            for node in nodes:
                if node is not None and scene.IsNodePresent(node):
                    scene.RemoveNode(node)

    def _caption(self, name: str, widget) -> vtk.vtkTextActor:
        """The words in the view's corner: its coloured bar has room for two letters."""
        actor = self._captions.get(name)
        if actor is None:
            actor = self._captions[name] = vtk.vtkTextActor()
            actor.GetTextProperty().SetFontSize(16)
            actor.GetTextProperty().SetShadow(True)
            actor.GetTextProperty().SetVerticalJustificationToTop()
            actor.GetPositionCoordinate().SetCoordinateSystemToNormalizedViewport()
            actor.SetPosition(0.02, 0.97)
            _firstRenderer(widget).AddViewProp(actor)
        return actor

    def _restrict(self, segmentationNode, view) -> None:
        displayNode = segmentationNode.GetDisplayNode()
        if displayNode is not None:
            displayNode.SetViewNodeIDs([view.GetID()])
            self._restricted.append(displayNode.GetID())


def _sliceWidget(name: str):
    manager = slicer.app.layoutManager()
    return None if manager is None else manager.sliceWidget(name)


def _fit(widget) -> None:
    widget.sliceLogic().RotateSliceToLowestVolumeAxes()
    widget.sliceLogic().FitSliceToBackground()


def _link(isLinked: bool) -> None:
    for name in VIEW_NAMES.values():
        composite = _sliceWidget(name).sliceLogic().GetSliceCompositeNode()
        composite.SetLinkedControl(isLinked)
        composite.SetHotLinkedControl(isLinked)


def _firstRenderer(widget) -> vtk.vtkRenderer:
    return widget.sliceView().renderWindow().GetRenderers().GetFirstRenderer()


def _dateWords(date: str | None) -> str:
    return f"{date[:4]}-{date[4:6]}-{date[6:]}" if date and len(date) == 8 else date or ""
