"""Nodes become a Case: what the panel, the scripts and the tests all go through."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import slicer

from ..cohort import ArraySource, Case, CaseKey, CaseWarning, ClinicalRecord, check_identifier
from .parameters import Parameters
from .roles import CHECKLIST, KEY_PARAMETERS, MODULE_NAME, SEGMENTATION_ROLES, VOLUME_ROLES, checklistFor
from .segmentations import EmptyVoiError, drawnBy, isUnchecked, segmentArray, voiDigest
from .volumes import volumeArray, volumeGeometry, volumeTags


def arraySource(volumeNode: slicer.vtkMRMLVolumeNode, segmentationNode: slicer.vtkMRMLSegmentationNode) -> ArraySource:
    """One sequence as arrays of its own, which another thread may use.

    Raises ValueError for whatever `volumes` and `segmentations` refuse; whether the voxel grids fit, imaging decides.
    """
    geometry = volumeGeometry(volumeNode)
    mask, maskGeometry = segmentArray(segmentationNode)
    return ArraySource(
        voxels=volumeArray(volumeNode),
        mask=mask,
        spacing_mm=geometry.spacing_mm,
        origin_mm=geometry.origin_mm,
        direction=geometry.direction,
        mask_geometry=maskGeometry,
        tags=volumeTags(volumeNode),
    )


def caseOfNodes(
    key: CaseKey,
    volumes: Mapping[str, slicer.vtkMRMLVolumeNode],
    segmentations: Mapping[str, slicer.vtkMRMLSegmentationNode],
    clinical: ClinicalRecord | None = None,
) -> Case:
    """A case of nodes by sequence name; a sequence that lacks its volume or its segmentation is left out.

    Raises ValueError naming patient and sequence.
    """
    sources = {}
    for sequence in volumes:
        if sequence not in segmentations:
            continue
        try:
            sources[sequence] = arraySource(volumes[sequence], segmentations[sequence])
        except ValueError as error:
            raise ValueError(f"{key.label}, {sequence}: {error}") from error
    return Case(key=key, sources=sources, clinical=clinical or ClinicalRecord())


def findParameterNode() -> slicer.vtkMRMLScriptedModuleNode:
    """The module's parameter node of the scene. Raises ValueError if the scene has none."""
    for node in slicer.util.getNodesByClass("vtkMRMLScriptedModuleNode"):
        if MODULE_NAME in (node.GetAttribute("ModuleName"), node.GetSingletonTag()):
            return node
    raise ValueError(
        "The scene holds nothing of TACEResponse: open it in Slicer, choose volumes and VOIs in the module and save it."
    )


def keyOfParameterNode(parameterNode: slicer.vtkMRMLScriptedModuleNode) -> CaseKey:
    """The case's key. Raises ValueError if no patient was entered."""
    cells = {name: parameterNode.GetParameter(parameter).strip() for name, parameter in KEY_PARAMETERS.items()}
    if not cells["patient_id"]:
        raise ValueError("The scene has no patient identifier; enter one in the panel and save the scene.")
    key = CaseKey(**{name: cell for name, cell in cells.items() if cell})
    for cell in key:
        check_identifier(cell)
    return key


def nodesOfParameterNode(
    parameterNode: slicer.vtkMRMLScriptedModuleNode,
) -> tuple[dict[str, slicer.vtkMRMLVolumeNode], dict[str, slicer.vtkMRMLSegmentationNode]]:
    """Volumes and segmentations by sequence, as chosen in the panel; deleted ones are absent."""
    return tuple(
        {
            sequence: parameterNode.GetNodeReference(role)
            for sequence, role in roles.items()
            if parameterNode.GetNodeReference(role) is not None
        }
        for roles in (VOLUME_ROLES, SEGMENTATION_ROLES)
    )


def checkVois(parameterNode: slicer.vtkMRMLScriptedModuleNode, sequences: Iterable[str]) -> None:
    """Refuse what the panel refuses: a copied VOI that was neither edited nor confirmed, another reader's VOI, and one
    VOI for two sequences.

    Raises ValueError naming patient and sequence.
    """
    key = keyOfParameterNode(parameterNode)
    label = key.label
    _volumes, segmentations = nodesOfParameterNode(parameterNode)
    vois = {sequence: segmentations[sequence] for sequence in sequences if sequence in segmentations}
    for sequence, node in vois.items():
        others = [other for other, its in vois.items() if its is node and other != sequence]
        if others:
            raise ValueError(
                f"{label}, {sequence}: its VOI is chosen for {', '.join(others)} too; open the scene in the panel and "
                "choose each sequence's own."
            )
        drawn = drawnBy(node)
        if drawn is not None and not key.may_be_of(*drawn):
            raise ValueError(
                f"{label}, {sequence}: its VOI was drawn by reader {drawn[0]}, session {drawn[1]}, the case is of "
                f"reader {key.reader}, session {key.session}; open the scene in the panel and choose one reader's VOIs."
            )
        try:
            content = voiDigest(node)
        except EmptyVoiError:
            continue
        if isUnchecked(node, content):
            raise ValueError(
                f"{label}, {sequence}: its VOI was copied and not checked; open the scene in the panel and edit or "
                "confirm it."
            )


def checklistWarning(parameterNode: slicer.vtkMRMLScriptedModuleNode, needsImages: bool) -> CaseWarning | None:
    """What the panel wants to be ticked before it predicts and is not ticked in the scene; None if all is."""
    parameters = Parameters(parameterNode)
    unticked = [CHECKLIST[name] for name in checklistFor(needsImages) if not parameters.get(name)]
    if not unticked:
        return None
    text = f"Not ticked in the scene: {'; '.join(unticked)}. The model was made for such patients only."
    return CaseWarning("checklist", text)


def caseOfScene(parameterNode: slicer.vtkMRMLScriptedModuleNode | None = None) -> Case:
    """The case of the scene that is open. Raises ValueError with what is missing or wrong."""
    parameterNode = parameterNode or findParameterNode()
    key = keyOfParameterNode(parameterNode)
    volumes, segmentations = nodesOfParameterNode(parameterNode)
    try:
        clinical = Parameters(parameterNode).clinicalEntry().record()
    except ValueError as error:
        raise ValueError(f"{key.label}: {error}") from error
    return caseOfNodes(key, volumes, segmentations, clinical)
