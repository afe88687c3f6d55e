"""One form for every volume and VOI, whatever road they came by (features.md, "Canonical form").

At 1 mm, grid points often fall exactly between mask voxels, and nearest neighbour is then decided by the last bit of
the geometry; so the geometry's last bits, the handedness and the mask's own extent must not reach the engines.
"""

from __future__ import annotations

import hashlib

import numpy as np

from ..cohort import ArraySource, CaseKey, FileSource, ImageGeometry
from .mask_file import whole_labels
from .mask_geometry import paste_mask
from .voi import VOXEL_TYPE, Voi

ORTHOGONALITY_TOLERANCE = 1e-4
"""Largest deviation of direction^T direction from the identity."""

SMALLEST_SPACING_MM, LARGEST_SPACING_MM = 0.1, 30.0
"""Voxels of another size are not those of an MR scanner, but of another unit."""

_SPACING_DECIMALS = 6


def read_voi(key: CaseKey, sequence: str, source: FileSource | ArraySource) -> Voi:
    """Read one sequence of a case into canonical form.

    Files and arrays take the same path, so that equal voxels on equal grids give an equal Voi, bit by bit.

    Parameters
    ----------
    key : CaseKey
        For messages.
    sequence : str
        E.g. "AP".
    source : FileSource or ArraySource

    Raises
    ------
    ValueError
        Naming patient and sequence: files that cannot be read (`reading.read_source`), sheared or impossible geometry,
        a mask off the image's voxel grid, labelled voxels outside the image, an empty or fractional mask.
    """
    try:
        if isinstance(source, FileSource):
            from .reading import read_source

            source = read_source(source)
        return canonical_voi(sequence, source)
    except ValueError as error:
        raise ValueError(f"{key.label}, {sequence}: {error}") from error


def canonical_voi(sequence: str, source: ArraySource) -> Voi:
    """Put arrays into canonical form: mask pasted on the image's voxel grid, K reversed if left-handed, float32.

    Raises ValueError as `read_voi` does, without patient and sequence.
    """
    voxels = np.asarray(source.voxels)
    if voxels.ndim != 3:
        raise ValueError(f"the image has {voxels.ndim} dimensions; give one 3-D volume with one grey value per voxel.")
    if voxels.dtype.kind not in "biuf":
        raise ValueError(f"the image holds values of type {voxels.dtype}, which are not grey values.")
    _check_geometry(source.geometry, "image")
    mask = np.asarray(source.mask)
    if mask.ndim != 3:
        raise ValueError(f"the mask has {mask.ndim} dimensions; give one 3-D labelmap.")
    mask = whole_labels(mask, "the mask")
    labelled = mask if mask.dtype == bool else mask != 0
    if not labelled.any():
        raise ValueError("the mask is empty; draw the lesion.")
    mask_geometry = source.mask_geometry
    if mask_geometry is None:
        if mask.shape != voxels.shape:
            raise ValueError(
                f"the mask has {_size_text(mask)} voxels and the image {_size_text(voxels)}; "
                "say where the mask lies (mask_geometry)."
            )
        mask_geometry = source.geometry
    else:
        _check_geometry(mask_geometry, "mask")
    pasted = paste_mask(labelled, mask_geometry, voxels.shape, source.geometry)

    geometry = source.geometry
    if np.linalg.det(np.reshape(geometry.direction, (3, 3))) < 0:
        voxels, pasted = voxels[::-1], pasted[::-1]
        geometry = _reversed_k(geometry, len(voxels))
    i_mm, j_mm, k_mm = (round(float(value), _SPACING_DECIMALS) for value in geometry.spacing_mm)
    spacing_mm = (i_mm, j_mm, k_mm)
    x_mm, y_mm, z_mm = (float(value) for value in geometry.origin_mm)
    with np.errstate(over="ignore", invalid="ignore"):
        # What does not fit becomes infinite, which the input checks refuse.
        voxels = np.ascontiguousarray(voxels, dtype=VOXEL_TYPE)
    pasted = np.ascontiguousarray(pasted)
    return Voi(
        sequence=sequence,
        voxels=voxels,
        mask=pasted,
        spacing_mm=spacing_mm,
        placement=ImageGeometry(
            spacing_mm,
            (x_mm, y_mm, z_mm),
            tuple(float(value) for value in geometry.direction),
        ),
        tags=source.tags,
        image_sha256=_sha256(voxels, spacing_mm),
        mask_sha256=_sha256(pasted, spacing_mm),
    )


def _check_geometry(geometry: ImageGeometry, role: str) -> None:
    spacing = np.asarray(geometry.spacing_mm, float)
    origin = np.asarray(geometry.origin_mm, float)
    direction = np.asarray(geometry.direction, float)
    if spacing.shape != (3,) or origin.shape != (3,) or direction.shape != (9,):
        raise ValueError(f"the {role}'s geometry must hold 3 spacings, 3 origin coordinates and 9 direction cosines.")
    if not (np.isfinite(spacing).all() and np.isfinite(origin).all() and np.isfinite(direction).all()):
        raise ValueError(f"the {role}'s geometry holds values that are not numbers; export it again.")
    if (spacing < 10.0**-_SPACING_DECIMALS).any():
        raise ValueError(f"the {role}'s voxel spacing {tuple(spacing.tolist())} mm is not positive; export it again.")
    if spacing.min() < SMALLEST_SPACING_MM or spacing.max() > LARGEST_SPACING_MM:
        raise ValueError(
            f"the {role} has voxels of {' x '.join(f'{step:.4g}' for step in spacing)} mm, which no MR scanner makes; "
            "check the unit (mm), and export it again with its voxel size."
        )
    axes = direction.reshape(3, 3)
    if np.abs(axes.T @ axes - np.eye(3)).max() > ORTHOGONALITY_TOLERANCE:
        raise ValueError(
            f"the {role}'s axes are not at right angles (sheared volume); resample it to a straight volume first."
        )


def _reversed_k(geometry: ImageGeometry, slices: int) -> ImageGeometry:
    """The voxel grid of the same voxels with the slices in the opposite order."""
    axes = np.reshape(np.asarray(geometry.direction, float), (3, 3)).copy()
    origin = np.asarray(geometry.origin_mm, float) + axes[:, 2] * geometry.spacing_mm[2] * (slices - 1)
    axes[:, 2] *= -1
    return ImageGeometry(geometry.spacing_mm, tuple(origin.tolist()), tuple(axes.ravel().tolist()))


def _sha256(array: np.ndarray, spacing_mm: tuple[float, ...]) -> str:
    """Hash of type, shape (K, J, I), spacing (I, J, K) and the voxels in C order, little-endian."""
    digest = hashlib.sha256(f"{array.dtype.str} {array.shape} {spacing_mm}".encode())
    digest.update(array.data)
    return digest.hexdigest()


def _size_text(array: np.ndarray) -> str:
    return " x ".join(str(size) for size in array.shape[::-1])
