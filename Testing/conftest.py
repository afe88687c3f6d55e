"""Fixtures for all layers of tests."""

import os
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import settings

os.environ.setdefault("OMP_NUM_THREADS", "1")

# A first call imports libraries, and machines are busy: time says nothing about a property.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

REPOSITORY = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def repository() -> Path:
    """Root of the checkout."""
    return REPOSITORY


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder with the real data and reference values beside the checkout; tests that use it are skipped without it."""
    folder = REPOSITORY.parent / "shared"
    if not (folder / "reference").is_dir():
        pytest.skip("the folder ../shared with real data and reference values is not here")
    return folder


@pytest.fixture(scope="session")
def make_formula_bundle():
    """Make a merged bundle of T2 and AP whose numbers follow from a formula.

    DNN score = 1 / (1 + exp(-(AP_firstorder_Mean - 500) / 50)); log odds = intercept + coefficients * (score, facts).
    ``changes`` replace fields of the bundle.
    """
    import numpy as np
    from TACEResponseLib.cohort import CLINICAL_FACTS
    from TACEResponseLib.features import PAPER_SETTINGS, get_feature_set
    from TACEResponseLib.models import SCHEMA_VERSION, DnnScore, FoldedNetworks, LinearPredictor, ModelBundle
    from TACEResponseLib.models.folded_network import plain_layer

    names = get_feature_set("default107").column_names(("T2", "AP"))
    refits = 100
    terms = ("dnn", *CLINICAL_FACTS)
    coefficients = np.array([2.0, -0.86, -1.13, 0.16, -0.53])
    means = np.array([0.5, 0.26, 0.19, 0.3, 0.48])

    def score(biases):
        members, column = len(biases), names.index("AP_firstorder_Mean")
        mean, scale = np.zeros((members, len(names))), np.ones((members, len(names)))
        mean[:, column], scale[:, column] = 500.0, 50.0
        weights = np.zeros((members, 2, len(names)), np.float32)
        weights[:, 1, column] = 1.0
        bias = np.stack([np.zeros(members), biases], axis=1).astype(np.float32)
        return DnnScore(mean, scale, FoldedNetworks((plain_layer(weights, bias),)))

    def predictor(count, random):
        return LinearPredictor(
            terms[:count],
            -0.8,
            coefficients[:count],
            np.zeros(count),
            means[:count],
            random.normal(-0.8, 0.15, refits),
            random.normal(coefficients[:count], 0.4, (refits, count)),
            np.zeros((refits, count)),
            np.tile(means[:count], (refits, 1)),
        )

    def make(**changes):
        random = np.random.default_rng(5)
        fields = {
            "name": "formula-cd",
            "schema_version": SCHEMA_VERSION,
            "kind": "merged",
            "demonstration": False,
            "required_sequences": ("T2", "AP"),
            "required_facts": CLINICAL_FACTS,
            "feature_set": "default107",
            "settings": PAPER_SETTINGS,
            "feature_names": names,
            "outcome": "objective response (mRECIST CR or PR)",
            "time_horizon": "MR about 3 months after the first TACE",
            "cohort_size": 115,
            "cohort_responders": 56,
            "threshold": 0.45,
            "threshold_rule": "chosen for this test",
            "training_scores": {"OR": np.linspace(0.3, 0.9, 40), "NOR": np.linspace(0.1, 0.7, 60)},
            "position_score": "dnn",
            "feature_minimum": np.full(len(names), -1e12),
            "feature_maximum": np.full(len(names), 1e12),
            "out_of_range_limit": 5.0,
            "sha256": "ab" * 32,
            "provenance": {"command": "made by hand", "seeds": [1, 2]},
            "card": "# formula-cd",
            "predictor": predictor(5, random),
            "prevalence": 56 / 115,
            "score_only": predictor(1, random),
            "scores": {"dnn": score(np.zeros(1))},
            "refit_scores": {"dnn": score(random.normal(0, 0.3, refits))},
            "clinical_coding": {fact: fact for fact in CLINICAL_FACTS},
            "calibration": {"slope": 1.0},
        }
        return ModelBundle(**{**fields, **changes})

    return make


@pytest.fixture(scope="session")
def make_lesion_source():
    """Make an ArraySource with a bright textured ellipsoid; ``rest`` are further fields of ArraySource."""
    import numpy as np
    from TACEResponseLib.cohort import ArraySource

    def make(spacing_mm=(1.8, 1.9, 2.5), shape=(20, 40, 44), radii_mm=(12.0, 11.0, 13.0), seed=0, **rest):
        axes = np.ogrid[tuple(slice(length) for length in shape)]
        distance = sum(
            ((axis - (length - 1) / 2) * step / radius) ** 2
            for axis, length, step, radius in zip(axes, shape, spacing_mm[::-1], radii_mm[::-1], strict=True)
        )
        noise = np.random.default_rng(seed).normal(size=shape)
        voxels = np.round(np.where(distance <= 1, 520, 300) + 40 * noise).astype(np.int16)
        return ArraySource(voxels, distance <= 1, spacing_mm, (-40.0, -38.0, -25.0), **rest)

    return make


@pytest.fixture(scope="session")
def bundle_folder(make_formula_bundle, tmp_path_factory):
    """A merged bundle of T2 and AP that learnt from patients (see `make_formula_bundle`)."""
    from TACEResponseLib.models import save_bundle

    folder = tmp_path_factory.mktemp("bundles") / "formula-cd"
    save_bundle(make_formula_bundle(), folder)
    return folder


@pytest.fixture(scope="session")
def slicer_core():
    """The slicer-core wheel, with the conversion rule without which a segmentation cannot be shown."""
    slicer = pytest.importorskip("slicer", reason="needs the slicer-core wheel (or 3D Slicer's Python)")
    factory = slicer.vtkSegmentationConverterFactory.GetInstance()
    factory.RegisterConverterRule(slicer.vtkBinaryLabelmapToClosedSurfaceConversionRule())
    return slicer


@pytest.fixture
def scene(slicer_core, monkeypatch):
    """An empty scene that is slicer.mrmlScene, with the logic of the modules that segmentations and volumes need."""
    slicer = slicer_core
    scene = slicer.vtkMRMLScene()
    monkeypatch.setattr(slicer, "mrmlScene", scene, raising=False)
    logics = {
        "segmentations": slicer.vtkSlicerSegmentationsModuleLogic(),
        "volumes": slicer.vtkSlicerVolumesLogic(),
    }
    for logic in logics.values():
        logic.SetMRMLScene(scene)
    modules = SimpleNamespace(**{name: SimpleNamespace(logic=lambda own=own: own) for name, own in logics.items()})
    monkeypatch.setattr(slicer, "modules", modules, raising=False)
    remote = slicer.vtkMRMLRemoteIOLogic()
    remote.SetMRMLScene(scene)
    remote.AddDataIOToScene()
    yield scene
    for logic in logics.values():
        logic.SetMRMLScene(None)
    remote.RemoveDataIOFromScene()
    scene.Clear(True)
