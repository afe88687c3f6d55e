"""What the native engine promises besides agreement with PyRadiomics."""

import json
import subprocess
import sys

import numpy as np
import pytest
from TACEResponseLib.features import PAPER_SETTINGS, FeatureSettings, get_feature_set
from TACEResponseLib.features.native import NativeEngine
from TACEResponseLib.features.native.mesh import mesh_vertices
from TACEResponseLib.imaging import resample
from TACEResponseLib.imaging.diameters import largest_distance, largest_distance_in_plane

NAMES = get_feature_set("paper110").feature_names


def _ball(shape=(20, 22, 24), radius=7):
    axes = np.ogrid[tuple(slice(length) for length in shape)]
    return sum((axis - length / 2) ** 2 for axis, length in zip(axes, shape, strict=True)) <= radius**2


def _noise(shape, seed=0):
    return np.random.default_rng(seed).normal(400, 120, shape)


def test_needs_neither_pyradiomics_nor_scipy():
    """SciPy is allowed, but its import costs more than the features of four sequences."""
    code = (
        "import sys, numpy as np\n"
        "from TACEResponseLib.cohort import ArraySource\n"
        "from TACEResponseLib.features import PAPER_SETTINGS, get_engine, get_feature_set\n"
        "from TACEResponseLib.imaging import canonical_voi\n"
        "mask = np.zeros((12, 20, 20), bool); mask[3:9, 4:14, 5:15] = True\n"
        "voxels = np.random.default_rng(0).normal(300, 100, mask.shape)\n"
        "voi = canonical_voi('T2', ArraySource(voxels, mask, (1.5, 1.5, 3.0)))\n"
        "names = get_feature_set('paper110').feature_names\n"
        "assert not get_engine('native').compute(voi, PAPER_SETTINGS, names).undefined\n"
        "print([name for name in ('radiomics', 'scipy', 'torch', 'pandas', 'sklearn') if name in sys.modules])\n"
    )
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert output.strip() == "[]"


def test_uses_what_the_gate_has_resampled_already(make_voi):
    voi = make_voi(_noise((20, 22, 24)), _ball(), (1.5, 1.5, 2.0))
    anew = NativeEngine().compute(voi, PAPER_SETTINGS, NAMES)
    given = NativeEngine().compute(voi, PAPER_SETTINGS, NAMES, resample(voi))
    assert anew == given


def test_any_selection_of_features_gives_the_same_numbers(make_voi):
    voi = make_voi(_noise((20, 22, 24)), _ball())
    everything = NativeEngine().compute(voi, PAPER_SETTINGS, NAMES).values
    some = ("ngtdm_Strength", "shape_Sphericity", "glrlm_RunEntropy", "firstorder_Mean")
    values = NativeEngine().compute(voi, PAPER_SETTINGS, some).values
    assert list(values) == list(some)
    assert values == {name: everything[name] for name in some}


@pytest.mark.parametrize(
    "voxels_of_mask",
    [
        [(5, 5, 5)],
        [(5, 5, 5), (5, 5, 6), (5, 5, 7)],
        [(5, 5, 5), (8, 9, 5)],
        [(5, 5, 5), (5, 7, 7)],
        "all",
    ],
    ids=["one voxel", "a row", "two far apart", "two in a plane", "the whole image"],
)
def test_undefined_where_pyradiomics_has_no_number(voxels_of_mask, make_voi):
    pytest.importorskip("radiomics")
    from TACEResponseLib.features.pyradiomics_engine import PyRadiomicsEngine

    mask = np.full((12, 12, 12), voxels_of_mask == "all")
    if voxels_of_mask != "all":
        mask[tuple(np.array(voxels_of_mask).T)] = True
    voi = make_voi(_noise(mask.shape), mask)
    native = NativeEngine().compute(voi, PAPER_SETTINGS, NAMES)
    reference = PyRadiomicsEngine().compute(voi, PAPER_SETTINGS, NAMES)
    assert native.undefined
    assert set(native.undefined) == set(reference.undefined)
    assert all(np.isnan(native.values[name]) for name in native.undefined)
    assert all(reason.endswith(".") for reason in native.undefined.values())


