"""The native engine against the digital phantom of the Image Biomarker Standardisation Initiative (IBSI)."""

import importlib.util
import sys

import numpy as np
import pytest
from TACEResponseLib.features import get_feature_set

DEVIATE_BY_DEFINITION = {"firstorder_Kurtosis", "shape_MinorAxisLength", "shape_LeastAxisLength"}
NOT_IN_IBSI = {
    "firstorder_TotalEnergy",
    "glcm_MCC",
    "shape_Maximum2DDiameterColumn",
    "shape_Maximum2DDiameterRow",
    "shape_Maximum2DDiameterSlice",
}


@pytest.fixture(scope="module")
def ibsi_table(repository):
    spec = importlib.util.spec_from_file_location("ibsi_table", repository / "Testing" / "tools" / "ibsi_table.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # its dataclass looks itself up
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


def test_the_phantom_is_the_one_of_the_manual(ibsi_table):
    """As the manual describes it: 5 x 4 x 4 voxels, levels 2 and 5 absent, one voxel excluded inside."""
    assert ibsi_table.PHANTOM.shape[::-1] == (5, 4, 4)
    assert set(ibsi_table.PHANTOM.ravel()) == {0, 1, 3, 4, 6}
    assert (ibsi_table.PHANTOM != 0).sum() * np.prod(ibsi_table.SPACING_MM) == 592  # its approximate volume


def test_every_feature_agrees_or_deviates_by_definition(ibsi_table):
    comparisons = ibsi_table.compare()
    assert {one.feature for one in comparisons} == set(get_feature_set("paper110").feature_names) - NOT_IN_IBSI
    assert {one.feature for one in comparisons if not one.agrees} == DEVIATE_BY_DEFINITION
    assert {one.feature for one in comparisons if one.deviates_by_definition} == DEVIATE_BY_DEFINITION


def test_the_deviations_are_the_definitions(ibsi_table):
    values = {one.feature: (one.value, float(one.reference)) for one in ibsi_table.compare()}
    kurtosis, excess_kurtosis = values["firstorder_Kurtosis"]
    assert kurtosis - 3 == pytest.approx(excess_kurtosis, abs=0.0005)
    n_voxels = (ibsi_table.PHANTOM != 0).sum()
    for axis, tolerance in (("shape_MinorAxisLength", 0.06), ("shape_LeastAxisLength", 0.05)):
        length, reference = values[axis]
        assert length * np.sqrt(n_voxels / (n_voxels - 1)) == pytest.approx(reference, abs=tolerance)


def test_the_table_in_the_documentation_is_current(ibsi_table):
    text = ibsi_table.DOCUMENT.read_text(encoding="utf-8")
    assert ibsi_table.documented(text, ibsi_table.table(ibsi_table.compare())) == text
