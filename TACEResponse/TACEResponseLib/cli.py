"""``tace-response``: the command line."""

from __future__ import annotations

# Nothing else at the top: Ctrl-C while modules are imported is handled from `command_line` on.
import gc
import os
import signal
import sys
from collections.abc import Sequence
from types import FrameType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

    from .commands.terminal import Terminal

_COMMANDS = (
    "phantom",
    "intake",
    "extract",
    "pool",
    "predict",
    "scores",
    "train",
    "study",
    "evaluate",
    "icc",
    "audit_table",
    "convert",
    "self_check",
)

_DESCRIPTION = (
    "Probability of objective response to TACE from four MR sequences with tumour VOIs and four clinical facts. "
    "Research use only."
)
_EXIT_CODES = "exit codes: 0 all done, 1 error, 2 bad arguments, 3 some cases failed, 130 interrupted"

_INTERRUPTED = "interrupted; nothing half-written was left. predict, extract and icc continue with --resume."

_HOW_TO_INSTALL = ".venv/bin/pip install --constraint requirements.lock --editable '.[train]'"

_BLAS_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def command_line() -> int:
    """`main` in a process of its own, which Ctrl-C ends quietly at any moment."""
    # Without looking for garbage where there is none, among modules: that took a seventh of a prediction's CPU time.
    gc.disable()
    # In the background of a script interrupts are ignored, and stay so.
    can_be_interrupted = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if can_be_interrupted:
        # While modules are imported nothing has begun that would have to be put in order.
        signal.signal(signal.SIGINT, _leave)
    parsed = _parse(sys.argv[1:])
    gc.freeze()
    gc.enable()
    if can_be_interrupted:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    exit_code = parsed if isinstance(parsed, int) else _run(parsed)
    if can_be_interrupted:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    return exit_code


def main(arguments: Sequence[str] | None = None, terminal: Terminal | None = None) -> int:
    """Run one command and return its exit code.

    0 all done, 1 error, 2 bad arguments, 3 some cases failed, 130 interrupted.
    """
    parsed = _parse(sys.argv[1:] if arguments is None else arguments)
    return parsed if isinstance(parsed, int) else _run(parsed, terminal)


def _leave(_signal: int, _frame: FrameType | None) -> None:
    os.write(2, f"tace-response: {_INTERRUPTED}\n".encode())
    os._exit(128 + signal.SIGINT)


def _parse(arguments: Sequence[str]) -> argparse.Namespace | int:
    """The parsed arguments, or the exit code of help and bad arguments, which have been printed."""
    import logging

    # Work is shared out by sequences and cases. BLAS's own threads only wait for each other on such small matrices: a
    # fifth of a prediction's CPU time. They are counted when NumPy is imported, just below.
    for variable in _BLAS_THREADS:
        os.environ.setdefault(variable, "1")
    from .commands.terminal import EXIT_BAD_ARGUMENTS, TerminalLog

    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s", handlers=[TerminalLog()])
    try:
        return _parser(arguments).parse_args(arguments)
    except SystemExit as stop:
        return EXIT_BAD_ARGUMENTS if stop.code else 0


def _run(parsed: argparse.Namespace, terminal: Terminal | None = None) -> int:
    from .commands.terminal import EXIT_ERROR, EXIT_INTERRUPTED
    from .commands.terminal import Terminal as ProcessTerminal

    terminal = terminal or ProcessTerminal()
    try:
        return int(parsed.run(parsed, terminal))
    except ValueError as error:
        terminal.warn(f"tace-response {parsed.command}: {error}")
        return EXIT_ERROR
    except ModuleNotFoundError as error:
        # `make demo` installs what predicting needs; learning and judging need the extra `train`.
        if not error.name or error.name.split(".")[0] == __package__:
            raise
        terminal.warn(
            f"tace-response {parsed.command}: The Python package {error.name} is not installed. "
            f"Install what training and studies need, in the repository's folder: {_HOW_TO_INSTALL}"
        )
        return EXIT_ERROR
    except KeyboardInterrupt:
        terminal.warn(f"tace-response {parsed.command}: {_INTERRUPTED}")
        return EXIT_INTERRUPTED


def _parser(arguments: Sequence[str]) -> argparse.ArgumentParser:
    import argparse
    import importlib

    from . import __version__
    from .commands.terminal import TerminalParser

    parser = TerminalParser(prog="tace-response", description=_DESCRIPTION, epilog=_EXIT_CODES)
    parser.add_argument("--version", action="version", version=f"TACEResponse {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    # Only the command that was asked for: the others' imports take a fifteenth of a prediction's CPU time.
    for name in [name for name in _COMMANDS if name.replace("_", "-") in arguments[:1]] or _COMMANDS:
        module = importlib.import_module(f".commands.{name}", __package__)
        command = commands.add_parser(
            module.NAME,
            help=module.HELP,
            description=module.HELP,
            epilog=f"examples:\n{module.EXAMPLES}\n{_EXIT_CODES}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        module.add_arguments(command)
        command.set_defaults(run=module.run)
    return parser


if __name__ == "__main__":
    sys.exit(command_line())
