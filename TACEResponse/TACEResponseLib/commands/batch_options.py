"""The options of commands that go over many cases, and what they print of each."""

from __future__ import annotations

import argparse

from ..batch import FAILED, SKIPPED, CaseOutcome, choose_workers
from ..features import get_engine
from ..workflow import CohortResult, CohortRun
from .terminal import Terminal


def add_batch_arguments(parser: argparse.ArgumentParser) -> None:
    """``--workers``, ``--dask`` and ``--resume``."""
    parser.add_argument(
        "--workers",
        type=int,
        metavar="N",
        help="number of processes; a crash then costs one case, not the run (default: this process)",
    )
    parser.add_argument("--dask", metavar="ADDRESS", help="a running dask.distributed cluster, e.g. tcp://node7:8786")
    parser.add_argument(
        "--resume", action="store_true", help="process only what is missing or has changed since an earlier run"
    )


def check_engine(arguments: argparse.Namespace) -> None:
    """Raises ValueError once, not for every case, if the engine is not installed; a cluster has its own Pythons."""
    if arguments.dask is None:
        get_engine(arguments.engine)


def cohort_run(arguments: argparse.Namespace, terminal: Terminal) -> CohortRun:
    """How the cohort is done, printing each case as it ends."""
    workers = choose_workers(arguments.workers, arguments.dask)

    def report(outcome: CaseOutcome) -> None:
        for line in outcome.warnings:
            terminal.warn(line)
        for line in outcome.lines:
            terminal.print(line)
        if outcome.status == FAILED:
            terminal.warn(f"failed: {outcome.text}")

    return CohortRun(terminal.progress, report, workers, arguments.resume)


def print_summary(result: CohortResult, terminal: Terminal) -> None:
    """How many were done, skipped and failed, where there is more than one case."""
    summary = result.summary
    if len(summary.names) > 1 or summary.skipped:
        counts = (
            f"{len(summary.done)} done, {len(summary.skipped)} {SKIPPED} (done before), {len(summary.failed)} failed"
        )
        terminal.print(f"{counts}; log: {summary.log}")
