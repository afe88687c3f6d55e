"""Resampling against PyRadiomics' own resampling of the full volume: equal to the last bit."""

import numpy as np
import pytest
from TACEResponseLib.cohort import AcquisitionTags, ImageGeometry
from TACEResponseLib.imaging import Voi
from TACEResponseLib.imaging.resampling import resample


def _voi(voxels, mask, spacing_mm):
    return Voi(
        "T2",
        voxels.astype(np.float32),
        mask,
        tuple(spacing_mm),
        ImageGeometry(tuple(spacing_mm)),
        AcquisitionTags(),
        "",
        "",
    )


def _resampled_by_pyradiomics(voi, spacing_mm):
    """Full volume through PyRadiomics' resampleImage, then its crop to the mask."""
    sitk = pytest.importorskip("SimpleITK")
    imageoperations = pytest.importorskip("radiomics.imageoperations")
    image = sitk.GetImageFromArray(voi.voxels)
    mask = sitk.GetImageFromArray(voi.mask.astype(np.uint32))
    for part in (image, mask):
        part.SetSpacing(voi.spacing_mm)
    image, mask = imageoperations.resampleImage(image, mask, resampledPixelSpacing=list(spacing_mm))
    box, _ = imageoperations.checkMask(image, mask, minimumROIDimensions=1)
    image, mask = imageoperations.cropToTumorMask(image, mask, box)
    return sitk.GetArrayFromImage(image), sitk.GetArrayFromImage(mask) == 1, image.GetSpacing()


def _ellipsoid(shape, centre, radii):
    axes = np.ogrid[tuple(slice(length) for length in shape)]
    return sum(((axis - c) / r) ** 2 for axis, c, r in zip(axes, centre, radii, strict=True)) <= 1


GRIDS = {  # spacing (I, J, K), shape (K, J, I)
    "2x2x8": ((2.0, 2.0, 8.0), (24, 90, 100)),
    "3 T": ((1.79, 1.89, 2.5), (50, 90, 110)),
    "1.5 T": ((1.19, 1.19, 5.0), (20, 130, 140)),
    "1x1x3": ((1.0, 1.0, 3.0), (40, 80, 90)),
    "3 mm": ((3.0, 3.0, 3.0), (40, 70, 80)),
    "no round numbers": ((0.893217, 1.111111, 3.333333), (40, 110, 120)),
    "half": ((0.5, 0.5, 0.5), (90, 90, 90)),
}


@pytest.mark.parametrize("place", ["middle", "corner", "far corner"])
@pytest.mark.parametrize("grid", GRIDS)
def test_equals_pyradiomics_resampling_of_the_full_volume(grid, place):
    spacing_mm, shape = GRIDS[grid]
    random = np.random.default_rng(len(grid))
    voxels = np.round(random.normal(300, 120, shape))
    size = np.array(shape)
    centre = {"middle": 0.5 * size, "corner": 0.1 * size, "far corner": size - 3}[place]
    mask = _ellipsoid(shape, centre, np.array([11.0, 14.0, 12.0]) / np.array(spacing_mm[::-1]))
    voi = _voi(voxels, mask, spacing_mm)

    ours = resample(voi)

    image, mask, spacing = _resampled_by_pyradiomics(voi, (1, 1, 1))
    assert ours.spacing_mm == spacing
    np.testing.assert_array_equal(ours.mask, mask)
    assert ours.voxels.dtype == np.float32
    np.testing.assert_array_equal(ours.voxels[mask], image[mask])


@pytest.mark.parametrize("seed", range(12))
def test_a_border_beside_few_slices_at_high_intensity(seed):
    """ITK cuts the spline's recursion short on long lines; left out, that shows in the last bit beside a border."""
    shape = (6, 50, 50)
    mask = np.zeros(shape, bool)
    mask[1:5, :18, :18] = True
    voxels = np.round(np.random.default_rng(seed).normal(1000, 4, shape))
    voi = _voi(voxels, mask, (0.5, 0.5, 5.0))

    ours = resample(voi)

    image, mask, _ = _resampled_by_pyradiomics(voi, (1, 1, 1))
    np.testing.assert_array_equal(ours.voxels[mask], image[mask])


def test_a_single_slice_keeps_its_spacing():
    mask = np.zeros((12, 40, 40), bool)
    mask[5, 10:25, 12:30] = True
    voi = _voi(np.random.default_rng(1).normal(100, 30, mask.shape), mask, (1.5, 1.5, 6.0))

    ours = resample(voi)

    image, mask, spacing = _resampled_by_pyradiomics(voi, (1, 1, 1))
    assert ours.spacing_mm == spacing == (1.0, 1.0, 6.0)
    np.testing.assert_array_equal(ours.mask, mask)
    np.testing.assert_array_equal(ours.voxels[mask], image[mask])


