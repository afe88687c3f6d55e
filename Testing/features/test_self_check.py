"""The self-check: passes here, and notices what it is there to notice."""

import json
import sys

import numpy as np
import pytest
from TACEResponseLib.features import PAPER_SETTINGS, get_feature_set, self_check
from TACEResponseLib.features.native import NativeEngine
from TACEResponseLib.features.self_check_phantom import self_check_phantom

NAMES = get_feature_set("paper110").feature_names


@pytest.fixture
def changed_reference(tmp_path, monkeypatch):
    """Put a changed copy of the stored values in their place."""

    def change(edit):
        reference = json.loads(self_check.REFERENCE_PATH.read_text())
        edit(reference)
        path = tmp_path / "reference.json"
        path.write_text(json.dumps(reference))
        monkeypatch.setattr(self_check, "REFERENCE_PATH", path)

    return change


def test_passes_on_all_440_values():
    result = self_check.self_check()
    assert result.passed
    assert not result.failures
    for differences in result.differences.values():
        assert len(differences) == 440
        assert max(differences.values()) <= 1e-6
    assert any("440 of 440 values agree with the stored values of PyRadiomics 3.0.1" in line for line in result.lines())
    assert {"native engine", "NumPy", "SimpleITK", "PyRadiomics"} <= set(result.versions)


def test_compares_with_an_installed_pyradiomics_too():
    pytest.importorskip("radiomics")
    assert len(self_check.self_check().differences) == 2


def test_works_without_pyradiomics(monkeypatch):
    monkeypatch.setitem(sys.modules, "radiomics", None)
    result = self_check.self_check()
    assert result.passed
    assert len(result.differences) == 1
    assert result.versions["PyRadiomics"] == "not installed"


def test_a_value_that_is_off_fails_and_is_named(changed_reference):
    def move(reference):
        reference["values"]["PVP_glcm_Contrast"] *= 1 + 3e-6
        reference["values"]["DP_glszm_Beauty"] = 1.0

    changed_reference(move)
    result = self_check.self_check()
    assert not result.passed
    assert set(result.failures) == {"PVP_glcm_Contrast", "DP_glszm_Beauty"}
    assert "FAILED" in result.lines()[-1]
    assert "PVP_glcm_Contrast" in result.lines()[-1]


def test_another_phantom_is_noticed(changed_reference):
    changed_reference(lambda reference: reference["input_sha256"]["T2"].reverse())
    result = self_check.self_check()
    assert not result.passed
    assert not result.failures
    assert "phantom differs" in result.lines()[0]


def test_missing_or_damaged_values_are_told_in_words(changed_reference, monkeypatch, tmp_path):
    changed_reference(lambda reference: reference.pop("values"))
    with pytest.raises(ValueError, match="reinstall"):
        self_check.self_check()
    monkeypatch.setattr(self_check, "REFERENCE_PATH", tmp_path / "absent.json")
    with pytest.raises(ValueError, match="reinstall"):
        self_check.self_check()


def test_stored_values_are_what_pyradiomics_gives(assert_engines_agree):
    from TACEResponseLib.features.pyradiomics_engine import PyRadiomicsEngine

    stored = json.loads(self_check.REFERENCE_PATH.read_text())["values"]
    phantom = self_check_phantom()
    for sequence, voi in phantom.items():
        values = PyRadiomicsEngine().compute(voi, PAPER_SETTINGS, NAMES).values
        np.testing.assert_allclose(
            [values[name] for name in NAMES], [stored[f"{sequence}_{name}"] for name in NAMES], rtol=1e-9, atol=1e-12
        )
        assert_engines_agree(voi)


def test_the_phantom_has_grids_and_texture_worth_checking():
    phantom = self_check_phantom()
    assert list(phantom) == ["T2", "AP", "PVP", "DP"]
    assert len({voi.spacing_mm for voi in phantom.values()}) == 4
    for voi in phantom.values():
        values = NativeEngine().compute(voi, PAPER_SETTINGS, NAMES).values
        assert values["firstorder_Entropy"] > 2
        assert values["glszm_ZonePercentage"] > 0.01
