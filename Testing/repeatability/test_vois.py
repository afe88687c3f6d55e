"""Overlap of VOIs and perturbation, on shapes whose answer is known."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from TACEResponseLib.cohort import ArraySource, CaseKey
from TACEResponseLib.imaging import canonical_voi
from TACEResponseLib.repeatability import PerturbationSettings, overlap, perturb

KEYS = (CaseKey("a"), CaseKey("a", "1", "2"))


def ball(radius_mm, centre_mm=(0.0, 0.0, 0.0), spacing=(1.0, 1.0, 1.0), half=40):
    """VOI of a ball on a grid of (K, J, I)."""
    counts = [int(half / step) for step in spacing[::-1]]
    axes = [step * np.arange(-count, count + 1) for step, count in zip(spacing[::-1], counts, strict=True)]
    grid = np.meshgrid(*axes, indexing="ij")
    mask = sum((axis - middle) ** 2 for axis, middle in zip(grid, centre_mm[::-1], strict=True)) <= radius_mm**2
    return canonical_voi("AP", ArraySource(np.zeros(mask.shape, np.float32), mask, spacing))


def test_equal_vois():
    found = overlap(ball(15), ball(15), KEYS)
    assert (found.dice, found.hausdorff_95_mm, found.mean_surface_distance_mm) == (1, 0, 0)
    assert found.volume_difference_ml == 0


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (0.8, 0.8, 2.0)])
def test_concentric_balls(spacing):
    found = overlap(ball(12, spacing=spacing), ball(16, spacing=spacing), KEYS)
    # Dice of balls 12 in 16: 2 * 12^3 / (12^3 + 16^3); surfaces 4 mm apart everywhere.
    assert found.dice == pytest.approx(2 * 12**3 / (12**3 + 16**3), abs=0.01)
    assert found.mean_surface_distance_mm == pytest.approx(4, abs=0.35)
    assert found.hausdorff_95_mm == pytest.approx(4, abs=max(spacing))
    assert found.volume_difference_ml == pytest.approx(4 / 3 * np.pi * (16**3 - 12**3) / 1000, rel=0.02)


def test_distances_are_symmetric_and_the_border_of_the_image_is_no_surface():
    one, other = ball(10), ball(10, (3.0, 0.0, 0.0))
    first, second = overlap(one, other, KEYS), overlap(other, one, KEYS)
    assert first.dice == second.dice
    assert first.hausdorff_95_mm == second.hausdorff_95_mm
    assert first.hausdorff_95_mm == pytest.approx(3, abs=0.5)
    whole = canonical_voi("AP", ArraySource(np.zeros((9, 9, 9), np.float32), np.ones((9, 9, 9)), (1.0, 1.0, 1.0)))
    assert overlap(whole, whole, KEYS).hausdorff_95_mm == 0


def test_vois_on_different_geometries_are_refused():
    with pytest.raises(
        ValueError, match="Patient a and patient a, reader 2, AP: the VOIs lie on different voxel grids"
    ):
        overlap(ball(10), ball(10, spacing=(1.0, 1.0, 2.0)), KEYS)
    moved = ball(10)
    moved = replace(moved, placement=replace(moved.placement, origin_mm=(5.0, 0.0, 0.0)))
    with pytest.raises(ValueError, match="different voxel grids"):
        overlap(ball(10), moved, KEYS)


def test_no_perturbation_is_the_mask_itself():
    voi = ball(10)
    np.testing.assert_array_equal(perturb(voi.mask, voi.spacing_mm, PerturbationSettings(0, 0, 0), 1), voi.mask)


@given(st.integers(0, 500))
def test_a_margin_alone_grows_or_shrinks_by_so_many_mm(seed):
    voi = ball(14, half=20)
    drawn = perturb(voi.mask, voi.spacing_mm, PerturbationSettings(3.0, 0, 0), seed)
    margin = np.random.default_rng(seed)
    margin.uniform(-1, 1, 2)  # the shift is drawn first
    expected = margin.uniform(-1, 1) * 3.0
    # Within the middle slice the ball is a disc; growing happens within slices.
    area = drawn[drawn.shape[0] // 2].sum()
    assert np.sqrt(area / np.pi) - 14 == pytest.approx(expected, abs=0.8)


@given(st.integers(0, 500))
def test_a_shift_alone_moves_the_centre_within_slices(seed):
    voi = ball(12, half=20)
    drawn = perturb(voi.mask, voi.spacing_mm, PerturbationSettings(0, 4.0, 0), seed)
    moved = np.argwhere(drawn).mean(axis=0) - np.argwhere(voi.mask).mean(axis=0)
    expected = np.random.default_rng(seed).uniform(-1, 1, 2) * 4.0
    assert abs(moved[0]) < 0.05
    np.testing.assert_allclose(moved[1:], expected, atol=0.5)
    assert drawn.sum() == pytest.approx(voi.mask.sum(), rel=0.06)


def test_draws_are_seeded_and_differ():
    voi = ball(12, half=20)
    one, again, other = (perturb(voi.mask, voi.spacing_mm, PerturbationSettings(), seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, again)
    assert (one != other).any()


def test_edges_move_about_the_true_edge():
    voi = ball(14, half=20)
    settings = PerturbationSettings(margin_mm=0, shift_mm=0, edge_mm=0.8)
    volumes = [perturb(voi.mask, voi.spacing_mm, settings, seed).sum() for seed in range(40)]
    assert np.mean(volumes) == pytest.approx(voi.mask.sum(), rel=0.05)
    assert np.std(volumes) > 0


@pytest.mark.parametrize("radius", [5, 8, 14, 30])
def test_edges_of_small_and_large_vois_move_by_as_much_as_was_asked_for(radius):
    """Half a wave or several in the VOI: the edge moves by about a standard deviation, never by a whole radius."""
    mask = ball(radius, half=radius + 6).mask
    drawn = [perturb(mask, (1.0, 1.0, 1.0), PerturbationSettings(0, 0, 0.7), seed) for seed in range(30)]
    volumes = np.array([one.sum() / mask.sum() for one in drawn])
    radii = volumes ** (1 / 3) * radius
    # The mean of (1 + e / r)^3 for an edge that moves by e, of standard deviation 0.7 and mean 0.
    assert volumes.mean() == pytest.approx(1 + 3 * (0.7 / radius) ** 2, abs=0.06)
    assert np.abs(radii - radius).max() < 2 * 0.7


def test_edges_stay_as_smooth_as_a_reader_draws_them():
    """The surface of a ragged edge is larger than that of a ball of the same volume; here it stays within 4 %."""
    from TACEResponseLib.features.native.mesh import mesh_area_and_volume

    mask = ball(15, half=22).mask
    spacing = np.ones(3)

    def sphericity(one):
        area, volume = mesh_area_and_volume(np.pad(one, 1), spacing)
        return (36 * np.pi * volume**2) ** (1 / 3) / area

    drawn = [sphericity(perturb(mask, (1.0, 1.0, 1.0), PerturbationSettings(), seed)) for seed in range(20)]
    assert np.mean(drawn) / sphericity(mask) > 0.96


def test_what_cannot_be_perturbed_is_refused():
    with pytest.raises(ValueError, match="holds no voxel"):
        perturb(np.zeros((3, 3, 3), bool), (1, 1, 1), PerturbationSettings(), 1)
    one = np.zeros((9, 30, 30), bool)
    one[4, 15, 15] = True
    with pytest.raises(ValueError, match="too small to be perturbed"):
        perturb(one, (1, 1, 1), PerturbationSettings(0, 20.0, 0), 1)
    with pytest.raises(ValueError, match="not negative"):
        PerturbationSettings(-1)


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (0.8, 1.1, 5.0)])
def test_margins_grow_and_shrink_slices_alike(spacing):
    """A box of 20 x 10 x 10 voxels: 1 mm slices are lost and gained at both ends, 5 mm slices stay."""
    mask = np.zeros((30, 30, 30), bool)
    mask[10:20, 10:20, 5:25] = True
    ends = set()
    for seed in range(60):
        slices = np.flatnonzero(perturb(mask, spacing, PerturbationSettings(2.0, 0, 0), seed).any(axis=(1, 2)))
        ends.add(10 - slices.min())
        assert slices.max() - 19 == 10 - slices.min()
    assert ends == ({-2, -1, 0, 1, 2} if spacing[2] == 1 else {0})


def test_small_vois_do_not_vanish():
    one = np.zeros((5, 20, 20), bool)
    one[2, 9:11, 9:11] = True
    for spacing in ((1.0, 1.0, 1.0), (0.5, 0.5, 2.0), (1.8, 1.8, 7.0)):
        assert all(perturb(one, spacing, PerturbationSettings(), seed).any() for seed in range(50))


@pytest.mark.parametrize("place", [np.s_[:], np.s_[0:2, :5, :5], np.s_[2]])
def test_a_voi_at_the_border_of_the_image_moves_its_edge(place):
    mask = np.zeros((4, 20, 20), bool)
    mask[place] = True
    volumes = {np.count_nonzero(perturb(mask, (1.0, 1.0, 4.0), PerturbationSettings(), seed)) for seed in range(20)}
    assert len(volumes) > 5
    assert min(volumes) > 0
    assert max(volumes) < 3 * mask.sum()
