"""Workers: every case is done once, a death costs one case, records allow to resume, changes are noticed."""

import importlib
import os
import re
import subprocess
import sys
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
from TACEResponseLib.batch import InProcess, choose_workers, read_record, run_batch
from TACEResponseLib.batch.local_workers import LocalWorkers, WorkersCannotStartError
from TACEResponseLib.cohort import Case, CaseKey, ClinicalRecord

# Found by the path that conftest.py sets, in workers too.
FileJob = importlib.import_module("batch_jobs").FileJob


@pytest.fixture
def batch(cases, tmp_path):
    """Run a batch of FileJob, with 0 workers in this process: (summary, the outcomes that were reported)."""

    def run(workers=2, resume=False, of=cases, progress=lambda done, total, text: None, pool=None, **job):
        reported = []
        summary = run_batch(
            of,
            FileJob(tmp_path / "results", **job),
            tmp_path / "batch",
            pool or (LocalWorkers(workers) if workers else InProcess()),
            progress,
            reported.append,
            resume,
        )
        return summary, reported

    return run


def ids(keys):
    return [key.patient_id for key in keys]


def set_file(case, text):
    case.sources["AP"].image_path.write_text(text)


@pytest.mark.parametrize("workers", [0, 1, 3])
def test_every_case_is_done_once_in_any_number_of_processes(batch, cases, tmp_path, workers):
    from batch_jobs import calls_of

    fractions = []
    summary, reported = batch(workers, progress=lambda done, total, text: fractions.append(done / total))
    assert ids(summary.done) == [f"P{n}" for n in range(10)]
    assert summary.with_result == [case.key for case in cases]
    assert (summary.skipped, summary.failed) == ((), ())
    assert [read_record(tmp_path / "batch", f"P{n}")["square"] for n in range(10)] == [n * n for n in range(10)]
    processes = {pid for n in range(10) for pid in calls_of(tmp_path / "results", f"P{n}")}
    assert sum(len(calls_of(tmp_path / "results", f"P{n}")) for n in range(10)) == 10
    assert (processes == {os.getpid()}) is (workers == 0)
    assert 1 <= len(processes) <= max(workers, 1)
    # In this process the steps within each case count too: here one, in the middle.
    steps = 20 if workers == 0 else 10
    assert fractions == pytest.approx([n / steps for n in range(1, steps + 1)])
    assert sorted(line for outcome in reported for line in outcome.lines) == [f"P{n} done" for n in range(10)]


@pytest.mark.parametrize("as_module", [False, True])
def test_workers_do_not_run_the_main_script_again(cases, tmp_path, as_module):
    """As a ``.slicerrc.py`` of Slicer, which no one guards with ``__name__``."""
    script = tmp_path / "startup.py"
    script.write_text(
        "import sys\n"
        "from pathlib import Path\n"
        f"here = Path({str(tmp_path)!r})\n"
        "with (here / 'runs').open('a') as runs:\n"
        "    runs.write('run\\n')\n"
        f"sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        "from batch_jobs import FileJob\n"
        "from TACEResponseLib.batch import run_batch\n"
        "from TACEResponseLib.batch.local_workers import LocalWorkers\n"
        "from TACEResponseLib.cohort import Case, CaseKey, FileSource\n"
        "image = here / 'image'\n"
        "image.write_text('7')\n"
        "case = Case(CaseKey('P0'), {'AP': FileSource(image, image)})\n"
        "job = FileJob(here / 'results')\n"
        "summary = run_batch([case], job, here / 'batch', LocalWorkers(1), lambda *_: None, lambda _: None, False)\n"
        "assert not summary.failed, summary\n"
        "assert Path(__file__).name == 'startup.py'\n"
    )
    command = [sys.executable, *(["-m", "startup"] if as_module else [str(script)])]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "results" / "P0.txt").read_text() == "49"
    assert (tmp_path / "runs").read_text() == "run\n"


