"""Options of the commands that take one case a patient: which reader, session and lesion."""

from __future__ import annotations

import argparse
from typing import TypedDict


class Selection(TypedDict):
    """The three choices as `select_cases` takes them."""

    reader: str
    session: str | None
    lesion: str | None


_DEFAULTS = Selection(reader="1", session=None, lesion=None)


def add_selection_arguments(parser: argparse.ArgumentParser) -> None:
    """``--reader``, ``--session`` and ``--lesion``; without them the rule of `select_cases`."""
    parser.add_argument("--reader", default=_DEFAULTS["reader"], help="whose VOIs to use (default: 1)")
    parser.add_argument("--session", help="which of the reader's sessions (default: the first)")
    parser.add_argument("--lesion", help="which lesion (default: the largest by lesion_diameter_mm)")


def selection_of(arguments: argparse.Namespace) -> Selection:
    """Whose VOI of which lesion was asked for."""
    return Selection(reader=arguments.reader, session=arguments.session, lesion=arguments.lesion)


def selection_arguments(arguments: argparse.Namespace) -> list[str]:
    """What was chosen differently from the defaults, as on a command line."""
    selection = selection_of(arguments)
    chosen = {name: str(value) for name, value in selection.items() if value != _DEFAULTS.get(name)}
    return [argument for name, value in chosen.items() for argument in (f"--{name}", value)]
