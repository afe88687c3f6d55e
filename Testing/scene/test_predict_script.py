"""Scripts for Slicer as processes of their own: same values as the commands, true exit codes, an end in any case."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from TACEResponseLib.cohort import read_manifest
from TACEResponseLib.workflow import predict_case


@pytest.fixture
def run_script(repository):
    """Run the script with arguments; its exit code and what it said."""

    def run(*arguments, name="predict.py"):
        script = repository / "TACEResponse" / "Scripts" / name
        runner = Path(__file__).with_name("run_script.py")
        environment = {**os.environ, "PYTHONPATH": ""}
        done = subprocess.run(
            [sys.executable, str(runner), str(script), *map(str, arguments)],
            capture_output=True,
            text=True,
            timeout=120,
            env=environment,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    return run


def test_a_manifest_gives_what_the_library_gives(run_script, phantom_cohort, bundle_folder, phantom_bundle, tmp_path):
    code, said = run_script("--manifest", phantom_cohort, "--model", bundle_folder, "--out", tmp_path / "out")
    assert code == 0, said
    with (tmp_path / "out" / "predictions.csv").open() as file:
        rows = {row["patient_id"]: row for row in csv.DictReader(file)}
    for case in read_manifest(phantom_cohort):
        expected = predict_case(case, phantom_bundle).prediction
        assert float(rows[case.key.patient_id]["probability"]) == pytest.approx(expected.probability, abs=1e-6)
        fields = json.loads((tmp_path / "out" / case.key.patient_id / "prediction.json").read_text())
        assert fields["probability"] == pytest.approx(expected.probability, abs=1e-12)


def test_exit_codes_are_true(run_script, phantom_cohort, bundle_folder, tmp_path):
    assert run_script("--model", "x")[0] == 2
    assert run_script("--scene", "a.mrb", "--model", bundle_folder, "--out", tmp_path / "a", "--no-such")[0] == 2
    code, said = run_script("--scene", tmp_path / "none.mrb", "--model", bundle_folder, "--out", tmp_path / "b")
    assert code == 3
    assert "does not exist" in said
    code, said = run_script("--scene", tmp_path / "none.mrb", "--model", "no-model", "--out", tmp_path / "c")
    assert code == 1
    assert "There is no model no-model" in said
    assert run_script("--manifest", tmp_path / "none.csv", "--model", bundle_folder, "--out", tmp_path / "d")[0] == 1


def test_it_ends_with_an_error_also_on_an_exception(run_script, tmp_path, phantom_cohort):
    (tmp_path / "file").write_text("no folder")
    folder = tmp_path / "bundle"
    folder.mkdir()
    (folder / "model.json").write_text("[]")
    code, said = run_script("--manifest", phantom_cohort, "--model", folder, "--out", tmp_path / "file")
    assert code == 1, said


def test_workers_and_resume_are_those_of_the_command(run_script, phantom_cohort, bundle_folder, tmp_path):
    arguments = ("--manifest", phantom_cohort, "--model", bundle_folder, "--out", tmp_path / "out", "--workers", 2)
    code, said = run_script(*arguments)
    assert code == 0, said
    assert "2 done, 0 skipped" in said
    written = (tmp_path / "out" / "predictions.csv").read_bytes()
    code, said = run_script(*arguments, "--resume")
    assert code == 0, said
    assert "0 done, 2 skipped" in said
    assert (tmp_path / "out" / "predictions.csv").read_bytes() == written


def test_any_command_runs_with_its_own_exit_code(run_script, phantom_cohort, tmp_path):
    name = "tace_response.py"
    out = tmp_path / "features.csv"
    code, said = run_script("extract", phantom_cohort, "--out", out, "--sequences", "AP", name=name)
    assert code == 0, said
    assert len(out.read_text().splitlines()) == 1 + len(read_manifest(phantom_cohort))
    assert run_script("no-such-command", name=name)[0] == 2
    assert run_script("extract", tmp_path / "none.csv", "--out", out, name=name)[0] == 1
