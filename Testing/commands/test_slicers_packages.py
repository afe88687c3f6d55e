"""What a person reaches in 3D Slicer runs with the packages that Slicer bundles, and no others.

Every process, workers too, refuses to import anything else, as Slicer's Python would.
"""

import csv
import os
import subprocess
import sys

import pytest

BUNDLED = ("numpy", "scipy", "SimpleITK", "pydicom", "highdicom", "requests", "vtk", "vtkmodules")
"""Of these ours may use what it needs; the rest of Slicer's packages are theirs."""

_SITECUSTOMIZE = f"""
import sys

ALLOWED = {{*{BUNDLED!r}, *sys.stdlib_module_names, "TACEResponseLib", "sitecustomize", "site", "_distutils_hack"}}
# Of the standard library's or the bundled packages' own making.
ALLOWED |= {{"__mp_main__", "_sysconfigdata", "PIL", "pyjpegls", "openjpeg", "pylibjpeg", "typing_extensions"}}


class OnlySlicersPackages:
    def find_spec(self, name, path=None, target=None):
        first = name.partition(".")[0]
        if first in ALLOWED or first.startswith(("_sysconfigdata", "__editable__")):
            return None
        raise ModuleNotFoundError(f"No module named {{name!r}} in 3D Slicer", name=name)


sys.meta_path.insert(0, OnlySlicersPackages())
"""

_PANEL = """
import queue, sys
from pathlib import Path
from TACEResponseLib.batch.local_workers import LocalWorkers
from TACEResponseLib.cohort import read_manifest
from TACEResponseLib.features import append_to_feature_table, read_feature_table
from TACEResponseLib.features.self_check import self_check
from TACEResponseLib.models import find_bundle, load_bundle
from TACEResponseLib.panel.batch_list import EXTRACT, BatchList, BatchWork, extractJob
from TACEResponseLib.panel.result_text import pageHtml, resultHtml
from TACEResponseLib.panel.shown import shownOf
from TACEResponseLib.panel.state import PanelState
from TACEResponseLib.prediction import predict_from_features
from TACEResponseLib.repeatability import overlap, repeatability
from TACEResponseLib.reporting import write_patient_report
from TACEResponseLib.workflow import predict_case
from TACEResponseLib.workflow.perturbation_band import with_perturbation_band

manifest, folder = Path(sys.argv[1]), Path(sys.argv[2])
case = read_manifest(manifest)[0]
bundle = load_bundle(find_bundle("phantom-cd"))
prediction, images, features = predict_case(case, bundle)
write_patient_report(folder / "report.html", prediction, bundle, images, case.clinical)
with_perturbation_band(prediction, case, bundle, images, 10)
predict_from_features(case.key, features, case.clinical, bundle)
overlap(images.vois["AP"], images.vois["AP"], (case.key, case.key))
append_to_feature_table(folder / "cohort.csv", features)
repeatability(read_feature_table(folder / "icc" / "features.csv"))
resultHtml(prediction, bundle, False), pageHtml(prediction, bundle, {}), shownOf(PanelState())
assert self_check().passed
rows = BatchList()
rows.load(manifest, EXTRACT)
BatchWork(EXTRACT, rows.cases[:2], extractJob("native"), folder / "batch", LocalWorkers(2), True, queue.SimpleQueue())(
    lambda done, total, text: None
)
"""


@pytest.fixture(scope="module")
def only_slicers(tmp_path_factory):
    """Run Python with Slicer's packages only; gives its output, and fails with its errors."""
    folder = tmp_path_factory.mktemp("site")
    (folder / "sitecustomize.py").write_text(_SITECUSTOMIZE, encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(folder), "OMP_NUM_THREADS": "1"}

    def run(*arguments):
        done = subprocess.run(
            [sys.executable, *map(str, arguments)],
            env=environment,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert "in 3D Slicer" not in done.stderr, done.stderr
        return done.stdout + done.stderr

    return run


@pytest.fixture(scope="module")
def command(only_slicers):
    return lambda *arguments: only_slicers("-m", "TACEResponseLib.cli", *arguments)


@pytest.fixture(scope="module")
def drawn_twice(tmp_path_factory):
    """Eight phantoms, some of them drawn by two readers."""
    from TACEResponseLib.phantom import write_cohort

    return write_cohort(tmp_path_factory.mktemp("twice") / "cohort", 8, seed=11, readers=True)


@pytest.mark.parametrize("name", ["matplotlib", "pandas", "torch", "sklearn", "statsmodels", "radiomics", "yaml"])
def test_what_slicer_lacks_is_really_missing(only_slicers, name):
    with pytest.raises(AssertionError, match=f"No module named '{name}"):
        only_slicers("-c", f"import {name}")


def test_icc_and_then_the_panel(command, only_slicers, drawn_twice, tmp_path):
    command("icc", drawn_twice, "--bland-altman", "AP_firstorder_Mean", "--out", tmp_path / "icc")
    page = (tmp_path / "icc" / "report.html").read_text(encoding="utf-8")
    assert page.count("<svg") == 2
    command("icc", drawn_twice, "--plan", "0.25", "--out", tmp_path / "plan")
    only_slicers("-c", _PANEL, drawn_twice, tmp_path)


def test_predict_and_extract(command, drawn_twice, tmp_path):
    command("predict", drawn_twice, "--model", "phantom-cd", "--out", tmp_path / "predicted", "--workers", "2")
    with (tmp_path / "predicted" / "predictions.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 8
    assert not [row["error"] for row in rows if row["error"]]
    command("extract", drawn_twice, "--out", tmp_path / "features.csv")
    assert (tmp_path / "features.csv").stat().st_size > 10000


def test_dicom_is_taken_in(command, tmp_path):
    command("phantom", "--patients", "1", "--dicom", "--out", tmp_path / "archive")
    command("intake", tmp_path / "archive", "--out", tmp_path / "cohort" / "manifest.csv", "--key", tmp_path / "key")
    assert (tmp_path / "cohort" / "manifest.csv").is_file()


def test_the_engine_checks_itself(command):
    assert "440" in command("self-check")
