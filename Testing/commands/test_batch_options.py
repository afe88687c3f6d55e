"""``--workers`` and ``--resume``: the files of a run without them, whatever is killed, full or closed meanwhile."""

import contextlib
import csv
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk


def files_of(folder):
    """Names and contents of all results, without what a batch keeps for itself and what varies between runs."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and "batch" not in path.relative_to(folder).parts[0] and path.name != "run.json"
    }


def start(*arguments):
    """The command in a process of its own, with its workers."""
    command = [sys.executable, "-m", "TACEResponseLib.cli", *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)


def read_process(pid, name):
    """A file that Linux keeps of a process; empty when the process has ended, which it may do at any moment."""
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""


def is_running(pid):
    """Whether a process does anything yet; one that only waits to be reaped has no command line any more."""
    return read_process(pid, "cmdline") != b""


def workers_of(process):
    """Process IDs of a command's children that do cases (Linux)."""
    if not Path(f"/proc/self/task/{os.getpid()}/children").exists():
        pytest.skip("the children of a process are found on Linux only")
    pids = [int(pid) for pid in read_process(process.pid, f"task/{process.pid}/children").split()]
    return [pid for pid in pids if b"spawn_main" in read_process(pid, "cmdline")]


def wait_until(true, seconds=60):
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.003)


def test_extract_gives_the_same_bytes_by_workers(run, write_manifest_file, tmp_path):
    manifest = write_manifest_file(
        *({"patient_id": f"P{n}"} for n in range(3)), {"patient_id": "Bad", "AP_mask": "no.nrrd"}
    )
    assert run("extract", manifest, "--out", tmp_path / "one.csv")[0] == 3
    code, said, complained = run("extract", manifest, "--out", tmp_path / "two.csv", "--workers", "2")
    assert code == 3
    assert "3 done, 0 skipped (done before), 1 failed" in said
    assert complained.count("failed: Patient Bad, AP") == 1
    for suffix in (".csv", ".csv.json"):
        assert (tmp_path / f"one{suffix}").read_bytes() == (tmp_path / f"two{suffix}").read_bytes()
    assert "does not exist" in (tmp_path / "two.csv.batch" / "Bad.log").read_text()


def test_predict_gives_the_same_bytes_by_workers_and_keeps_what_fails_now(
    run, write_manifest_file, bundle_folder, tmp_path
):
    rows = [{"patient_id": f"P{n}", "portal_venous_invasion": ("yes", "no", "")[n]} for n in range(3)]
    manifest = write_manifest_file(*rows)
    assert run("predict", manifest, "--model", bundle_folder, "--out", tmp_path / "one")[0] == 0
    code, said, complained = run(
        "predict", manifest, "--model", bundle_folder, "--out", tmp_path / "two", "--workers", 2
    )
    assert code == 0, complained
    assert files_of(tmp_path / "one") == files_of(tmp_path / "two")
    assert all(f"Patient P{n}: " in said for n in range(3))
    rows[1]["AP_mask"] = "nowhere.nrrd"
    command = ["predict", write_manifest_file(*rows), "--model", bundle_folder, "--out", tmp_path / "two", "--resume"]
    code, said, complained = run(*command)
    assert code == 3
    assert "0 done, 2 skipped (done before), 1 failed" in said
    assert "kept: " in complained
    assert files_of(tmp_path / "one").keys() == files_of(tmp_path / "two").keys()
    with (tmp_path / "two" / "predictions.csv").open(newline="") as file:
        assert {row["patient_id"]: bool(row["error"]) for row in csv.DictReader(file)} == {
            "P0": False,
            "P1": True,
            "P2": False,
        }


def test_changed_voxels_and_another_model_are_done_again(
    run, write_manifest_file, bundle_folder, make_formula_bundle, image_files, tmp_path
):
    from TACEResponseLib.models import save_bundle

    own = tmp_path / "own.nrrd"
    shutil.copy(image_files["AP_image"], own)
    manifest = write_manifest_file({"patient_id": "P0", "AP_image": str(own)}, {"patient_id": "P1"})
    command = ["predict", manifest, "--out", tmp_path / "out", "--resume", "--model"]
    assert run(*command, bundle_folder)[0] == 0
    before = json.loads((tmp_path / "out" / "P0" / "prediction.json").read_text())
    image = sitk.ReadImage(str(own))
    brighter = sitk.Cast(image + 40, image.GetPixelID())
    sitk.WriteImage(brighter, str(own))
    assert "1 done, 1 skipped" in run(*command, bundle_folder)[1]
    after = json.loads((tmp_path / "out" / "P0" / "prediction.json").read_text())
    assert before["scores"] != after["scores"]
    other = tmp_path / "other"
    save_bundle(make_formula_bundle(threshold=0.3), other)
    assert "2 done, 0 skipped" in run(*command, other)[1]


def test_a_worker_killed_at_random_moments_costs_nothing(write_manifest_file, bundle_folder, tmp_path):
    manifest = write_manifest_file(*({"patient_id": f"P{n}"} for n in range(30)))
    out = tmp_path / "out"
    running = start("predict", manifest, "--model", bundle_folder, "--out", out, "--workers", 2)
    rng = random.Random(4)
    for _ in range(4):
        wait_until(lambda: len(workers_of(running)) == 2 or running.poll() is not None)
        time.sleep(rng.uniform(0.05, 0.4))
        if pids := workers_of(running):
            with contextlib.suppress(ProcessLookupError):
                os.kill(rng.choice(pids), signal.SIGKILL)
    said, complained = running.communicate(timeout=100)
    assert running.returncode == 0, complained
    assert "30 done, 0 skipped (done before), 0 failed" in said
    assert len(list(out.glob("P*/report.html"))) == 30
    assert not [path for path in out.rglob("*") if path.name.endswith(".part")]


