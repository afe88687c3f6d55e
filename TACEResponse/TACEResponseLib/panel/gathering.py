"""From the parameter node to `PanelInputs`: touches nodes, no widget."""

from __future__ import annotations

from pathlib import Path

import slicer

from ..cohort import SEQUENCES
from ..features import get_engine
from ..models import ModelBundle, find_bundle, load_bundle
from ..scene.parameters import Parameters
from ..scene.roles import (
    CHECKLIST,
    FOLLOW_UP_ROLE,
    KEY_PARAMETERS,
    SECOND_SEGMENTATION_ROLE,
    SEGMENTATION_ROLES,
    VOLUME_ROLES,
)
from ..scene.segmentations import drawnBy, isEmptyVoi
from ..scene.summaries import VoiSummary, summariseBetween, summariseVoi
from ..scene.volumes import geometryWords, rememberTags, volumeDigest
from .inputs import ModelInput, PanelInputs, SecondVoiInput, VoiInput, VolumeInput


class Gatherer:
    """Gathers the inputs again and again; what did not change since the last time is not computed again."""

    def __init__(self) -> None:
        self.bundle: ModelBundle | None = None
        self._modelKey: tuple[str, int] | None = None
        self._modelInput: ModelInput | None = None
        self._volumes: dict[str, tuple[tuple, VolumeInput]] = {}
        self._summaries: dict[str, tuple[tuple, VoiSummary]] = {}
        self._second: SecondVoiInput | None = None
        self._between: tuple[dict[str, VoiSummary], tuple[str, ...]] = ({}, ())

    def gather(self, parameters: Parameters) -> PanelInputs:
        """The inputs as the scene holds them now; nothing is kept of a volume or VOI that is not in a role any more."""
        volumes, summaries = {}, {}
        vois: dict[str, VoiInput] = {}
        roles = {**VOLUME_ROLES, FOLLOW_UP_ROLE: FOLLOW_UP_ROLE}
        nodes = {name: node for name, role in roles.items() if (node := parameters.getNode(role)) is not None}
        self._volumes = {name: self._volume(name, node) for name, node in nodes.items()}
        for sequence in (name for name in map(str, SEQUENCES) if name in nodes):
            volumes[sequence] = self._volumes[sequence][1]
            segmentation = parameters.getNode(SEGMENTATION_ROLES[sequence])
            if segmentation is not None:
                summaries[sequence] = self._summary(sequence, nodes[sequence], segmentation)
                vois[sequence] = _voiInput(segmentation, summaries[sequence][1])
        self._summaries = summaries
        second = ("secondSequence", "secondReader", "secondSession")
        return PanelInputs(
            model=self._model(str(parameters.get("model"))),
            engine=str(parameters.get("engine")),
            engineProblem=_engineProblem(str(parameters.get("engine"))),
            **{name: str(parameters.get(name)) for name in (*KEY_PARAMETERS.values(), *second)},
            checklist=frozenset(name for name in CHECKLIST if parameters.get(name)),
            volumes=volumes,
            vois=vois,
            clinical=parameters.clinicalEntry(),
            betweenSequences=self._betweenSequences({name: summary for name, (_key, summary) in summaries.items()}),
            followUp=self._volumes[FOLLOW_UP_ROLE][1] if FOLLOW_UP_ROLE in nodes else None,
            second=self._secondVoi(parameters),
        )

    def _model(self, name: str) -> ModelInput | None:
        """The chosen model, loaded again when its files have changed; ``bundle`` is None if it cannot be used."""
        if not name:
            self.bundle = self._modelKey = None
            return None
        try:
            folder = find_bundle(name)
            key = (str(folder), (folder / "model.json").stat().st_mtime_ns)
            if key != self._modelKey:
                self.bundle = load_bundle(folder)
                self._modelInput = _modelInput(self.bundle)
                self._modelKey = key
        except (ValueError, OSError) as error:
            self.bundle = self._modelKey = None
            return ModelInput(Path(name).name, problem=str(error))
        return self._modelInput

    def _betweenSequences(self, summaries: dict[str, VoiSummary]) -> tuple[str, ...]:
        known, warnings = self._between
        if known.keys() != summaries.keys() or any(known[name] is not one for name, one in summaries.items()):
            warnings = summariseBetween(summaries)
            self._between = (summaries, warnings)
        return warnings

    def _volume(self, name: str, node: slicer.vtkMRMLVolumeNode) -> tuple[tuple, VolumeInput]:
        key = _volumeKey(node)
        known = self._volumes.get(name)
        if known is None or known[0] != key:
            volume = _volumeInput(node)
            # Remembering the tags has changed the node.
            known = (_volumeKey(node), volume)
        return known

    def _summary(
        self, sequence: str, volumeNode: slicer.vtkMRMLVolumeNode, segmentationNode: slicer.vtkMRMLSegmentationNode
    ) -> tuple[tuple, VoiSummary]:
        key = (_volumeKey(volumeNode), segmentationNode.GetID(), *segmentationTimes(segmentationNode))
        known = self._summaries.get(sequence)
        if known is None or known[0] != key:
            known = (key, summariseVoi(sequence, volumeNode, segmentationNode))
        return known

    def _secondVoi(self, parameters: Parameters) -> SecondVoiInput | None:
        node = parameters.getNode(SECOND_SEGMENTATION_ROLE)
        if node is None:
            self._second = None
            return None
        drawnOn = node.GetNodeReference(node.GetReferenceImageGeometryReferenceRole())
        volumes = {sequence: parameters.getNode(role) for sequence, role in VOLUME_ROLES.items()}
        sequences = tuple(name for name, volume in volumes.items() if volume is not None and volume is drawnOn)
        version = segmentationTimes(node)
        known = self._second
        if known is None or (known.nodeId, known.version, known.drawnOn) != (node.GetID(), version, sequences):
            self._second = SecondVoiInput(node.GetID(), version, _isEmpty(node), sequences)
        return self._second


