"""The z-score against scikit-learn."""

import numpy as np
import pytest
from TACEResponseLib.models import fit_z_score


def test_equals_standard_scaler():
    preprocessing = pytest.importorskip("sklearn.preprocessing")
    random = np.random.default_rng(1)
    train = random.normal(3, 10.0 ** random.integers(-5, 8, 30), (50, 30))
    new = random.normal(0, 100, (7, 30))
    expected = preprocessing.StandardScaler().fit(train).transform(new)
    np.testing.assert_allclose(fit_z_score(train).apply(new), expected, rtol=1e-9)


@pytest.mark.parametrize("value", [0.0, 7.0, 0.1, -1e9])
def test_a_constant_feature_is_zero_and_marked(value):
    train = np.column_stack([np.full(9, value), np.arange(9.0)])
    z_score = fit_z_score(train)
    assert z_score.constant.tolist() == [True, False]
    np.testing.assert_allclose(z_score.apply(train)[:, 0], 0.0, atol=1e-6)
