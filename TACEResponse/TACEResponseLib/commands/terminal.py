"""What a command says to the person in front of it: results on stdout, progress and complaints on stderr."""

from __future__ import annotations

import shutil
import sys
import time
from typing import TextIO

EXIT_DONE = 0
EXIT_ERROR = 1
EXIT_BAD_ARGUMENTS = 2
EXIT_SOME_FAILED = 3

_BAR_WIDTH = 24


class Terminal:
    """Output of a command; the progress bar is drawn only where ``errors`` is a terminal."""

    def __init__(self, output: TextIO | None = None, errors: TextIO | None = None) -> None:
        self._output = output or sys.stdout
        self._errors = errors or sys.stderr
        self._bar_shown = False
        self._started = time.monotonic()

    def say(self, text: str) -> None:
        """A line of the result."""
        self._clear_bar()
        self._output.write(text + "\n")
        self._output.flush()

    def complain(self, text: str) -> None:
        """A warning or an error."""
        self._clear_bar()
        self._errors.write(text + "\n")
        self._errors.flush()

    def progress(self, done: int, total: int, text: str) -> None:
        """Redraw the progress bar; a `Progress`. Nothing is drawn where nobody watches."""
        if not self._errors.isatty():
            return
        fraction = done / max(total, 1)
        filled = round(_BAR_WIDTH * fraction)
        line = f"[{'#' * filled}{'.' * (_BAR_WIDTH - filled)}] {fraction:4.0%} {self._time_left(fraction)}{text}"
        width = shutil.get_terminal_size().columns - 1
        self._errors.write("\r" + line[:width].ljust(width))
        self._errors.flush()
        self._bar_shown = True
        if fraction >= 1:
            self._clear_bar()

    def _time_left(self, fraction: float) -> str:
        elapsed_s = time.monotonic() - self._started
        if fraction < 0.02 or fraction >= 1 or elapsed_s < 5:
            return ""
        left_s = elapsed_s * (1 - fraction) / fraction
        return f"{left_s / 60:.0f} min left  " if left_s > 90 else f"{left_s:.0f} s left  "

    def _clear_bar(self) -> None:
        if self._bar_shown:
            self._errors.write("\r" + " " * (shutil.get_terminal_size().columns - 1) + "\r")
            self._bar_shown = False
