"""A newcomer adds a classifier by one file and one entry: shown with a toy."""

import sys
from dataclasses import dataclass, replace
from types import ModuleType
from typing import ClassVar

import numpy as np
import pytest
from TACEResponseLib.models import load_bundle, save_bundle
from TACEResponseLib.models.array_rules import FINITE
from TACEResponseLib.models.classifiers import CLASSIFIERS, Classifier, get_learner
from TACEResponseLib.models.fitting import FitJob, Learner, one_by_one
from TACEResponseLib.models.score_model import ScoreModel
from TACEResponseLib.prediction.wording import score_label


@dataclass(frozen=True, eq=False)
class ToyScore(ScoreModel):
    """Difference of a patient's features from the middle of the two outcomes' means."""

    middle: np.ndarray
    direction: np.ndarray

    type_name: ClassVar[str] = "toy"
    rules: ClassVar[dict] = {"middle": (FINITE, "mf"), "direction": (FINITE, "mf")}

    @property
    def feature_count(self):
        return self.middle.shape[1]

    def member_scores(self, features):
        return np.stack([(features - m) @ d for m, d in zip(self.middle, self.direction, strict=True)], axis=1)


def fit_toy(features, outcome, *_):
    low, high = features[~outcome].mean(axis=0), features[outcome].mean(axis=0)
    return ToyScore(((low + high) / 2)[None], (high - low)[None])


@pytest.fixture
def toy(monkeypatch):
    """Its file and its entry."""
    file = ModuleType("TACEResponseLib.models.toy_score")
    file.SCORE = ToyScore
    file.make_learner = lambda ensemble_size, recipe: Learner("toy", 1, one_by_one(fit_toy), {})
    monkeypatch.setitem(sys.modules, file.__name__, file)
    monkeypatch.setitem(CLASSIFIERS, "toy", Classifier("Toy", "toy_score"))


def test_a_new_classifier_learns_and_is_named(toy):
    random = np.random.default_rng(0)
    outcome = np.arange(60) % 2 == 0
    features = random.normal(size=(60, 5)) + outcome[:, None]
    rows, rest = np.arange(40), np.arange(40, 60)
    (fit,) = get_learner("toy").fit_many(features, [FitJob(rows, outcome[rows], (1,), rest, True)], None)
    expected = fit_toy(features[rows], outcome[rows]).member_scores(features[rest])[:, 0]
    np.testing.assert_allclose(fit.scores, expected)
    assert score_label("toy") == "Toy radiomics score"


def test_a_new_classifier_is_stored_checked_and_read(toy, merged_bundle, tmp_path):
    random, features = np.random.default_rng(0), len(merged_bundle.feature_names)
    refits = len(merged_bundle.predictor.refit_intercepts)
    own, many = (ToyScore(*random.normal(size=(2, count, features))) for count in (1, refits))
    bundle = replace(merged_bundle, scores={"dnn": own}, refit_scores={"dnn": many})
    save_bundle(bundle, tmp_path / "toy")
    values = random.normal(size=features)
    facts = {"portal_venous_invasion": True}
    assert load_bundle(tmp_path / "toy").estimate(values, facts) == bundle.estimate(values, facts)
    broken = replace(own, middle=np.full_like(own.middle, np.nan))
    with pytest.raises(ValueError, match="middle holds numbers that are not finite"):
        save_bundle(replace(bundle, scores={"dnn": broken}), tmp_path / "broken")
