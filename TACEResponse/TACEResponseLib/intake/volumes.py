"""All volumes of a patient's MR studies, whole or not, before any of them is chosen or its voxels are read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations

from .archive import VOI_MODALITIES, ArchivePatient
from .copies import copied_phases, without_copies
from .headers import ArchiveImage
from .phases import Phase, split_phases
from .places import interleave
from .pseudonyms import Pseudonyms

_ONE_PASS_S = 20.0
"""Odd and even slices of one volume begin within so many seconds."""


@dataclass
class PatientVolumes:
    """``phases`` by the review table's name, and by the name of the series why no volume could be made of it.

    ``copy_of`` gives for a volume with the very same images as an earlier one the name of that. ``names`` are all that
    the review table can hold of this patient.
    """

    phases: dict[str, Phase] = field(default_factory=dict)
    not_read: dict[str, str] = field(default_factory=dict)
    copy_of: dict[str, str] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)
    repeated_images: int = 0


def find_volumes(patient: ArchivePatient, pseudonyms: Pseudonyms) -> PatientVolumes:
    """Split every MR series of a patient into its volumes; what cannot be split does not stop the others."""
    volumes = PatientVolumes()
    for study in patient.studies:
        for series in study.of_modality("MR"):
            kept, repeated = without_copies(series)
            volumes.repeated_images += repeated

            def named(images: Sequence[ArchiveImage], number: int, uid: str = series.uid) -> str:
                if number == 0:
                    return pseudonyms.series(uid)
                parts = (f"{one['SOPInstanceUID']} {one.frame} {one['ImagePositionPatient']}" for one in images)
                return pseudonyms.volume(uid, number, parts)

            try:
                phases = split_phases(kept, named)
            except ValueError as error:
                volumes.not_read[pseudonyms.series(series.uid)] = str(error)
                continue
            volumes.phases |= {phase.facts.identifier: phase for phase in phases}
    _mark_halves(volumes)
    # What belongs to the larger study is the original.
    size = {uid: len(study.series) for study in patient.studies for uid in study.series}
    copies = copied_phases(sorted(volumes.phases.values(), key=lambda phase: -size[phase.series.uid]))
    volumes.copy_of = {name: original.facts.identifier for name, original in copies.items()}
    objects = {
        pseudonyms.series(series.uid, count)
        for study in patient.studies
        for series in study.of_modality(*VOI_MODALITIES)
        for count in range(1, len(series.images) + 1)
    }
    volumes.names = {*volumes.phases, *volumes.not_read, *objects}
    return volumes


def _mark_halves(volumes: PatientVolumes) -> None:
    """Mark as lacking what are the odd and the even slices of one volume in two series: neither is whole."""
    alike: dict[tuple[str, ...], list[tuple[str, Phase]]] = {}
    for name, phase in volumes.phases.items():
        keywords = ("StudyInstanceUID", "SeriesDescription", "Rows", "Columns", "PixelSpacing")
        alike.setdefault(tuple(phase.images[0][keyword] for keyword in keywords), []).append((name, phase))
    for group in alike.values():
        for (name, one), (other_name, other) in combinations(group, 2):
            times = one.facts.acquired_at_s, other.facts.acquired_at_s
            apart = None not in times and abs((times[0] or 0.0) - (times[1] or 0.0)) > _ONE_PASS_S
            if not apart and interleave(one.images, other.images):
                volumes.phases[name] = replace(one, lacking=len(other.images))
                volumes.phases[other_name] = replace(other, lacking=len(one.images))
