"""``tace-response self-check``: does this installation compute the right numbers?"""

from __future__ import annotations

import argparse

from .terminal import EXIT_DONE, EXIT_ERROR, Terminal

NAME = "self-check"
HELP = "Compare the features of a built-in phantom with stored PyRadiomics values."
EXAMPLES = """\
  tace-response self-check
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command has no arguments."""


def run(arguments: argparse.Namespace, terminal: Terminal) -> int:
    """Run the check; exit code 1 if a feature is off."""
    from ..features.self_check import self_check

    result = self_check()
    for line in result.lines():
        terminal.print(line)
    return EXIT_DONE if result.passed else EXIT_ERROR
