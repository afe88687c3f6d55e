"""Canonical form: the same VOI by any road gives the same voxels, bit by bit; the raw roads do not (features.md)."""

import json
from dataclasses import replace

import numpy as np
import pytest
from TACEResponseLib.cohort import ArraySource, FileSource, ImageGeometry
from TACEResponseLib.features import FEATURE_SETS, PAPER_SETTINGS
from TACEResponseLib.imaging import canonical_voi, read_voi
from TACEResponseLib.imaging.reading import read_source

FEATURE_NAMES = FEATURE_SETS["paper110"].feature_names
GRIDS = {
    "2x2x8": (2.0, 2.0, 8.0),
    "3 T": (1.79, 1.89, 2.5),
    "1.5 T": (1.19, 1.19, 5.0),
    "no round numbers": (0.893217, 1.111111, 3.333333),
}


def _direction(source):
    return np.reshape(source.direction, (3, 3))


def _k_reversed(source: ArraySource) -> ArraySource:
    """The same voxels in the patient, stored with the slices in the opposite order (the other handedness)."""
    axes = _direction(source).copy()
    origin = np.asarray(source.origin_mm) + axes[:, 2] * source.spacing_mm[2] * (len(source.voxels) - 1)
    axes[:, 2] *= -1
    return replace(
        source,
        voxels=source.voxels[::-1],
        mask=source.mask[::-1],
        mask_geometry=None,
        origin_mm=tuple(origin.tolist()),
        direction=tuple(axes.ravel().tolist()),
    )


def _jittered(source: ArraySource, towards: float) -> ArraySource:
    """The geometry moved by one unit in the last place, as writing and loading does."""

    def move(values):
        return tuple(float(np.nextafter(value, towards)) for value in values)

    return replace(
        source,
        spacing_mm=move(source.spacing_mm),
        origin_mm=move(source.origin_mm),
        direction=move(source.direction),
    )


def _as_simpleitk(source: ArraySource, cast=None):
    sitk = pytest.importorskip("SimpleITK")
    parts = []
    for voxels in (source.voxels if cast is None else source.voxels.astype(cast), source.mask.astype(np.uint8)):
        image = sitk.GetImageFromArray(voxels)
        image.SetSpacing(source.spacing_mm)
        image.SetOrigin(source.origin_mm)
        image.SetDirection(source.direction)
        parts.append(image)
    return parts


def _pyradiomics(image, mask):
    pytest.importorskip("radiomics")
    from TACEResponseLib.features.pyradiomics_engine import features_of_images

    return features_of_images(image, mask, PAPER_SETTINGS, FEATURE_NAMES).values


def _pyradiomics_of(voi):
    pytest.importorskip("radiomics")
    from TACEResponseLib.features.pyradiomics_engine import PyRadiomicsEngine

    return PyRadiomicsEngine().compute(voi, PAPER_SETTINGS, FEATURE_NAMES).values


def _differing(one, other):
    """Names of the features that differ by over 1e-9 relative, and the largest relative difference."""
    relative = {name: abs(other[name] - one[name]) / max(abs(one[name]), 1e-12) for name in FEATURE_NAMES}
    return {name for name, value in relative.items() if value > 1e-9}, max(relative.values())


@pytest.mark.parametrize("name_end", [".nrrd", ".nii", ".nii.gz", ".mha"])
@pytest.mark.parametrize("grid", GRIDS)
def test_file_and_array_give_the_same_voi(tmp_path, key, make_source, write_image, assert_same_voi, grid, name_end):
    source = make_source(GRIDS[grid])
    files = FileSource(
        write_image(tmp_path / f"image{name_end}", source.voxels, source.geometry, compress=True),
        write_image(tmp_path / f"mask{name_end}", source.mask, source.geometry, compress=True),
    )
    assert_same_voi(read_voi(key, "AP", files), read_voi(key, "AP", source))


