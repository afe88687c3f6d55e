"""What must hold of a VOI before features are extracted.

PyRadiomics accepts nearly all of what is refused or warned of here in silence.
"""

from __future__ import annotations

import numpy as np

from ..cohort import CaseKey, CaseWarning
from .bounding_box import bounding_box
from .measurements import index_to_lps_mm, slice_axis
from .voi import ResampledVoi, Voi

SMALLEST_VOI_VOXELS = 27
"""Fewest voxels on the resampled grid."""

THINNEST_VOI_VOXELS = 2
"""Smallest extent along any axis of the resampled grid."""

USUAL_BINS = (8, 128)
"""Numbers of grey levels outside this range are warned of."""

MOST_BINS = 1000
"""More grey levels are refused: the cost of texture matrices grows as their cube."""

FEWEST_SLICES = 3
"""VOIs on fewer native slices are warned of (clinical.md)."""

LARGEST_VOI_ML = 8000.0
"""A larger VOI is refused: no liver has such a tumour."""

LARGEST_VOI_MM = 400.0
"""A VOI that extends farther along an axis is refused: it would leave the liver."""

SMALLEST_USUAL_SPACING_MM = 0.25
"""Finer voxels are warned of: their unit may not have been the millimetre."""

_COMPONENTS_LISTED = 5
_PATIENT_AXES = (("L", "R"), ("P", "A"), ("S", "I"))


def check_native_voi(key: CaseKey, voi: Voi) -> tuple[CaseWarning, ...]:
    """Check a VOI as it was drawn, before it is resampled.

    Returns
    -------
    tuple of CaseWarning
        ``several_components`` (26-connected, with their volumes), ``few_slices``, ``lossy_compression``,
        ``touches_border``.

    Raises
    ------
    ValueError
        Naming patient and sequence: NaN or infinite intensities in the VOI; a single voxel; a VOI within a single
        native slice of any axis, which PyRadiomics never resamples along that axis; a mask that covers the whole image.
    """
    try:
        return _check_native(voi)
    except ValueError as error:
        raise ValueError(f"{key.label}, {voi.sequence}: {error}") from error


def check_drawing(voi: Voi) -> tuple[CaseWarning, ...]:
    """The part of `check_native_voi` that needs the mask only: whether a drawing can be used at all.

    Returns the warnings ``several_components`` and ``few_slices``. Raises ValueError, without patient and sequence, for
    a single voxel and for a single slice.
    """
    box = voi.box
    inside = voi.mask[box]
    if np.count_nonzero(inside) == 1:
        raise ValueError("the mask is a single voxel; draw the whole lesion.")
    for axis, extent in enumerate(inside.shape):
        if extent == 1:
            raise ValueError(
                f"the VOI lies in a single slice {_place_text(voi, axis)}, and one slice is never resampled across; "
                "draw the lesion on every slice that shows it."
            )
    _check_size(voi, inside)
    warnings = []
    sizes = _component_sizes(inside)
    if len(sizes) > 1:
        voxel_ml = float(np.prod(voi.spacing_mm)) / 1000
        listed = ", ".join(f"{size * voxel_ml:.3g} mL" for size in sizes[:_COMPONENTS_LISTED])
        if len(sizes) > _COMPONENTS_LISTED:
            listed += f" and {len(sizes) - _COMPONENTS_LISTED} smaller ones"
        text = f"The VOI has {len(sizes)} separate parts ({listed}); one lesion is usually one part."
        warnings.append(CaseWarning("several_components", text, voi.sequence))
    slices = inside.shape[slice_axis(voi.spacing_mm)]
    if slices < FEWEST_SLICES:
        text = f"The VOI was drawn on {slices} slices only; most of its values between them are interpolated."
        warnings.append(CaseWarning("few_slices", text, voi.sequence))
    return tuple(warnings)


