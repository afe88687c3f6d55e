"""What the self-test's parts share: the panel, waiting while Slicer's events are served, screenshots."""

from __future__ import annotations

import os
import time
from pathlib import Path

import slicer

LONGEST_WAIT_S = 120.0

SCREENSHOT_VARIABLE = "TACE_RESPONSE_SCREENSHOTS"


class SelfTestDriver:
    """The panel of the application at hand."""

    def __init__(self) -> None:
        self.panel = slicer.util.getModuleWidget("TACEResponse").panel
        screenshots = os.environ.get(SCREENSHOT_VARIABLE)
        self._screenshots = Path(screenshots) if screenshots else None

    def wait(self, seconds: float = 0.5) -> None:
        """Serve events for a while, and until the panel has taken over what was changed."""
        begun = time.monotonic()
        while time.monotonic() < begun + seconds or self.panel.isRefreshPending:
            slicer.app.processEvents()
            assert time.monotonic() < begun + LONGEST_WAIT_S

    def waitForTask(self, tasks=None) -> float:
        """Serve events until the panel's task, or another runner's, has ended.

        Returns the longest time between two of them while it ran, in seconds, without the time in which other programs
        had the processors; drawing the result is not in it.
        """
        tasks = tasks or self.panel.tasks
        begun = time.monotonic()
        last, longest = (begun, time.process_time()), 0.0
        while tasks.isRunning:
            slicer.app.processEvents()
            now = (time.monotonic(), time.process_time())
            if tasks.isRunning:
                longest = max(longest, min(now[0] - last[0], now[1] - last[1]))
            last = now
            assert now[0] - begun < LONGEST_WAIT_S
        self.wait()
        return longest

    def openOnly(self, step) -> None:
        """Open one part of the panel and close the others, for a picture of it."""
        for other in self.panel.steps:
            other.setCollapsed(other is not step)
        self.wait()

    def screenshot(self, name: str) -> None:
        """The main window as PNG, if a folder was named."""
        if self._screenshots is not None:
            slicer.util.forceRenderAllViews()
            slicer.app.processEvents()
            self._screenshots.mkdir(parents=True, exist_ok=True)
            slicer.util.mainWindow().grab().save(str(self._screenshots / f"{name}.png"))
