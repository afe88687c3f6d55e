"""The slice shown: which, which way up, in which proportions, with which outline."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra.numpy import array_shapes, arrays
from TACEResponseLib.cohort import ArraySource
from TACEResponseLib.imaging import canonical_voi
from TACEResponseLib.reporting.slice_view import (
    common_field_mm,
    crop,
    display_window,
    enlarge,
    largest_slice,
    outline_commands,
    to_grey,
)

# Columns are the patient's directions (L, P, S) of the axes I, J, K.
DIRECTIONS = {
    "axial": (1, 0, 0, 0, 1, 0, 0, 0, 1),
    "axial, feet first": (1, 0, 0, 0, 1, 0, 0, 0, -1),
    "axial, turned in plane": (0, -1, 0, 1, 0, 0, 0, 0, 1),
    "axial, both axes flipped": (-1, 0, 0, 0, -1, 0, 0, 0, 1),
    "coronal": (1, 0, 0, 0, 0, 1, 0, -1, 0),
    "coronal, flipped": (-1, 0, 0, 0, 0, 1, 0, 1, 0),
    "sagittal": (0, 0, 1, 1, 0, 0, 0, -1, 0),
    "sagittal, turned": (0, 0, -1, 0, 1, 0, 1, 0, 0),
}
SIDES = {"axial": "RLAP", "coronal": "RLSI", "sagittal": "APSI"}
SPACING_MM = (1.0, 1.5, 4.0)


def _marked_voi(direction, towards):
    """A lesion in the middle and a bright voxel some 9 mm from it towards a side of the patient, in the same slice."""
    vectors = {"L": (1, 0, 0), "R": (-1, 0, 0), "P": (0, 1, 0), "A": (0, -1, 0), "S": (0, 0, 1), "I": (0, 0, -1)}
    axes = np.reshape(direction, (3, 3))
    voxels, mask = np.zeros((9, 25, 31), np.int16), np.zeros((9, 25, 31), bool)
    mask[3:6, 11:14, 14:17] = True
    steps = np.rint(axes.T @ np.array(vectors[towards]) * 9 / SPACING_MM).astype(int)
    i, j, k = np.array((15, 12, 4)) + steps
    voxels[k, j, i] = 1000
    mask[4, 11:14, 13:18] = True
    return canonical_voi("AP", ArraySource(voxels, mask, SPACING_MM, (3.0, -7.0, 11.0), tuple(map(float, direction))))


@pytest.mark.parametrize("name", DIRECTIONS)
def test_sides_are_where_a_radiologist_expects_them(name):
    left, right, top, bottom = SIDES[name.partition(",")[0]]
    for side in (left, right, top, bottom):
        view = largest_slice(_marked_voi(DIRECTIONS[name], side))
        assert (view.left, view.right, view.top, view.bottom) == (left, right, top, bottom)
        row, column = np.argwhere(view.pixels == 1000)[0]
        lesion = np.argwhere(view.mask).mean(axis=0)
        off_mm = (row - lesion[0]) * view.height_mm, (column - lesion[1]) * view.width_mm
        expected = {left: (0, -9), right: (0, 9), top: (-9, 0), bottom: (9, 0)}[side]
        np.testing.assert_allclose(off_mm, expected, atol=0.1)


def test_the_slice_is_the_one_with_the_largest_area_and_says_where_it_is():
    mask = np.zeros((8, 20, 20), bool)
    mask[2, 5:9, 5:9] = mask[5, 4:12, 4:12] = mask[6, 6:8, 6:8] = True
    voxels = np.arange(8, dtype=np.int16)[:, None, None] + np.zeros((8, 20, 20), np.int16)
    view = largest_slice(canonical_voi("T2", ArraySource(voxels, mask, (1.0, 1.0, 6.0), (0.0, 0.0, -40.0))))
    assert set(np.unique(view.pixels)) == {5}
    assert view.mask.sum() == 64
    assert view.place == "axial, I 10.0 mm"


@pytest.mark.parametrize("corner", [(10, 10), (0, 0), (60, 70)])
def test_a_crop_holds_the_lesion_in_a_field_of_the_asked_size(corner):
    mask = np.zeros((5, 80, 90), bool)
    mask[1:4, corner[0] : corner[0] + 20, corner[1] : corner[1] + 20] = True
    view = largest_slice(canonical_voi("AP", ArraySource(mask.astype(np.int16), mask, (2.0, 1.5, 5.0))))
    field_mm = common_field_mm([view])
    cropped = crop(view, field_mm)
    assert cropped.mask.sum() == 400
    np.testing.assert_array_equal(cropped.pixels != 0, cropped.mask)
    rows, columns = cropped.mask.shape
    assert rows * cropped.height_mm == pytest.approx(min(field_mm, 80 * 1.5), abs=1.5)
    assert columns * cropped.width_mm == pytest.approx(min(field_mm, 90 * 2.0), abs=2.0)


@given(arrays(bool, array_shapes(min_dims=2, max_dims=2, max_side=9)))
def test_the_outline_encloses_exactly_the_labelled_pixels(mask):
    """A ray to the left of a pixel's centre crosses the outline an odd number of times only if it is labelled."""
    commands = outline_commands(mask, 2.0, 3.0)
    uprights = [(float(x), float(y1), float(y2)) for x, y1, y2 in re.findall(r"M([\d.]+) ([\d.]+)V([\d.]+)", commands)]
    for (row, column), labelled in np.ndenumerate(mask):
        y, x = (row + 0.5) * 2.0, (column + 0.5) * 3.0
        crossed = sum(y1 < y < y2 and edge < x for edge, y1, y2 in uprights)
        assert crossed % 2 == labelled


def test_enlarging_keeps_size_ramps_and_constants():
    pixels = np.random.default_rng(0).normal(size=(6, 9))
    np.testing.assert_allclose(enlarge(pixels, 6, 9), pixels, atol=1e-12)
    np.testing.assert_allclose(enlarge(np.full((4, 5), 7.0), 40, 33), 7.0)
    ramp = np.tile(np.arange(12.0), (5, 1))
    wide = enlarge(ramp, 5, 36)
    expected = (np.arange(36) + 0.5) / 3 - 0.5
    np.testing.assert_allclose(wide[:, 6:-6], np.tile(expected, (5, 1))[:, 6:-6], atol=1e-12)


def test_the_window_maps_to_black_and_white_whatever_the_image_holds():
    pixels = np.array([[0.0, 50.0, 100.0], [np.nan, np.inf, -np.inf]])
    grey = to_grey(pixels, (0.0, 100.0))
    np.testing.assert_array_equal(grey, [[0, 128, 255], [0, 255, 0]])
    low, high = display_window(np.full((3, 3), 5.0))
    assert high > low