def test_an_empty_voi_and_unknown_requests_are_refused_in_words(make_voi):
    empty = make_voi(_noise((8, 8, 8)), np.zeros((8, 8, 8), bool))
    with pytest.raises(ValueError, match="holds no voxel"):
        NativeEngine().compute(empty, PAPER_SETTINGS, NAMES)
    voi = make_voi(_noise((20, 22, 24)), _ball())
    with pytest.raises(ValueError, match="no feature glcm_Beauty"):
        NativeEngine().compute(voi, PAPER_SETTINGS, ("glcm_Beauty",))
    with pytest.raises(ValueError, match="no feature class wavelet"):
        NativeEngine().compute(voi, PAPER_SETTINGS, ("wavelet_Mean",))
    with pytest.raises(ValueError, match="normalised"):
        NativeEngine().compute(voi, FeatureSettings(normalisation="zscore"), NAMES)


@pytest.mark.parametrize("outlier", [np.nan, np.inf, 1e9])
def test_intensities_that_cannot_be_binned_are_refused_in_words(outlier, make_voi):
    voxels = _noise((20, 22, 24))
    voxels[10, 11, 12] = outlier
    with pytest.raises(ValueError, match="not finite or span over 10000 bins"):
        NativeEngine().compute(make_voi(voxels, _ball()), PAPER_SETTINGS, NAMES)


def test_a_voi_on_another_grid_than_that_of_the_settings_is_refused(make_voi):
    voi = make_voi(_noise((20, 22, 24)), _ball(), (1.5, 1.5, 2.0))
    with pytest.raises(ValueError, match="settings ask for"):
        NativeEngine().compute(voi, PAPER_SETTINGS, NAMES, resample(voi, (3.0, 3.0, 3.0)))


@pytest.mark.parametrize("density", [0.02, 0.3, 1.0])
@pytest.mark.parametrize("spacing_kji", [(1.0, 1.0, 1.0), (5.0, 1.3, 0.7)])
def test_diameters_are_those_of_all_pairs_of_vertices(density, spacing_kji):
    from scipy.spatial.distance import pdist

    mask = np.pad(_ball((13, 14, 15), 6) & (np.random.default_rng(3).random((13, 14, 15)) < density), 1)
    vertices, half_voxel_mm = mesh_vertices(mask), np.array(spacing_kji) / 2
    points = vertices * half_voxel_mm
    assert largest_distance(vertices, half_voxel_mm) == pytest.approx(pdist(points).max(), rel=1e-12)
    for axis in range(3):
        in_planes = [points[vertices[:, axis] == plane] for plane in np.unique(vertices[:, axis])]
        expected = max(pdist(plane).max() for plane in in_planes if len(plane) > 1)
        assert largest_distance_in_plane(vertices, half_voxel_mm, axis) == pytest.approx(expected, rel=1e-12)


def test_volume_and_area_of_a_large_ball(make_voi):
    """The mesh of a ball of 30 mm radius: its volume to 1 %; its area to 10 %, for it has steps."""
    mask = _ball((70, 70, 70), 30)
    values = NativeEngine().compute(make_voi(mask * 1.0, mask), PAPER_SETTINGS, NAMES).values
    assert values["shape_MeshVolume"] == pytest.approx(4 / 3 * np.pi * 30**3, rel=0.01)
    assert values["shape_SurfaceArea"] == pytest.approx(4 * np.pi * 30**2, rel=0.1)
    assert values["shape_Maximum3DDiameter"] == pytest.approx(61, abs=0.5)
    assert values["shape_MajorAxisLength"] == pytest.approx(4 * 30 / np.sqrt(5), rel=0.01)


def test_mesh_table_is_what_the_script_measures(repository, tmp_path, monkeypatch):
    pytest.importorskip("radiomics")
    import importlib.util

    path = repository / "Testing" / "tools" / "measure_mesh_table.py"
    spec = importlib.util.spec_from_file_location("measure_mesh_table", path)
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    shipped = json.loads(script.TARGET.read_text())
    monkeypatch.setattr(script, "TARGET", tmp_path / "mesh_table.json")
    script.main()
    measured = json.loads(script.TARGET.read_text())
    assert measured["cells"] == shipped["cells"]
    assert measured["normals_kji"] == shipped["normals_kji"]
