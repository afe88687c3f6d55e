"""Any command of tace-response in Slicer's own Python, without its window.

    Slicer --no-splash --no-main-window --python-script Scripts/tace_response.py -- extract cohort.csv --out f.csv

What comes after -- is as on the command line; `train`, `study` and `evaluate` need the packages of Docs/training.md.
Exit codes: 0 all done, 1 error, 2 bad arguments, 3 some cases failed. Slicer ends by itself, also on an error.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from slicer_script import run


def main(arguments: list[str]) -> int:
    """Run and return the exit code."""
    from TACEResponseLib import cli

    return cli.main(arguments)


if __name__ == "__main__":
    run(main)
