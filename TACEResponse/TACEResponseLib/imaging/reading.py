"""Reading one sequence from its files: a volume (NRRD, NIfTI, MHA or DICOM) and the mask drawn on it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..cohort import AcquisitionTags, ArraySource, FileSource, ImageGeometry
from .acquisition_tags import acquisition_tags
from .mask_file import read_mask
from .voi import VOXEL_TYPE
from .volume_file import existing_path, is_dicom_file, read_volume_file


def read_source(source: FileSource) -> ArraySource:
    """Read a sequence's files.

    Returns
    -------
    ArraySource
        Voxels as float32, the mask as bool on its own voxel grid, LPS geometry in mm.

    Raises
    ------
    ValueError
        A sentence for every file that is missing, damaged or cut off, of another kind than a 3-D volume of one number
        per voxel, or a DICOM folder that is not one evenly spaced volume (`dicom_series`), or a mask without
        the asked-for tumour (`mask_file`). It names the file; the caller adds patient and sequence.
    """
    voxels, geometry, tags = read_image(source.image_path)
    mask, mask_geometry = read_mask(source.mask_path, source.label)
    return ArraySource(
        voxels=voxels,
        mask=mask,
        spacing_mm=geometry.spacing_mm,
        origin_mm=geometry.origin_mm,
        direction=geometry.direction,
        mask_geometry=mask_geometry,
        tags=tags,
    )


def read_image(path: Path) -> tuple[np.ndarray, ImageGeometry, AcquisitionTags]:
    """Read a scalar 3-D volume from a file, or from a folder with one DICOM series.

    Returns voxels (K, J, I) as float32 (rescale slope and intercept applied), their voxel grid and the acquisition
    tags. Raises ValueError as `read_source` does.
    """
    path = existing_path(path)
    if path.is_dir() or is_dicom_file(path):
        from .dicom_series import read_dicom_series, read_enhanced_file

        return read_dicom_series(path) if path.is_dir() else read_enhanced_file(path)
    volume = read_volume_file(path, "image")
    if volume.voxels.ndim != 3:
        raise ValueError(
            f"the image {path} has {volume.voxels.shape[3]} values per voxel (colour, complex numbers, "
            "vectors or several volumes); give a volume with one grey value per voxel."
        )
    with np.errstate(over="ignore", invalid="ignore"):
        # What does not fit becomes infinite, which the input checks refuse.
        voxels = np.array(volume.voxels, VOXEL_TYPE)
    return voxels, volume.geometry, acquisition_tags(volume.metadata)
