"""One DICOM series of a folder as one evenly spaced volume, or the list of what was found instead."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from ..cohort import AcquisitionTags, ImageGeometry, named_and_more, private
from .acquisition_tags import acquisition_tags
from .dicom_headers import DicomSlice, phases_of, read_dicom_headers, read_headers
from .dicom_pixels import read_frames
from .voi import MOST_VOXELS, VOXEL_TYPE

DIRECTION_TOLERANCE = 1e-4
"""Largest difference in a direction cosine between slices of one volume (ImageOrientationPatient has 6 digits)."""

STEP_TOLERANCE = 0.01
"""Largest deviation of a slice's place from an even spacing, in slice spacings."""

ROUNDED_PLACE_MM = 0.101
"""A slice this near its even place is at it: old scanners write positions with one decimal, the first one's too."""

SHIFT_TOLERANCE = 0.1
"""Largest sideways shift of a slice against the first, in pixels; direction cosines of 4 digits shift by hundredths."""


def read_dicom_series(folder: Path) -> tuple[np.ndarray, ImageGeometry, AcquisitionTags]:
    """Read the one series in ``folder``.

    The slice spacing and order come from ImagePositionPatient projected on the normal of ImageOrientationPatient
    (DICOM PS3.3 C.7.6.2); SliceThickness, SpacingBetweenSlices and the file names are not used. Rescale slope and
    intercept are applied slice by slice, as GDCM does.

    Returns
    -------
    voxels : ndarray, float32, (K, J, I)
    geometry : ImageGeometry
        Right-handed, LPS, mm; K runs along the normal.
    tags : AcquisitionTags
        Of the first slice.

    Raises
    ------
    ValueError
        With the list of what was found: several series; slices of several patients or study dates; several volumes in
        one series (repeated positions); uneven spacing; missing slices; slices of differing orientation, size or pixel
        spacing, or shifted sideways (gantry tilt).
    """
    return _read_volume(folder, read_dicom_headers(folder))


def read_enhanced_file(path: Path) -> tuple[np.ndarray, ImageGeometry, AcquisitionTags]:
    """Read the one volume in an enhanced multi-frame file. Returns and raises as `read_dicom_series`."""
    slices = read_headers([path])
    if len(slices) == 1 and slices[0].pixels.frames == 1:
        raise ValueError(f"the image {path} is a single DICOM file; give the folder with the whole series.")
    return _read_volume(path, slices)


def read_dicom_files(
    folder: Path, images: Sequence[tuple[Path, int]]
) -> tuple[np.ndarray, ImageGeometry, AcquisitionTags]:
    """Read the volume that these images make, one phase of a series for example; ``folder`` is what messages name.

    ``images`` are files with the number of the frame in them, from 0; a single image is frame 0. Returns and raises as
    `read_dicom_series`.
    """
    wanted = set(images)
    slices = [one for one in read_headers(sorted({path for path, _ in images})) if (one.path, one.frame) in wanted]
    return _read_volume(folder, slices)


def _read_volume(folder: Path, slices: list[DicomSlice]) -> tuple[np.ndarray, ImageGeometry, AcquisitionTags]:
    _check_one_series(folder, slices)
    _check_one_study(folder, slices)
    _check_same_grey_scale(folder, slices)
    _check_same_plane(folder, slices)
    normal = np.cross(slices[0].row_direction, slices[0].column_direction)
    normal /= np.linalg.norm(normal)
    slices = sorted(_without_copies(slices), key=lambda one: float(one.position_mm @ normal))
    places_mm = np.array([one.position_mm @ normal for one in slices])
    _check_one_volume(folder, slices, places_mm)
    spacing_mm = _even_spacing_mm(folder, places_mm)
    _check_straight(folder, slices, normal)
    voxels = _read_voxels(slices)
    first = slices[0]
    direction = np.column_stack([first.row_direction, first.column_direction, normal])
    x_mm, y_mm, z_mm = (float(value) for value in first.position_mm)
    geometry = ImageGeometry(
        spacing_mm=(*first.pixel_spacing_mm, spacing_mm),
        origin_mm=(x_mm, y_mm, z_mm),
        direction=tuple(float(value) for value in direction.ravel()),
    )
    tags = acquisition_tags(first.metadata)
    return voxels, geometry, replace(tags, lossy=tags.lossy or any(one.pixels.lossy for one in slices))


