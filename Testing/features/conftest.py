"""VOIs for the tests of the engines."""

import numpy as np
import pytest
from TACEResponseLib.cohort import AcquisitionTags, Lattice
from TACEResponseLib.imaging import Voi


@pytest.fixture(scope="session")
def make_voi():
    """Make a canonical Voi of voxels (K, J, I), a mask and a spacing (I, J, K) in mm."""

    def make(voxels, mask, spacing_mm=(1.0, 1.0, 1.0)):
        return Voi(
            "T2",
            np.ascontiguousarray(voxels, np.float32),
            np.ascontiguousarray(mask, bool),
            tuple(float(length) for length in spacing_mm),
            Lattice(tuple(spacing_mm)),
            AcquisitionTags(),
            "",
            "",
        )

    return make


@pytest.fixture(scope="session")
def brain1(shared, make_voi):
    """The real MR volume of ../shared in canonical form: it is left-handed, so K is reversed."""
    sitk = pytest.importorskip("SimpleITK")
    folder = shared / "data" / "mr-brain"
    image = sitk.ReadImage(str(folder / "brain1_image.nrrd"))
    mask = sitk.ReadImage(str(folder / "brain1_label.nrrd"))
    return make_voi(
        sitk.GetArrayFromImage(image)[::-1],
        sitk.GetArrayFromImage(mask)[::-1] == 1,
        [round(length, 6) for length in image.GetSpacing()],
    )
