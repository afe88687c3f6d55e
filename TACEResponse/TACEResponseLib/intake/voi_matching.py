"""Which of a patient's SEG and RTSTRUCT objects lies on which of the chosen volumes; each that does not is named."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from ..cohort import ImageGeometry, named_and_more
from .archive import VOI_MODALITIES, ArchivePatient
from .dicom_vois import voi_mask
from .lesions import DrawnLesion, Mask
from .phases import Phase
from .pseudonyms import Pseudonyms
from .voi_objects import References, Structure, VoiObject, read_voi_objects
from .volumes import PatientVolumes


@dataclass(frozen=True)
class WrittenVolume:
    """A chosen volume as it was written: its phase, and the voxel grid of (K, J, I) ``shape``."""

    phase: Phase
    geometry: ImageGeometry
    shape: tuple[int, int, int]


@dataclass
class FoundVois:
    """``drawn`` by sequence; ``fates`` are (name in the review table, object, what became of it); ``notes``."""

    drawn: dict[str, list[DrawnLesion]] = field(default_factory=lambda: defaultdict(list))
    fates: list[tuple[str, VoiObject | None, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def find_vois(
    patient: ArchivePatient,
    volumes: PatientVolumes,
    written: Mapping[str, WrittenVolume],
    pseudonyms: Pseudonyms,
) -> FoundVois:
    """The tumours drawn on the chosen volumes (by sequence), and what became of every VOI object of the patient."""
    found = FoundVois()
    for study in patient.studies:
        for series in study.of_modality(*VOI_MODALITIES):
            for count, one in enumerate(read_voi_objects(series), start=1):
                name = pseudonyms.series(series.uid, count)
                if isinstance(one, str):
                    found.notes.append(one)
                    found.fates.append((name, None, one))
                    continue
                fates = list(_fates(one, volumes, written, found))
                found.fates.append((name, one, "; ".join(dict.fromkeys(fates))))
    return found


def _fates(
    one: VoiObject, volumes: PatientVolumes, written: Mapping[str, WrittenVolume], found: FoundVois
) -> Iterator[str]:
    """Add an object's tumours to ``found``; a phrase on each for the review table."""
    try:
        tumours = one.tumours()
    except ValueError as error:
        on = _sequences_of(one, volumes, written)
        found.notes.append(f"{on}{error}")
        yield f"passed over: {error}"
        return
    for structure in tumours:
        try:
            sequence, mask, doubt = _lies_on(one, structure, volumes, written)
        except ValueError as error:
            found.notes.append(str(error))
            yield f"passed over: {error}"
            continue
        if doubt:
            found.notes.append(f"{sequence}: {one.text} {doubt}; check it on the images.")
        if structure.judged.is_tumour is None:
            found.notes.append(
                f'{sequence}: {one.text} holds only "{structure.name}", which is taken for the tumour; check that.'
            )
        drawn = DrawnLesion(one.modality, structure.name, mask, written[sequence].geometry, one.text)
        if drawn.undrawn_slices:
            found.notes.append(
                f"{sequence}: {one.text}, {drawn.text}, has {_slices(drawn.undrawn_slices)} without the VOI between "
                "others that have it; check that it is whole."
            )
        found.drawn[sequence].append(drawn)
        yield f"{drawn.text}, taken for {sequence}" + (f": it {doubt}" if doubt else "")


def _slices(count: int) -> str:
    return "1 slice" if count == 1 else f"{count} slices"


def _sequences_of(one: VoiObject, volumes: PatientVolumes, written: Mapping[str, WrittenVolume]) -> str:
    """ "AP: " if all its structures lie on AP."""
    names = {name for structure in one.structures for name in _candidates(structure.references, volumes)[0]}
    on = [sequence for sequence, volume in written.items() if names == {volume.phase.facts.identifier}]
    return f"{on[0]}: " if on else ""


def _lies_on(
    one: VoiObject, structure: Structure, volumes: PatientVolumes, written: Mapping[str, WrittenVolume]
) -> tuple[str, Mask, str]:
    """The sequence that a structure was drawn on, its voxels there, and what is to be doubted ("" if nothing).

    Raises ValueError, with the object's name, if it lies on none of the chosen volumes or nobody can tell on which.
    """
    names, how = _candidates(structure.references, volumes)
    chosen = {sequence: volume for sequence, volume in written.items() if volume.phase.facts.identifier in names}
    if not names:
        raise ValueError(
            f"{one.text} refers to no series of this patient in the archive; it was not taken, add that series or "
            "draw the VOI."
        )
    if not chosen:
        listed = named_and_more(sorted({volumes.phases[name].text for name in names}))
        raise ValueError(f"{one.text} was drawn on {listed}, which is none of the chosen sequences; it was not taken.")
    if how == "images" and len(names) == 1:
        [(sequence, volume)] = chosen.items()
        try:
            return sequence, voi_mask(one, structure, volume.geometry, volume.shape), ""
        except ValueError as error:
            raise ValueError(f"{sequence}: {error}") from error
    fitting: dict[str, Mask] = {}
    misfits: list[str] = []
    for sequence, volume in chosen.items():
        try:
            fitting[sequence] = voi_mask(one, structure, volume.geometry, volume.shape)
        except ValueError as error:
            misfits.append(f"{sequence}: {error}")
    if not fitting:
        raise ValueError(misfits[0])
    grids = {_grid(volumes.phases[name]) for name in names} if len(names) > 1 else set()
    alike = [name for name in names if _grid(volumes.phases[name]) == _grid(chosen[next(iter(fitting))].phase)]
    if len(fitting) > 1 or (grids and len(alike) > 1):
        on = ", ".join(sorted(volumes.phases[name].text for name in alike))
        raise ValueError(
            f"{one.text} {_HOW[how]}, so that nobody can tell on which of {on} it was drawn; it was not taken, export "
            "it with references to its images, or draw the VOI."
        )
    [(sequence, mask)] = fitting.items()
    return sequence, mask, _HOW[how]


_HOW = {
    "images": "refers to images of several volumes",
    "series": "names the series but not these images",
    "frame": "names only the frame of reference",
}


def _candidates(references: References, volumes: PatientVolumes) -> tuple[set[str], str]:
    """The volumes, without copies, that references can mean, and by what: images, series or frame of reference."""
    phases = volumes.phases
    in_series = {name for name, phase in phases.items() if phase.series.uid in references.series_uids}
    by_images = {name for name, phase in phases.items() if any(map(references.names, phase.images))}
    if len(by_images) > 1 and by_images & in_series:
        # One UID for all images: the series tells.
        by_images &= in_series
    in_frame = {
        name
        for name, phase in phases.items()
        if phase.images[0]["FrameOfReferenceUID"] in references.frames_of_reference
    }
    for names, how in ((by_images, "images"), (in_series, "series"), (in_frame, "frame")):
        if names:
            return {volumes.copy_of.get(name, name) for name in names}, how
    return set(), ""


def _grid(phase: Phase) -> tuple[object, ...]:
    """What two phases on the same voxel grid have in common."""
    first = phase.images[0]
    slices = sorted(one["ImagePositionPatient"] for one in phase.images)
    return first["Rows"], first["Columns"], first["PixelSpacing"], first["ImageOrientationPatient"], *slices
