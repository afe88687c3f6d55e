"""What all commands share: help, arguments, faults of a manifest, the progress bar."""

import io
import subprocess
import sys

import pytest
from TACEResponseLib.commands.terminal import Terminal


@pytest.mark.parametrize("command", ["phantom", "extract", "predict", "train", "self-check"])
def test_help_has_examples_and_exit_codes(run, capsys, command):
    assert run(command, "--help")[0] == 0
    text = capsys.readouterr().out
    assert f"  tace-response {command}" in text
    assert "exit codes: 0 all done, 1 error, 2 bad arguments, 3 some cases failed" in text


@pytest.mark.parametrize(
    "arguments",
    [[], ["dance"], ["predict"], ["phantom", "--patients", "0", "--out", "x"], ["extract", "--engine", "x"]],
)
def test_bad_arguments_give_exit_code_2(run, arguments):
    assert run(*arguments)[0] == 2


def test_exit_codes_reach_the_shell(tmp_path):
    command = [sys.executable, "-m", "TACEResponseLib.cli", "extract", "nowhere.csv", "--out", "f.csv"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 1
    assert "nowhere.csv" in done.stderr
    assert "Traceback" not in done.stderr


def test_all_faults_of_a_manifest_are_told_at_once(run, write_manifest_file, tmp_path):
    manifest = write_manifest_file(
        {"patient_id": "P1", "child_pugh": "D"},
        {"patient_id": "P2", "afp_ng_ml": "<500"},
        {"patient_id": "../x", "ast_u_l": "-3"},
        {"patient_id": "P1"},
    )
    code, _, complained = run("extract", manifest, "--out", tmp_path / "f.csv")
    assert code == 1
    for place in ("row 2", "row 3", "row 4", "row 5", "child_pugh", "afp_ng_ml", "ast_u_l", "patient_id"):
        assert place in complained, place
    assert [path.name for path in tmp_path.iterdir()] == ["manifest.csv"]


class FakeScreen(io.StringIO):
    def isatty(self):
        return True


def test_the_progress_bar_is_for_terminals_only():
    file, screen = io.StringIO(), FakeScreen()
    for errors in (file, screen):
        terminal = Terminal(io.StringIO(), errors)
        terminal.progress(1, 2, "patient P1: reading AP")
        terminal.print("done")
    assert file.getvalue() == ""
    assert "50%" in screen.getvalue()
    assert "patient P1: reading AP" in screen.getvalue()
    assert screen.getvalue().endswith("\r")


@pytest.mark.parametrize("command", [("extract",), ("predict", "--model", "published-clinical")])
def test_an_engine_that_is_not_installed_is_told_once(run, write_manifest_file, tmp_path, monkeypatch, command):
    monkeypatch.setitem(sys.modules, "radiomics", None)
    manifest = write_manifest_file({"patient_id": "P1"}, {"patient_id": "P2"})
    code, _, complained = run(*command, manifest, "--out", tmp_path / "out", "--engine", "pyradiomics")
    assert code == 1
    assert complained.count("PyRadiomics is not installed") == 1
    assert not (tmp_path / "out").exists()


def test_a_missing_package_of_the_extra_train_is_named_with_its_installation(run, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "statsmodels", None)
    monkeypatch.setitem(sys.modules, "statsmodels.stats", None)
    monkeypatch.setitem(sys.modules, "statsmodels.stats.proportion", None)
    table = tmp_path / "cohort.csv"
    rows = [
        f"P{n},{'AB'[n % 2]},{'yes' if n % 3 else 'no'},{90 * n},{30 + n},{'OR' if n % 4 else 'NOR'}" for n in range(16)
    ]
    header = "patient_id,child_pugh,portal_venous_invasion,afp_ng_ml,ast_u_l,response"
    table.write_text("\n".join([header, *rows]).replace(",0,", ",1,"), encoding="utf-8")
    code, _, printed = run("evaluate", table, "--model", "published-clinical", "--out", tmp_path / "out")
    assert code == 1
    assert "The Python package statsmodels" in printed
    assert ".venv/bin/pip install --constraint requirements.lock --editable '.[train]'" in printed
