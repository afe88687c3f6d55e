"""Worker processes on this machine, each with a pipe of its own, so that the death of one costs one case."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

from ..cohort import Case
from .job import FAILED, CaseOutcome, CaseTask

_log = logging.getLogger(__name__)

_ATTEMPTS = 2

_THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")

Work = tuple[Case, str]
"""A case and the name of its files."""


@dataclass
class _Worker:
    process: BaseProcess
    pipe: Connection
    work: Work | None = None


class LocalWorkers:
    """``count`` processes, started afresh (no fork), one thread each; a dead one is replaced."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._context = multiprocessing.get_context("spawn")

    def outcomes(self, task: CaseTask, works: Sequence[Work]) -> Iterator[CaseOutcome]:
        """Do the cases and give their outcomes as they end.

        A case whose worker dies (crash, kill, out of memory) is done once more, after all others; if its worker dies
        again, it has failed. Leaving the iterator stops the workers.
        """
        waiting = deque(works)
        attempts: dict[str, int] = {}
        workers = [self._start(task) for _ in range(min(self._count, len(works)))]
        try:
            for worker in workers:
                self._give(worker, waiting)
            while any(worker.work for worker in workers):
                ready = wait([worker.pipe for worker in workers if worker.work])
                for number, worker in enumerate(workers):
                    if worker.pipe not in ready:
                        continue
                    try:
                        outcome = worker.pipe.recv()
                    except (EOFError, OSError):
                        work = worker.work
                        outcome = self._after_death(worker, work, attempts, waiting)
                        workers[number] = worker = self._start(task)
                    if outcome is not None:
                        yield outcome
                    self._give(worker, waiting)
                for worker in workers:
                    if worker.work is None:
                        self._give(worker, waiting)
        finally:
            for worker in workers:
                self._stop(worker)

    def _start(self, task: CaseTask) -> _Worker:
        ours, theirs = self._context.Pipe()
        process = self._context.Process(target=_work, args=(theirs, task), daemon=True)
        # The libraries read these when they are imported, which is before the worker's first line.
        before = {name: os.environ.get(name) for name in _THREAD_VARIABLES}
        os.environ.update(dict.fromkeys(_THREAD_VARIABLES, "1"))
        try:
            with _main_script_forgotten():
                process.start()
        finally:
            for name, value in before.items():
                os.environ.pop(name) if value is None else os.environ.update({name: value})
        # Only the worker holds the other end now: its death is the end of the pipe.
        theirs.close()
        return _Worker(process, ours)

    @staticmethod
    def _give(worker: _Worker, waiting: deque[Work]) -> None:
        worker.work = waiting.popleft() if waiting else None
        if worker.work:
            # A worker that died meanwhile is noticed by the end of its pipe.
            with suppress(OSError):
                worker.pipe.send(worker.work)

    @staticmethod
    def _after_death(worker: _Worker, work: Work, attempts: dict[str, int], waiting: deque[Work]) -> CaseOutcome | None:
        """The case goes to the end of the queue, or has failed."""
        worker.process.join()
        worker.pipe.close()
        case, name = work
        attempts[name] = attempts.get(name, 0) + 1
        cause = _cause_of_death(worker.process.exitcode)
        _log.warning("%s: its worker ended (%s), attempt %d", case.key.label, cause, attempts[name])
        if attempts[name] < _ATTEMPTS:
            waiting.append(work)
            return None
        text = f"{case.key.label}: the process that did it ended {_ATTEMPTS} times ({cause}); see Docs/scaling.md."
        return CaseOutcome(case.key, FAILED, text, 0.0, None)

    @staticmethod
    def _stop(worker: _Worker) -> None:
        worker.pipe.close()
        worker.process.terminate()
        worker.process.join()


@contextmanager
def _main_script_forgotten() -> Iterator[None]:
    """Keep a new process from running the main script again, as ``spawn`` does for what a script may have defined.

    In Slicer the main script is the last one that was run, somebody's ``.slicerrc.py`` for example, and means nothing
    to a worker, whose task lies in modules.
    """
    main = vars(sys.modules["__main__"])
    before = {name: main[name] for name in ("__file__", "__spec__") if name in main}
    main.pop("__file__", None)
    main["__spec__"] = None
    try:
        yield
    finally:
        main.update(before)


def _work(pipe: Connection, task: CaseTask) -> None:
    """The worker: one case after the other until the pipe ends, which it also does when the coordinator is killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    import SimpleITK as sitk

    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    with suppress(EOFError, OSError):
        while True:
            case, name = pipe.recv()
            pipe.send(task(case, name))


def _cause_of_death(exitcode: int | None) -> str:
    if exitcode is None or exitcode >= 0:
        return f"exit code {exitcode}"
    with suppress(ValueError):
        name = signal.Signals(-exitcode).name
        return f"{name}: killed, perhaps for lack of memory" if name == "SIGKILL" else name
    return f"signal {-exitcode}"
