"""The loaded volumes as series, for `intake` to say which of them are T2, AP, PVP and DP."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import slicer

from ..intake import SeriesFacts, assign_sequences, facts_from_dicom, load_rules
from .i18n import _
from .volumes import rememberTags, volumeGeometry, volumeMetadata

SERIES_TAGS = {
    "SeriesDescription": "0008|103e",
    "ProtocolName": "0018|1030",
    "ImageType": "0008|0008",
    "ContrastBolusAgent": "0018|0010",
    "ContrastBolusStartTime": "0018|1042",
    "AcquisitionTime": "0008|0032",
    "SeriesTime": "0008|0031",
    "TemporalPositionIdentifier": "0020|0100",
    "RepetitionTime": "0018|0080",
    "EchoTime": "0018|0081",
}
"""DICOM keyword to tag; the plane comes from the node's own geometry."""

PLANES = ("sagittal", "coronal", "transverse")


@dataclass(frozen=True)
class AssignedVolumes:
    """``volumes`` by sequence; ``reasons`` say each choice and doubt, ``passedOver`` why others were not taken."""

    volumes: dict[str, slicer.vtkMRMLScalarVolumeNode]
    reasons: tuple[str, ...]
    passedOver: tuple[str, ...]


def assignVolumes(ownRules: Path | None = None) -> AssignedVolumes:
    """Find the four sequences among the volumes of the scene, for a person to confirm.

    Of several studies of one patient the earliest is taken, as the model needs the one before TACE. ``ownRules`` is a
    file with a site's names. Raises ValueError without volumes, with volumes of two patients, or for a bad file.
    """
    nodes = _candidates()
    if not nodes:
        raise ValueError(_("No volume is loaded: load the study (module DICOM) and assign again."))
    chosen, otherStudies, notes = _oneStudy(nodes)
    assignment = assign_sequences([_facts(node) for node in chosen.values()], load_rules(ownRules))
    words = {"high": _("sure"), "medium": _("likely"), "low": _("doubtful, look at the images")}
    reasons = [
        _("{sequence}: {name} ({confidence}; {reason})").format(
            sequence=sequence,
            name=chosen[choice.identifier].GetName(),
            confidence=words[choice.confidence],
            reason=choice.reason,
        )
        for sequence, choice in assignment.chosen.items()
    ]
    volumes = {sequence: chosen[choice.identifier] for sequence, choice in assignment.chosen.items()}
    if not volumes:
        reasons.append(_("No volume was recognised by its name or tags: choose the four yourself."))
    passedOver = [f"{chosen[identifier].GetName()}: {reason}" for identifier, reason in assignment.passed_over.items()]
    passedOver += [_("{name}: of another study").format(name=node.GetName()) for node in otherStudies]
    return AssignedVolumes(volumes, (*reasons, *notes, *assignment.warnings), tuple(passedOver))


def _candidates() -> list[slicer.vtkMRMLScalarVolumeNode]:
    """Grey-value volumes that can be read, no label maps."""
    nodes = []
    for node in slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode"):
        image = node.GetImageData()
        isGrey = image is not None and image.GetNumberOfPoints() > 0 and image.GetNumberOfScalarComponents() == 1
        if isGrey and not node.IsA("vtkMRMLLabelMapVolumeNode") and not node.GetHideFromEditors():
            nodes.append(node)
    return nodes


def _oneStudy(
    nodes: list[slicer.vtkMRMLScalarVolumeNode],
) -> tuple[dict[str, slicer.vtkMRMLScalarVolumeNode], list[slicer.vtkMRMLScalarVolumeNode], list[str]]:
    """Volumes of one study by node ID, the other volumes, and what is to be said of the choice."""
    tags = {node.GetID(): rememberTags(node) for node in nodes}
    patients = sorted({tag.patient_id for tag in tags.values() if tag.patient_id is not None})
    if len(patients) > 1:
        raise ValueError(
            _(
                "The scene holds volumes of {count} patients: close it and load one patient, or choose the volumes "
                "yourself."
            ).format(count=len(patients))
        )
    dates = sorted({tag.study_date for tag in tags.values() if tag.study_date is not None})
    if not dates:
        return {node.GetID(): node for node in nodes}, [], []
    chosen = {node.GetID(): node for node in nodes if tags[node.GetID()].study_date == dates[0]}
    others = [node for node in nodes if node.GetID() not in chosen]
    notes = []
    if len(dates) > 1:
        notes.append(
            _(
                "{count} studies are loaded; taken is the earliest, of {date}: it must be the last one before TACE."
            ).format(count=len(dates), date=f"{dates[0][:4]}-{dates[0][4:6]}-{dates[0][6:]}")
        )
    return chosen, others, notes


def _facts(node: slicer.vtkMRMLScalarVolumeNode) -> SeriesFacts:
    """What the volume's tags say, its name where they give none, and its geometry."""
    metadata = volumeMetadata(node, SERIES_TAGS)
    metadata.setdefault("SeriesDescription", node.GetName())
    facts = facts_from_dicom(node.GetID(), metadata, node.GetImageData().GetDimensions()[2])
    try:
        normal = np.reshape(volumeGeometry(node).direction, (3, 3))[:, 2]
    except ValueError:
        # Under a transform or damaged: the input check says so beside the selector.
        return facts
    return replace(facts, plane=PLANES[int(np.argmax(np.abs(normal)))])