def _without_copies(slices: list[DicomSlice]) -> list[DicomSlice]:
    """The slices without those whose file is byte by byte a copy of another one's."""
    groups: dict[tuple[object, ...], list[DicomSlice]] = defaultdict(list)
    for one in slices:
        groups[one.frame, one.pixels, *sorted(one.metadata.items())].append(one)
    kept = []
    for alike in groups.values():
        if len(alike) == 1:
            kept += alike
        else:
            contents = {hashlib.sha256(one.path.read_bytes()).digest(): one for one in reversed(alike)}
            kept += contents.values()
    return kept


def _check_one_series(folder: Path, slices: list[DicomSlice]) -> None:
    series = defaultdict(list)
    for one in slices:
        series[one.series_uid].append(one)
    if len(series) > 1:
        found = "; ".join(sorted(f"{members[0].series_name} ({_images_text(members)})" for members in series.values()))
        raise ValueError(f"the folder {folder} holds {len(series)} series, give a folder with only one: {found}.")
    if len(slices) == 1:
        raise ValueError(f"the folder {folder} holds one DICOM slice only; give the folder with the whole series.")


def _check_one_study(folder: Path, slices: list[DicomSlice]) -> None:
    """A slice that a wrong export or a pseudonymisation put among those of another patient or study."""
    for name, plural in (("PatientID", "patients (PatientID)"), ("StudyDate", "study dates")):
        values = sorted({one.metadata.get(name, "") or "none" for one in slices})
        if len(values) > 1:
            raise ValueError(
                f"the images in {folder} are of {len(values)} {plural}: {', '.join(map(private, values))}; export the "
                "series again."
            )


def _check_same_grey_scale(folder: Path, slices: list[DicomSlice]) -> None:
    if len({one.pixels.inverted for one in slices}) > 1:
        raise ValueError(
            f"the images in {folder} differ in whether high values are bright (MONOCHROME1 and MONOCHROME2); export "
            "the series again."
        )


def _check_same_plane(folder: Path, slices: list[DicomSlice]) -> None:
    planes: list[list[DicomSlice]] = []
    for one in slices:
        for members in planes:
            if _same_plane(one, members[0]):
                members.append(one)
                break
        else:
            planes.append([one])
    if len(planes) > 1:
        found = "; ".join(
            f"{_images_text(members)} of {members[0].size[0]} x {members[0].size[1]} pixels of "
            f"{members[0].pixel_spacing_mm[0]:.4g} x {members[0].pixel_spacing_mm[1]:.4g} mm, rows along "
            f"{_direction_text(members[0].row_direction)}, columns along {_direction_text(members[0].column_direction)}"
            for members in planes
        )
        raise ValueError(
            f"the folder {folder} holds images of {len(planes)} orientations or matrices in one series, "
            f"which do not make one volume: {found}."
        )


def _same_plane(one: DicomSlice, other: DicomSlice) -> bool:
    return (
        one.size == other.size
        and np.allclose(one.pixel_spacing_mm, other.pixel_spacing_mm, rtol=0, atol=1e-6)
        and np.allclose(one.row_direction, other.row_direction, rtol=0, atol=DIRECTION_TOLERANCE)
        and np.allclose(one.column_direction, other.column_direction, rtol=0, atol=DIRECTION_TOLERANCE)
    )


def _images_text(members: list[DicomSlice]) -> str:
    return f"{len(members)} image{'' if len(members) == 1 else 's'}"


def _direction_text(direction: np.ndarray) -> str:
    return "(" + ", ".join(f"{value:.3g}" for value in direction) + ")"


def _check_one_volume(folder: Path, slices: list[DicomSlice], places_mm: np.ndarray) -> None:
    """Repeated positions are several phases, echoes or averages in one series."""
    span_mm = float(places_mm[-1] - places_mm[0])
    same_place_mm = STEP_TOLERANCE * max(span_mm / (len(slices) - 1), STEP_TOLERANCE)
    starts = np.flatnonzero(np.concatenate([[True], np.diff(places_mm) > same_place_mm]))
    counts = np.diff(np.append(starts, len(slices)))
    if counts.max() == 1:
        return
    most = int(counts.argmax())
    differ = phases_of(slices[starts[most] : starts[most] + counts[most]])
    volumes = f"{counts[0]} volumes" if (counts == counts[0]).all() else f"up to {counts.max()} images at one position"
    raise ValueError(
        f"the folder {folder} holds several volumes in one series ({slices[0].series_name}): {len(slices)} images at "
        f"{len(counts)} positions, {volumes}"
        + (f", which differ in {differ}" if differ else "")
        + "; export the one phase that is meant to a folder of its own."
    )


