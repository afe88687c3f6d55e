"""Real MRML without the application, on the slicer-core wheel; `scene` is in the conftest above."""

import numpy as np
import pytest

slicer = pytest.importorskip("slicer", reason="needs the slicer-core wheel (or 3D Slicer's Python)")


@pytest.fixture
def load_volume(scene):
    """Load a volume's file as Slicer does."""

    def load(path, name):
        node = slicer.modules.volumes.logic().AddArchetypeVolume(str(path), name)
        assert node is not None, path
        return node

    return load


@pytest.fixture
def load_segmentation(scene):
    """Load a .seg.nrrd as Slicer does."""

    def load(path, name):
        node = scene.AddNewNodeByClass("vtkMRMLSegmentationNode", name)
        storage = scene.AddNewNodeByClass("vtkMRMLSegmentationStorageNode")
        storage.SetFileName(str(path))
        assert storage.ReadData(node) == 1, path
        node.SetAndObserveStorageNodeID(storage.GetID())
        return node

    return load


@pytest.fixture
def make_nodes(scene):
    """Make a volume node and a segmentation node of arrays on an LPS voxel grid."""
    from TACEResponseLib.scene.segmentations import createVoi, setVoiArray

    def make(source, name="AP"):
        matrix = np.eye(4)
        matrix[:3, :3] = np.reshape(source.direction, (3, 3)) * source.spacing_mm
        matrix[:3, 3] = source.origin_mm
        to_ras = np.diag([-1.0, -1.0, 1.0, 1.0]) @ matrix
        volume = slicer.util.addVolumeFromArray(np.array(source.voxels), ijkToRAS=to_ras, name=name)
        segmentation = createVoi(volume, name)
        setVoiArray(segmentation, volume, source.mask)
        return volume, segmentation

    return make


@pytest.fixture(scope="session")
def phantom_cohort(tmp_path_factory):
    """Manifest of two phantom patients as files."""
    from TACEResponseLib.phantom import write_cohort

    return write_cohort(tmp_path_factory.mktemp("phantom") / "cohort", 2, seed=3)


@pytest.fixture(scope="session")
def phantom_bundle(make_formula_bundle, tmp_path_factory):
    """The formula's bundle as a folder."""
    from TACEResponseLib.models import save_bundle

    return save_bundle(make_formula_bundle(), tmp_path_factory.mktemp("bundles") / "formula-cd")
