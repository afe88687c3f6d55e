"""The lesions of one patient: what is drawn on each sequence, and which of it is the same lesion."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..cohort import ImageGeometry
from ..imaging.diameters import largest_distance
from .tumour_names import number_in

Mask = NDArray[np.uint8]

_SAME_LESION_MM = 15.0
"""Farthest apart that the centres of one lesion on two sequences lie (clinical.md)."""


@dataclass(frozen=True, eq=False)
class DrawnLesion:
    """One lesion as it is drawn on one sequence; ``source`` is the object's modality, ``name`` the segment's.

    ``mask`` is (K, J, I) on the sequence's voxel grid; ``object_text`` names the object that it comes from.
    """

    source: str
    name: str
    mask: Mask
    geometry: ImageGeometry
    object_text: str = ""

    @property
    def volume_ml(self) -> float:
        """Volume of the voxels in mL."""
        return float(np.count_nonzero(self.mask) * np.prod(self.geometry.spacing_mm) / 1000)

    @property
    def diameter_mm(self) -> float:
        """Largest distance between the centres of two voxels, in mm."""
        return float(largest_distance(np.argwhere(self.mask), np.array(self.geometry.spacing_mm[::-1])))

    @property
    def centre_mm(self) -> NDArray[np.float64]:
        """Centre of mass in the patient, LPS in mm."""
        indices = np.argwhere(self.mask).mean(axis=0)[::-1] * self.geometry.spacing_mm
        centre: NDArray[np.float64] = self.geometry.origin_mm + np.reshape(self.geometry.direction, (3, 3)) @ indices
        return centre

    @property
    def undrawn_slices(self) -> int:
        """Slices without a voxel between the first and the last that have one."""
        drawn = np.flatnonzero(self.mask.any(axis=(1, 2)))
        return int(drawn[-1] - drawn[0] + 1 - drawn.size)

    @property
    def text(self) -> str:
        """E.g. ``"HCC", 12.3 mL``."""
        return f'"{self.name}", {self.volume_ml:.1f} mL'


def separate_lesions(drawn: Sequence[DrawnLesion]) -> tuple[list[DrawnLesion], int]:
    """Lesions drawn on one sequence without copies, and how many copies were left out.

    Raises ValueError if two of them overlap without being equal, or have one name in two objects: they are not two
    lesions, and which of the two is right cannot be told.
    """
    kept: list[DrawnLesion] = []
    for one in drawn:
        if any(np.array_equal(one.mask, other.mask) for other in kept):
            continue
        for other in kept:
            overlap = bool((one.mask & other.mask).any())
            if overlap or (one.object_text != other.object_text and one.name == other.name):
                why = "overlap" if overlap else "have the same name"
                raise ValueError(
                    f"{other.text} ({other.object_text}) and {one.text} ({one.object_text}) {why}, so that nobody can "
                    "tell which is right; none was taken, keep one of them in the archive or draw the VOI."
                )
        kept.append(one)
    return kept, len(drawn) - len(kept)


def numbered_lesions(
    on_sequences: Mapping[str, Sequence[DrawnLesion]],
) -> tuple[dict[str, dict[str, DrawnLesion]], list[str]]:
    """{lesion: {sequence: drawing}} and sentences on drawings that fit no lesion.

    The numbers of the names count where every name has one and those of one sequence differ ("Lesion 1", "Lesion 2").
    Otherwise the lesions of the sequence that shows most of them are numbered by size, and the others' belong to the
    nearest of them, at most 15 mm away. A single lesion is lesion 1.
    """
    drawn = {sequence: list(lesions) for sequence, lesions in on_sequences.items() if lesions}
    numbers = {
        sequence: {number: one for one in lesions if (number := number_in(one.name)) is not None}
        for sequence, lesions in drawn.items()
    }
    lesions: dict[str, dict[str, DrawnLesion]] = {}
    all_numbers = {number for own in numbers.values() for number in own}
    if len(all_numbers) > 1 and all(len(numbers[sequence]) == len(own) for sequence, own in drawn.items()):
        for sequence, own in numbers.items():
            for number, one in own.items():
                lesions.setdefault(str(number), {})[sequence] = one
        return dict(sorted(lesions.items(), key=lambda item: int(item[0]))), []
    if all(len(own) == 1 for own in drawn.values()):
        return ({"1": {sequence: own[0] for sequence, own in drawn.items()}} if drawn else {}), []
    main = max(drawn, key=lambda sequence: len(drawn[sequence]))
    by_size = sorted(drawn[main], key=lambda one: -one.volume_ml)
    lesions = {str(number): {main: one} for number, one in enumerate(by_size, start=1)}
    notes = list(_matched(lesions, main, drawn))
    return lesions, notes


def _matched(
    lesions: dict[str, dict[str, DrawnLesion]], main: str, drawn: Mapping[str, Sequence[DrawnLesion]]
) -> Iterator[str]:
    """Add the drawings of the other sequences to the nearest lesion; a sentence for each that is near none."""
    centres = {number: own[main].centre_mm for number, own in lesions.items()}
    for sequence, own in drawn.items():
        for one in own if sequence != main else ():
            distances = {number: float(np.linalg.norm(one.centre_mm - at)) for number, at in centres.items()}
            nearest = min(distances, key=lambda number: distances[number])
            if distances[nearest] > _SAME_LESION_MM or sequence in lesions[nearest]:
                yield f"{sequence}: {one.text} fits none of the lesions of {main}; it was not taken, draw it by hand."
            else:
                lesions[nearest][sequence] = one
