"""One case through every entrance: the same functions do its work, and the same numbers come out."""

import csv
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

TESTING = Path(__file__).resolve().parents[1]
CLI = ("-m", "TACEResponseLib.cli")

_PANEL = """
import queue, sys
from pathlib import Path
from TACEResponseLib.batch import InProcess
from TACEResponseLib.models import load_bundle
from TACEResponseLib.panel.batch_list import PREDICT, BatchList, BatchWork
from TACEResponseLib.workflow import PredictJob
if __name__ == "__main__":
    manifest, bundle, out = map(Path, sys.argv[1:])
    batch = BatchList()
    batch.load(manifest, PREDICT)
    job = PredictJob(bundle, load_bundle(bundle).sha256, "native", out)
    BatchWork(PREDICT, batch.cases, job, out, InProcess(), False, queue.SimpleQueue())(lambda *_: None)
"""

_LOGIC = """
import json, sys
from pathlib import Path
from TACEResponseLib.cohort import read_manifest, select_cases
from TACEResponseLib.scene.logic import TACEResponseLogic
from TACEResponseLib.scene.case_nodes import nodesOfCase, readSources
from TACEResponseLib.scene.cases import caseOfNodes
manifest, bundle, out = map(Path, sys.argv[1:])
logic = TACEResponseLogic()
model = logic.loadModel(bundle)
for row in select_cases(read_manifest(manifest)):
    case = caseOfNodes(row.key, *nodesOfCase(row, readSources(row)), row.clinical)
    folder = out / row.key.patient_id
    folder.mkdir(parents=True)
    prediction = logic.predictCase(case, model).prediction
    (folder / "prediction.json").write_text(json.dumps({"probability": prediction.probability}))
"""


@pytest.fixture
def dask_address(tmp_path):
    """A scheduler with one worker whose calls are noted too; its calls file is the one of `noted`."""
    pytest.importorskip("distributed")
    environment = {
        **os.environ,
        "PYTHONPATH": str(Path(__file__).parent / "call_trace"),
        "TACE_CALL_TRACE": str(tmp_path / "calls"),
    }
    address_file = tmp_path / "scheduler.json"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "env": environment, "cwd": tmp_path}
    scheduler = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0"]
    worker = [sys.executable, "-m", "distributed.cli.dask_worker", "--scheduler-file", str(address_file)]
    processes = [
        subprocess.Popen([*scheduler, "--no-dashboard", "--scheduler-file", str(address_file)], **quiet),
        subprocess.Popen([*worker, "--nthreads", "1", "--no-nanny", "--no-dashboard", "--host", "127.0.0.1"], **quiet),
    ]
    try:
        deadline = time.monotonic() + 60
        while not address_file.exists() and time.monotonic() < deadline:
            time.sleep(0.1)
        yield json.loads(address_file.read_text())["address"]
    finally:
        for process in processes:
            process.kill()
            process.wait()


@pytest.fixture
def entrance(request, tmp_path, manifest, bundle_folder):
    """The Python arguments of an entrance that predicts, and the folder of its results."""
    out = tmp_path / "out"
    options = (manifest, "--model", bundle_folder, "--out", out)
    scripts = TESTING.parent / "TACEResponse" / "Scripts"
    in_slicer = TESTING / "scene" / "run_script.py"
    if request.param == "command":
        return (*CLI, "predict", *options), out
    if request.param == "workers":
        return (*CLI, "predict", *options, "--workers", "2"), out
    if request.param == "dask":
        return (*CLI, "predict", *options, "--dask", request.getfixturevalue("dask_address")), out
    if request.param == "panel":
        program = tmp_path / "panel.py"
        program.write_text(_PANEL)
        pytest.importorskip("slicer", reason="needs the slicer-core wheel")
        return (program, manifest, bundle_folder, out), out
    pytest.importorskip("slicer", reason="needs the slicer-core wheel")
    if request.param == "logic":
        program = tmp_path / "logic.py"
        program.write_text(_LOGIC)
        return (in_slicer, program, manifest, bundle_folder, out), out
    return (in_slicer, scripts / "predict.py", "--manifest", *options), out


def probabilities(out):
    """Probability by patient."""
    return {
        path.parent.name: json.loads(path.read_text())["probability"] for path in sorted(out.glob("*/prediction.json"))
    }


@pytest.fixture(scope="module")
def expected(manifest, bundle_folder):
    """What the library gives."""
    from TACEResponseLib.cohort import read_manifest, select_cases
    from TACEResponseLib.models import load_bundle
    from TACEResponseLib.workflow import predict_case

    bundle = load_bundle(bundle_folder)
    cases = select_cases(read_manifest(manifest))
    return {case.key.patient_id: predict_case(case, bundle).prediction.probability for case in cases}


@pytest.mark.parametrize("entrance", ["command", "workers", "dask", "panel", "logic", "script"], indirect=True)
def test_every_prediction_is_made_by_the_same_functions(noted, entrance, expected):
    arguments, out = entrance
    calls = noted(*arguments)
    assert probabilities(out) == expected
    assert len(calls.of("predict_case")) == len(calls.of("extract_case")) == len(expected)
    assert calls.callers_of("extract_case") == {("workflow/case.py", "workflow/case.py:predict_case")}
    assert calls.callers_of("read_case_images") == {("imaging/case_images.py", "workflow/case.py:read_images")}
    assert calls.callers_of("extract_features") == {("features/extraction.py", "workflow/case.py:extract_case")}
    assert calls.callers_of("predict_from_features") == {("prediction/predict.py", "workflow/case.py:predict_case")}


@pytest.mark.parametrize(
    ("command", "cases"),
    [
        (("extract",), 4),
        (("extract", "--workers", "2"), 4),
        (("icc",), 4),
        # The two cases of session 1, each perturbed twice.
        (("icc", "--perturbations", "2"), 6),
    ],
)
def test_all_features_are_made_by_the_same_function(noted, manifest, tmp_path, command, cases):
    name, *options = command
    calls = noted(*CLI, name, manifest, "--out", tmp_path / "out", *options)
    assert len(calls.of("extract_case")) == cases
    assert calls.callers_of("extract_features") == {("features/extraction.py", "workflow/case.py:extract_case")}
    assert calls.callers_of("read_case_images") == {("imaging/case_images.py", "workflow/case.py:read_images")}
    assert not calls.of("predict_from_features")


def test_a_band_over_perturbed_vois_extracts_by_the_same_function_too(noted, manifest, bundle_folder, tmp_path):
    calls = noted(
        *(*CLI, "predict", manifest, "--model", bundle_folder, "--out", tmp_path / "out", "--perturbations", "10")
    )
    assert len(calls.of("predict_case")) == 2
    assert len(calls.of("extract_case")) == 2 * (1 + 10)
    assert calls.callers_of("extract_features") == {("features/extraction.py", "workflow/case.py:extract_case")}
    with (tmp_path / "out" / "predictions.csv").open(newline="", encoding="utf-8") as file:
        assert all(row["perturbation_low"] for row in csv.DictReader(file))
