"""The options of commands that go over many cases, and what they tell of each."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..batch import FAILED, SKIPPED, BatchSummary, CaseOutcome
from ..features import get_engine
from .terminal import Terminal


def add_batch_arguments(parser: argparse.ArgumentParser) -> None:
    """``--workers``, ``--dask`` and ``--resume``."""
    parser.add_argument(
        "--workers", type=int, metavar="N", help="N processes; one that crashes costs one case, not the run"
    )
    parser.add_argument("--dask", metavar="ADDRESS", help="a running dask.distributed cluster, e.g. tcp://node7:8786")
    parser.add_argument(
        "--resume", action="store_true", help="do only what is missing or changed since a run with one of these options"
    )


def check_engine(arguments: argparse.Namespace) -> None:
    """Raises ValueError once, not for every case, if the engine is not installed; a cluster has its own Pythons."""
    if arguments.dask is None:
        get_engine(arguments.engine)


def tell_outcome(outcome: CaseOutcome, terminal: Terminal) -> None:
    """What a case said while it was done elsewhere."""
    for line in outcome.complained:
        terminal.complain(line)
    for line in outcome.said:
        terminal.say(line)
    if outcome.status == FAILED:
        terminal.complain(f"not done: {outcome.text}")


def tell_summary(summary: BatchSummary, folder: Path, terminal: Terminal) -> None:
    """How many were done, skipped and failed."""
    terminal.say(
        f"{len(summary.done)} done, {len(summary.skipped)} {SKIPPED} (done before), {len(summary.failed)} failed; "
        f"log: {folder / 'batch.log'}"
    )
