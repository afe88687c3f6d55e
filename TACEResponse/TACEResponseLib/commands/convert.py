"""``tace-response convert``: public data sets as cohort and feature tables."""

from __future__ import annotations

import argparse
from pathlib import Path

from .terminal import EXIT_DONE, Terminal

NAME = "convert"
HELP = "Turn the clinical table and features of a public data set into a cohort table and a feature table."
EXAMPLES = """\
  tace-response convert hcc-tace-seg clinical.csv features_ct.csv --out out/hcc
  tace-response convert hcc-tace-seg clinical.csv --out out/hcc-clinical

Writes cohort.csv and features.csv into the folder; without features the cohort has all patients. The outcome is
reader 1's mRECIST; the other readers' categories stay in their columns.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("data_set", choices=("hcc-tace-seg",), help="The Cancer Imaging Archive, HCC-TACE-Seg")
    parser.add_argument("clinical", type=Path, help="the collection's clinical table")
    parser.add_argument(
        "features", type=Path, nargs="?", help="a table with the column Patient and one column per feature"
    )
    parser.add_argument("--out", type=Path, required=True, help="new folder")


def run(arguments: argparse.Namespace, terminal: Terminal) -> int:
    """Convert and print the remarks."""
    from ..study.convert_hcc_tace_seg import convert_hcc_tace_seg

    remarks = convert_hcc_tace_seg(arguments.clinical, arguments.features, arguments.out)
    for remark in remarks:
        terminal.warn(f"warning: {remark}")
    for path in sorted(arguments.out.glob("*.csv")):
        terminal.print(str(path))
    return EXIT_DONE