@pytest.mark.parametrize("grid", GRIDS)
def test_left_and_right_handed_give_the_same_voi(key, make_source, rotation, assert_same_voi, grid):
    for direction in (make_source().direction, rotation):
        right = make_source(GRIDS[grid], direction=direction)
        left = _k_reversed(right)
        assert np.linalg.det(_direction(left)) < 0
        one, other = read_voi(key, "AP", right), read_voi(key, "AP", left)
        assert_same_voi(one, other)
        np.testing.assert_allclose(one.placement.origin_mm, other.placement.origin_mm, atol=1e-9)
        np.testing.assert_allclose(one.placement.direction, other.placement.direction, atol=1e-12)


def test_a_right_handed_volume_keeps_its_voxels_in_order(key, make_source):
    source = make_source()
    voi = read_voi(key, "AP", source)
    assert voi.voxels.dtype == np.float32
    assert voi.mask.dtype == bool
    np.testing.assert_array_equal(voi.voxels, source.voxels)
    np.testing.assert_array_equal(voi.mask, source.mask)
    assert voi.placement.origin_mm == source.origin_mm


@pytest.mark.parametrize("grid", GRIDS)
def test_oblique_gives_the_same_voi(key, make_source, rotation, assert_same_voi, grid):
    straight, oblique = make_source(GRIDS[grid]), make_source(GRIDS[grid], direction=rotation)
    one, other = read_voi(key, "AP", straight), read_voi(key, "AP", oblique)
    assert_same_voi(one, other)
    assert other.placement.direction == rotation


@pytest.mark.parametrize("towards", [-np.inf, np.inf])
@pytest.mark.parametrize("grid", GRIDS)
def test_one_ulp_of_jitter_gives_the_same_voi(key, make_source, rotation, assert_same_voi, grid, towards):
    source = make_source(GRIDS[grid], direction=rotation)
    moved = _jittered(source, towards)
    assert moved.spacing_mm != source.spacing_mm
    assert_same_voi(read_voi(key, "AP", moved), read_voi(key, "AP", source))
    jittered_mask = replace(source, mask_geometry=ImageGeometry(moved.spacing_mm, moved.origin_mm, moved.direction))
    assert_same_voi(read_voi(key, "AP", jittered_mask), read_voi(key, "AP", source))


@pytest.mark.parametrize("number_type", [np.uint8, np.int16, np.int32, np.int64, np.float32, np.float64, bool])
def test_the_type_of_the_mask_does_not_matter(key, make_source, assert_same_voi, number_type):
    source = make_source()
    typed = replace(source, mask=source.mask.astype(number_type))
    assert_same_voi(read_voi(key, "AP", typed), read_voi(key, "AP", source))


def test_hashes_tell_voxels_mask_and_spacing_apart(key, make_source):
    source = make_source()
    voi = read_voi(key, "AP", source)
    voxels = source.voxels.copy()
    voxels[0, 0, 0] += 1
    mask = source.mask.copy()
    mask[tuple(np.argwhere(mask)[0])] = False
    other_voxels = read_voi(key, "AP", replace(source, voxels=voxels))
    other_mask = read_voi(key, "AP", replace(source, mask=mask))
    other_spacing = read_voi(key, "AP", replace(source, spacing_mm=(1.79, 1.89, 2.6)))
    elsewhere = read_voi(key, "T2", replace(source, origin_mm=(0.0, 0.0, 0.0)))
    assert other_voxels.image_sha256 != voi.image_sha256
    assert other_voxels.mask_sha256 == voi.mask_sha256
    assert other_mask.image_sha256 == voi.image_sha256
    assert other_mask.mask_sha256 != voi.mask_sha256
    assert other_spacing.image_sha256 != voi.image_sha256
    assert other_spacing.mask_sha256 != voi.mask_sha256
    assert (elsewhere.image_sha256, elsewhere.mask_sha256) == (voi.image_sha256, voi.mask_sha256)


@pytest.fixture(scope="module")
def brain1_source(brain1):
    """The real MR volume as its files hold it."""
    return read_source(FileSource(*brain1, 1))


@pytest.fixture(scope="module")
def brain1_raw_features(brain1_source):
    """PyRadiomics on the volume as SimpleITK reads it, in float32."""
    return _pyradiomics(*_as_simpleitk(brain1_source, np.float32))


