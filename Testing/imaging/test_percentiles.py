"""Percentiles against NumPy's own."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from TACEResponseLib.imaging.percentiles import percentiles

PERCENTS = (0, 2.5, 10, 25, 50, 75, 90, 97.5, 100)


@given(arrays(np.float32, array_shapes(max_dims=3), elements=st.floats(-1e6, 1e6, width=32)))
def test_they_are_numpys(values):
    assert percentiles(values, PERCENTS) == pytest.approx(np.percentile(values.astype(float), PERCENTS), rel=1e-12)