def _isEmpty(node: slicer.vtkMRMLSegmentationNode) -> bool:
    """Nothing was drawn; why another one cannot be read is reported when it is compared."""
    try:
        return isEmptyVoi(node)
    except ValueError:
        return False


def _engineProblem(name: str) -> str | None:
    """Why the feature engine cannot be used here; the native one always can."""
    try:
        get_engine(name)
    except ValueError as error:
        return str(error)
    return None


def _modelInput(bundle: ModelBundle) -> ModelInput:
    return ModelInput(
        bundle.name, bundle.sha256, bundle.required_sequences, bundle.required_facts, bundle.demonstration
    )


def _volumeInput(node: slicer.vtkMRMLVolumeNode) -> VolumeInput:
    try:
        content = volumeDigest(node)
    except ValueError as error:
        return VolumeInput(node.GetID(), "", problem=str(error))
    tags = rememberTags(node)
    return VolumeInput(
        nodeId=node.GetID(),
        content=content,
        geometry=geometryWords(node),
        patientId=tags.patient_id,
        studyDate=tags.study_date,
        frameOfReference=tags.frame_of_reference_uid,
        isPhantom=tags.is_phantom,
    )


def _voiInput(node: slicer.vtkMRMLSegmentationNode, summary: VoiSummary) -> VoiInput:
    return VoiInput(
        nodeId=node.GetID(),
        content=summary.content,
        volumeMl=None if summary.voi is None else summary.volumeMl,
        diameterMm=None if summary.voi is None else summary.diameterMm,
        isUnchecked=summary.isUnchecked,
        problem=summary.problem,
        warnings=summary.warnings,
        drawnBy=drawnBy(node),
    )


def _volumeKey(node: slicer.vtkMRMLVolumeNode) -> tuple:
    image = node.GetImageData()
    return node.GetID(), node.GetMTime(), 0 if image is None else image.GetMTime(), node.GetTransformNodeID()


def segmentationTimes(node: slicer.vtkMRMLSegmentationNode) -> tuple:
    """Another tuple after every change of the segmentation, whatever it was."""
    segmentation = node.GetSegmentation()
    times = [node.GetMTime(), segmentation.GetMTime(), node.GetTransformNodeID()]
    for number in range(segmentation.GetNumberOfSegments()):
        segment = segmentation.GetNthSegment(number)
        times.append(segment.GetMTime())
        labelmap = segment.GetRepresentation(segmentation.GetSourceRepresentationName())
        times.append(0 if labelmap is None else labelmap.GetMTime())
    return tuple(times)
