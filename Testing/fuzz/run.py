"""Fuzz every reader: ``python Testing/fuzz/run.py --count 2000 [--seed 0] [--only image ...]``.

Prints how many inputs were tried, read right, refused in a sentence, read wrong in silence, or ended the process;
fails on the last two, and names their seeds: ``--seed S --count 1 --only KIND`` runs one again.
"""

from __future__ import annotations

import argparse
import sys
import warnings

warnings.simplefilter("ignore")

from fuzz_archives import archive_case
from fuzz_images import image_case, mask_case
from fuzz_models import model_case
from fuzz_process import Case, Tally, run_cases, table
from fuzz_table_forms import feature_table_form_case, manifest_form_case
from fuzz_tables import feature_table_case, manifest_case

KINDS: dict[str, Case] = {
    "image": image_case,
    "mask": mask_case,
    "model": model_case,
    "archive": archive_case,
    "manifest": manifest_case,
    "feature table": feature_table_case,
    "manifest form": manifest_form_case,
    "feature table form": feature_table_form_case,
}


def fuzz(count: int, first_seed: int, kinds: list[str]) -> list[Tally]:
    """Run ``count`` cases of each kind."""
    return [run_cases(kind, KINDS[kind], range(first_seed, first_seed + count)) for kind in kinds]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", nargs="+", choices=KINDS, default=list(KINDS))
    arguments = parser.parse_args()
    tallies = fuzz(arguments.count, arguments.seed, arguments.only)
    print(table(tallies))
    for tally in tallies:
        print(*tally.findings[:20], sep="\n")
    sys.exit(any(tally.failed for tally in tallies))
