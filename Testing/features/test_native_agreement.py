"""The native engine against PyRadiomics 3.0.1, its oracle, on real and generated VOIs."""

import json

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter
from TACEResponseLib.cohort import ArraySource
from TACEResponseLib.features import PAPER_SETTINGS, FeatureSettings, get_feature_set
from TACEResponseLib.features.native import NativeEngine
from TACEResponseLib.imaging import canonical_voi

pytest.importorskip("radiomics")

NAMES = get_feature_set("paper110").feature_names

GRIDS = {  # spacing (I, J, K) in mm
    "2x2x8": (2.0, 2.0, 8.0),
    "3 T": (1.79, 1.89, 2.5),
    "1.5 T": (1.19, 1.19, 5.0),
    "1x1x3": (1.0, 1.0, 3.0),
    "3 mm": (3.0, 3.0, 3.0),
    "no round numbers": (0.893217, 1.111113, 3.337331),
    "1 mm": (1.0, 1.0, 1.0),
}


def _distance(shape, spacing_mm, centre_mm=(0.0, 0.0, 0.0), radii_mm=(1.0, 1.0, 1.0)):
    """Elliptic distance from a centre, (K, J, I); centre and radii along I, J, K, from the middle of the volume."""
    axes = np.ogrid[tuple(slice(length) for length in shape)]
    parts = zip(axes, shape, spacing_mm[::-1], centre_mm[::-1], radii_mm[::-1], strict=True)
    return np.sqrt(sum((((axis - (n - 1) / 2) * mm - centre) / radius) ** 2 for axis, n, mm, centre, radius in parts))


