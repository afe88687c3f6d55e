"""The same cases on an existing dask.distributed cluster; nothing of the scheduling is ours."""

from __future__ import annotations

import asyncio
import concurrent.futures
import time
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from ..cohort import Case, Progress
from .job import FAILED, CaseOutcome, CaseTask, Outcomes

if TYPE_CHECKING:
    from distributed import Client, Future

_IN_FLIGHT_PER_THREAD = 2

_WAIT_S = 5.0

_WORKERS_WAIT_S = 20.0

_PAUSE_S = 0.05

_CANCELLED = (asyncio.CancelledError, concurrent.futures.CancelledError)

Work = tuple[Case, str]
"""A case and the name of its files."""


class DaskCluster:
    """A cluster at ``address``, e.g. ``tcp://node7:8786``. Its workers see the same paths and have TACEResponse."""

    def __init__(self, address: str) -> None:
        self._address = address

    def outcomes(self, task: CaseTask, works: Sequence[Work], progress: Progress) -> Outcomes:
        """Do the cases and give their outcomes as they end; a case that kills its workers has failed.

        Dask itself tries a case that lost its worker as often as its setting ``distributed.scheduler.allowed-failures``
        says; then it is done once more, after all others and alone.
        Raises ValueError if the package is not installed, or the scheduler cannot be reached, has no workers, or goes
        away; what was done until then is kept.
        """
        try:
            from distributed import Client
        except ImportError as error:
            raise ValueError("--dask needs the package distributed: pip install distributed.") from error
        try:
            client = Client(self._address, timeout=_WAIT_S)
        except (OSError, ValueError) as error:
            raise ValueError(
                f"No Dask scheduler answers at {self._address}; check the address and that it runs."
            ) from error
        try:
            try:
                # Workers that died are being started again by their nannies.
                client.wait_for_workers(1, timeout=_WORKERS_WAIT_S)
            except TimeoutError as error:
                raise ValueError(f"The Dask scheduler at {self._address} has no workers; start some.") from error
            threads = sum(client.nthreads().values())
            suspects = []
            for future, work in self._ended(client, task, works, threads * _IN_FLIGHT_PER_THREAD):
                # Dask blames every case that its worker held when it died: each is done again, alone.
                if self._killed_its_worker(future):
                    suspects.append(work)
                else:
                    yield self._outcome(future, work[0])
            for future, work in self._ended(client, task, suspects, 1):
                yield self._outcome(future, work[0])
        finally:
            client.close(timeout=_WAIT_S)

    def _ended(
        self, client: Client, task: CaseTask, works: Sequence[Work], at_once: int
    ) -> Iterator[tuple[Future[CaseOutcome], Work]]:
        """(future, work) as they end, ``at_once`` under way."""
        from distributed import wait

        waiting = iter(works)
        running = {client.submit(task, *work, pure=False): work for work in islice(waiting, at_once)}
        while running:
            try:
                ended, _ = wait(list(running), timeout=_WAIT_S, return_when="FIRST_COMPLETED")
            except TimeoutError:
                if client.status != "running":
                    raise ValueError(self._gone()) from None
                continue
            except _CANCELLED:
                raise ValueError(self._gone()) from None
            for future in ended:
                if future.status == "lost" and client.status == "running":
                    # Its worker died before the result was fetched: Dask does it again.
                    time.sleep(_PAUSE_S)
                    continue
                yield future, running.pop(future)
                running |= {client.submit(task, *work, pure=False): work for work in islice(waiting, 1)}

    @staticmethod
    def _killed_its_worker(future: Future[CaseOutcome]) -> bool:
        return future.status == "error" and type(future.exception()).__name__ == "KilledWorker"

    def _outcome(self, future: Future[CaseOutcome], case: Case) -> CaseOutcome:
        try:
            outcome: CaseOutcome = future.result()
            return outcome
        except (*_CANCELLED, OSError):
            # Dask cancels what it runs when the connection to the scheduler is lost.
            raise ValueError(self._gone()) from None
        except Exception as error:
            text = f"{case.key.label}: the cluster failed, {type(error).__name__}: {error}."
            if type(error).__name__ == "KilledWorker":
                text = (
                    f"{case.key.label}: every worker of the cluster that processed it ended (killed, or out of memory)."
                )
            return CaseOutcome(case.key, FAILED, text, 0.0, None)

    def _gone(self) -> str:
        return (
            f"The connection to the Dask scheduler at {self._address} was lost; finished cases are kept: start again "
            "with --resume when it is back."
        )
