"""What must hold between the sequences of one case (clinical.md, "Which images", "Which lesion")."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import date, datetime
from itertools import combinations

import numpy as np

from ..cohort import CaseKey, CaseWarning, private
from .measurements import (
    centre_lps_mm,
    index_to_lps_mm,
    largest_diameter_mm,
    lps_mm_to_index,
    volume_ml,
)
from .voi import Voi

LARGEST_CENTRE_DISTANCE_MM = 15.0
"""Centres farther apart, or farther than half the smaller VOI's largest diameter, are warned of."""

LARGEST_VOLUME_RATIO = 1.5

_FEW_VOXELS = 1000

_GADOXETATE = re.compile(r"gadoxet|primovist|eovist|gd[\s-]*eob", re.IGNORECASE)


def check_between_sequences(
    key: CaseKey, vois: Mapping[str, Voi], study_before: date | None = None
) -> tuple[CaseWarning, ...]:
    """Compare the sequences of one case.

    Parameters
    ----------
    key : CaseKey
    vois : mapping
        Sequence name to Voi.
    study_before : date, optional
        Date of the first TACE, where known; a study on that day is accepted.

    Returns
    -------
    tuple of CaseWarning
        With ``sequence`` None: ``different_frame_of_reference``, ``same_image``, ``identical_masks``, ``no_overlap``,
        ``centres_apart``, ``volume_ratio``, ``gadoxetate``; at most one of a kind, naming the sequences.

    Raises
    ------
    ValueError
        Naming the patient: differing PatientID or study date among the sequences that state one, or a study after
        ``study_before``.
    """
    try:
        _check_same_value(vois, "PatientID", lambda voi: voi.tags.patient_id)
        _check_same_value(vois, "study date", lambda voi: voi.tags.study_date)
        _check_study_before(vois, study_before)
    except ValueError as error:
        raise ValueError(f"{key.label}: {error}") from error
    candidates = (
        _frame_of_reference_warning(vois),
        _same_image_warning(vois),
        _identical_masks_warning(vois),
        *_position_warnings(vois),
        _volume_warning(vois),
        _gadoxetate_warning(vois),
    )
    return tuple(warning for warning in candidates if warning is not None)


def _check_same_value(vois: Mapping[str, Voi], name: str, value_of: Callable[[Voi], str | None]) -> None:
    groups = _groups(vois, value_of)
    if len(groups) > 1:
        found = "; ".join(f"{', '.join(sequences)}: {private(value)}" for value, sequences in groups.items())
        raise ValueError(
            f"the images have {len(groups)} different entries of {name} ({found}); give sequences of one study of one "
            "patient."
        )


def _check_study_before(vois: Mapping[str, Voi], study_before: date | None) -> None:
    if study_before is None:
        return
    for sequence, voi in vois.items():
        if voi.tags.study_date is None:
            continue
        try:
            study = datetime.strptime(voi.tags.study_date, "%Y%m%d").date()
        except ValueError as error:
            raise ValueError(
                f"{sequence} has the study date {private(repr(voi.tags.study_date))}, which is not a date; correct or "
                "remove it."
            ) from error
        if study > study_before:
            raise ValueError(
                f"{sequence} was acquired on {private(study)}, after the TACE of {private(study_before)}; give the "
                "study before it."
            )


def _frame_of_reference_warning(vois: Mapping[str, Voi]) -> CaseWarning | None:
    groups = _groups(vois, lambda voi: voi.tags.frame_of_reference_uid)
    if len(groups) < 2:
        return None
    return CaseWarning(
        "different_frame_of_reference",
        f"The sequences were acquired in different frames of reference ({_groups_text(groups)}): the patient was "
        "repositioned, places do not compare exactly, and VOIs cannot be copied between them.",
    )


def _same_image_warning(vois: Mapping[str, Voi]) -> CaseWarning | None:
    groups = _shared(_groups(vois, lambda voi: voi.image_sha256))
    if not groups:
        return None
    return CaseWarning(
        "same_image", f"The same image was given for several sequences ({_groups_text(groups)}); give each its own."
    )


def _identical_masks_warning(vois: Mapping[str, Voi]) -> CaseWarning | None:
    """Equal shape in voxels, wherever it lies: a copied VOI stays one when it is shifted as a whole.

    The voxel size is not asked: two programs write that of one scan with other last digits, 3.26995 and 3.27 mm.
    """
    groups = _shared(_groups(vois, _shape_of_mask))
    if not groups:
        return None
    return CaseWarning(
        "identical_masks",
        f"The VOIs have identical shapes ({_groups_text(groups)}): a VOI copied from another sequence must be checked, "
        "as breath-holds differ.",
    )


