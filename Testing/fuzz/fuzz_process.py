"""Running cases in processes with limits: one that ends, hangs or asks for too much memory is noticed and replaced."""

from __future__ import annotations

import multiprocessing
import resource
import signal
import sys
import tempfile
import traceback
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

VERDICTS = ("right", "refused", "silent", "crash")

MEMORY_BYTES = 4_000_000_000
"""Address space of a process; what it really used is measured."""

SECONDS = 60
"""CPU seconds of one case; more is called a hang."""

Case = Callable[[int, Path], tuple[str, str]]
"""``case(seed, empty folder)`` makes an input, reads it and gives a verdict with its reason."""


@dataclass
class Tally:
    """How many cases of one kind got which verdict, and what to look at."""

    name: str
    counts: Counter[str] = field(default_factory=Counter)
    findings: list[str] = field(default_factory=list)
    peak_mb: float = 0.0

    @property
    def tried(self) -> int:
        """Cases run."""
        return sum(self.counts.values())

    @property
    def failed(self) -> bool:
        """Whether any case was silent or a crash."""
        return bool(self.counts["silent"] or self.counts["crash"])


def run_cases(name: str, case: Case, seeds: Iterable[int]) -> Tally:
    """Run a case for every seed, in one process that is replaced when it ends."""
    tally = Tally(name)
    worker = _Worker(case)
    try:
        for seed in seeds:
            verdict, reason, peak_mb = worker.run(seed)
            tally.counts[verdict] += 1
            tally.peak_mb = max(tally.peak_mb, peak_mb)
            if verdict in ("silent", "crash"):
                tally.findings.append(f"{name} seed {seed}: {verdict}: {reason}")
    finally:
        worker.close()
    return tally


def table(tallies: list[Tally]) -> str:
    """The table that `make fuzz` prints."""
    header = f"{'input':<22}{'tried':>8}" + "".join(f"{verdict:>9}" for verdict in VERDICTS) + f"{'peak MB':>9}"
    rows = [
        f"{one.name:<22}{one.tried:>8}"
        + "".join(f"{one.counts[verdict]:>9}" for verdict in VERDICTS)
        + f"{one.peak_mb:>9.0f}"
        for one in tallies
    ]
    return "\n".join([header, *rows])


class _Worker:
    def __init__(self, case: Case) -> None:
        self._case = case
        self._context = multiprocessing.get_context("fork")
        self._start()

    def _start(self) -> None:
        self._pipe, theirs = self._context.Pipe()
        self._process = self._context.Process(target=_serve, args=(self._case, theirs))
        self._process.start()
        theirs.close()

    def run(self, seed: int) -> tuple[str, str, float]:
        self._pipe.send(seed)
        try:
            return self._pipe.recv()
        except (EOFError, ConnectionResetError):
            self._process.join()
            code = self._process.exitcode
            reason = "hang" if code == -signal.SIGXCPU else f"the process ended with {code}"
            self._start()
            return "crash", reason, 0.0

    def close(self) -> None:
        self._pipe.close()
        self._process.join(timeout=5)
        if self._process.is_alive():
            self._process.kill()


def _serve(case: Case, pipe) -> None:
    used = resource.getrusage(resource.RUSAGE_SELF)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    while True:
        try:
            seed = pipe.recv()
        except EOFError:
            return
        used = resource.getrusage(resource.RUSAGE_SELF)
        limit = int(used.ru_utime + used.ru_stime) + SECONDS
        resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.RLIM_INFINITY))
        with tempfile.TemporaryDirectory(prefix="tace-response-fuzz-") as folder:
            try:
                verdict, reason = case(seed, Path(folder))
            except BaseException:
                verdict, reason = "crash", traceback.format_exc(limit=-4)
        peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform == "linux" else 1 << 20)
        pipe.send((verdict, reason, peak_mb))


def in_own_process(function: Callable[..., object], *arguments: object) -> object:
    """What ``function`` returns in a process of its own, None if it raises or ends it: for readers that may crash."""
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe()

    def answer() -> None:
        try:
            theirs.send(function(*arguments))
        except BaseException:
            theirs.send(None)

    process = context.Process(target=answer)
    process.start()
    theirs.close()
    try:
        return ours.recv() if ours.poll(SECONDS) else None
    except EOFError:
        return None
    finally:
        process.kill()
        process.join()