@pytest.mark.parametrize("workers", [0, 2])
def test_one_line_a_case_with_time_and_memory(batch, cases, tmp_path, workers):
    set_file(cases[4], "bad")
    batch(workers)
    lines = (tmp_path / "batch" / "batch.log").read_text().splitlines()
    assert len(lines) == 10
    pattern = r"\d{4}-\d\d-\d\dT[\d:]{8}[+-][\d:]{5} (done|failed) +\d+\.\d\d s +\d+ MB  P\d(  Patient P4: .*)?"
    assert all(re.fullmatch(pattern, line) for line in lines), lines


@pytest.mark.parametrize("workers", [0, 2])
def test_a_bad_case_and_a_fault_of_ours_leave_a_log_each(batch, cases, tmp_path, workers):
    for number, text in enumerate(("bad", "fault", "memory")):
        set_file(cases[number], text)
    summary, _ = batch(workers)
    assert ids(summary.done) == [f"P{n}" for n in range(3, 10)]
    bad, fault, memory = (failure.text for failure in summary.failed)
    assert bad == "Patient P0: the image is bad."
    assert fault.startswith("Patient P1: an unexpected error, KeyError")
    assert memory.startswith("Patient P2: not enough memory")
    logs = sorted(path.name for path in (tmp_path / "batch").glob("P*.log"))
    assert logs == ["P0.log", "P1.log", "P2.log"]
    assert "Traceback" in (tmp_path / "batch" / "P1.log").read_text()
    set_file(cases[0], "5")
    batch(resume=True)
    assert not (tmp_path / "batch" / "P0.log").exists()


@pytest.mark.parametrize(
    ("word", "cause"), [("kill", "SIGKILL: killed, perhaps for lack of memory"), ("exit", "exit code 7")]
)
def test_a_worker_that_dies_twice_costs_one_case(batch, cases, tmp_path, word, cause):
    from batch_jobs import calls_of

    set_file(cases[3], word)
    summary, _ = batch()
    assert len(summary.done) == 9
    [failure] = summary.failed
    assert failure.key == CaseKey("P3")
    assert cause in failure.text
    assert len(calls_of(tmp_path / "results", "P3")) == 2
    assert "ended 2 times" in (tmp_path / "batch" / "P3.log").read_text()
    assert not list(tmp_path.rglob("*.part"))


def test_a_case_whose_worker_was_killed_once_is_done_again(batch, cases, tmp_path):
    for number in (2, 7):
        set_file(cases[number], f"kill once {number}")
    summary, _ = batch()
    assert (len(summary.done), summary.failed) == (10, ())
    assert (tmp_path / "results" / "P7.txt").read_text() == "49"
    assert not list(tmp_path.rglob("*.part"))


def test_all_workers_may_die(batch, cases):
    for case in cases:
        set_file(case, "kill")
    summary, _ = batch(of=cases[:4])
    assert len(summary.failed) == 4


@pytest.mark.parametrize("workers", [0, 2])
def test_resume_does_only_what_is_missing_or_changed(batch, cases, tmp_path, workers):
    batch = partial(batch, workers)
    set_file(cases[0], "bad")
    batch(of=cases[:6])
    set_file(cases[1], "11")
    (tmp_path / "results" / "P2.txt").unlink()
    (tmp_path / "batch" / "P3.json").write_text('{"finger')
    known = Case(cases[4].key, cases[4].sources, ClinicalRecord.from_cells(ast_u_l="50"))
    again = [*cases[:4], known, *cases[5:]]
    summary, _ = batch(of=again, resume=True)
    assert ids(summary.done) == ["P1", "P2", "P3", "P4", "P6", "P7", "P8", "P9"]
    assert ids(summary.skipped) == ["P5"]
    assert ids(failure.key for failure in summary.failed) == ["P0"]
    assert read_record(tmp_path / "batch", "P1")["square"] == 121
    summary, _ = batch(of=again[1:], resume=True)
    assert len(summary.skipped) == 9
    assert summary.with_result == [case.key for case in again[1:]]
    # Other settings, and no --resume: everything again.
    assert len(batch(of=again[1:], resume=True, factor=3)[0].done) == 9
    assert len(batch(of=again[1:], factor=3)[0].done) == 9


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("reason", [KeyboardInterrupt, OSError])
def test_a_batch_can_be_stopped_and_its_workers_end(batch, tmp_path, workers, reason):
    """By Ctrl-C, or by whatever the progress raises, also between the steps of a case."""
    from batch_jobs import calls_of

    def stop(done, total, text):
        if done / total > 0.25:
            raise reason

    with pytest.raises(reason):
        batch(workers, progress=stop, seconds=0.05)
    called = sum(len(calls_of(tmp_path / "results", f"P{n}")) for n in range(10))
    assert 3 <= called <= 5
    summary, _ = batch(resume=True)
    assert len(summary.skipped) >= 3
    assert len(summary.with_result) == 10


