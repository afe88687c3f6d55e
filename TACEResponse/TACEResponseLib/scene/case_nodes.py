"""A case of a manifest as nodes, to be looked at and worked on in the panel."""

from __future__ import annotations

import slicer

from ..cohort import SEQUENCES, ArraySource, Case, FileSource
from ..imaging.mask_geometry import paste_mask
from .segmentations import createVoi, setVoiArray
from .volumes import attributesOfTags, createVolume


def readSources(case: Case) -> dict[str, ArraySource]:
    """The case's images and masks as arrays; no node is touched. Raises ValueError naming patient and sequence."""
    from ..imaging.reading import read_source

    sources = {}
    for sequence in map(str, SEQUENCES):
        source = case.sources.get(sequence)
        try:
            sources[sequence] = read_source(source) if isinstance(source, FileSource) else source
        except ValueError as error:
            raise ValueError(f"{case.key.label}, {sequence}: {error}") from error
    return {sequence: source for sequence, source in sources.items() if source is not None}


def nodesOfCase(
    case: Case, sources: dict[str, ArraySource]
) -> tuple[dict[str, slicer.vtkMRMLScalarVolumeNode], dict[str, slicer.vtkMRMLSegmentationNode]]:
    """Volumes and segmentations by sequence, added to the scene: the inverse of `cases.caseOfNodes`.

    Raises ValueError naming patient and sequence for a mask off its image's voxel grid; then no node was added.
    """
    masks = {}
    for sequence, source in sources.items():
        try:
            masks[sequence] = paste_mask(
                source.mask, source.mask_geometry or source.geometry, source.voxels.shape, source.geometry
            )
        except ValueError as error:
            raise ValueError(f"{case.key.label}, {sequence}: {error}") from error
    volumes, segmentations = {}, {}
    for sequence, source in sources.items():
        name = f"{sequence} {case.key.patient_id}"
        volume = createVolume(name, source.voxels, source.geometry, attributesOfTags(source.tags))
        segmentation = createVoi(volume, sequence, case.key.reader, case.key.session)
        setVoiArray(segmentation, volume, masks[sequence])
        volumes[sequence], segmentations[sequence] = volume, segmentation
    return volumes, segmentations
