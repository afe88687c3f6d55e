"""Which events of which nodes change what the panel shows."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import slicer
import vtk
from slicer.util import VTKObservationMixin

from ..scene.cases import nodesOfParameterNode
from ..scene.parameters import Parameters
from ..scene.roles import FOLLOW_UP_ROLE, SECOND_SEGMENTATION_ROLE

_TRANSFORMED = slicer.vtkMRMLTransformableNode.TransformModifiedEvent
_VOLUME_EVENTS = (vtk.vtkCommand.ModifiedEvent, slicer.vtkMRMLVolumeNode.ImageDataModifiedEvent, _TRANSFORMED)
_SEGMENTATION_EVENTS = (
    slicer.vtkSegmentation.SourceRepresentationModified,
    slicer.vtkSegmentation.SegmentAdded,
    slicer.vtkSegmentation.SegmentRemoved,
    slicer.vtkSegmentation.SegmentModified,
    _TRANSFORMED,
)


class NodeWatch(VTKObservationMixin):
    """Calls ``onChanged`` after a change of the nodes of a case; each is observed once, however often it is named."""

    def __init__(self, onChanged: Callable[..., None]) -> None:
        VTKObservationMixin.__init__(self)
        self._onChanged = onChanged

    def watchCase(self, parameters: Parameters, lines: Iterable[slicer.vtkMRMLMarkupsLineNode]) -> None:
        """The parameter node, the volumes and segmentations in its roles, and the lines of the follow-up."""
        self._watch(parameters.node, vtk.vtkCommand.ModifiedEvent)
        volumes, segmentations = nodesOfParameterNode(parameters.node)
        for volume in (*volumes.values(), parameters.getNode(FOLLOW_UP_ROLE)):
            self._watch(volume, *_VOLUME_EVENTS)
        for segmentation in (*segmentations.values(), parameters.getNode(SECOND_SEGMENTATION_ROLE)):
            self._watch(segmentation, *_SEGMENTATION_EVENTS)
        for line in lines:
            self._watch(line, line.PointModifiedEvent, _TRANSFORMED)

    def watchViews(self, compositeNodes: Iterable[slicer.vtkMRMLSliceCompositeNode]) -> None:
        """What the views of the four-up show."""
        for node in compositeNodes:
            self._watch(node, vtk.vtkCommand.ModifiedEvent)

    def _watch(self, node: slicer.vtkMRMLNode | None, *events: int) -> None:
        for event in events:
            if node is not None and not self.hasObserver(node, event, self._onChanged):
                self.addObserver(node, event, self._onChanged)
