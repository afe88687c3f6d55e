"""Options of the commands that take one case a patient: which reader, session and lesion."""

from __future__ import annotations

import argparse

_DEFAULTS = {"reader": "1", "session": None, "lesion": None}


def add_selection_arguments(parser: argparse.ArgumentParser) -> None:
    """``--reader``, ``--session`` and ``--lesion``; without them the rule of `select_cases`."""
    parser.add_argument("--reader", default=_DEFAULTS["reader"], help="whose VOIs to use (default: 1)")
    parser.add_argument("--session", help="which of the reader's sessions (default: the first)")
    parser.add_argument("--lesion", help="which lesion (default: the largest by lesion_diameter_mm)")


def selection_of(arguments: argparse.Namespace) -> dict[str, str | None]:
    """The three choices as `select_cases` takes them."""
    return {name: getattr(arguments, name) for name in _DEFAULTS}


def selection_words(arguments: argparse.Namespace) -> list[str]:
    """What was chosen differently, as words of a command line."""
    chosen = {name: value for name, value in selection_of(arguments).items() if value != _DEFAULTS[name]}
    return [word for name, value in chosen.items() for word in (f"--{name}", value)]
