"""What fails in printing costs no result, of this run or of an earlier one."""

import csv
import json
import os
import subprocess
import sys

import pytest

NAMES = ("王小明", "Müller", "P3")


@pytest.fixture
def predict(write_manifest_file, bundle_folder, tmp_path):
    """Predict three patients with a shell's pipes or redirections behind the command; the finished process."""
    if os.name != "posix":
        pytest.skip("the redirections are those of a POSIX shell")
    manifest = write_manifest_file(*({"patient_id": name} for name in NAMES))
    command = [sys.executable, "-m", "TACEResponseLib.cli", "predict", manifest, "--model", bundle_folder]
    command += ["--out", tmp_path / "out"]

    def run(behind="", encoding="utf-8", before="", **options):
        return subprocess.run(
            ["bash", "-c", f'set -o pipefail; {before} "$@" {behind}', "bash", *map(str, command)],
            env={**os.environ, "PYTHONIOENCODING": encoding},
            capture_output=True,
            check=False,
            timeout=120,
            **options,
        )

    return run


def results(out):
    """Each patient's probability, in the folders and in the table, which must agree."""
    folders = {
        path.parent.name: json.loads(path.read_text(encoding="utf-8"))["probability"]
        for path in out.glob("*/prediction.json")
    }
    with (out / "predictions.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["patient_id"]: row for row in csv.DictReader(file)}
    assert {name: float(row["probability"]) for name, row in rows.items()} == pytest.approx(folders, abs=1e-6)
    assert not any(row["error"] for row in rows.values())
    return folders


@pytest.mark.parametrize(
    "options",
    [
        {"behind": "| head -1"},
        {"behind": "2>&1 | true"},
        {"behind": "> /dev/full"},
        {"behind": "> /dev/full 2> /dev/full"},
        {"behind": "2>&- >&-"},
        {"encoding": "latin-1"},
        {"encoding": "ascii:strict"},
    ],
)
def test_all_results_are_there_whatever_becomes_of_the_messages(predict, tmp_path, options):
    if "/dev/full" in options.get("behind", "") and not os.path.exists("/dev/full"):
        pytest.skip("there is no /dev/full")
    done = predict(**options)
    assert b"Traceback" not in done.stderr, done.stderr
    if "head" not in options.get("behind", "") and "true" not in options.get("behind", ""):
        assert done.returncode == 0, done.stderr
    first = results(tmp_path / "out")
    assert set(first) == set(NAMES)
    assert predict(**options).returncode in (done.returncode, 0)
    assert results(tmp_path / "out") == first


def test_a_log_that_cannot_be_written_to_costs_nothing(predict, tmp_path):
    if not os.path.exists("/dev/full"):
        pytest.skip("there is no /dev/full")
    (tmp_path / "out" / "batch").mkdir(parents=True)
    (tmp_path / "out" / "batch" / "batch.log").symlink_to("/dev/full")
    done = predict()
    assert done.returncode == 0, done.stderr
    assert set(results(tmp_path / "out")) == set(NAMES)
