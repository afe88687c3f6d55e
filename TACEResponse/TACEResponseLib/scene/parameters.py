"""Typed access to the module's parameter node: the one place where the panel's state lives.

Slicer's ``parameterNodeWrapper`` leaves an observer for every parameter on the node for good, and is not on the
slicer-core wheel; this holds nothing, so that closing, reloading and switching leave nothing behind.
"""

from __future__ import annotations

import slicer

from ..cohort.facts import NUMBER_OF_TUMOURS
from .clinical_entry import ClinicalEntry
from .display import showNodes
from .roles import (
    BASELINE_LINES_ROLE,
    CHECKLIST,
    CLINICAL_PARAMETERS,
    FOLLOW_UP_LINES_ROLE,
    FOLLOW_UP_ROLE,
    MODULE_NAME,
    RESULT_PARAMETER,
    SECOND_SEGMENTATION_ROLE,
    SEGMENTATION_ROLES,
    VOLUME_ROLES,
)

DEFAULTS: dict[str, str | bool | int | float] = {
    "patientId": "",
    "lesion": "1",
    "reader": "1",
    "session": "1",
    "model": "",
    "engine": "native",
    "tumourCount": 0,
    **dict.fromkeys(CHECKLIST, False),
    **{name: getattr(ClinicalEntry(), name) for name in CLINICAL_PARAMETERS},
    "nothingViable": False,
    "newLesion": False,
    "nonTarget": "",
    "smallestMm": -1.0,
    "cohortFolder": "",
    "secondSequence": "AP",
    "secondReader": "2",
    "secondSession": "1",
    "blinded": False,
    "repeatedCohortFolder": "",
    "batchManifest": "",
    "batchFolder": "",
    "batchWhat": "predict",
    "batchProcesses": 2,
    "batchResume": True,
}
"""Every plain parameter and its value in a new scene; the value's type is the parameter's."""

NODE_ROLES: tuple[str, ...] = (
    *VOLUME_ROLES.values(),
    *SEGMENTATION_ROLES.values(),
    FOLLOW_UP_ROLE,
    SECOND_SEGMENTATION_ROLE,
)

PATIENT_PARAMETERS: tuple[str, ...] = (
    "patientId",
    "lesion",
    "tumourCount",
    *CHECKLIST,
    *(name for name in CLINICAL_PARAMETERS if not name.endswith("Unit") and name != "ngPerMlPerIu"),
    "nothingViable",
    "newLesion",
    "nonTarget",
    "smallestMm",
)
"""What is true of one patient only."""


def parameterNode() -> slicer.vtkMRMLScriptedModuleNode:
    """The module's parameter node of the scene, made if there is none."""
    node = slicer.mrmlScene.GetSingletonNode(MODULE_NAME, "vtkMRMLScriptedModuleNode")
    if node is None:
        node = slicer.mrmlScene.CreateNodeByClass("vtkMRMLScriptedModuleNode")
        node.UnRegister(None)
        node.SetSingletonTag(MODULE_NAME)
        node.SetName(MODULE_NAME)
        node = slicer.mrmlScene.AddNode(node)
    # Closing a scene keeps a singleton and takes its attributes away.
    if node.GetAttribute("ModuleName") != MODULE_NAME:
        node.SetAttribute("ModuleName", MODULE_NAME)
    return node


class Parameters:
    """The parameters of one node by name; what was never set has its default.

    ``node`` is None while the scene is closed or read in: then there is nothing to get or set.
    """

    def __init__(self, node: slicer.vtkMRMLScriptedModuleNode | None = None) -> None:
        self.node = node

    def get(self, name: str) -> str | bool | int | float:
        """The value of a plain parameter, of its default's type."""
        default = DEFAULTS[name]
        if not self.node.HasParameter(name):
            return default
        text = self.node.GetParameter(name)
        if isinstance(default, bool):
            return text == "True"
        try:
            return type(default)(text)
        except ValueError:
            return default

    def set(self, name: str, value: str | bool | int | float) -> None:
        """Set a plain parameter; an equal value tells nobody."""
        value = type(DEFAULTS[name])(value)
        if self.get(name) != value:
            self.node.SetParameter(name, str(value))

    def getNode(self, role: str) -> slicer.vtkMRMLNode | None:
        """The node in a role."""
        return self.node.GetNodeReference(role)

    def nodes(self, role: str) -> list[slicer.vtkMRMLNode]:
        """All nodes in a role that takes several, such as lines; deleted ones are absent."""
        count = self.node.GetNumberOfNodeReferences(role)
        nodes = (self.node.GetNthNodeReference(role, number) for number in range(count))
        return [node for node in nodes if node is not None]

    def setNode(self, role: str, node: slicer.vtkMRMLNode | None) -> None:
        """Put a node, or none, into a role."""
        if self.getNode(role) is not node:
            self.node.SetNodeReferenceID(role, None if node is None else node.GetID())

    def clinicalEntry(self) -> ClinicalEntry:
        """The fields of the clinical step."""
        entry = ClinicalEntry(**{name: self.get(name) for name in CLINICAL_PARAMETERS})
        # The number of tumours has a field of its own.
        count = self.get("tumourCount")
        return entry.withMore(NUMBER_OF_TUMOURS.column, str(count)) if count else entry

    def setClinicalEntry(self, entry: ClinicalEntry) -> None:
        """Fill the fields of the clinical step."""
        for name in CLINICAL_PARAMETERS:
            self.set(name, getattr(entry, name))

    def forgetPatient(self, keep: tuple[str, ...] = ()) -> None:
        """Set what is true of one patient only back to its default; VOIs, diameters and the stored result go.

        The nodes stay in the scene, hidden: they must not be taken for the next patient's.
        """
        wasModified = self.node.StartModify()
        for name in PATIENT_PARAMETERS:
            if name not in keep:
                self.set(name, DEFAULTS[name])
        for role in (*SEGMENTATION_ROLES.values(), SECOND_SEGMENTATION_ROLE, BASELINE_LINES_ROLE, FOLLOW_UP_LINES_ROLE):
            showNodes(self.nodes(role), False)
            self.node.RemoveNodeReferenceIDs(role)
        self.node.UnsetParameter(RESULT_PARAMETER)
        self.node.EndModify(wasModified)