def _even_spacing_mm(folder: Path, places_mm: np.ndarray) -> float:
    steps_mm = np.diff(places_mm)
    usual_mm = float(np.median(steps_mm))
    spacing_mm = float(places_mm[-1] - places_mm[0]) / len(steps_mm)
    even_mm = places_mm[0] + spacing_mm * np.arange(len(places_mm))
    if np.abs(places_mm - even_mm).max() <= max(STEP_TOLERANCE * spacing_mm, ROUNDED_PLACE_MM):
        return spacing_mm
    gaps = steps_mm / usual_mm
    odd = np.flatnonzero(np.abs(gaps - 1) > STEP_TOLERANCE)
    missing = int(np.rint(gaps[odd]).sum()) - len(odd)
    found = named_and_more(f"{steps_mm[i]:.4g} mm after slice {i + 1}" for i in odd)
    if len(odd) and np.abs(gaps[odd] - np.rint(gaps[odd])).max() <= 2 * STEP_TOLERANCE:
        raise ValueError(
            f"the series in {folder} lacks {missing} slice{'' if missing == 1 else 's'}: {len(places_mm)} slices "
            f"{usual_mm:.4g} mm apart, but {found}; export the whole series again."
        )
    raise ValueError(
        f"the series in {folder} is unevenly spaced: {len(places_mm)} slices, mostly {usual_mm:.4g} mm apart"
        + (f", but {found}" if found else f", from {steps_mm.min():.4g} to {steps_mm.max():.4g} mm")
        + "; export the original series, or resample it to even slices first."
    )


def _check_straight(folder: Path, slices: list[DicomSlice], normal: np.ndarray) -> None:
    """Slices shifted sideways against each other are a sheared volume, which no voxel grid of right angles holds."""
    shifts_mm = np.array([one.position_mm - slices[0].position_mm for one in slices])
    shifts_mm -= np.outer(shifts_mm @ normal, normal)
    largest_mm = float(np.linalg.norm(shifts_mm, axis=1).max())
    if largest_mm > SHIFT_TOLERANCE * min(slices[0].pixel_spacing_mm):
        raise ValueError(
            f"the slices of the series in {folder} are shifted sideways against each other by up to "
            f"{largest_mm:.3g} mm (gantry tilt or a sheared stack); resample it to a straight volume first."
        )


def _read_voxels(slices: list[DicomSlice]) -> np.ndarray:
    """The slices' pixels as float32 (K, J, I); each slice is rescaled by its own slope and intercept."""
    columns, rows = slices[0].size
    if len(slices) * rows * columns > MOST_VOXELS:
        raise ValueError(
            f"the series has {columns} x {rows} x {len(slices)} voxels, more than the {MOST_VOXELS:,} that are read; "
            "crop it to the liver."
        )
    voxels = np.empty((len(slices), rows, columns), VOXEL_TYPE)
    by_file: dict[Path, list[int]] = defaultdict(list)
    for number, one in enumerate(slices):
        by_file[one.path].append(number)
    for path, numbers in by_file.items():
        frames = [slices[number].frame for number in numbers]
        for number, stored in zip(numbers, read_frames(path, slices[numbers[0]].pixels, frames), strict=True):
            slope, intercept = _rescaling(slices[number])
            # In double precision, as GDCM does.
            voxels[number] = stored if (slope, intercept) == (1, 0) else stored * slope + intercept
    return voxels


def _rescaling(one: DicomSlice) -> tuple[float, float]:
    """RescaleSlope and RescaleIntercept, 1 and 0 where they are absent (DICOM PS3.3 C.11.1)."""
    try:
        slope = float(one.metadata.get("RescaleSlope", "1"))
        intercept = float(one.metadata.get("RescaleIntercept", "0"))
    except ValueError:
        slope = intercept = np.nan
    # The standard has both or neither; readers disagree on what one alone means.
    one_alone = ("RescaleSlope" in one.metadata) != ("RescaleIntercept" in one.metadata)
    if not np.isfinite([slope, intercept]).all() or slope == 0 or (one_alone and (slope, intercept) != (1, 0)):
        raise ValueError(
            f"{one.path} has the rescale slope {one.metadata.get('RescaleSlope', 'none')!r} and intercept "
            f"{one.metadata.get('RescaleIntercept', 'none')!r}, which do not give grey values; export the original "
            "series again."
        )
    return slope, intercept