def check_resampled_voi(
    key: CaseKey, voi: Voi, resampled: ResampledVoi, bin_width: float | None
) -> tuple[CaseWarning, ...]:
    """Check a VOI on the grid on which its features are computed.

    Returns
    -------
    tuple of CaseWarning
        ``bins_outside_8_128``.

    Raises
    ------
    ValueError
        Naming patient and sequence: fewer than `SMALLEST_VOI_VOXELS` voxels; thinner than `THINNEST_VOI_VOXELS` along
        an axis; NaN or infinite intensities; only one grey level after binning; more than `MOST_BINS` grey levels.
        Without a bin width the number of bins is fixed, and only a single intensity is refused.
    """
    try:
        return _check_resampled(voi, resampled, bin_width)
    except ValueError as error:
        raise ValueError(f"{key.label}, {voi.sequence}: {error}") from error


def count_bins(values: np.ndarray, bin_width: float) -> int:
    """Number of grey levels from the lowest to the highest, as PyRadiomics counts them.

    floor(max / width) - floor(min / width) + 1: bin edges are multiples of ``bin_width`` (PyRadiomics,
    ``imageoperations.getBinEdges``), and empty levels in between count, as they do in its matrices.
    """
    low, high = float(values.min()), float(values.max())
    return int(np.floor(high / bin_width) - np.floor(low / bin_width)) + 1


def _check_native(voi: Voi) -> tuple[CaseWarning, ...]:
    if voi.mask.all():
        raise ValueError("the mask covers the whole image; draw only the tumour, and give the whole image.")
    if voi.mask[:: voi.mask.shape[0] - 1 or 1, :: voi.mask.shape[1] - 1 or 1, :: voi.mask.shape[2] - 1 or 1].all():
        raise ValueError(
            "the mask covers all corners of the image, so it marks the background and not the tumour; invert it, or "
            "give the tumour's label."
        )
    box = voi.box
    inside = voi.mask[box]
    bad = int(np.count_nonzero(~np.isfinite(voi.voxels[box][inside])))
    if bad:
        raise ValueError(
            f"{_voxels_text(bad)} of the VOI {'is' if bad == 1 else 'are'} NaN or infinite; export the image again "
            "without blanked voxels."
        )
    warnings = list(check_drawing(voi))
    geometry_warning = _geometry_warning(voi)
    if geometry_warning is not None:
        warnings.append(geometry_warning)
    if voi.tags.lossy:
        text = "The image was compressed with loss, which changes texture; use the original images of the scanner."
        warnings.append(CaseWarning("lossy_compression", text, voi.sequence))
    if any(part.start == 0 or part.stop == size for part, size in zip(box, voi.mask.shape, strict=True)):
        text = "The VOI touches the border of the image; the lesion may continue outside it."
        warnings.append(CaseWarning("touches_border", text, voi.sequence))
    return tuple(warnings)


def _check_size(voi: Voi, inside: np.ndarray) -> None:
    volume_ml = float(np.count_nonzero(inside) * np.prod(voi.spacing_mm) / 1000)
    if volume_ml > LARGEST_VOI_ML:
        raise ValueError(f"the VOI of {volume_ml / 1000:.3g} litres is larger than a liver; draw only the tumour.")
    extent_mm = float(max(size * step for size, step in zip(inside.shape, voi.spacing_mm[::-1], strict=True)))
    if extent_mm > LARGEST_VOI_MM:
        raise ValueError(
            f"the VOI extends over {extent_mm:.0f} mm, farther than a liver; draw only the tumour, and erase "
            "stray voxels."
        )


def _geometry_warning(voi: Voi) -> CaseWarning | None:
    """Voxels that are likely not of the size that the file says."""
    spacing, sizes = np.asarray(voi.spacing_mm), " x ".join(f"{value:g}" for value in voi.spacing_mm)
    axes = np.abs(np.reshape(voi.placement.direction, (3, 3)))
    if (spacing == 1).all() and not np.any(voi.placement.origin_mm) and np.array_equal(axes, np.eye(3)):
        text = (
            "The image has voxels of 1 x 1 x 1 mm at the origin, as files have that lost their geometry: its size and "
            "all features may be wrong; compare with the original series."
        )
        return CaseWarning("geometry_lost", text, voi.sequence)
    if spacing.min() < SMALLEST_USUAL_SPACING_MM:
        text = f"The image has voxels of {sizes} mm, finer than MR of the liver has; check that they are millimetres."
        return CaseWarning("unusual_voxel_size", text, voi.sequence)
    return None


