"""Worker processes on this machine, each with a pipe of its own, so that the death of one costs one case."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import sys
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any

from ..cohort import Case, Progress
from .job import FAILED, CaseOutcome, CaseTask, Outcomes

FIRST_ANSWER_S = 120.0
"""A process that has not answered by then never will: spawning through a launcher can hang."""

_ATTEMPTS = 2

_STARTS = 5
"""So many workers in a row end before their first answer: the next would too."""

_STOP_S = 5.0

_THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")

_log = logging.getLogger(__name__)

Work = tuple[Case, str]
"""A case and the name of its files."""


class WorkersCannotStartError(ValueError):
    """No worker process can be had, for the reason ``cause``; the same work can be done in this process."""

    def __init__(self, cause: str) -> None:
        super().__init__(
            f"No worker process can start ({cause}). Without --workers the cases are processed one after the other in "
            "this process."
        )
        self.cause = cause


@dataclass
class _Worker:
    process: BaseProcess
    pipe: Connection
    started_s: float
    start_error: str = ""
    is_ready: bool = False
    work: Work | None = None

    def give(self, waiting: deque[Work]) -> None:
        """The next case, if there is one."""
        self.work = waiting.popleft() if waiting else None
        if self.work:
            # A worker that died meanwhile is noticed by the end of its pipe.
            with suppress(OSError):
                self.pipe.send(self.work)

    def stop(self) -> None:
        """End the process, whatever it does."""
        self.pipe.close()
        if self.start_error:
            return
        self.process.terminate()
        self.process.join(_STOP_S)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()


@dataclass(frozen=True)
class _NotStarted:
    """A worker's first and last answer: why it cannot do any case."""

    cause: str


