"""The checks before extraction: what PyRadiomics would accept in silence is refused or warned of here."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from TACEResponseLib.cohort import AcquisitionTags, ArraySource
from TACEResponseLib.imaging import canonical_voi, check_native_voi, check_resampled_voi, count_bins, resample

BIN_WIDTH = 25.0


@pytest.fixture
def check(key):
    """Send a source through all input checks; returns the warnings by code."""

    def run(source, bin_width=BIN_WIDTH):
        voi = canonical_voi("DP", source)
        warnings = check_native_voi(key, voi)
        warnings += check_resampled_voi(key, voi, resample(voi), bin_width)
        assert all(warning.sequence == "DP" for warning in warnings)
        return {warning.code: warning.text for warning in warnings}

    return run


def _refused(check, source, words, **settings):
    with pytest.raises(ValueError, match=rf"^Patient HCC_07b, DP: .*{words}.*\.$"):
        check(source, **settings)


def _box_source(size_kji, shape=(12, 30, 32), spacing_mm=(1.0, 1.0, 2.0), start=(4, 9, 10), seed=0):
    """A box of ``size_kji`` voxels on noise."""
    mask = np.zeros(shape, bool)
    mask[tuple(slice(first, first + size) for first, size in zip(start, size_kji, strict=True))] = True
    voxels = np.random.default_rng(seed).normal(500, 100, shape).astype(np.float32)
    return ArraySource(voxels, mask, spacing_mm)


def test_an_ordinary_lesion_passes_without_warnings(check, make_source):
    assert check(make_source()) == {}


class TestIntensities:
    """Numbers, grey levels, scale."""

    @pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
    def test_nan_and_infinite_values_in_the_voi_are_refused(self, check, make_source, value):
        source = make_source()
        voxels = source.voxels.astype(np.float32)
        voxels[tuple(np.argwhere(source.mask)[5])] = value
        _refused(check, replace(source, voxels=voxels), "1 voxel of the VOI is NaN or infinite")

    def test_nan_beside_the_voi_is_refused_where_interpolation_spreads_it(self, check, make_source):
        source = make_source()
        voxels = source.voxels.astype(np.float32)
        voxels[12, 20, 0] = np.nan
        _refused(check, replace(source, voxels=voxels), "1 voxel of the image, outside the VOI, is NaN or infinite")

    def test_values_beyond_float32_are_refused(self, check, make_source):
        source = make_source()
        _refused(check, replace(source, voxels=source.voxels * 1e300), "are NaN or infinite")

    def test_a_constant_image_is_refused(self, check, make_source):
        source = make_source()
        _refused(check, replace(source, voxels=np.full_like(source.voxels, 510)), "only one grey level of width 25")

    def test_an_image_in_another_scale_is_refused_when_it_falls_into_one_bin(self, check, make_source):
        source = make_source()
        _refused(
            check, replace(source, voxels=(source.voxels - 500) / 1e4 + 0.5), r"only one grey level.* 0\.\d+ to 0\."
        )

    def test_over_1000_bins_are_refused_with_the_number(self, check, make_source):
        source = make_source()
        _refused(
            check, replace(source, voxels=source.voxels.astype(float) * 200), r"holds \d{4} grey levels .*over 1000"
        )

    @pytest.mark.parametrize(
        ("low", "high", "warned"), [(500, 674, "7 "), (500, 675, ""), (0, 3199, ""), (0, 3200, "129 ")]
    )
    def test_bins_outside_8_to_128_are_warned_of_with_the_number(self, check, low, high, warned):
        # At 1 mm nothing is interpolated, so the values are known.
        source = replace(_box_source((6, 8, 8), spacing_mm=(1.0, 1.0, 1.0)), origin_mm=(-31.5, 22.25, -118.0))
        voxels = np.full(source.voxels.shape, low, np.float32)
        voxels[tuple(np.argwhere(source.mask)[7])] = high
        found = check(replace(source, voxels=voxels))
        assert list(found) == (["bins_outside_8_128"] if warned else [])
        assert f"holds {warned}" in found.get("bins_outside_8_128", "holds ")

    @settings(max_examples=60, deadline=None)
    @given(st.integers(0, 2**16), st.sampled_from([5, 10, 25, 50, 0.5]), st.floats(1, 3000), st.floats(-1000, 1000))
    def test_bins_are_counted_as_pyradiomics_counts(self, seed, bin_width, spread, centre):
        imageoperations = pytest.importorskip("radiomics.imageoperations")
        values = np.random.default_rng(seed).normal(centre, spread, 60).astype(np.float32)
        values[::3] = np.round(values[::3] / bin_width) * bin_width
        binned, _ = imageoperations.binImage(values, (np.arange(60),), binWidth=bin_width)
        assert count_bins(values, bin_width) == binned.max()


class TestSizeAndPlace:
    """Size, thickness, parts, borders."""

    def test_a_single_voxel_is_refused(self, check):
        _refused(check, _box_source((1, 1, 1)), "a single voxel")

    @pytest.mark.parametrize(
        ("size", "start", "words"),
        [
            ((1, 8, 8), (4, 9, 10), r"a single slice \(axial, at S 8\.0 mm\)"),
            ((6, 1, 8), (4, 9, 10), r"a single slice \(coronal, at P 9\.0 mm\)"),
            ((6, 8, 1), (4, 9, 10), r"a single slice \(sagittal, at L 10\.0 mm\)"),
        ],
    )
    def test_a_single_native_slice_along_any_axis_is_refused_and_named(self, check, size, start, words):
        _refused(check, _box_source(size, start=start), words)

    def test_the_named_place_is_the_patients_whatever_the_handedness(self, check):
        source = _box_source((1, 8, 8))
        flipped = replace(source, origin_mm=(0.0, 0.0, -60.0), direction=(1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, -1.0))
        _refused(check, flipped, r"\(axial, at I 68\.0 mm\)")

    def test_the_named_place_on_oblique_slices_is_where_the_voi_lies(self, check):
        """Slices tilted by 20 degrees: the corner of the named one lies far from the VOI."""
        cosine, sine = np.cos(np.radians(20)), np.sin(np.radians(20))
        tilted = (1.0, 0.0, 0.0, 0.0, cosine, -sine, 0.0, sine, cosine)
        source = _box_source((1, 8, 8), start=(4, 19, 10))
        place_mm = np.reshape(tilted, (3, 3)) @ (13.5, 22.5, 4 * 2.0)
        _refused(check, replace(source, direction=tilted), rf"\(axial, at S {place_mm[2]:.1f} mm\)")

    def test_under_27_voxels_at_1_mm_is_refused_and_27_pass(self, check):
        spacing = {"spacing_mm": (1.0, 1.0, 1.0)}
        _refused(check, _box_source((2, 2, 6), **spacing), "24 voxels at 1 x 1 x 1 mm, fewer than 27")
        assert "few_slices" not in check(_box_source((3, 3, 3), **spacing))

    def test_thinner_than_2_voxels_at_1_mm_is_refused(self, check):
        source = _box_source((8, 10, 2), spacing_mm=(0.4, 1.0, 1.0))
        _refused(check, source, "1 voxel thick at 1 x 1 x 1 mm")

    def test_a_mask_that_covers_the_whole_image_is_refused(self, check, make_source):
        source = make_source()
        _refused(check, replace(source, mask=np.ones_like(source.mask)), "covers the whole image")

    def test_fewer_than_3_slices_are_warned_of_with_the_number(self, check):
        assert "on 2 slices only" in check(_box_source((2, 12, 12)))["few_slices"]
        assert "few_slices" not in check(_box_source((3, 12, 12)))

    def test_slices_are_counted_along_the_axis_of_the_largest_spacing(self, check):
        sagittal = _box_source((12, 12, 2), shape=(30, 32, 12), start=(9, 10, 4), spacing_mm=(5.0, 1.0, 1.0))
        assert "on 2 slices only" in check(sagittal)["few_slices"]

    def test_parts_are_stated_with_their_volumes(self, check):
        source = _box_source((4, 10, 10))
        mask = source.mask.copy()
        mask[9:11, 2:7, 25:30] = True
        text = check(replace(source, mask=mask))["several_components"]
        # 400 and 50 voxels of 2 mm3.
        assert "2 separate parts (0.8 mL, 0.1 mL)" in text

    def test_parts_that_touch_by_a_corner_are_one(self, check):
        source = _box_source((4, 10, 10))
        mask = source.mask.copy()
        mask[8:10, 19:24, 20:25] = True
        assert check(replace(source, mask=mask)) == {}

    @pytest.mark.parametrize("start", [(0, 9, 10), (8, 9, 10), (4, 0, 10), (4, 20, 10), (4, 9, 0), (4, 9, 22)])
    def test_touching_the_border_is_warned_of(self, check, start):
        assert list(check(_box_source((4, 10, 10), start=start))) == ["touches_border"]

    def test_one_voxel_from_the_border_is_not_warned_of(self, check):
        assert check(_box_source((4, 10, 10), start=(1, 1, 1))) == {}
        assert check(_box_source((4, 10, 10), start=(7, 19, 21))) == {}


def test_brain1_is_two_parts_and_nothing_else(check, brain1):
    from TACEResponseLib.cohort import FileSource
    from TACEResponseLib.imaging.reading import read_source

    scipy_label = pytest.importorskip("scipy.ndimage").label
    source = read_source(FileSource(*brain1))
    found = check(source)
    assert list(found) == ["several_components"]
    parts = np.sort(np.bincount(scipy_label(source.mask, np.ones((3, 3, 3)))[0].ravel())[1:])[::-1]
    millilitres = [f"{part * np.prod(source.spacing_mm) / 1000:.3g} mL" for part in parts]
    assert f"{len(parts)} separate parts ({', '.join(millilitres)})" in found["several_components"]


class TestGeometry:
    """Sizes that no scanner and no liver has, and geometry that was lost on the way."""

    def test_a_volume_of_1_mm_at_the_origin_is_warned_of(self, check):
        source = _box_source((6, 8, 8), spacing_mm=(1.0, 1.0, 1.0))
        assert "lost their geometry" in check(source)["geometry_lost"]
        assert "geometry_lost" in check(replace(source, direction=(-1.0, 0, 0, 0, -1.0, 0, 0, 0, 1.0)))
        assert check(replace(source, origin_mm=(0.0, 0.0, 12.5))) == {}
        assert check(replace(source, spacing_mm=(1.0, 1.0, 1.001))) == {}

    @pytest.mark.parametrize("factor", [0.001, 0.05, 100.0, 1000.0])
    def test_voxels_that_no_scanner_makes_are_refused_before_anything_is_resampled(self, check, make_source, factor):
        source = make_source()
        with pytest.raises(
            ValueError, match=r"^the image has voxels of .* mm, which no MR scanner makes; check the unit"
        ):
            check(replace(source, spacing_mm=tuple(factor * step for step in source.spacing_mm)))

    def test_voxels_finer_than_mr_has_are_warned_of(self, check, make_source):
        source = make_source(spacing_mm=(0.179, 0.189, 0.25), radius_mm=(1.4, 1.3, 1.2))
        with pytest.raises(ValueError, match=r"too small|too thin"):
            check(source)
        source = make_source(spacing_mm=(0.2, 0.6, 0.5), radius_mm=(5, 8, 4))
        assert "finer than MR" in check(source)["unusual_voxel_size"]

    def test_a_mask_of_the_background_is_refused(self, check, make_source):
        source = make_source()
        _refused(check, replace(source, mask=~source.mask), "marks the background and not the tumour")

    def test_a_voi_larger_than_a_liver_is_refused(self, check):
        source = _box_source((40, 40, 40), (44, 60, 60), (5.2, 5.2, 5.2), start=(2, 3, 4))
        _refused(check, source, r"the VOI of 9 litres is larger than a liver")

    def test_stray_voxels_far_away_are_refused_before_memory_is_asked_for(self, check):
        source = _box_source((6, 8, 8), (24, 200, 200), (4.0, 4.0, 6.0))
        mask = source.mask.copy()
        mask[20, 190, 190] = True
        _refused(check, replace(source, mask=mask), "the VOI extends over 7.. mm, farther than a liver")

    def test_lossy_compression_is_warned_of(self, check, make_source):
        assert "compressed with loss" in check(make_source(tags=AcquisitionTags(lossy=True)))["lossy_compression"]
