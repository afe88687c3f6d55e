"""Shape in 3-D (IBSI: morphological features, HCUG), of the mask alone."""

from __future__ import annotations

import numpy as np

from ...imaging.diameters import largest_distance, largest_distance_in_plane
from .feature_class import FeatureClass, GriddedVoi
from .mesh import mesh_area_and_volume, mesh_vertices


def shape_features(voi: GriddedVoi) -> dict[str, float]:
    """The 17 shape features.

    Returns
    -------
    dict
        With A the area and V the volume of the mesh, and l1 >= l2 >= l3 the eigenvalues of the covariance of the voxel
        centres (divided by n; IBSI divides by n - 1):

        - ``MeshVolume`` (RNU0), mm^3; ``VoxelVolume`` (YEKZ), mm^3: voxels times the volume of one
        - ``SurfaceArea`` (C0JK), mm^2; ``SurfaceVolumeRatio`` (2PR5), 1/mm: A / V
        - ``Sphericity`` (QCFX): (36 pi V^2)^(1/3) / A; ``SphericalDisproportion`` (KRCK): its inverse
        - ``Compactness1`` (SKGS): V / (pi^(1/2) A^(3/2)); ``Compactness2`` (BQWJ): 36 pi V^2 / A^3
        - ``Maximum3DDiameter`` (L0JK), mm: largest distance between two vertices of the mesh;
          ``Maximum2DDiameterSlice``, ``...Column``, ``...Row`` (not in IBSI): of two in one plane across K, J, I
        - ``MajorAxisLength`` (TDIC), ``MinorAxisLength`` (P9VJ), ``LeastAxisLength`` (7J51), mm: 4 sqrt(l)
        - ``Elongation`` (Q3CK): sqrt(l2 / l1); ``Flatness`` (N17B): sqrt(l3 / l1)
    """
    spacing_kji = np.array(voi.spacing_mm[::-1], dtype=float)
    padded_mask = np.pad(voi.mask, 1)
    area, volume = mesh_area_and_volume(padded_mask, spacing_kji)
    vertices, half_voxel_mm = mesh_vertices(padded_mask), spacing_kji / 2
    n_voxels, (least, minor, major) = _principal_variances(padded_mask, spacing_kji)
    sphericity = (36 * np.pi * volume**2) ** (1 / 3) / area
    return {
        "Compactness1": volume / (np.sqrt(np.pi) * area**1.5),
        "Compactness2": 36 * np.pi * volume**2 / area**3,
        "Elongation": np.sqrt(minor / major),
        "Flatness": np.sqrt(least / major),
        "LeastAxisLength": 4 * np.sqrt(least),
        "MajorAxisLength": 4 * np.sqrt(major),
        "Maximum2DDiameterColumn": largest_distance_in_plane(vertices, half_voxel_mm, 1),
        "Maximum2DDiameterRow": largest_distance_in_plane(vertices, half_voxel_mm, 2),
        "Maximum2DDiameterSlice": largest_distance_in_plane(vertices, half_voxel_mm, 0),
        "Maximum3DDiameter": largest_distance(vertices, half_voxel_mm),
        "MeshVolume": volume,
        "MinorAxisLength": 4 * np.sqrt(minor),
        "SphericalDisproportion": 1 / sphericity,
        "Sphericity": sphericity,
        "SurfaceArea": area,
        "SurfaceVolumeRatio": area / volume,
        "VoxelVolume": n_voxels * np.prod(spacing_kji),
    }


def _principal_variances(padded_mask: np.ndarray, spacing_kji: np.ndarray) -> tuple[int, np.ndarray]:
    """Number of voxels, and the variances of their centres along the principal axes, ascending, in mm^2."""
    centres = np.array(np.nonzero(padded_mask)) * spacing_kji[:, None]
    n_voxels = centres.shape[1]
    scaled = (centres - centres.mean(axis=1, keepdims=True)) / np.sqrt(n_voxels)
    covariance = np.dot(scaled.copy(), scaled.T)  # copied: a product with itself would be rounded in another way
    variances = np.sort(np.linalg.eigvals(covariance).real)
    return n_voxels, np.maximum(variances, 0)  # rounding may make a 0 negative


SHAPE = FeatureClass(
    "shape",
    tuple(
        (
            "Elongation Flatness LeastAxisLength MajorAxisLength Maximum2DDiameterColumn Maximum2DDiameterRow "
            "Maximum2DDiameterSlice Maximum3DDiameter MeshVolume MinorAxisLength Sphericity SurfaceArea "
            "SurfaceVolumeRatio VoxelVolume"
        ).split()
    ),
    shape_features,
    by_name_only=("Compactness1", "Compactness2", "SphericalDisproportion"),
)
