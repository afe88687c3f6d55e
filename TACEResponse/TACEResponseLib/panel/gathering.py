"""From the parameter node to `PanelInputs`: touches nodes, no widget."""

from __future__ import annotations

from pathlib import Path

import slicer

from ..cohort import SEQUENCES
from ..features import get_engine
from ..models import ModelBundle, find_bundle, load_bundle
from ..scene.parameters import Parameters
from ..scene.roles import CHECKLIST, FOLLOW_UP_ROLE, KEY_PARAMETERS, SEGMENTATION_ROLES, VOLUME_ROLES
from ..scene.segmentations import drawnBy
from ..scene.summaries import VoiSummary, summariseBetween, summariseVoi
from ..scene.volumes import geometryWords, rememberTags, volumeDigest
from .inputs import ModelInput, PanelInputs, VoiInput, VolumeInput


class Gatherer:
    """Gathers the inputs again and again; what did not change since the last time is not computed again."""

    def __init__(self) -> None:
        self.bundle: ModelBundle | None = None
        self._modelKey: tuple[str, int] | None = None
        self._modelInput: ModelInput | None = None
        self._volumes: dict[str, tuple[tuple, VolumeInput]] = {}
        self._summaries: dict[str, tuple[tuple, VoiSummary]] = {}
        self._between: tuple[dict[str, VoiSummary], tuple[str, ...]] = ({}, ())

    def gather(self, parameters: Parameters) -> PanelInputs:
        """The inputs as the scene holds them now."""
        volumes, vois, summaries = {}, {}, {}
        for sequence in map(str, SEQUENCES):
            volumeNode = parameters.getNode(VOLUME_ROLES[sequence])
            if volumeNode is None:
                continue
            volumes[sequence] = self._volume(sequence, volumeNode)
            segmentationNode = parameters.getNode(SEGMENTATION_ROLES[sequence])
            if segmentationNode is not None:
                summary = summaries[sequence] = self._summary(sequence, volumeNode, segmentationNode)
                vois[sequence] = _voiInput(segmentationNode, summary)
        followUpNode = parameters.getNode(FOLLOW_UP_ROLE)
        return PanelInputs(
            model=self._model(str(parameters.get("model"))),
            engine=str(parameters.get("engine")),
            engineProblem=_engineProblem(str(parameters.get("engine"))),
            **{name: str(parameters.get(name)) for name in KEY_PARAMETERS.values()},
            checklist=frozenset(name for name in CHECKLIST if parameters.get(name)),
            volumes=volumes,
            vois=vois,
            clinical=parameters.clinicalEntry(),
            betweenSequences=self._betweenSequences(summaries),
            followUp=None if followUpNode is None else self._volume(FOLLOW_UP_ROLE, followUpNode),
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

    def _volume(self, role: str, node: slicer.vtkMRMLVolumeNode) -> VolumeInput:
        key = _volumeKey(node)
        known = self._volumes.get(role)
        if known is None or known[0] != key:
            volume = _volumeInput(node)
            # Remembering the tags has changed the node.
            self._volumes[role] = known = (_volumeKey(node), volume)
        return known[1]

    def _summary(
        self, sequence: str, volumeNode: slicer.vtkMRMLVolumeNode, segmentationNode: slicer.vtkMRMLSegmentationNode
    ) -> VoiSummary:
        key = (_volumeKey(volumeNode), segmentationNode.GetID(), *segmentationTimes(segmentationNode))
        known = self._summaries.get(sequence)
        if known is None or known[0] != key:
            self._summaries[sequence] = known = (key, summariseVoi(sequence, volumeNode, segmentationNode))
        return known[1]


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
