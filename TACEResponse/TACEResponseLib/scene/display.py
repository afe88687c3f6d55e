"""What the views show: the grey levels of a volume, the volume of all slice views, and nodes out of sight."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import slicer

from .segmentations import voiCentre

COVERING, BLINDED = "covering", "blinded"
"""Why a node is hidden: it lies over what is looked at, or it is another reader's."""

_HIDDEN = "TACEResponse.Hidden"

_SAMPLED_VOXELS = 1_000_000
_BRIGHT_PERCENTILE = 99.5
_AIR_SHARE = 0.1
"""Voxels below this part of the bright ones are air around the patient: more than half of an abdominal MR."""
_WHITE_PERCENTILE = 96.0
"""Of the patient's voxels; above it lie vessels, which in the arterial phase would make the liver black."""


def bodyWindow(voxels: np.ndarray) -> tuple[float, float] | None:
    """Intensities of black and white for an MR image (K, J, I) of any scale; None where nothing is above zero."""
    sample = voxels.ravel()[:: max(1, voxels.size // _SAMPLED_VOXELS)]
    sample = sample[np.isfinite(sample)]
    if not len(sample):
        return None
    bright = np.percentile(sample, _BRIGHT_PERCENTILE)
    if bright <= 0:
        return None
    return 0.0, float(np.percentile(sample[sample > _AIR_SHARE * bright], _WHITE_PERCENTILE))


def showBodyWindow(volumeNode: slicer.vtkMRMLVolumeNode) -> None:
    """Window a volume to the patient's body, unless somebody has chosen its window."""
    display = volumeNode.GetDisplayNode()
    if not isinstance(display, slicer.vtkMRMLScalarVolumeDisplayNode) or not display.GetAutoWindowLevel():
        return
    if volumeNode.GetImageData() is None:
        return
    window = bodyWindow(slicer.util.arrayFromVolume(volumeNode))
    if window is not None:
        display.AutoWindowLevelOff()
        display.SetWindowLevelMinMax(*window)


def showInViews(volumeNode: slicer.vtkMRMLVolumeNode) -> None:
    """Show a volume, and no other, in all slice views."""
    showBodyWindow(volumeNode)
    slicer.util.setSliceViewerLayers(background=volumeNode, fit=True)


def jumpToVoi(segmentationNode: slicer.vtkMRMLSegmentationNode) -> None:
    """Show the middle of a VOI in all slice views; nothing happens where nothing is drawn."""
    centre = voiCentre(segmentationNode)
    if centre is not None:
        slicer.modules.markups.logic().JumpSlicesToLocation(*centre, False)


def takeOffViews(volumeNodes: Iterable[slicer.vtkMRMLVolumeNode]) -> None:
    """No slice view shows these volumes any more; others stay."""
    identifiers = {node.GetID() for node in volumeNodes}
    for composite in slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode"):
        for layer in ("Background", "Foreground", "Label"):
            if getattr(composite, f"Get{layer}VolumeID")() in identifiers:
                getattr(composite, f"Set{layer}VolumeID")(None)


def isVisible(node: slicer.vtkMRMLDisplayableNode) -> bool:
    """Whether views show the node at all."""
    display = node.GetDisplayNode()
    return display is not None and bool(display.GetVisibility())


def showNodes(nodes: Iterable[slicer.vtkMRMLDisplayableNode], areVisible: bool) -> None:
    """Show or hide nodes; one that has no display node is left alone."""
    for node in nodes:
        display = node.GetDisplayNode()
        if display is not None:
            display.SetVisibility(areVisible)
            display.RemoveAttribute(_HIDDEN)


def hideNodes(nodes: Iterable[slicer.vtkMRMLDisplayableNode], why: str) -> None:
    """Hide the nodes that are visible until `showHidden` of the same ``why``, also in a scene that is opened again."""
    for node in nodes:
        display = node.GetDisplayNode()
        if display is not None and display.GetVisibility():
            display.SetVisibility(False)
            display.SetAttribute(_HIDDEN, why)


def showHidden(why: str) -> None:
    """Show what `hideNodes` has hidden."""
    for display in slicer.util.getNodesByClass("vtkMRMLDisplayNode"):
        if display.GetAttribute(_HIDDEN) == why:
            display.SetVisibility(True)
            display.RemoveAttribute(_HIDDEN)