class LocalWorkers:
    """``count`` processes, started afresh (no fork), one thread each; a dead one is replaced."""

    def __init__(self, count: int, first_answer_s: float = FIRST_ANSWER_S) -> None:
        self._count = count
        self._first_answer_s = first_answer_s
        self._context = multiprocessing.get_context("spawn")

    def outcomes(self, task: CaseTask, works: Sequence[Work], progress: Progress) -> Outcomes:
        """Do the cases and give their outcomes as they end; of the steps within a case nothing is heard.

        A case whose worker dies (crash, kill, out of memory) is done once more, after all others; if its worker dies
        again, it has failed. Leaving the iterator stops the workers. Raises WorkersCannotStartError if none can start.
        """
        waiting = deque(works)
        attempts: dict[str, int] = {}
        failed_starts = 0
        workers: list[_Worker] = []
        try:
            for _ in range(min(self._count, len(works))):
                workers.append(self._start(task))
            while waiting or any(worker.work for worker in workers):
                for worker in workers:
                    if worker.is_ready and worker.work is None:
                        worker.give(waiting)
                for worker in self._heard(workers):
                    if not worker.is_ready:
                        cause = self._first_answer(worker)
                        failed_starts = 0 if cause is None else failed_starts + 1
                        if cause is not None:
                            workers.remove(worker)
                            worker.stop()
                            self._check_starts(failed_starts, cause, workers)
                            if failed_starts < _STARTS:
                                workers.append(self._start(task))
                        continue
                    try:
                        outcome = worker.pipe.recv()
                        worker.work = None
                    except (EOFError, OSError):
                        outcome = self._after_death(worker, attempts, waiting)
                        workers.remove(worker)
                        if waiting:
                            workers.append(self._start(task))
                    if outcome is not None:
                        yield outcome
        finally:
            for worker in workers:
                worker.stop()

    def _start(self, task: CaseTask) -> _Worker:
        ours, theirs = self._context.Pipe()
        process = self._context.Process(target=_work, args=(theirs,), daemon=True)
        # The libraries read these when they are imported, which is before the worker's first line.
        before = {name: os.environ.get(name) for name in _THREAD_VARIABLES}
        os.environ.update(dict.fromkeys(_THREAD_VARIABLES, "1"))
        start_error = ""
        try:
            with _main_script_forgotten(), _interrupts_held_back():
                process.start()
        except OSError as error:
            start_error = str(error)
        finally:
            for name, value in before.items():
                os.environ.pop(name) if value is None else os.environ.update({name: value})
        # Only the worker holds the other end now: its death is the end of the pipe.
        theirs.close()
        with suppress(OSError):
            ours.send(task)
        return _Worker(process, ours, time.monotonic(), start_error)

    def _heard(self, workers: Sequence[_Worker]) -> list[_Worker]:
        """Workers that answered, ended, or have not started within their time."""
        limits = [worker.started_s + self._first_answer_s for worker in workers if not worker.is_ready]
        pipes = [worker.pipe for worker in workers if worker.work or not worker.is_ready]
        ready = wait(pipes, max(min(limits) - time.monotonic(), 0) if limits else None)
        return [worker for worker in workers if worker.pipe in ready or self._is_silent(worker)]

    def _is_silent(self, worker: _Worker) -> bool:
        return not worker.is_ready and time.monotonic() - worker.started_s >= self._first_answer_s

    def _first_answer(self, worker: _Worker) -> str | None:
        """Note that the worker is ready, or say why it will never be."""
        if not worker.pipe.poll():
            return f"no answer within {self._first_answer_s:.0f} s"
        try:
            answer = worker.pipe.recv()
        except (EOFError, OSError):
            if worker.start_error:
                return worker.start_error
            worker.process.join()
            return _cause_of_death(worker.process.exitcode)
        if isinstance(answer, _NotStarted):
            return answer.cause
        worker.is_ready = True
        return None

    def _check_starts(self, failed_starts: int, cause: str, others: Sequence[_Worker]) -> None:
        """The others go on with fewer workers; without any, the run ends with the reason."""
        _log.warning("a worker process did not start (%s)", cause)
        is_hopeless = failed_starts >= _STARTS or cause.startswith("no answer")
        if is_hopeless and not any(worker.is_ready for worker in others):
            raise WorkersCannotStartError(cause)

    @staticmethod
    def _after_death(worker: _Worker, attempts: dict[str, int], waiting: deque[Work]) -> CaseOutcome | None:
        """The case goes to the end of the queue, or has failed."""
        assert worker.work is not None
        worker.process.join()
        worker.pipe.close()
        case, name = worker.work
        attempts[name] = attempts.get(name, 0) + 1
        cause = _cause_of_death(worker.process.exitcode)
        _log.warning("%s: its worker ended (%s), attempt %d", case.key.label, cause, attempts[name])
        if attempts[name] < _ATTEMPTS:
            waiting.append(worker.work)
            return None
        text = f"{case.key.label}: its worker process ended {_ATTEMPTS} times ({cause}); see Docs/scaling.md."
        return CaseOutcome(case.key, FAILED, text, 0.0, None)


@contextmanager
def _main_script_forgotten() -> Iterator[None]:
    """Keep a new process from running the main script again, as ``spawn`` does for what a script may have defined.

    In Slicer the main script is the last one that was run, somebody's ``.slicerrc.py`` for example, and means nothing
    to a worker, whose task lies in modules.
    """
    main = vars(sys.modules["__main__"])
    before: dict[str, Any] = {name: main[name] for name in ("__file__", "__spec__") if name in main}
    main.pop("__file__", None)
    main["__spec__"] = None
    try:
        yield
    finally:
        main.update(before)


@contextmanager
def _interrupts_held_back() -> Iterator[None]:
    """Ctrl-C reaches every process of a terminal: one that is started here inherits that it is not interested.

    In this process an interrupt of these milliseconds comes right after them.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    from multiprocessing import resource_tracker

    # Starting it, which the first process would do, lets interrupts through again.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _work(pipe: Connection) -> None:
    """The worker: one case after the other until the pipe ends, which it also does when the coordinator is killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with suppress(EOFError, OSError):
        try:
            task = pipe.recv()
            import SimpleITK as sitk

            sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
        except Exception as error:
            pipe.send(_NotStarted(f"{type(error).__name__}: {error}"))
            return
        pipe.send(None)
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