def test_leftovers_of_a_killed_coordinator_go_and_those_of_others_stay(batch, tmp_path):
    for name in ("results/.P3.77.part", "batch/.P3.json.77.part", "results/.Q.5.part"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("half")
    (tmp_path / "results/.P3.77.old.part").mkdir()
    batch()
    assert [path.name for path in tmp_path.rglob(".*part")] == [".Q.5.part"]


def test_workers_are_chosen_by_what_was_asked():
    assert isinstance(choose_workers(None, None), InProcess)
    assert isinstance(choose_workers(1, None), LocalWorkers)
    with pytest.raises(ValueError, match="not both"):
        choose_workers(2, "tcp://x:1")
    with pytest.raises(ValueError, match="from 1"):
        choose_workers(0, None)


@dataclass(frozen=True)
class JobWithoutModule(FileJob):
    """Sent to workers, it needs a module that they do not have."""

    def __reduce__(self):
        return importlib.import_module, ("no_such_module_of_a_worker",)


def test_workers_that_can_never_start_stop_the_run_with_the_reason(cases, tmp_path):
    job = JobWithoutModule(tmp_path / "results")
    with pytest.raises(WorkersCannotStartError, match=r"ModuleNotFoundError: .*no_such_module.* Without --workers"):
        run_batch(cases, job, tmp_path / "batch", LocalWorkers(2), lambda *_: None, lambda _: None)
    assert not (tmp_path / "batch" / "P0.log").exists(), "no case has failed"


@pytest.mark.parametrize(
    ("program", "reason"),
    [("exit 9", "exit code 9"), ("sleep 60", "no answer within 2 s"), ("kill -9 $$", "SIGKILL")],
)
def test_a_python_that_cannot_be_started_is_given_up_in_time(batch, tmp_path, monkeypatch, program, reason):
    """Such as Slicer's launcher, by which spawning may hang."""
    if os.name != "posix":
        pytest.skip("the program is a shell script")
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\n{program}\n")
    python.chmod(0o755)
    monkeypatch.setattr("multiprocessing.spawn._python_exe", os.fsencode(python))
    started_s = time.monotonic()
    with pytest.raises(WorkersCannotStartError, match=re.escape(reason)):
        batch(pool=LocalWorkers(2, 2.0))
    assert time.monotonic() - started_s < 30


def test_a_worker_that_ends_before_its_first_answer_is_replaced(batch, monkeypatch):
    """The first two processes end at once, as when memory is short for a moment; no case has failed by it."""
    real_start = LocalWorkers._start
    starts = []

    def start(self, task):
        worker = real_start(self, task)
        starts.append(worker)
        if len(starts) <= 2:
            worker.process.kill()
        return worker

    monkeypatch.setattr(LocalWorkers, "_start", start)
    assert len(batch()[0].done) == 10
    assert len(starts) == 4


@pytest.mark.parametrize("record_is_result", [True, False])
def test_a_record_that_cannot_be_written_costs_only_a_result_that_it_would_hold(
    batch, cases, tmp_path, record_is_result
):
    (tmp_path / "batch" / "P3.json").mkdir(parents=True)
    summary, reported = batch(0, record_is_result=record_is_result)
    assert ("P3" in ids(summary.done)) is not record_is_result
    [outcome] = [outcome for outcome in reported if outcome.key == cases[3].key]
    assert "cannot be written" in outcome.text if record_is_result else "--resume will process" in outcome.warnings[0]
