"""Training patients are recognised whatever the last digits of their features, and nobody else is."""

import numpy as np
import pytest
from TACEResponseLib.study.training_overlap import _fits, patient_marks


@pytest.fixture
def features():
    random = np.random.default_rng(8)
    return random.lognormal(3, 2, (200, 440)) * random.choice([-1, 1], (200, 440))


@pytest.mark.parametrize("change", [0.0, 1e-15, -7e-16, 1e-12])
def test_the_last_digits_hide_nobody(features, change):
    moved = features * (1 + change * np.random.default_rng(1).random(features.shape))
    assert all(map(_fits, patient_marks(features), patient_marks(moved)))


def test_a_value_on_the_edge_of_rounding_hides_nobody(features):
    edge = features.copy()
    edge[:, 0] = 1.2345678950000001
    below = edge.copy()
    below[:, 0] = 1.2345678949999999
    assert patient_marks(edge)[0] != patient_marks(below)[0]
    assert all(map(_fits, patient_marks(edge), patient_marks(below)))


def test_other_patients_are_not_recognised(features):
    marks = patient_marks(features)
    assert not any(_fits(one, other) for row, one in enumerate(marks) for other in marks[:row])
    # Another drawing of the same lesion changes features by percents.
    assert not any(map(_fits, marks, patient_marks(1.001 * features)))
