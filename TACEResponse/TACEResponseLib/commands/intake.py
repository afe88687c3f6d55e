"""``tace-response intake``: an archive of DICOM files becomes a manifest and a table for a person to confirm."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..batch import RunRecord
from ..cohort import Case, write_manifest
from ..intake import load_rules
from .terminal import EXIT_DONE, EXIT_SOME_FAILED, Terminal

NAME = "intake"
HELP = "Find patients, studies, the four sequences and VOIs in a folder of DICOM files."
EXAMPLES = """\
  tace-response intake archive/ --out cohort/manifest.csv
  tace-response intake archive/ --out cohort/manifest.csv --tace-dates tace.csv --key ~/keys/site.key
  tace-response intake archive/ --out cohort/manifest.csv --reviewed cohort/manifest.review.csv
"""

DEFAULT_KEY = Path("~/.tace-response/pseudonyms.key")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("archive", type=Path, help="folder with DICOM files, in any order")
    parser.add_argument("--out", type=Path, required=True, help="manifest.csv to write; images go beside it")
    parser.add_argument("--rules", type=Path, help="a rules file of your own (JSON), its names before the library's")
    parser.add_argument("--tace-dates", type=Path, metavar="CSV", help="patient_id and tace_date (year-month-day)")
    parser.add_argument("--reviewed", type=Path, metavar="CSV", help="the review table as a person corrected it")
    parser.add_argument(
        "--key", type=Path, default=DEFAULT_KEY, help=f"key of the pseudonyms, outside the output ({DEFAULT_KEY})"
    )


def run(arguments: argparse.Namespace, terminal: Terminal) -> int:
    """Take in patient by patient; what failed is named by pseudonym and does not stop the others."""
    from ..intake.archive import read_archive
    from ..intake.pseudonyms import Pseudonyms, write_who_is_who
    from ..intake.review import ReviewRow, read_review, write_review
    from ..intake.studies import read_tace_dates
    from ..intake.take_in import take_in_patient

    record = RunRecord(NAME)
    rules = load_rules(arguments.rules)
    tace_dates = read_tace_dates(arguments.tace_dates) if arguments.tace_dates else {}
    confirmed = read_review(arguments.reviewed) if arguments.reviewed else {}
    folder, key_path = arguments.out.parent, arguments.key.expanduser()
    pseudonyms = Pseudonyms.from_file(key_path, folder)
    archive = read_archive(arguments.archive, terminal.progress)
    for path, reason in archive.damaged:
        terminal.warn(f"warning: {path}: {reason}; it was passed over, copy or export it again.")
    cases: list[Case] = []
    rows: list[ReviewRow] = []
    failed = 0
    names = {pseudonyms.patient(patient.patient_id): patient.patient_id for patient in archive.patients}
    who_is_who = write_who_is_who(key_path, names)
    for number, patient in enumerate(archive.patients):
        name = pseudonyms.patient(patient.patient_id)
        terminal.progress(number, len(archive.patients), f"patient {name}")
        try:
            taken = take_in_patient(
                patient, folder, pseudonyms, rules, tace_dates.get(patient.patient_id, ""), confirmed
            )
        except ValueError as error:
            failed += 1
            terminal.warn(f"not done: Patient {name}: {error}")
            continue
        rows += taken.rows
        for note in taken.notes:
            terminal.warn(f"warning: patient {name}: {note}")
        if taken.case is None:
            failed += 1
            terminal.warn(f"not done: Patient {name}: none of the four sequences was recognised; see the table.")
            continue
        cases.append(taken.case)
        absent = [sequence for sequence in ("T2", "AP", "PVP", "DP") if sequence not in taken.case.sources]
        if absent:
            terminal.warn(f"warning: patient {name}: {', '.join(absent)} not recognised")
        if taken.missing_vois:
            terminal.warn(f"warning: patient {name}: VOI to be drawn on {', '.join(taken.missing_vois)}")
    review = arguments.out.with_suffix(".review.csv")
    if rows:
        write_review(review, rows)
    if cases:
        write_manifest(arguments.out, cases)
    record.write(arguments.out.with_suffix(".run.json"), done=len(cases), failed=failed, files=archive.other_files)
    terminal.print(
        f"{len(cases)} of {len(archive.patients)} patients: {arguments.out if cases else 'no manifest written'}"
    )
    if rows:
        terminal.print(f"To confirm: {review} (correct the column sequence, then --reviewed {review.name})")
    terminal.print(f"Pseudonyms: {key_path} (key) and {who_is_who.name} beside it (who is who); never hand them on.")
    return EXIT_SOME_FAILED if failed or archive.damaged else EXIT_DONE
