"""Contours as voxels, against Matplotlib's point-in-polygon test."""

import numpy as np
import pytest
from TACEResponseLib.cohort import ImageGeometry
from TACEResponseLib.intake.contours import filled_contours

ROTATION = np.linalg.qr(np.random.default_rng(4).normal(size=(3, 3)))[0]
ROTATION *= np.sign(np.linalg.det(ROTATION))
GEOMETRY = ImageGeometry((1.484, 2.1, 5.0), (-100.0, 33.0, 7.5), tuple(ROTATION.ravel()))
SHAPE = (6, 40, 55)


def in_patient(points, k):
    indices = np.column_stack([points, np.full(len(points), float(k))])
    return np.array(GEOMETRY.origin_mm) + (indices * GEOMETRY.spacing_mm) @ ROTATION.T


@pytest.mark.parametrize("seed", range(12))
def test_a_polygon_fills_the_pixels_whose_centres_lie_inside(seed):
    path = pytest.importorskip("matplotlib.path")
    rng = np.random.default_rng(seed)
    angles = np.sort(rng.uniform(0, 2 * np.pi, 25))
    radii = rng.uniform(4, 18, 25)
    points = np.column_stack([27 + radii * np.cos(angles), 20 + radii * np.sin(angles)])
    mask = filled_contours([in_patient(points, 2)], GEOMETRY, SHAPE)
    columns, rows = np.meshgrid(np.arange(SHAPE[2]), np.arange(SHAPE[1]))
    inside = path.Path(points).contains_points(np.column_stack([columns.ravel(), rows.ravel()])).reshape(SHAPE[1:])
    np.testing.assert_array_equal(mask[2], inside)
    assert not mask[[0, 1, 3, 4, 5]].any()


@pytest.mark.parametrize(
    ("points", "k", "words"),
    [
        ([[5, 5], [9, 5], [9, 9]], 2.4, "between or across"),
        ([[5, 5], [9, 5], [9, 9]], 7, "outside"),
        ([[5, 5], [60, 5], [9, 9]], 2, "outside"),
        ([[5, 5], [9, -1], [9, 9]], 2, "outside"),
    ],
)
def test_contours_that_do_not_fit_the_image_are_refused(points, k, words):
    with pytest.raises(ValueError, match=words):
        filled_contours([in_patient(np.array(points, float), k)], GEOMETRY, SHAPE)
