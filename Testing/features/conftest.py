"""VOIs for the tests of the engines, and what agreement between them means."""

import itertools

import numpy as np
import pytest
from TACEResponseLib.cohort import AcquisitionTags, ImageGeometry
from TACEResponseLib.features import PAPER_SETTINGS, get_feature_set
from TACEResponseLib.features.native import NativeEngine
from TACEResponseLib.imaging import Voi

NAMES = get_feature_set("paper110").feature_names
RELATIVE_TOLERANCE = 1e-6
ABSOLUTE_TOLERANCE = 1e-9
SENSITIVE_TO_ROUNDING = ("glcm_MCC", "glcm_Imc1", "glcm_Imc2", "glcm_Correlation")


@pytest.fixture(scope="session")
def make_voi():
    """Make a canonical Voi of voxels (K, J, I), a mask and a spacing (I, J, K) in mm."""

    def make(voxels, mask, spacing_mm=(1.0, 1.0, 1.0)):
        return Voi(
            "T2",
            np.ascontiguousarray(voxels, np.float32),
            np.ascontiguousarray(mask, bool),
            tuple(float(length) for length in spacing_mm),
            ImageGeometry(tuple(spacing_mm)),
            AcquisitionTags(),
            "",
            "",
        )

    return make


@pytest.fixture(scope="session")
def brain1(shared, make_voi):
    """The real MR volume of ../shared in canonical form: it is left-handed, so K is reversed."""
    sitk = pytest.importorskip("SimpleITK")
    folder = shared / "data" / "mr-brain"
    image = sitk.ReadImage(str(folder / "brain1_image.nrrd"))
    mask = sitk.ReadImage(str(folder / "brain1_label.nrrd"))
    return make_voi(
        sitk.GetArrayFromImage(image)[::-1],
        sitk.GetArrayFromImage(mask)[::-1] == 1,
        [round(length, 6) for length in image.GetSpacing()],
    )


@pytest.fixture(scope="session")
def assert_engines_agree():
    """Assert that the native engine gives the same numbers as PyRadiomics, and none where PyRadiomics gives none.

    The tolerance is 1e-6 relative, or 1e-9 absolute near zero. The only exceptions are the four features of which
    little but rounding noise may be left: how far they move when PyRadiomics' own GLCM is perturbed by one unit in the
    last place is measured, and that much is allowed (features.md).
    """
    pytest.importorskip("radiomics")
    from TACEResponseLib.features.pyradiomics_engine import PyRadiomicsEngine

    def assert_agree(voi, settings=PAPER_SETTINGS):
        expected = PyRadiomicsEngine().compute(voi, settings, NAMES)
        actual = NativeEngine().compute(voi, settings, NAMES)
        assert {name for name in NAMES if np.isnan(actual.values[name])} == set(actual.undefined)
        off = {name for name in NAMES if not _close(actual.values[name], expected.values[name])}
        if off & set(SENSITIVE_TO_ROUNDING):
            perturbed = [_perturbed_pyradiomics(voi, settings, seed) for seed in range(8)]
            off -= {name for name in off if _within_perturbation(name, actual, expected, perturbed)}
        assert not off, {name: (actual.values[name], expected.values[name]) for name in off}

    return assert_agree


def _close(actual, expected):
    if np.isnan(actual) or np.isnan(expected):
        return np.isnan(actual) and np.isnan(expected)
    return abs(actual - expected) <= max(RELATIVE_TOLERANCE * abs(expected), ABSOLUTE_TOLERANCE)


def _perturbed_pyradiomics(voi, settings, seed):
    """PyRadiomics' sensitive features when each entry of its normalised GLCM is off by 2e-16 of itself."""
    from radiomics.glcm import RadiomicsGLCM
    from TACEResponseLib.features.pyradiomics_engine import PyRadiomicsEngine

    random = np.random.default_rng(seed)
    calculate = RadiomicsGLCM._calculateMatrix

    def calculate_and_perturb(self, voxel_coordinates=None):
        matrix = calculate(self, voxel_coordinates)
        return matrix * (1 + 2e-16 * random.choice([-1, 0, 1], matrix.shape))

    RadiomicsGLCM._calculateMatrix = calculate_and_perturb
    try:
        return PyRadiomicsEngine().compute(voi, settings, SENSITIVE_TO_ROUNDING)
    finally:
        RadiomicsGLCM._calculateMatrix = calculate


def _within_perturbation(name, actual, expected, perturbed):
    if name not in SENSITIVE_TO_ROUNDING:
        return False
    values = [expected.values[name], *(result.values[name] for result in perturbed)]
    if np.isnan(actual.values[name]) or np.isnan(expected.values[name]):
        return any(np.isnan(value) for value in values) and not all(np.isnan(value) for value in values)
    moved = max(
        (abs(one - other) for one, other in itertools.combinations(values, 2) if not np.isnan(one - other)), default=0
    )
    return moved > 0 and abs(actual.values[name] - expected.values[name]) <= 2 * moved
