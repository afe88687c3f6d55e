"""The same batch on a real cluster of processes on this machine."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from TACEResponseLib.batch import read_record, run_batch
from TACEResponseLib.batch.dask_cluster import DaskCluster

distributed = pytest.importorskip("distributed")

FOLDER = Path(__file__).parent


@pytest.fixture
def cluster(tmp_path):
    """Address of a scheduler, with two workers, and its process."""
    environment = {**os.environ, "PYTHONPATH": str(FOLDER), "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "1"}
    address_file = tmp_path / "scheduler.json"
    command = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "env": environment, "cwd": tmp_path}
    quiet["start_new_session"] = True
    processes = [
        subprocess.Popen([*command, "--no-dashboard", "--scheduler-file", str(address_file)], **quiet)
    ]  # fmt: skip
    worker = [sys.executable, "-m", "distributed.cli.dask_worker", "--scheduler-file", str(address_file)]
    worker += ["--nthreads", "1", "--nworkers", "2", "--no-dashboard", "--host", "127.0.0.1"]
    try:
        deadline = time.monotonic() + 30
        while not address_file.exists() and time.monotonic() < deadline:
            time.sleep(0.1)
        processes.append(subprocess.Popen(worker, **quiet))
        with distributed.Client(scheduler_file=str(address_file), set_as_default=False) as client:
            client.wait_for_workers(2, timeout=60)
            address = client.scheduler.address
        yield address, processes[0]
    finally:
        for process in processes:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@pytest.fixture
def batch(cases, tmp_path, cluster):
    from batch_jobs import FileJob

    def run(resume=False, progress=lambda done, total, text: None, **job):
        return run_batch(
            cases,
            FileJob(tmp_path / "results", **job),
            tmp_path / "batch",
            DaskCluster(cluster[0]),
            progress,
            lambda outcome: None,
            resume,
        )

    return run


def test_the_same_records_resume_and_the_cost_of_a_dead_worker(batch, cases, tmp_path):
    cases[3].sources["AP"].image_path.write_text("kill")
    cases[5].sources["AP"].image_path.write_text("bad")
    summary = batch()
    assert [key.patient_id for key in summary.done] == ["P0", "P1", "P2", "P4", "P6", "P7", "P8", "P9"]
    assert [failure.key.patient_id for failure in summary.failed] == ["P3", "P5"]
    assert "killed, or out of memory" in summary.failed[0].text
    assert summary.failed[1].text == "Patient P5: the image is bad."
    assert read_record(tmp_path / "batch", "P9")["square"] == 81
    cases[3].sources["AP"].image_path.write_text("3")
    summary = batch(resume=True)
    assert [key.patient_id for key in summary.done] == ["P3"]
    assert len(summary.skipped) == 8


def test_a_scheduler_that_goes_away_is_told_and_what_was_done_is_kept(batch, cluster, tmp_path):
    def kill_scheduler(*_):
        cluster[1].kill()

    with pytest.raises(ValueError, match="was lost; finished cases are kept"):
        batch(progress=kill_scheduler, seconds=0.2)
    assert list((tmp_path / "batch").glob("P*.json"))


def test_no_scheduler_at_the_address(cases, tmp_path):
    from batch_jobs import FileJob

    with pytest.raises(ValueError, match=r"No Dask scheduler answers at tcp://127\.0\.0\.1:9"):
        run_batch(cases, FileJob(tmp_path), tmp_path / "b", DaskCluster("tcp://127.0.0.1:9"), print, print)
