"""``tace-response``: the command line."""

from __future__ import annotations

import argparse
import gc
import importlib
import logging
import os
import sys
from collections.abc import Sequence
from types import ModuleType

from . import __version__
from .commands.terminal import EXIT_BAD_ARGUMENTS, EXIT_ERROR, Terminal, TerminalLog, TerminalParser

_COMMANDS = (
    "phantom",
    "intake",
    "extract",
    "pool",
    "predict",
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
_EXIT_CODES = "exit codes: 0 all done, 1 error, 2 bad arguments, 3 some cases failed"


_BLAS_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def command_line() -> int:
    """`main` in a process of its own, which does not look for garbage where there is none: among modules, while they
    are imported and later, and at its end. That took a fourteenth of a prediction."""
    gc.disable()
    _command_modules(sys.argv[1:])
    gc.freeze()
    gc.enable()
    exit_code = main()
    gc.freeze()
    return exit_code


def main(arguments: Sequence[str] | None = None, terminal: Terminal | None = None) -> int:
    """Run one command and return its exit code: 0 all done, 1 error, 2 bad arguments, 3 some cases failed."""
    terminal = terminal or Terminal()
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s", handlers=[TerminalLog()])
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    try:
        parsed = _parser(arguments).parse_args(arguments)
    except SystemExit as stop:
        return EXIT_BAD_ARGUMENTS if stop.code else 0
    try:
        return parsed.run(parsed, terminal)
    except ValueError as error:
        terminal.warn(f"tace-response {parsed.command}: {error}")
        return EXIT_ERROR
    except KeyboardInterrupt:
        terminal.warn(f"tace-response {parsed.command}: interrupted; nothing half-written was left.")
        return EXIT_ERROR


def _command_modules(arguments: Sequence[str]) -> list[ModuleType]:
    """The modules of all commands, or of the one that comes first in ``arguments``: the others' imports take time."""
    # Work is shared out by sequences and cases. BLAS's own threads only wait for each other on such small matrices: a
    # fifth of a prediction's time on a busy machine. Read when NumPy is imported, which only a command does.
    for variable in _BLAS_THREADS:
        os.environ.setdefault(variable, "1")
    asked = [name for name in _COMMANDS if name.replace("_", "-") in arguments[:1]]
    return [importlib.import_module(f".commands.{name}", __package__) for name in asked or _COMMANDS]


def _parser(arguments: Sequence[str]) -> argparse.ArgumentParser:
    parser = TerminalParser(prog="tace-response", description=_DESCRIPTION, epilog=_EXIT_CODES)
    parser.add_argument("--version", action="version", version=f"TACEResponse {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for module in _command_modules(arguments):
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
