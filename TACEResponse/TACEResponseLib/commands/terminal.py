"""What a command prints: results on stdout, progress, warnings and errors on stderr.

Everything passes through one place, which keeps control characters from the terminal and survives a stream that is
closed, full or of a code page without the letters of a name: what fails in printing is no failure of the work.
"""

from __future__ import annotations

import argparse
import logging
import os
import shutil
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING, TextIO, cast

from ..cohort import printable

if TYPE_CHECKING:
    from _typeshed import SupportsWrite

EXIT_DONE = 0
EXIT_ERROR = 1
EXIT_BAD_ARGUMENTS = 2
EXIT_SOME_FAILED = 3
EXIT_INTERRUPTED = 130

_BAR_WIDTH = 24


class Terminal:
    """Output of a command; the progress bar is drawn only where ``errors`` is a terminal."""

    def __init__(self, output: TextIO | None = None, errors: TextIO | None = None) -> None:
        self._output = output or sys.stdout
        self._errors = errors or sys.stderr
        self._bar_shown = False
        self._started = time.monotonic()

    def print(self, text: str) -> None:
        """A line of the result."""
        self._clear_bar()
        problem = _print(self._output, printable(text) + "\n")
        if problem and not isinstance(problem, BrokenPipeError):
            self.warn(f"What is printed is incomplete: {problem.strerror}.")

    def warn(self, text: str) -> None:
        """A warning or an error."""
        self._clear_bar()
        _print(self._errors, printable(text) + "\n")

    def progress(self, done: int, total: int, text: str) -> None:
        """Redraw the progress bar; a `Progress`. Nothing is drawn where nobody watches."""
        if not _is_watched(self._errors):
            return
        fraction = done / max(total, 1)
        filled = round(_BAR_WIDTH * fraction)
        line = f"[{'#' * filled}{'.' * (_BAR_WIDTH - filled)}] {fraction:4.0%} {self._time_left(fraction)}"
        width = shutil.get_terminal_size().columns - 1
        _print(self._errors, "\r" + (line + printable(text, line_ends=False))[:width].ljust(width))
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
            _print(self._errors, "\r" + " " * (shutil.get_terminal_size().columns - 1) + "\r")
            self._bar_shown = False


class TerminalLog(logging.Handler):
    """Log records on stderr, printed as everything else."""

    def emit(self, record: logging.LogRecord) -> None:
        """Print the record."""
        _print(sys.stderr, printable(self.format(record)) + "\n")


class TerminalParser(argparse.ArgumentParser):
    """A parser whose help and errors are printed as everything else."""

    def _print_message(self, message: str, file: SupportsWrite[str] | None = None) -> None:
        _print(sys.stderr if file is None else cast(TextIO, file), printable(message))


def _print(stream: TextIO | None, text: str) -> OSError | None:
    """Write and flush, or do without and return why: a pipe's reader may have gone, the disk below a log be full."""
    if stream is None:
        return None
    encoding = getattr(stream, "encoding", None) or "utf-8"
    try:
        stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
        stream.flush()
    except OSError as error:
        _give_up(stream)
        return error
    except ValueError:
        # The stream was closed.
        pass
    return None


def _give_up(stream: TextIO) -> None:
    """Let the stream lead nowhere: Python would fail once more when it flushes it at the end."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def _is_watched(stream: TextIO | None) -> bool:
    with suppress(ValueError):
        return stream is not None and stream.isatty()
    return False