def _mask(kind, shape, spacing_mm, size_mm):
    radius = size_mm / 2
    distance = _distance(shape, spacing_mm)
    if kind == "ellipsoid":
        return _distance(shape, spacing_mm, (1.3, -2.1, 0.7), (radius, 0.8 * radius, 0.9 * radius)) <= 1
    if kind == "thin":
        mask = distance <= radius
        mask[: shape[0] // 2] = mask[shape[0] // 2 + 2 :] = False
        return mask
    if kind == "ring":
        return (distance <= radius) & (distance >= 0.6 * radius)
    if kind == "two components":
        return (_distance(shape, spacing_mm, (radius, 0, 0)) <= 0.6 * radius) | (
            _distance(shape, spacing_mm, (-radius, radius, 0)) <= 0.5 * radius
        )
    if kind == "touching the border":
        corner_mm = [n * mm / 2 for n, mm in zip(shape[::-1], spacing_mm, strict=True)]
        return _distance(shape, spacing_mm, corner_mm) <= radius
    assert kind == "ragged"
    return (distance <= radius) & (np.random.default_rng(1).random(shape) < 0.7)


def _texture(shape, seed, kind="smooth", n_levels=30, bin_width=25.0):
    """Intensities of about ``n_levels`` bins."""
    random = np.random.default_rng(seed)
    noise = random.normal(size=shape)
    if kind == "smooth":
        noise = gaussian_filter(noise, 1)
    noise = (noise - noise.min()) / np.ptp(noise) * n_levels * bin_width
    if kind == "around zero":  # integers, many of them 0: the edge of a bin
        return np.round((noise - noise.mean()) / 8)
    if kind == "negative":
        return np.round(noise) - 1000
    return np.round(noise + 100) if kind == "smooth" else noise


def _volume(spacing_mm, size_mm, margin_mm=26):
    return tuple(int(np.ceil((size_mm + margin_mm) / mm)) + 4 for mm in spacing_mm[::-1])


KINDS = ("ellipsoid", "thin", "ring", "two components", "touching the border", "ragged")
TEXTURES = ("smooth", "white", "around zero", "negative")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("grid", GRIDS)
def test_generated_matrix(grid, kind, make_voi, assert_engines_agree):
    seed = list(GRIDS).index(grid) + 10 * KINDS.index(kind)
    spacing_mm, size_mm = GRIDS[grid], (20, 26, 34)[seed % 3]
    shape = _volume(spacing_mm, size_mm)
    texture = TEXTURES[seed % len(TEXTURES)]
    voi = make_voi(_texture(shape, seed, texture), _mask(kind, shape, spacing_mm, size_mm), spacing_mm)
    assert_engines_agree(voi)


@pytest.mark.parametrize("grid", ["1x1x3", "3 mm", "1 mm"])
def test_zeros_on_the_edge_of_a_bin(grid, make_voi, assert_engines_agree):
    spacing_mm = GRIDS[grid]
    shape = _volume(spacing_mm, 30)
    mask = _mask("ellipsoid", shape, spacing_mm, 30)
    assert_engines_agree(make_voi(_texture(shape, 3, "around zero", 8), mask, spacing_mm))


@pytest.mark.parametrize("n_levels", [1, 2, 3, 5, 10, 60, 150])
def test_grey_levels(n_levels, make_voi, assert_engines_agree):
    shape = (26, 28, 30)
    mask = _mask("ellipsoid", shape, (1, 1, 1), 18)
    voxels = np.random.default_rng(n_levels).integers(0, n_levels, shape) * 25.0 + 12
    assert_engines_agree(make_voi(voxels, mask))


@pytest.mark.slow
def test_400_grey_levels_with_gaps(make_voi, assert_engines_agree):
    shape = (26, 28, 30)
    mask = _mask("ellipsoid", shape, (1, 1, 1), 18)
    voxels = np.random.default_rng(0).integers(0, 400, shape) * 50.0
    voxels[0, 0, 0] = -1e6
    assert_engines_agree(make_voi(voxels, mask))


def test_an_outlier_far_above_leaves_a_gap_of_levels(make_voi, assert_engines_agree):
    shape = (24, 24, 24)
    mask = _mask("ellipsoid", shape, (1, 1, 1), 16)
    voxels = _texture(shape, 5, n_levels=6)
    voxels[12, 12, 12] = 20000
    assert_engines_agree(make_voi(voxels, mask))


@pytest.mark.parametrize(("size_mm", "grid"), [(60, "3 T"), pytest.param(100, "1.5 T", marks=pytest.mark.slow)])
def test_large_lesions(size_mm, grid, make_voi, assert_engines_agree):
    spacing_mm = GRIDS[grid]
    shape = _volume(spacing_mm, size_mm)
    assert_engines_agree(make_voi(_texture(shape, 7), _mask("ellipsoid", shape, spacing_mm, size_mm), spacing_mm))


@pytest.mark.parametrize("bin_width", [0.1, 7.0, 10.0, 33.3])
def test_other_bin_widths(bin_width, make_voi, assert_engines_agree):
    shape = (24, 26, 28)
    voi = make_voi(_texture(shape, 6, "white", 12, bin_width), _mask("ellipsoid", shape, (1, 1, 2), 20), (1, 1, 2))
    assert_engines_agree(voi, FeatureSettings(name="other", bin_width=bin_width))


def test_another_grid(make_voi, assert_engines_agree):
    shape = (30, 40, 40)
    voi = make_voi(_texture(shape, 8), _mask("ellipsoid", shape, (1.2, 1.2, 2), 36), (1.2, 1.2, 2))
    assert_engines_agree(voi, FeatureSettings(name="other", spacing_mm=(2.0, 2.0, 2.0)))


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_single_slice_keeps_its_spacing(axis, make_voi, assert_engines_agree):
    spacing_mm = (1.5, 1.3, 2.2)
    shape = (20, 24, 26)
    mask = np.zeros(shape, bool)
    within = [slice(4, 15)] * 3
    within[axis] = slice(9, 10)
    mask[tuple(within)] = True
    assert_engines_agree(make_voi(_texture(shape, 9), mask, spacing_mm))


@pytest.mark.parametrize("left_handed", [False, True])
def test_oblique_and_left_handed(left_handed, assert_engines_agree):
    spacing_mm = GRIDS["3 T"]
    shape = _volume(spacing_mm, 24)
    angle = np.radians(25)
    direction = np.array([[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]])
    if left_handed:
        direction[:, 2] *= -1
    source = ArraySource(
        voxels=_texture(shape, 10).astype(np.int16),
        mask=_mask("ellipsoid", shape, spacing_mm, 24),
        spacing_mm=spacing_mm,
        origin_mm=(-11.1, 31.7, 5.3),
        direction=tuple(direction.ravel()),
    )
    assert_engines_agree(canonical_voi("T2", source))


def test_real_mr(brain1, assert_engines_agree):
    assert_engines_agree(brain1)


def test_real_mr_reference_values(brain1, shared):
    reference = json.loads((shared / "reference" / "features_brain1_canonical.json").read_text())["features"]
    result = NativeEngine().compute(brain1, PAPER_SETTINGS, NAMES)
    np.testing.assert_allclose([result.values[name] for name in NAMES], [reference[name] for name in NAMES], rtol=1e-9)
    assert not result.undefined


@st.composite
def small_vois(draw):
    """Voxels, mask and spacing of a random small volume: any mask, few or many levels, gaps, flat, isolated voxels."""
    shape = draw(st.tuples(*[st.integers(1, 7)] * 3))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    mask = random.random(shape) < draw(st.sampled_from([0.1, 0.3, 0.6, 0.95]))
    mask[tuple(length // 2 for length in shape)] = True
    step, offset = draw(st.sampled_from([0.0, 5.0, 12.5, 25.0, 60.0])), draw(st.sampled_from([-40.0, 0.0, 0.3, 1000.0]))
    voxels = random.integers(-3, 4, shape) * step + offset
    spacing_mm = draw(st.tuples(*[st.sampled_from([1.0, 1.0, 0.7, 1.3, 2.0, 3.0])] * 3))
    return np.pad(voxels, 2, mode="edge"), np.pad(mask, 2), spacing_mm


@settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(small_vois())
def test_random_small_volumes(make_voi, assert_engines_agree, volume):
    assert_engines_agree(make_voi(*volume))
