"""One background task at a time, pumped by a timer."""

from __future__ import annotations

from collections.abc import Callable

import qt

from ..scene.i18n import _
from .background_task import POLL_INTERVAL_MS, BackgroundTask, TaskNews


class TaskRunner:
    """Runs a task and hands its news to a function of the main thread."""

    def __init__(self) -> None:
        self._task: BackgroundTask | None = None
        self._onNews: Callable[[TaskNews], None] | None = None
        self._timer = qt.QTimer()
        self._timer.setInterval(POLL_INTERVAL_MS)
        self._timer.timeout.connect(self._onTimeout)

    @property
    def isRunning(self) -> bool:
        """A task is under way."""
        return self._task is not None

    def busyProblem(self) -> str | None:
        """Why no other work can begin now; None if it can."""
        return _("Other work is running; wait for it.") if self.isRunning else None

    def run(self, work: Callable, onNews: Callable[[TaskNews], None]) -> None:
        """Begin; a second task while one is running is an error of the caller."""
        if self.isRunning:
            raise RuntimeError("a task is under way")
        self._task, self._onNews = BackgroundTask(work), onNews
        self._task.start()
        self._timer.start()

    def cancel(self) -> None:
        """Ask the task to end; its last news is "cancelled"."""
        if self._task is not None:
            self._task.cancel()

    def abandon(self) -> None:
        """Cancel and hear no more of it: its scene or the panel goes away."""
        self.cancel()
        self._end()

    def cleanup(self) -> None:
        """Stop for good."""
        self.abandon()
        self._timer.timeout.disconnect(self._onTimeout)

    def _onTimeout(self) -> None:
        task = self._task
        if task is None:
            return
        for news in task.poll():
            onNews = self._onNews
            if news.kind != "progress":
                self._end()
            onNews(news)
            if self._task is not task:
                return

    def _end(self) -> None:
        self._timer.stop()
        self._task = self._onNews = None
