"""Work on plain data in a thread, heard of from the main thread; knows neither Qt nor MRML.

A Python thread in Slicer moves only while the main thread lets go of the interpreter lock. `BackgroundTask.poll`,
called by a timer, therefore waits a little for news: meanwhile the worker has the lock, and Slicer's events are served
between two calls.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from ..cohort import Progress
from ..scene.i18n import _

POLL_INTERVAL_MS = 10

POLL_WAIT_S = 0.02

_log = logging.getLogger(__name__)


class CancelledError(Exception):
    """Raised in the worker, by its progress callback, after `BackgroundTask.cancel`."""


@dataclass(frozen=True)
class TaskNews:
    """What happened: ``kind`` is "progress", "done", "failed" or "cancelled".

    ``fraction`` (0-1) and ``text`` belong to progress, ``text`` also to a failure; ``result`` is what the work
    returned.
    """

    kind: str
    fraction: float = 0.0
    text: str = ""
    result: object = None


class BackgroundTask:
    """Runs ``work(progress)`` in a thread; ``progress(done, total, text)`` as everywhere in the library."""

    def __init__(self, work: Callable[[Progress], object]) -> None:
        self._work = work
        self._news: queue.SimpleQueue[TaskNews] = queue.SimpleQueue()
        self._cancelled = threading.Event()
        self._thread = threading.Thread(target=self._run, name="TACEResponse", daemon=True)

    def start(self) -> None:
        """Begin the work."""
        self._thread.start()

    def cancel(self) -> None:
        """Ask the work to end at its next step; "cancelled" is the last news then."""
        self._cancelled.set()

    def poll(self, waitS: float = POLL_WAIT_S) -> list[TaskNews]:
        """All news since the last call. The worker has the interpreter for ``waitS`` seconds, less if it ends."""
        deadline = time.monotonic() + waitS
        news = []
        while True:
            try:
                news.append(self._news.get(timeout=max(deadline - time.monotonic(), 0)))
            except queue.Empty:
                return news
            if news[-1].kind != "progress":
                return news

    def _run(self) -> None:
        try:
            result = self._work(self._progress)
        except CancelledError:
            self._news.put(TaskNews("cancelled"))
        except ValueError as error:
            self._news.put(TaskNews("failed", text=str(error)))
        except Exception as error:
            _log.exception("background task")
            words = _("An unexpected error, {kind}: {error}. It is an error in TACEResponse; see the log.")
            self._news.put(TaskNews("failed", text=words.format(kind=type(error).__name__, error=error)))
        else:
            cancelled = self._cancelled.is_set()
            self._news.put(TaskNews("cancelled") if cancelled else TaskNews("done", 1.0, result=result))

    def _progress(self, done: int, total: int, text: str) -> None:
        if self._cancelled.is_set():
            raise CancelledError
        self._news.put(TaskNews("progress", done / max(total, 1), text))
