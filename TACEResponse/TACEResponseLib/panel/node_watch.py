"""Which events of which nodes change what the panel shows."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import slicer
import vtk

from ..scene.cases import nodesOfParameterNode
from ..scene.parameters import Parameters
from ..scene.roles import BASELINE_LINES_ROLE, FOLLOW_UP_LINES_ROLE, FOLLOW_UP_ROLE, SECOND_SEGMENTATION_ROLE

_TRANSFORMED = slicer.vtkMRMLTransformableNode.TransformModifiedEvent
_VOLUME_EVENTS = (vtk.vtkCommand.ModifiedEvent, slicer.vtkMRMLVolumeNode.ImageDataModifiedEvent, _TRANSFORMED)
_SEGMENTATION_EVENTS = (
    slicer.vtkSegmentation.SourceRepresentationModified,
    slicer.vtkSegmentation.SegmentAdded,
    slicer.vtkSegmentation.SegmentRemoved,
    slicer.vtkSegmentation.SegmentModified,
    _TRANSFORMED,
)


class NodeWatch:
    """Calls ``onChanged`` after a change of the nodes of a case.

    A node that is not in a role any more is let go, with its voxels. (``VTKObservationMixin`` keeps every node that it
    has observed once, until all its observers are removed.)
    """

    def __init__(self, onChanged: Callable[..., None]) -> None:
        self._onChanged = onChanged
        self._tags: dict[tuple[slicer.vtkMRMLNode, int | str], int] = {}

    def watch(self, parameters: Parameters, compositeNodes: Iterable[slicer.vtkMRMLSliceCompositeNode]) -> None:
        """The parameter node, what is in its roles, and the views of the four-up; nothing else any more."""
        modified = vtk.vtkCommand.ModifiedEvent
        wanted = dict.fromkeys((node, modified) for node in (parameters.node, *compositeNodes))
        volumes, segmentations = nodesOfParameterNode(parameters.node)
        for node in (*volumes.values(), parameters.getNode(FOLLOW_UP_ROLE)):
            wanted |= dict.fromkeys((node, event) for event in _VOLUME_EVENTS)
        for node in (*segmentations.values(), parameters.getNode(SECOND_SEGMENTATION_ROLE)):
            wanted |= dict.fromkeys((node, event) for event in _SEGMENTATION_EVENTS)
        for role in (BASELINE_LINES_ROLE, FOLLOW_UP_LINES_ROLE):
            for node in parameters.nodes(role):
                wanted |= dict.fromkeys((node, event) for event in (node.PointModifiedEvent, _TRANSFORMED))
        for key in [key for key in self._tags if key not in wanted]:
            self._forget(key)
        for node, event in wanted:
            if node is not None and (node, event) not in self._tags:
                self._tags[node, event] = node.AddObserver(event, self._onChanged)

    def forget(self) -> None:
        """The scene closes or the panel goes away: nothing is watched any more."""
        for key in list(self._tags):
            self._forget(key)

    def _forget(self, key: tuple[slicer.vtkMRMLNode, int | str]) -> None:
        key[0].RemoveObserver(self._tags.pop(key))
