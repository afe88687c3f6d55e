"""A newcomer adds a class of features by one new file and one entry, and tables and bundles can have it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import TACEResponseLib
from TACEResponseLib.features import get_feature_set

NEW_FILE = '''"""Contrast of the rim."""

from __future__ import annotations

from .feature_class import FeatureClass, GriddedVoi


def rim_features(voi: GriddedVoi) -> dict[str, float]:
    """``Excess``: mean intensity of the VOI's first slice less that of the VOI."""
    first, inside = voi.voxels[0][voi.mask[0]], voi.voxels[voi.mask]
    return {"Excess": float(first.mean() - inside.mean()), "Levels": float(voi.discretised.n_levels)}


RIM = FeatureClass("rim", ("Excess", "Levels"), rim_features)
'''

ENTRY = "OTHER_CLASSES: tuple[FeatureClass, ...] = ()"

SCRIPT = """
from pathlib import Path

import numpy as np
from TACEResponseLib.cli import main
from TACEResponseLib.features import read_feature_table
from TACEResponseLib.phantom import write_cohort

manifest = write_cohort(Path("cohort"), 2, seed=3)
arguments = ["extract", str(manifest), "--sequences", "AP", "--feature-set", "firstorder+rim", "--out", "features.csv"]
assert main(arguments) == 0
table = read_feature_table(Path("features.csv"))
assert table.feature_set == "firstorder+rim"
assert table.names[-2:] == ("AP_rim_Excess", "AP_rim_Levels") and len(table.names) == 20
assert np.isfinite(table.values).all()
assert (table.values[:, -1] >= 8).all()
"""


def test_one_file_and_one_entry_make_a_class_of_features(tmp_path):
    package = tmp_path / "TACEResponseLib"
    shutil.copytree(Path(TACEResponseLib.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__"))
    native = package / "features" / "native"
    (native / "rim.py").write_text(NEW_FILE, encoding="utf-8")
    text = (native / "feature_classes.py").read_text(encoding="utf-8")
    assert ENTRY in text
    text = text.replace(ENTRY, f"from .rim import RIM\n\n{ENTRY.replace('()', '(RIM,)')}")
    (native / "feature_classes.py").write_text(text, encoding="utf-8")
    command = [sys.executable, "-W", "error:::TACEResponseLib", "-c", SCRIPT]
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_set_may_be_a_sum_of_sets_classes_and_features():
    whole = get_feature_set("default107").feature_names
    assert get_feature_set("glcm").feature_names == tuple(name for name in whole if name.startswith("glcm_"))
    assert get_feature_set("shape+firstorder_Mean").feature_names == (
        *(name for name in whole if name.startswith("shape_")),
        "firstorder_Mean",
    )
    assert set(get_feature_set("default107+shape_Compactness1").feature_names) == {*whole, "shape_Compactness1"}
    for wrong, why in (("glcm+glcm_Contrast", "names a feature twice"), ("glcm+rim", "no feature set 'rim'")):
        with pytest.raises(ValueError, match=why):
            get_feature_set(wrong)
