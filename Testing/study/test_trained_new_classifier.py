"""A newcomer adds a classifier by one new file and one entry; it is trained, stored and validated like the others."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import TACEResponseLib

pytest.importorskip("sklearn")

NEW_FILE = '''"""The ridge score: a linear combination of all features. No probability."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from .fitting import Learner, one_by_one
from .linear_score import LinearScore, linear_arrays
from .scaler import fit_z_score

if TYPE_CHECKING:
    from .network_batch import NetworkRecipe

PENALTY = 100.0


@dataclass(frozen=True, eq=False)
class RidgeScore(LinearScore):
    """m members of a ridge regression on the outcome as 0 and 1."""

    type_name: ClassVar[str] = "ridge"


def fit_ridge(features: np.ndarray, outcome: np.ndarray) -> RidgeScore:
    """Z-score and scikit-learn's ``Ridge``; one member."""
    from sklearn.linear_model import Ridge

    scaler = fit_z_score(features)
    return RidgeScore(**linear_arrays(scaler, Ridge(alpha=PENALTY).fit(scaler.apply(features), outcome.astype(float))))


def make_learner(ensemble_size: int, recipe: NetworkRecipe | None) -> Learner:
    """The learner."""
    fit = one_by_one(lambda features, outcome, *_: fit_ridge(features, outcome))
    return Learner("ridge", 1, fit, {"penalty": PENALTY})


SCORE = RidgeScore
'''

ENTRY = "CLASSIFIERS: dict[str, Classifier] = {\n"

SCRIPT = """
import json
from pathlib import Path

import numpy as np
from TACEResponseLib.cli import main
from TACEResponseLib.cohort import Case, CaseKey, ClinicalRecord, write_manifest
from TACEResponseLib.features import PAPER_SETTINGS, FeatureVector, get_feature_set, write_feature_table
from TACEResponseLib.models import ensemble_score, load_bundle
from TACEResponseLib.models.ridge_score import PENALTY

random = np.random.default_rng(1)
outcome = random.random(60) < 0.5
names = get_feature_set("ngtdm").column_names(("AP",))
features = 50 + random.normal(size=(60, len(names))) + 2 * outcome[:, None]
keys = tuple(CaseKey(f"P{number}") for number in range(60))
records = [ClinicalRecord.from_cells(ast_u_l="55" if random.random() < 0.5 else "30") for _ in keys]
cases = [
    Case(key, clinical=record, objective_response=bool(value)) for key, record, value in zip(keys, records, outcome)
]
write_manifest(Path("cohort.csv"), cases)
vectors = [FeatureVector(key, names, row, PAPER_SETTINGS, "ngtdm", "native 1") for key, row in zip(keys, features)]
write_feature_table(Path("features.csv"), vectors)

train = ["train", "cohort.csv", "--features", "features.csv", "--kind", "ridge", "--refits", "100", "--out", "toy"]
assert main(train) == 0
bundle = load_bundle(Path("toy"))
from sklearn.linear_model import Ridge
from sklearn.preprocessing import StandardScaler

scaler = StandardScaler().fit(features)
expected = Ridge(alpha=PENALTY).fit(scaler.transform(features), outcome).predict(scaler.transform(features))
np.testing.assert_allclose(ensemble_score(bundle.scores["ridge"], features), expected, rtol=1e-6)
assert bundle.refit_scores["ridge"].member_count == 100
assert "Ridge" in bundle.card

study = ["study", "cohort.csv", "--features", "features.csv", "--quick", "--protocol", "nested-cv", "--scores", "ridge"]
assert main([*study, "--out", "study"]) == 0
results = json.loads(Path("study/results.json").read_text())
assert results["honest"]["Ridge"]["auc"] > 0.9
assert "Ridge" in Path("study/report.html").read_text()
"""


def test_one_file_and_one_entry_make_a_classifier(tmp_path):
    package = tmp_path / "TACEResponseLib"
    shutil.copytree(Path(TACEResponseLib.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__"))
    models = package / "models"
    (models / "ridge_score.py").write_text(NEW_FILE, encoding="utf-8")
    text = (models / "classifiers.py").read_text(encoding="utf-8")
    assert ENTRY in text
    text = text.replace(ENTRY, f'{ENTRY}    "ridge": Classifier("Ridge", "ridge_score"),\n')
    (models / "classifiers.py").write_text(text, encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    command = [sys.executable, "-W", "error:::TACEResponseLib", "-c", SCRIPT]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