@pytest.mark.parametrize("n_slices", [1, 3, 5])  # with 2, ITK is wrong
def test_images_of_few_slices(n_slices):
    mask = np.zeros((n_slices, 40, 40), bool)
    mask[:, 10:25, 12:30] = True
    voi = _voi(np.random.default_rng(6).normal(100, 30, mask.shape), mask, (1.5, 1.5, 3.0))

    ours = resample(voi)

    image, mask, spacing = _resampled_by_pyradiomics(voi, (1, 1, 1))
    assert ours.spacing_mm == spacing
    np.testing.assert_array_equal(ours.mask, mask)
    np.testing.assert_array_equal(ours.voxels[mask], image[mask])


@pytest.mark.parametrize("spacing_mm", [(1.0, 1.0, 1.0), (1.000001, 1.0, 0.999999)])
def test_a_volume_on_the_wanted_grid_is_not_interpolated(spacing_mm):
    mask = _ellipsoid((30, 32, 34), (12, 14, 16), (6, 7, 8))
    voi = _voi(np.random.default_rng(2).normal(100, 30, mask.shape), mask, spacing_mm)

    ours = resample(voi)

    image, mask, spacing = _resampled_by_pyradiomics(voi, (1, 1, 1))
    assert ours.spacing_mm == spacing == spacing_mm
    np.testing.assert_array_equal(ours.mask, mask)
    np.testing.assert_array_equal(ours.voxels[mask], image[mask])


def test_in_two_slices_the_spline_goes_through_the_voxels():
    """At the voxels of a 1 mm image shifted by none, a spline gives the voxels; here 3 mm slices give every third."""
    mask = np.zeros((2, 30, 30), bool)
    mask[:, 5:20, 6:22] = True
    voxels = np.random.default_rng(8).normal(100, 30, mask.shape).astype(np.float32)

    ours = resample(_voi(voxels, mask, (1.0, 1.0, 3.0)))

    np.testing.assert_allclose(ours.voxels[[1, 4]], voxels[:, 5:20, 6:22], rtol=1e-5)


def test_cropping_first_would_move_the_grid():
    """Why the grid needs the full geometry: on a 3 T grid the crop alone gives other voxels."""
    spacing_mm, shape = GRIDS["3 T"]
    mask = _ellipsoid(shape, (25, 45, 55), (5, 7, 7))
    voxels = np.random.default_rng(3).normal(300, 100, shape)
    whole = resample(_voi(voxels, mask, spacing_mm))
    cropped = resample(_voi(voxels[3:47, 13:77, 17:93], mask[3:47, 13:77, 17:93], spacing_mm))
    assert whole.voxels.shape != cropped.voxels.shape or not np.allclose(whole.voxels, cropped.voxels, rtol=1e-3)


@pytest.mark.parametrize("spacing_mm", [(1.0, 1.0, 3.0), (3.0, 3.0, 3.0), (1.0, 1.0, 5.0)])
def test_zeros_keep_the_sign_of_pyradiomics_rounding_noise(spacing_mm):
    """Grid points on voxels of value 0 give 0 plus or minus noise, and 0 is the edge of a bin."""
    shape = (30, 60, 60)
    voxels = np.round(np.random.default_rng(5).normal(0, 3, shape))
    mask = _ellipsoid(shape, (15, 30, 30), np.array([15.0, 12.0, 12.0]) / np.array(spacing_mm[::-1]))
    voi = _voi(voxels, mask, spacing_mm)

    ours = resample(voi)

    image, mask, _ = _resampled_by_pyradiomics(voi, (1, 1, 1))
    assert (np.abs(image[mask]) < 1e-9).any()
    np.testing.assert_array_equal(ours.voxels[mask], image[mask])


def test_a_voi_that_falls_between_the_grid_points_is_refused_in_words():
    mask = np.zeros((60, 60, 60), bool)
    mask[33:35, 33:35, 33:35] = True
    voi = _voi(np.ones(mask.shape), mask, (0.2, 0.2, 0.2))
    with pytest.raises(ValueError, match="too small"):
        resample(voi)
    with pytest.raises(ValueError, match="no voxel"):
        resample(_voi(np.ones(mask.shape), np.zeros_like(mask), (2.0, 2.0, 2.0)))
