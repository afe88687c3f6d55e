"""A job over many cases: records case by case, resume, a log, and the cost of one failure."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from ..cohort import Case, CaseKey, Progress, case_folder_names
from .job import DONE, FAILED, CaseFailure, CaseJob, CaseOutcome, CaseTask, Outcomes

LOG_FILE = "batch.log"

_PART = re.compile(r"\.(?P<name>.+?)(\.json|\.log)?\.\d+(\.old)?\.part")


class Workers(Protocol):
    """Where cases are done: `InProcess`, `LocalWorkers` or `DaskCluster`."""

    def outcomes(self, task: CaseTask, works: Sequence[tuple[Case, str]], progress: Progress) -> Outcomes:
        """Do the cases and give their outcomes as they end; ``progress`` is for the steps within a case."""
        ...


@dataclass(frozen=True)
class BatchSummary:
    """Cases by how they ended, each in the order of the cases.

    ``names`` are their files' names in the folder; ``log`` has a line for each of them.
    """

    done: tuple[CaseKey, ...]
    skipped: tuple[CaseKey, ...]
    failed: tuple[CaseFailure, ...]
    names: dict[CaseKey, str]
    log: Path

    @property
    def with_result(self) -> list[CaseKey]:
        """Cases that were done now or before, in the order of the cases."""
        there = {*self.done, *self.skipped}
        return [key for key in self.names if key in there]


def run_batch(
    cases: Sequence[Case],
    job: CaseJob,
    folder: Path,
    workers: Workers,
    progress: Progress,
    report: Callable[[CaseOutcome], None],
    resume: bool = False,
) -> BatchSummary:
    """Do ``job`` for every case.

    Parameters
    ----------
    cases : sequence of Case
    job : CaseJob
    folder : Path
        Gets a record of each case (``<case>.json``), a log of each failed case (``<case>.log``) and ``batch.log``, one
        line a case with seconds and the most memory that its process has held.
    workers : Workers
    progress : Progress
        Called after each case, and within a case that is done in this process; what it raises stops the batch.
    report : callable
        Called with each case as it ends.
    resume : bool
        Cases whose record was made by the same version from the same settings, row and files are skipped.

    Raises
    ------
    ValueError
        If the folder cannot be written or the workers cannot be had.
    """
    names = case_folder_names([case.key for case in cases])
    task = CaseTask(job, folder, resume)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        remove_leftovers((folder, *job.folders), set(names.values()))
        log = (folder / LOG_FILE).open("ab", buffering=0)
    except OSError as error:
        raise ValueError(f"{folder} cannot be written: {error.strerror}.") from error
    by_status: dict[str, set[CaseKey]] = {}
    texts: dict[CaseKey, str] = {}
    outcomes = workers.outcomes(task, [(case, names[case.key]) for case in cases], progress)
    try:
        # Workers have ended, whatever happened, before what they began to write is taken away.
        with log, closing(outcomes):
            for count, outcome in enumerate(outcomes, start=1):
                by_status.setdefault(outcome.status, set()).add(outcome.key)
                if outcome.status == FAILED:
                    texts[outcome.key] = outcome.text
                    _keep_log(folder / f"{names[outcome.key]}.log", outcome.text)
                # A full disk must not stop the batch for want of a line in its log.
                with suppress(OSError):
                    log.write(_line(outcome, names[outcome.key]).encode("utf-8"))
                report(outcome)
                progress(count, len(cases), str(outcome.key))
    finally:
        remove_leftovers((folder, *job.folders), set(names.values()))
    done = by_status.get(DONE, set())
    return BatchSummary(
        done=tuple(key for key in names if key in done),
        skipped=tuple(key for key in names if key not in done and key not in texts),
        failed=tuple(CaseFailure(key, texts[key]) for key in names if key in texts),
        names=names,
        log=folder / LOG_FILE,
    )


def remove_leftovers(folders: Sequence[Path], names: set[str]) -> None:
    """Take away what killed processes had begun to write for these cases under temporary names."""
    for folder in folders:
        for path in folder.glob(".*.part"):
            match = _PART.fullmatch(path.name)
            if match and match["name"] in names:
                shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def _keep_log(path: Path, text: str) -> None:
    """A worker that was killed left no log: its case gets one with the reason alone."""
    with suppress(OSError):
        if not path.exists():
            path.write_text(text + "\n", encoding="utf-8")


def _line(outcome: CaseOutcome, name: str) -> str:
    when = datetime.now().astimezone().isoformat(timespec="seconds")
    memory = "-" if outcome.memory_mb is None else f"{outcome.memory_mb:.0f} MB"
    reason = outcome.text.replace("\n", " ")
    return f"{when} {outcome.status:7} {outcome.seconds:8.2f} s {memory:>8}  {name}{f'  {reason}' if reason else ''}\n"
