"""Settings from a file: the same numbers as PyRadiomics with the same parameter file, and a refusal for the rest."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from TACEResponseLib.cohort import ArraySource, Case, CaseKey
from TACEResponseLib.features import PAPER_SETTINGS, FeatureSettings, extract_features, get_feature_set, read_settings
from TACEResponseLib.features.settings_file import parse_yaml
from TACEResponseLib.imaging import read_case_images

NAMES = get_feature_set("paper110").feature_names
PAPER = "imageType:\n  Original: {}\nsetting:\n  binWidth: 25\n  interpolator: 'sitkBSpline'\n"
SPACING = "  resampledPixelSpacing: [1, 1, 1]  # mm\n"

FILES = {
    "PET in SUV": ("setting:\n  binWidth: 0.25\n" + SPACING, 1 / 120),
    "normalised MR": ("setting:\n  binWidth: 5\n  normalize: true\n  normalizeScale: 100\n" + SPACING, 1.0),
    "32 bins": ("setting:\n  binCount: 32\n" + SPACING, 1.0),
    "CT at 2 mm": ("setting:\n  binWidth: 10\n  resampledPixelSpacing: [2, 2, 2]\n", 0.3),
}


@pytest.fixture
def write(tmp_path):
    def write_file(text, name="settings.yaml"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write_file


def _source(scale):
    random = np.random.default_rng(5)
    axes = np.ogrid[:16, :40, :44]
    centres = (8, 20, 22)
    radii = (5, 11, 12)
    mask = sum(((axis - at) / radius) ** 2 for axis, at, radius in zip(axes, centres, radii, strict=True)) <= 1
    voxels = (random.normal(900, 150, mask.shape) + 200 * mask) * scale
    return ArraySource(voxels.astype(np.float32), mask, (1.3, 1.3, 3.0))


@pytest.mark.parametrize("kind", FILES)
def test_equal_to_pyradiomics_with_the_same_parameter_file(kind, write):
    pytest.importorskip("radiomics")
    import SimpleITK as sitk
    from radiomics.featureextractor import RadiomicsFeatureExtractor

    text, scale = FILES[kind]
    path = write(text)
    settings = read_settings(path)
    source = _source(scale)
    images = read_case_images(
        Case(CaseKey("P1"), {"AP": source}),
        ("AP",),
        settings.spacing_mm,
        settings.bin_width if settings.bin_count is None else None,
        normalisation_scale=settings.scale_of_normalised,
    )
    actual = extract_features(images, ("AP",), settings=settings)

    extractor = RadiomicsFeatureExtractor(str(path), interpolator="sitkBSpline")
    extractor.disableAllFeatures()
    by_class = {}
    for name in NAMES:
        by_class.setdefault(name.partition("_")[0], []).append(name.partition("_")[2])
    extractor.enableFeaturesByName(**by_class)
    image, mask = sitk.GetImageFromArray(source.voxels), sitk.GetImageFromArray(source.mask.astype(np.uint8))
    for one in (image, mask):
        one.SetSpacing(source.geometry.spacing_mm)
    result = extractor.execute(image, mask)
    expected = [float(result[f"original_{name}"]) for name in NAMES]
    np.testing.assert_allclose(actual.values, expected, rtol=1e-6, atol=1e-9)
    assert not actual.undefined


def test_the_study_s_file_is_the_study_s_settings(write):
    assert read_settings(write(PAPER + SPACING)) == PAPER_SETTINGS
    assert read_settings(write(json.dumps(parse_yaml(PAPER + SPACING)), "same.json")) == PAPER_SETTINGS


def test_equal_settings_are_equal_whatever_the_file_is_called_and_others_differ(write):
    text = FILES["normalised MR"][0]
    one = read_settings(write(text))
    assert one == read_settings(write(text + "# another comment\n", "other.yaml"))
    assert one.name != read_settings(write(text.replace("100", "10"))).name
    assert FeatureSettings.from_dict(json.loads(json.dumps(one.as_dict()))) == one
    assert set(PAPER_SETTINGS.as_dict()) == {"name", "spacing_mm", "bin_width", "normalisation"}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (PAPER + SPACING + "  resegmentRange: [-3, 3]\n", "resegmentRange can only be null"),
        (PAPER + SPACING + "  kernelRadius: 2\n", "kernelRadius is not supported"),
        (PAPER + SPACING + "  force2D: true\n", "force2D can only be false"),
        (PAPER + SPACING + "  binCount: 32\n", "either binWidth"),
        (PAPER, "resampledPixelSpacing"),
        (PAPER + "  resampledPixelSpacing: [1, 1, abc]\n", "'abc' is not a number"),
        (PAPER.replace("25", "0") + SPACING, "binWidth: 0 is not between"),
        (PAPER.replace("Original", "Wavelet") + SPACING, "only the image type Original"),
        (PAPER + SPACING + "featureClass:\n  glcm:\n", "choose features with --feature-set"),
        (PAPER + SPACING + "voxelSetting:\n  maskedKernel: true\n", "voxelSetting is not supported"),
        (PAPER + SPACING + "  normalizeScale: 100\n", "needs normalize"),
        (PAPER + SPACING + "  binWidth: 5\n", "line 7: binWidth is there twice"),
        (PAPER + SPACING + "  - 5\n", "line 7: expected"),
        (PAPER + SPACING + "  binWidth: &a 5\n", "line 7"),
    ],
)
def test_what_is_not_supported_is_refused_by_name(write, text, reason):
    with pytest.raises(ValueError, match=reason) as raised:
        read_settings(write(text))
    assert str(raised.value).startswith("The settings settings.yaml: ")


def test_images_read_with_other_settings_are_refused(write):
    settings = read_settings(write(FILES["normalised MR"][0]))
    images = read_case_images(Case(CaseKey("P1"), {"AP": _source(1)}), ("AP",))
    with pytest.raises(ValueError, match=r"Patient P1, AP: The image was not normalised as the settings"):
        extract_features(images, ("AP",), settings=settings)


NUMBERS = st.one_of(st.integers(-999, 999), st.sampled_from([0.5, -2.25, 1e-3]))
SCALARS = st.one_of(st.booleans(), st.none(), NUMBERS, st.just("sitkBSpline"))
KEYS = st.sampled_from(["binWidth", "label", "setting", "a", "B_2"])


@given(st.dictionaries(KEYS, st.one_of(SCALARS, st.lists(SCALARS, max_size=3), st.dictionaries(KEYS, SCALARS))))
def test_reads_what_a_yaml_library_writes(content):
    yaml = pytest.importorskip("yaml")
    text = "".join(
        f"{key}:\n" + "".join(f"  {inner}: {json.dumps(one)}\n" for inner, one in value.items())
        if isinstance(value, dict) and value
        else f"{key}: {json.dumps(value)}\n"
        for key, value in content.items()
    )
    assert parse_yaml(text) == yaml.safe_load(text) if text else parse_yaml(text) == {}
