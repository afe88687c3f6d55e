"""``tace-response scores``: published scores of the clinical facts of a cohort, and how they do on it."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..cohort import check_can_write, read_manifest, select_where_possible
from .selection_options import add_selection_arguments, selection_of
from .terminal import EXIT_DONE, EXIT_SOME_FAILED, Terminal

NAME = "scores"
HELP = "Compute published scores from the clinical facts of a manifest; no model and no image is needed."
EXAMPLES = """\
  tace-response scores cohort/manifest.csv --out scores.csv
  tace-response scores cohort/manifest.csv --out scores.csv --evaluate

They predict survival, not response. Facts are columns of the manifest (Docs/scores.md); all are optional. --evaluate
needs survival_months and died (yes or no), or an outcome, and writes a report into the folder scores.evaluation.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("manifest", type=Path, help="CSV with patient_id and clinical facts")
    parser.add_argument("--out", type=Path, required=True, help="table (CSV) to write, one row per patient")
    parser.add_argument("--evaluate", action="store_true", help="also evaluate the scores: survival, groups, response")
    parser.add_argument("--seed", type=int, default=1, help="seed of the bootstrap of --evaluate (default: 1)")
    add_selection_arguments(parser)


def run(arguments: argparse.Namespace, terminal: Terminal) -> int:
    """Compute and, on request, judge the scores; patients whose facts cannot be right are named."""
    from ..workflow.scores import evaluate_scores, score_cohort, write_scores

    check_can_write(arguments.out, folder=False)
    cases, refused = select_where_possible(read_manifest(arguments.manifest), **selection_of(arguments))
    scored = score_cohort(cases)
    problems = [*(reason for _case, reason in refused), *scored.problems]
    for problem in problems:
        terminal.warn(f"failed: {problem}")
    write_scores(arguments.out, scored)
    terminal.print(
        f"{scored.patients_with_scores} of {len(cases) + len(refused)} patients have scores: {arguments.out}"
    )
    if arguments.evaluate:
        folder = arguments.out.with_suffix(".evaluation")
        best = evaluate_scores(scored, folder, arguments.seed)
        terminal.print(f"{best}: {folder / 'report.html'}")
    return EXIT_SOME_FAILED if problems else EXIT_DONE