class TestWhyCanonicalForm:
    """The measured facts: what the raw roads do to PyRadiomics' features."""

    def test_brain1_is_left_handed_and_reproduces_the_canonical_reference(self, shared, brain1_source):
        assert np.linalg.det(_direction(brain1_source)) < 0
        expected = json.loads((shared / "reference" / "features_brain1_canonical.json").read_text())["features"]
        ours = _pyradiomics_of(canonical_voi("T2", brain1_source))
        for name in FEATURE_NAMES:
            assert ours[name] == pytest.approx(expected[name], rel=1e-9), name

    def test_reversing_k_as_slicer_does_moves_100_features_of_brain1_by_up_to_32_percent(
        self, brain1_source, brain1_raw_features, assert_same_voi
    ):
        as_slicer_holds_it = _k_reversed(brain1_source)
        raw = _pyradiomics(*_as_simpleitk(as_slicer_holds_it, np.float32))
        moved, worst = _differing(brain1_raw_features, raw)
        assert len(moved) == 100
        assert worst == pytest.approx(0.32, abs=0.005)
        assert_same_voi(canonical_voi("T2", brain1_source), canonical_voi("T2", as_slicer_holds_it))

    def test_integer_voxels_move_16_first_order_features_of_brain1(self, brain1_source, brain1_raw_features):
        as_integers = replace(brain1_source, voxels=brain1_source.voxels.astype(np.int16))
        assert np.array_equal(as_integers.voxels, brain1_source.voxels)
        moved, worst = _differing(brain1_raw_features, _pyradiomics(*_as_simpleitk(as_integers)))
        first_order = {name for name in moved if name.startswith("firstorder")}
        assert len(first_order) == 16
        assert 0.002 < worst < 0.025

    def test_one_ulp_of_jitter_moves_raw_features_on_the_3_t_grid(self, make_source, assert_same_voi):
        source = make_source(GRIDS["3 T"], shape=(25, 40, 44))
        spacing_mm = tuple(float(np.nextafter(value, np.inf)) for value in source.spacing_mm)
        moved_source = replace(source, spacing_mm=spacing_mm)
        moved, worst = _differing(_pyradiomics(*_as_simpleitk(source)), _pyradiomics(*_as_simpleitk(moved_source)))
        assert len(moved) > 100
        assert worst > 0.05
        assert_same_voi(canonical_voi("AP", source), canonical_voi("AP", moved_source))


class TestRefused:
    """Impossible geometry and arrays that are no volume with a mask."""

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            (lambda s: {"direction": (1.0, 0.0, 0.0, 0.0, 1.0, 0.1, 0.0, 0.0, 0.995)}, "right angles"),
            (lambda s: {"direction": (2.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)}, "right angles"),
            (lambda s: {"direction": (1.0, 0.0, 0.0)}, "9 direction cosines"),
            (lambda s: {"spacing_mm": (1.0, 0.0, 1.0)}, "not positive"),
            (lambda s: {"spacing_mm": (1.0, -1.0, 1.0)}, "not positive"),
            (lambda s: {"origin_mm": (np.nan, 0.0, 0.0)}, "not numbers"),
            (lambda s: {"voxels": s.voxels[0]}, "the image has 2 dimensions"),
            (lambda s: {"voxels": np.stack([s.voxels] * 3, axis=-1)}, "the image has 4 dimensions"),
            (lambda s: {"voxels": s.voxels.astype(complex)}, "not grey values"),
            (lambda s: {"mask": s.mask[0]}, "the mask has 2 dimensions"),
            (lambda s: {"mask": s.mask[1:]}, "44 x 40 x 23 voxels and the image 44 x 40 x 24"),
            (lambda s: {"mask": np.zeros_like(s.mask)}, "empty"),
            (lambda s: {"mask": s.mask * 0.5}, "fractional"),
            (lambda s: {"mask": np.where(s.mask, np.nan, 0)}, "fractional"),
        ],
    )
    def test_with_patient_sequence_and_reason(self, key, make_source, change, words):
        source = make_source()
        with pytest.raises(ValueError, match=rf"^Patient HCC_07b, PVP: .*{words}"):
            read_voi(key, "PVP", replace(source, **change(source)))
