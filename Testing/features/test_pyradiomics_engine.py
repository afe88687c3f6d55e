"""The reference engine against values of PyRadiomics 3.0.1 stored with the design."""

import json
import logging

import numpy as np
import pytest
from TACEResponseLib.features import PAPER_SETTINGS, get_feature_set

pytest.importorskip("radiomics")
sitk = pytest.importorskip("SimpleITK")

from TACEResponseLib.features.pyradiomics_engine import PyRadiomicsEngine, features_of_images  # noqa: E402

NAMES = get_feature_set("paper110").feature_names


def _reference(shared, name):
    values = json.loads((shared / "reference" / name).read_text())["features"]
    return [values[feature] for feature in NAMES]


def _brain(shared):
    folder = shared / "data" / "mr-brain"
    return sitk.ReadImage(str(folder / "brain1_image.nrrd")), sitk.ReadImage(str(folder / "brain1_label.nrrd"))


def test_reproduces_brain1_as_simpleitk_reads_it(shared):
    result = features_of_images(*_brain(shared), PAPER_SETTINGS, NAMES)
    np.testing.assert_allclose(
        [result.values[name] for name in NAMES], _reference(shared, "features_brain1.json"), 1e-9
    )
    assert not result.undefined


def test_reproduces_brain1_in_canonical_form(shared, brain1):
    result = PyRadiomicsEngine().compute(brain1, PAPER_SETTINGS, NAMES)
    expected = _reference(shared, "features_brain1_canonical.json")
    np.testing.assert_allclose([result.values[name] for name in NAMES], expected, 1e-9)


def test_says_why_a_feature_or_a_voi_has_no_number(caplog, make_voi):
    def voi(mask):
        return make_voi(np.zeros(mask.shape), mask)

    mask = np.zeros((6, 6, 6), bool)
    mask[2, 2, 2] = True
    with caplog.at_level(logging.DEBUG):
        single = PyRadiomicsEngine().compute(voi(mask), PAPER_SETTINGS, NAMES)
    assert set(single.undefined) == set(NAMES)
    assert "1 segmented voxel" in single.undefined["shape_MeshVolume"]
    assert not [record for record in caplog.records if record.name.startswith("radiomics")]

    mask[2:4, 2:4, 2:4] = True
    flat = PyRadiomicsEngine().compute(voi(mask), PAPER_SETTINGS, ("firstorder_Skewness", "firstorder_Mean"))
    assert flat.values["firstorder_Mean"] == 0
    with pytest.raises(ValueError, match="no voxel"):
        PyRadiomicsEngine().compute(voi(np.zeros((6, 6, 6), bool)), PAPER_SETTINGS, NAMES)
    with pytest.raises(ValueError, match="no such feature"):
        PyRadiomicsEngine().compute(voi(mask), PAPER_SETTINGS, ("glcm_Beauty",))