def _shape_of_mask(voi: Voi) -> tuple[tuple[int, ...], bytes]:
    inside = voi.mask[voi.box]
    return inside.shape, np.packbits(inside).tobytes()


def _position_warnings(vois: Mapping[str, Voi]) -> tuple[CaseWarning | None, CaseWarning | None]:
    centres_mm = {sequence: centre_lps_mm(voi) for sequence, voi in vois.items()}
    diameters_mm = {sequence: largest_diameter_mm(voi) for sequence, voi in vois.items()}
    separate, apart = [], []
    for one, other in combinations(vois, 2):
        if not _overlap(vois[one], vois[other]):
            separate.append(f"{one} and {other}")
        distance_mm = float(np.linalg.norm(centres_mm[one] - centres_mm[other]))
        half_diameter_mm = min(diameters_mm[one], diameters_mm[other]) / 2
        if distance_mm > min(half_diameter_mm, LARGEST_CENTRE_DISTANCE_MM):
            apart.append(f"{one} and {other} {distance_mm:.1f} mm")
    no_overlap = centres_apart = None
    if separate:
        no_overlap = CaseWarning(
            "no_overlap",
            f"The VOIs do not overlap in the patient ({'; '.join(separate)}); check that all show the same lesion.",
        )
    if apart:
        centres_apart = CaseWarning(
            "centres_apart",
            f"The centres of the VOIs lie over half the diameter or {LARGEST_CENTRE_DISTANCE_MM:g} mm apart "
            f"({'; '.join(apart)}); check that all show the same lesion.",
        )
    return no_overlap, centres_apart


def _overlap(one: Voi, other: Voi) -> bool:
    """Whether any voxel centre of the VOI with the smaller voxels lies in a voxel of the other VOI."""
    if np.prod(one.spacing_mm) > np.prod(other.spacing_mm):
        one, other = other, one
    indices = (np.argwhere(one.mask[one.box]) + [part.start for part in one.box])[:, ::-1]
    # VOIs of one lesion meet among a few voxels spread over it; the panel asks after every stroke of a brush.
    few = indices[:: len(indices) // _FEW_VOXELS + 1]
    return any(_any_inside(other, index_to_lps_mm(one, some)) for some in (few, indices))


def _any_inside(voi: Voi, points_mm: np.ndarray) -> bool:
    """Whether any of the points (n, 3) lies in a voxel of the VOI."""
    indices = np.floor(lps_mm_to_index(voi, points_mm) + 0.5).astype(int)[:, ::-1]
    inside = ((indices >= 0) & (indices < voi.mask.shape)).all(axis=1)
    return bool(voi.mask[tuple(indices[inside].T)].any())


def _volume_warning(vois: Mapping[str, Voi]) -> CaseWarning | None:
    volumes = {sequence: volume_ml(voi) for sequence, voi in vois.items()}
    ratio = max(volumes.values()) / min(volumes.values())
    if ratio <= LARGEST_VOLUME_RATIO:
        return None
    listed = ", ".join(f"{sequence} {volume:.3g} mL" for sequence, volume in volumes.items())
    return CaseWarning(
        "volume_ratio",
        f"The VOIs differ in volume by a factor of {ratio:.2f}, over {LARGEST_VOLUME_RATIO} ({listed}); check that all "
        "show the whole lesion.",
    )


def _gadoxetate_warning(vois: Mapping[str, Voi]) -> CaseWarning | None:
    # Only the name that was recognised: what else stands in the tag is a scanner's free text.
    found = {s: match[0] for s, voi in vois.items() if (match := _GADOXETATE.search(voi.tags.contrast_agent or ""))}
    if not found:
        return None
    return CaseWarning(
        "gadoxetate",
        f"The contrast agent is gadoxetate ({', '.join(found)}: {next(iter(found.values()))}): its 180 s phase is "
        "transitional, not delayed; the study used extracellular gadolinium.",
    )


def _groups(vois: Mapping[str, Voi], value_of: Callable[[Voi], object]) -> dict[object, list[str]]:
    """Sequences by value; those without a value are left out."""
    groups: dict[object, list[str]] = defaultdict(list)
    for sequence, voi in vois.items():
        value = value_of(voi)
        if value is not None:
            groups[value].append(str(sequence))
    return groups


def _shared(groups: dict[object, list[str]]) -> dict[object, list[str]]:
    return {value: sequences for value, sequences in groups.items() if len(sequences) > 1}


def _groups_text(groups: dict[object, list[str]]) -> str:
    return "; ".join(", ".join(sequences) for sequences in groups.values())