def test_a_coordinator_killed_at_random_moments_is_resumed(run, write_manifest_file, bundle_folder, tmp_path):
    manifest = write_manifest_file(*({"patient_id": f"P{n}"} for n in range(24)))
    out = tmp_path / "out"
    command = ["predict", manifest, "--model", bundle_folder, "--out", out, "--workers", 2, "--resume"]
    rng = random.Random(5)
    for least in (3, 9):
        running = start(*command)
        wait_until(lambda least=least: len(list(out.glob("batch/P*.json"))) >= least)
        pids = workers_of(running)
        time.sleep(rng.uniform(0, 0.1))
        running.kill()
        assert running.wait() == -signal.SIGKILL
        # The workers end by themselves when nobody listens any more.
        wait_until(lambda pids=pids: not any(map(is_running, pids)), 20)
        for folder in out.glob("P*"):
            assert json.loads((folder / "prediction.json").read_text())["patient_id"] == folder.name
            assert (folder / "report.html").read_text().rstrip().endswith("</html>")
    code, said, _ = run(*command)
    assert code == 0
    done, skipped = (int(said.split(word)[0].split()[-1]) for word in (" done, ", " skipped"))
    assert done + skipped == 24
    assert skipped >= 9
    assert not [path for path in out.rglob("*") if path.name.endswith(".part")]
    fresh = tmp_path / "fresh"
    run("predict", manifest, "--model", bundle_folder, "--out", fresh)
    assert files_of(out) == files_of(fresh)


_LIMITED = """
import resource, sys
from TACEResponseLib.cli import main
if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), int(sys.argv[1])))
    sys.exit(main(sys.argv[2:]))
"""


@pytest.mark.parametrize("bytes_left", [0, 3000])
def test_a_disk_that_fills_up_is_told_for_each_case(write_manifest_file, bundle_folder, tmp_path, bytes_left):
    script = tmp_path / "limited.py"
    script.write_text(_LIMITED)
    out = tmp_path / "out"
    manifest = write_manifest_file({"patient_id": "P1"}, {"patient_id": "P2"})
    done = subprocess.run(
        [
            sys.executable,
            script,
            str(bytes_left),
            "predict",
            manifest,
            "--model",
            bundle_folder,
            "--out",
            out,
            "--workers",
            "2",
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode in (1, 3), done.stderr
    assert "Traceback" not in done.stderr
    assert "cannot be written" in done.stderr
    assert not list(out.glob("P*"))
    assert not list(out.glob(".P*"))


def test_an_output_in_a_files_place_is_told(run, write_manifest_file, tmp_path):
    (tmp_path / "taken").write_text("a file")
    manifest = write_manifest_file({"patient_id": "P1"})
    code, _, complained = run("extract", manifest, "--out", tmp_path / "taken" / "f.csv", "--workers", "2")
    assert code == 1
    assert "cannot be written" in complained


def test_bad_numbers_of_workers_are_refused(run, write_manifest_file, tmp_path):
    manifest = write_manifest_file({"patient_id": "P1"})
    code, _, complained = run("extract", manifest, "--out", tmp_path / "f.csv", "--workers", "0")
    assert code == 1
    assert "from 1" in complained


def test_a_folder_with_spaces_and_letters_of_any_language(run, write_manifest_file, image_files, tmp_path):
    folder = tmp_path / "Überlebende 患者"
    folder.mkdir()
    own = folder / "Bild – α.nrrd"
    shutil.copy(image_files["AP_image"], own)
    manifest = write_manifest_file({"patient_id": "Pä-1", "AP_image": str(own)})
    code, _, complained = run("extract", manifest, "--out", folder / "f ü.csv", "--workers", "2")
    assert code == 0, complained
    assert np.isfinite(np.loadtxt(folder / "f ü.csv", delimiter=",", skiprows=1, usecols=5))


_SPARE = """
import resource, sys
from TACEResponseLib.cli import main
if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (1_400_000_000,) * 2)
    sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the memory of a process can be limited on Linux only")
def test_a_volume_that_does_not_fit_into_memory_costs_one_case(write_manifest_file, tmp_path):
    """A gigabyte that takes no place on the disk, as large as files may be, and 1.4 GB: not called damaged."""
    big = tmp_path / "big.nrrd"
    header = (
        b"NRRD0004\ntype: double\ndimension: 3\nspace: left-posterior-superior\nsizes: 512 512 500\n"
        b"space directions: (0.5,0,0) (0,0.5,0) (0,0,0.5)\nkinds: domain domain domain\nendian: little\n"
        b"encoding: raw\nspace origin: (0,0,0)\n\n"
    )
    with big.open("wb") as file:
        file.write(header)
        file.truncate(len(header) + 8 * 512 * 512 * 500)
    script = tmp_path / "spare.py"
    script.write_text(_SPARE)
    manifest = write_manifest_file({"patient_id": "Big", "AP_image": str(big)}, {"patient_id": "P1"})
    command = ["extract", manifest, "--sequences", "AP", "--out", tmp_path / "f.csv"]
    done = subprocess.run([sys.executable, script, *command], capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 3, done.stderr
    assert "failed: Patient Big: not enough memory" in done.stderr
    assert "1 of 2 cases" in done.stdout
