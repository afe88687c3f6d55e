"""The voxel grid rule against brute force: every voxel of the mask by its place in the patient."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from TACEResponseLib.cohort import ImageGeometry
from TACEResponseLib.imaging import canonical_voi, read_voi
from TACEResponseLib.imaging.mask_geometry import paste_mask


def _points_mm(geometry, indices_ijk):
    axes = np.reshape(geometry.direction, (3, 3)) * np.asarray(geometry.spacing_mm)
    return np.asarray(indices_ijk) @ axes.T + np.asarray(geometry.origin_mm)


def _cropped(mask, geometry, start_kji, stop_kji):
    part = tuple(slice(a, b) for a, b in zip(start_kji, stop_kji, strict=True))
    origin = _points_mm(geometry, [start_kji[::-1]])[0]
    return mask[part], ImageGeometry(geometry.spacing_mm, tuple(origin.tolist()), geometry.direction)


def _turned(mask, geometry, order_ijk, flips_ijk):
    """The same voxels in the patient, stored with permuted and then flipped axes."""
    axes = np.reshape(geometry.direction, (3, 3))[:, order_ijk]
    spacing = np.asarray(geometry.spacing_mm)[list(order_ijk)]
    turned = mask.transpose([2 - axis for axis in order_ijk[::-1]])
    origin = np.asarray(geometry.origin_mm, float)
    axes = axes.copy()
    for axis, flip in enumerate(flips_ijk):
        if flip:
            origin = origin + axes[:, axis] * spacing[axis] * (turned.shape[2 - axis] - 1)
            axes[:, axis] *= -1
            turned = np.flip(turned, 2 - axis)
    return turned, ImageGeometry(tuple(spacing.tolist()), tuple(origin.tolist()), tuple(axes.ravel().tolist()))


@settings(max_examples=60, deadline=None)
@given(
    order=st.permutations((0, 1, 2)),
    flips=st.tuples(*[st.booleans()] * 3),
    crop=st.tuples(*[st.integers(0, 2)] * 6),
    seed=st.integers(0, 2**16),
    oblique=st.booleans(),
)
def test_permuted_flipped_and_cropped_masks_are_pasted_where_they_lie(rotation, order, flips, crop, seed, oblique):
    random = np.random.default_rng(seed)
    shape = (7, 8, 9)
    direction = rotation if oblique else (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)
    image_geometry = ImageGeometry((0.7, 1.3, 4.1), (-120.5, 33.3, 71.0), direction)
    stop = np.array(shape) - crop[3:]
    inside = np.zeros(shape, bool)
    box = tuple(slice(a, b) for a, b in zip(crop[:3], stop, strict=True))
    inside[box] = random.random(inside[box].shape) < 0.3

    mask, mask_geometry = _turned(*_cropped(inside, image_geometry, crop[:3], stop), order, flips)
    pasted = paste_mask(mask, mask_geometry, shape, image_geometry)

    np.testing.assert_array_equal(pasted, inside)
    image_points = _points_mm(image_geometry, np.argwhere(pasted)[:, ::-1])
    mask_points = _points_mm(mask_geometry, np.argwhere(mask)[:, ::-1])
    np.testing.assert_allclose(np.sort(image_points, axis=0), np.sort(mask_points, axis=0), atol=1e-9)


def test_a_larger_extent_is_accepted_while_the_labels_lie_inside(make_source):
    source = make_source()
    wide = np.pad(source.mask, ((3, 2), (1, 0), (4, 6)))
    origin = _points_mm(source.geometry, [(-4, -1, -3)])[0]
    geometry = ImageGeometry(source.spacing_mm, tuple(origin.tolist()), source.direction)
    voi = canonical_voi("AP", replace(source, mask=wide, mask_geometry=geometry))
    np.testing.assert_array_equal(voi.mask, source.mask)


def test_labelled_voxels_outside_the_image_are_refused_with_their_number(key, make_source):
    source = make_source()
    shifted = replace(
        source, mask_geometry=replace(source.geometry, origin_mm=tuple(np.array(source.origin_mm) + 1000))
    )
    mask = np.pad(source.mask, ((1, 0), (0, 0), (0, 0)))
    mask[0, 10, 10:13] = True
    origin = _points_mm(source.geometry, [(0, 0, -1)])[0]
    wide = replace(source, mask=mask, mask_geometry=replace(source.geometry, origin_mm=tuple(origin.tolist())))
    with pytest.raises(ValueError, match=r"^Patient HCC_07b, AP: 3 voxels of the mask lie outside the image"):
        read_voi(key, "AP", wide)
    far = tuple(_points_mm(source.geometry, [(500, 0, 0)])[0].tolist())
    shifted = replace(source, mask_geometry=replace(source.geometry, origin_mm=far))
    with pytest.raises(ValueError, match=f"{np.count_nonzero(source.mask)} voxels of the mask lie outside"):
        read_voi(key, "AP", shifted)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_the_limit_is_a_hundredth_of_a_voxel(make_source, axis):
    source = make_source()
    step = np.zeros(3)
    step[axis] = source.spacing_mm[axis]

    def shifted(voxels):
        origin = tuple((np.array(source.origin_mm) + voxels * step).tolist())
        return replace(source, mask_geometry=replace(source.geometry, origin_mm=origin))

    np.testing.assert_array_equal(canonical_voi("AP", shifted(0.0099)).mask, source.mask)
    with pytest.raises(ValueError, match=r"up to 0\.01\d* voxels beside the image's"):
        canonical_voi("AP", shifted(0.0101))
    with pytest.raises(ValueError, match=r"up to 0\.5 voxels beside"):
        canonical_voi("AP", shifted(-0.5))


def test_the_rule_holds_for_the_whole_extent_not_only_near_the_origin(make_source):
    source = make_source()
    spacing = np.array(source.spacing_mm)
    spacing[0] *= 1 + 0.011 / (source.voxels.shape[2] - 1)
    stretched = replace(source, mask_geometry=replace(source.geometry, spacing_mm=tuple(spacing.tolist())))
    with pytest.raises(ValueError, match="another voxel grid"):
        canonical_voi("AP", stretched)


@pytest.mark.parametrize("spacing_mm", [(3.58, 1.89, 2.5), (1.79, 1.89, 1.25), (1.0, 1.0, 1.0)])
def test_another_spacing_is_refused(make_source, spacing_mm):
    source = make_source()
    other = replace(source, mask_geometry=replace(source.geometry, spacing_mm=spacing_mm))
    with pytest.raises(ValueError, match="another voxel grid"):
        canonical_voi("AP", other)


def test_a_rotated_mask_is_refused(make_source, rotation):
    source = make_source()
    with pytest.raises(ValueError, match="another voxel grid"):
        canonical_voi("AP", replace(source, mask_geometry=replace(source.geometry, direction=rotation)))
