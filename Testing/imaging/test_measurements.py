"""Volume, diameters and centre against brute force and known shapes."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from TACEResponseLib.cohort import ArraySource, ImageGeometry
from TACEResponseLib.imaging import (
    canonical_voi,
    centre_lps_mm,
    largest_diameter_mm,
    largest_in_plane_diameter_mm,
    slice_axis,
    volume_ml,
)
from TACEResponseLib.imaging.measurements import index_to_lps_mm, lps_mm_to_index


def _points_mm(voi):
    """Centres of all labelled voxels in the patient, by the definition of a voxel grid."""
    axes = np.reshape(voi.placement.direction, (3, 3))
    return np.array(
        [
            np.array(voi.placement.origin_mm) + axes @ (np.array(index[::-1]) * voi.placement.spacing_mm)
            for index in np.argwhere(voi.mask)
        ]
    )


def _largest_distance(points):
    return max(np.linalg.norm(points - point, axis=1).max() for point in points)


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**16),
    spacing=st.sampled_from([(1.0, 1.0, 1.0), (0.7, 1.3, 4.1), (5.0, 0.9, 0.9), (0.9, 5.0, 0.9)]),
    share=st.sampled_from([0.01, 0.1, 0.6]),
)
def test_all_against_brute_force(rotation, seed, spacing, share):
    random = np.random.default_rng(seed)
    mask = random.random((6, 7, 8)) < share
    mask[3, 3, 3] = True
    source = ArraySource(random.normal(size=mask.shape), mask, spacing, (10.0, -20.0, 30.0), rotation)
    voi = canonical_voi("AP", source)
    points = _points_mm(voi)
    assert volume_ml(voi) == pytest.approx(len(points) * np.prod(spacing) / 1000)
    np.testing.assert_allclose(centre_lps_mm(voi), points.mean(axis=0), atol=1e-9)
    assert largest_diameter_mm(voi) == pytest.approx(_largest_distance(points), abs=1e-9)
    slices = np.argwhere(voi.mask)[:, slice_axis(spacing)]
    in_plane = max(_largest_distance(points[slices == number]) for number in np.unique(slices))
    assert largest_in_plane_diameter_mm(voi) == pytest.approx(in_plane, abs=1e-9)


def test_centre_and_size_do_not_depend_on_handedness(make_source):
    source = make_source()
    geometry = ImageGeometry(
        source.spacing_mm,
        tuple(np.add(source.origin_mm, (0, 0, source.spacing_mm[2] * (len(source.voxels) - 1))).tolist()),
        (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, -1.0),
    )
    left = replace(
        source,
        voxels=source.voxels[::-1],
        mask=source.mask[::-1],
        origin_mm=geometry.origin_mm,
        direction=geometry.direction,
    )
    one, other = canonical_voi("AP", source), canonical_voi("AP", left)
    np.testing.assert_allclose(centre_lps_mm(one), centre_lps_mm(other), atol=1e-9)
    assert largest_diameter_mm(one) == largest_diameter_mm(other)


def test_a_large_ball_has_its_diameter_and_volume():
    k, j, i = np.ogrid[:90, :90, :90]
    mask = (k - 44) ** 2 + (j - 45) ** 2 + (i - 44) ** 2 <= 40**2
    voi = canonical_voi("AP", ArraySource(np.zeros(mask.shape), mask, (1.0, 1.0, 1.0)))
    assert largest_diameter_mm(voi) == 80.0
    assert largest_in_plane_diameter_mm(voi) == 80.0
    assert volume_ml(voi) == pytest.approx(4 / 3 * np.pi * 4**3, rel=0.005)
    np.testing.assert_allclose(centre_lps_mm(voi), (44, 45, 44))


def test_a_large_flat_voi_has_its_diagonal():
    mask = np.zeros((3, 800, 900), bool)
    mask[1] = True
    voi = canonical_voi("AP", ArraySource(np.zeros(mask.shape), mask, (1.0, 1.0, 3.0)))
    assert largest_diameter_mm(voi) == pytest.approx(np.hypot(799, 899))


def test_points_and_indices_are_inverse(make_source, rotation):
    voi = canonical_voi("AP", make_source(direction=rotation))
    indices = np.random.default_rng(0).uniform(-5, 50, (20, 3))
    np.testing.assert_allclose(lps_mm_to_index(voi, index_to_lps_mm(voi, indices)), indices, atol=1e-9)


@pytest.mark.parametrize(
    ("spacing_mm", "axis"),
    [((1.0, 1.0, 5.0), 0), ((1.0, 1.0, 1.0), 0), ((5.0, 1.0, 1.0), 2), ((1.0, 4.0, 1.0), 1), ((1.0, 1.005, 1.0), 0)],
)
def test_slices_are_stacked_along_the_largest_spacing(spacing_mm, axis):
    assert slice_axis(spacing_mm) == axis
