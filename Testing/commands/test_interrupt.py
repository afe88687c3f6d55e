"""Ctrl-C at any moment: no traceback, exit code 130, what was done is kept, and the way to go on is named."""

import os
import random
import signal
import subprocess
import sys
import time

import pytest

pytestmark = pytest.mark.skipif(os.name != "posix", reason="a process group is interrupted as by a terminal")


@pytest.fixture
def start(write_manifest_file, bundle_folder, tmp_path):
    """Start predicting 200 patients in a process group of its own, as in a terminal."""
    manifest = write_manifest_file(*({"patient_id": f"P{number}"} for number in range(200)))

    def run(*further):
        command = [sys.executable, "-m", "TACEResponseLib.cli", "predict", manifest, "--model", bundle_folder]
        return subprocess.Popen(
            [*map(str, command), "--out", str(tmp_path / "out"), *further],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            # In the background of a script the tests themselves inherit that interrupts are ignored.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )

    return run


def has_begun(process):
    """Whether Python itself has started and the package is being imported (Linux)."""
    with open(f"/proc/{process.pid}/maps") as maps:
        return "_multiarray_umath" in maps.read()


@pytest.mark.parametrize("workers", [(), ("--workers", "2")])
def test_an_interrupt_at_any_moment_ends_quietly(start, tmp_path, workers):
    if not os.path.exists("/proc/self/maps"):
        pytest.skip("the libraries of a process are listed on Linux only")
    random_moments = random.Random(7)
    done = 0
    for _ in range(6):
        running = start("--resume", *workers)
        deadline = time.monotonic() + 60
        while not has_begun(running) and time.monotonic() < deadline:
            time.sleep(0.005)
        time.sleep(random_moments.uniform(0, 2.5))
        os.killpg(running.pid, signal.SIGINT)
        _, errors = running.communicate(timeout=60)
        assert running.returncode == 130, errors
        assert "interrupted" in errors
        assert "--resume" in errors
        assert "Traceback" not in errors
        assert len(errors.splitlines()) == 1, errors
        records = len(list((tmp_path / "out" / "batch").glob("P*.json")))
        assert records >= done
        done = records
        assert not list(tmp_path.rglob("*.part"))


def test_two_interrupts_are_as_good_as_one(start, tmp_path):
    running = start()
    while len(list((tmp_path / "out").glob("P*"))) < 2:
        assert running.poll() is None
        time.sleep(0.005)
    os.killpg(running.pid, signal.SIGINT)
    time.sleep(0.002)
    os.killpg(running.pid, signal.SIGINT)
    _, errors = running.communicate(timeout=60)
    assert running.returncode == 130
    assert "Traceback" not in errors


def test_a_run_in_the_background_of_a_script_is_not_interrupted(write_manifest_file, tmp_path):
    manifest = tmp_path / "facts.csv"
    manifest.write_text("patient_id,child_pugh,portal_venous_invasion,afp_ng_ml,ast_u_l\nP1,A5,no,12,30\n")
    command = [sys.executable, "-m", "TACEResponseLib.cli", "predict", manifest, "--model", "published-clinical"]
    # Ignored before the program starts, as a shell does behind an ampersand.
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        running = subprocess.Popen(
            [*map(str, command), "--out", str(tmp_path / "out")], start_new_session=True, stdout=subprocess.DEVNULL
        )
    finally:
        signal.signal(signal.SIGINT, before)
    while running.poll() is None:
        os.killpg(running.pid, signal.SIGINT)
        time.sleep(0.05)
    assert running.returncode == 0