def _check_resampled(voi: Voi, resampled: ResampledVoi, bin_width: float | None) -> tuple[CaseWarning, ...]:
    grid = " x ".join(f"{value:g}" for value in resampled.spacing_mm)
    voxels = int(np.count_nonzero(resampled.mask))
    if voxels < SMALLEST_VOI_VOXELS:
        raise ValueError(
            f"the VOI has {voxels} voxels at {grid} mm, fewer than {SMALLEST_VOI_VOXELS}: too small for features."
        )
    extents = [part.stop - part.start for part in bounding_box(resampled.mask)]
    if min(extents) < THINNEST_VOI_VOXELS:
        raise ValueError(
            f"the VOI is {min(extents)} voxel thick at {grid} mm, below {THINNEST_VOI_VOXELS}: too thin for features."
        )
    values = resampled.voxels[resampled.mask]
    if not np.isfinite(values).all():
        blank = int(np.count_nonzero(~np.isfinite(voi.voxels)))
        raise ValueError(
            f"{_voxels_text(blank)} of the image, outside the VOI, {'is' if blank == 1 else 'are'} NaN or infinite, "
            "and interpolation carries them into the VOI; export the image again with a number there, such as 0."
        )
    if bin_width is None:
        if values.min() == values.max():
            raise ValueError(f"the VOI holds the intensity {values.min():.6g} only, so it has no texture.")
        return ()
    bins = count_bins(values, bin_width)
    if bins == 1:
        raise ValueError(
            f"the VOI holds only one grey level of width {bin_width:g} (intensities {values.min():.6g} to "
            f"{values.max():.6g}), so it has no texture; check that the image is the right one, in its own "
            "scale, or extract all patients with a narrower bin (--settings)."
        )
    if bins > MOST_BINS:
        raise ValueError(
            f"the VOI holds {bins} grey levels of width {bin_width:g} (intensities {values.min():.6g} to "
            f"{values.max():.6g}), over {MOST_BINS}; check the image's scale, or extract all patients "
            "with a wider bin (--settings)."
        )
    if not USUAL_BINS[0] <= bins <= USUAL_BINS[1]:
        text = (
            f"The VOI holds {bins} grey levels of width {bin_width:g}, outside {USUAL_BINS[0]}-{USUAL_BINS[1]}: its "
            "texture values may not compare with those of other scanners."
        )
        return (CaseWarning("bins_outside_8_128", text, voi.sequence),)
    return ()


def _voxels_text(count: int) -> str:
    return f"{count} voxel{'' if count == 1 else 's'}"


def _component_sizes(mask: np.ndarray) -> list[int]:
    """Voxels of each 26-connected component, the largest first."""
    import SimpleITK as sitk

    labels = sitk.ConnectedComponent(sitk.GetImageFromArray(mask.astype(np.uint8)), True)
    counts = np.bincount(sitk.GetArrayViewFromImage(labels).ravel())[1:]
    return sorted((int(count) for count in counts), reverse=True)


def _place_text(voi: Voi, axis: int) -> str:
    """Where a VOI's only slice across ``axis`` of (K, J, I) lies, in the patient's terms: its number depends on who
    counts. Told of the VOI's middle, as an oblique slice lies at many places."""
    index = np.array([(part.start + part.stop - 1) / 2 for part in reversed(voi.box)])
    normal = np.reshape(np.asarray(voi.placement.direction), (3, 3))[:, 2 - axis]
    patient_axis = int(np.abs(normal).argmax())
    place_mm = float(index_to_lps_mm(voi, index[np.newaxis])[0, patient_axis])
    kind = ("sagittal", "coronal", "axial")[patient_axis]
    return f"({kind}, at {_PATIENT_AXES[patient_axis][place_mm < 0]} {abs(place_mm):.1f} mm)"
