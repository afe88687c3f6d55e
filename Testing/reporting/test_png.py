"""PNG against SimpleITK's reader."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from TACEResponseLib.reporting.png import encode_grey_png


@settings(max_examples=30, deadline=None)
@given(arrays(np.uint8, array_shapes(min_dims=2, max_dims=2, max_side=20), elements=st.integers(0, 255)))
def test_another_reader_gives_the_same_pixels(tmp_path_factory, pixels):
    sitk = pytest.importorskip("SimpleITK")
    path = tmp_path_factory.mktemp("png") / "slice.png"
    path.write_bytes(encode_grey_png(pixels))
    np.testing.assert_array_equal(sitk.GetArrayFromImage(sitk.ReadImage(str(path))), pixels)
