"""The options of commands that extract features."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..features import FEATURE_SETS, PAPER_SETTINGS, FeatureSettings, get_feature_set, read_settings


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


def add_settings_argument(parser: argparse.ArgumentParser) -> None:
    """``--settings``."""
    parser.add_argument(
        "--settings",
        type=Path,
        metavar="FILE",
        help="spacing, bins and normalisation from a PyRadiomics parameter file, YAML or JSON (default: those of the "
        "study: 1 mm, bin width 25, no normalisation)",
    )


def settings_of(arguments: argparse.Namespace) -> FeatureSettings:
    """The settings chosen. Raises ValueError as `read_settings` does."""
    return PAPER_SETTINGS if arguments.settings is None else read_settings(arguments.settings)


def _feature_set(name: str) -> str:
    try:
        return get_feature_set(name).name
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
