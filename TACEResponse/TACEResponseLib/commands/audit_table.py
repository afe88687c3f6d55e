"""``tace-response audit-table``: which cells of a published table cannot be derived from the others?"""

from __future__ import annotations

import argparse
from pathlib import Path

from .terminal import EXIT_DONE, Terminal

NAME = "audit-table"
HELP = "Find numbers in a published table that cannot be derived from the others."
EXAMPLES = """\
  tace-response audit-table published.csv

The CSV has the columns kind, set, name, level, nor, or, p, percent_nor, percent_or, auc, accuracy, sensitivity,
specificity; cells as printed, such as 22 (37.3 %), <0.001, 59.42±12.54, 3.46 (2.27-5.4), 0.95 (0.90-0.99), 87.5 %. kind
is group (patients of a set), count, mean, median or metric; Docs/study.md has an example.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("file", type=Path, help="the table as CSV")


def run(arguments: argparse.Namespace, terminal: Terminal) -> int:
    """Print what was found; findings are a result, not an error."""
    from ..evaluation import audit, read_published_table

    rows = read_published_table(arguments.file)
    findings = audit(rows)
    for finding in findings:
        places = ", ".join(map(str, finding.rows))
        terminal.print(f"cannot be derived ({finding.check}, row {places}): {finding.text}")
    terminal.print(f"{len(rows)} rows checked, {len(findings)} findings.")
    return EXIT_DONE
