"""The options of commands that extract features."""

from __future__ import annotations

import argparse

from ..features import FEATURE_SETS, get_feature_set


def add_feature_set_argument(parser: argparse.ArgumentParser) -> None:
    """``--feature-set``."""
    parser.add_argument(
        "--feature-set",
        type=_feature_set,
        default="paper110",
        metavar="SET",
        help=f"{' or '.join(FEATURE_SETS)}, or classes and features joined by +, e.g. firstorder+glcm_Contrast "
        "(default: paper110)",
    )


def _feature_set(name: str) -> str:
    try:
        return get_feature_set(name).name
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
