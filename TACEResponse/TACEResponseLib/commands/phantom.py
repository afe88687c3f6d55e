"""``tace-response phantom``: synthetic patients for demonstrations and tests."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..batch import RunRecord
from .terminal import EXIT_DONE, Terminal

NAME = "phantom"
HELP = "Make synthetic patients with known truth (PHANTOM, never clinical data)."
EXAMPLES = """\
  tace-response phantom --patients 1 --out out/phantom
  tace-response phantom --patients 144 --seed 1 --out out/cohort
  tace-response phantom --patients 8 --readers --dicom --out out/dicom-cohort
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("--patients", type=_positive, required=True, metavar="N", help="how many patients")
    parser.add_argument("--seed", type=int, default=0, help="patients of one seed are always the same (default: 0)")
    parser.add_argument("--out", type=Path, required=True, help="new folder for images, masks and manifest.csv")
    parser.add_argument("--external", type=int, default=0, metavar="N", help="mark the last N as the external set")
    parser.add_argument("--dicom", action="store_true", help="DICOM series instead of NRRD volumes")
    parser.add_argument(
        "--readers", action="store_true", help="a quarter of the cases drawn again: by reader 1 later, and by reader 2"
    )


def run(arguments: argparse.Namespace, terminal: Terminal) -> int:
    """Write the cohort and print where its manifest is."""
    from ..phantom import write_cohort

    record = RunRecord(NAME)
    manifest = write_cohort(
        arguments.out,
        arguments.patients,
        arguments.seed,
        dicom=arguments.dicom,
        readers=arguments.readers,
        external_count=arguments.external,
        progress=terminal.progress,
    )
    record.write(arguments.out / "run.json", patients=arguments.patients)
    terminal.print(f"{arguments.patients} phantom patient{'s' if arguments.patients > 1 else ''}: {manifest}")
    return EXIT_DONE


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number
