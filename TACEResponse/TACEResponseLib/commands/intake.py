"""``tace-response intake``: an archive of DICOM files becomes a manifest and a table for a person to confirm."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from ..batch import RunRecord
from ..cohort import Case, write_manifest
from ..intake import load_rules
from .terminal import EXIT_DONE, EXIT_SOME_FAILED, Terminal

if TYPE_CHECKING:
    from ..intake.take_in import PatientIntake

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
    from ..intake.review import ReviewRow, check_every_row_is_known, read_review, write_review
    from ..intake.studies import check_every_row_fits, read_tace_dates
    from ..intake.take_in import take_in_patient
    from ..intake.volumes import find_volumes

    record = RunRecord(NAME)
    rules = load_rules(arguments.rules)
    tace_dates = read_tace_dates(arguments.tace_dates) if arguments.tace_dates else {}
    reviewed = read_review(arguments.reviewed) if arguments.reviewed else []
    folder, key_path = arguments.out.parent, arguments.key.expanduser()
    pseudonyms = Pseudonyms.from_file(key_path, folder)
    if pseudonyms.was_open_to_others:
        terminal.warn(f"warning: others could read the key {key_path}; now only you can.")
    archive = read_archive(arguments.archive, terminal.progress)
    for path, reason in archive.damaged:
        terminal.warn(f"warning: {path}: {reason}; it was passed over, copy or export it again.")
    check_every_row_fits(
        {patient_id: one.row for patient_id, one in tace_dates.items()},
        (patient.patient_id for patient in archive.patients),
        str(arguments.tace_dates),
    )
    names = {pseudonyms.patient(patient.patient_id): patient for patient in archive.patients}
    volumes = {name: find_volumes(patient, pseudonyms) for name, patient in names.items()}
    check_every_row_is_known(reviewed, {name: found.names for name, found in volumes.items()}, str(arguments.reviewed))
    confirmed = {one.series: one.sequence for one in reviewed if one.sequence}
    who_is_who = write_who_is_who(key_path, {name: patient.patient_id for name, patient in names.items()})
    cases: list[Case] = []
    rows: list[ReviewRow] = []
    failed: set[str] = set()
    for number, (name, patient) in enumerate(names.items()):
        terminal.progress(number, len(names), f"patient {name}")
        tace_date = tace_dates[patient.patient_id].date if patient.patient_id in tace_dates else ""
        try:
            taken = take_in_patient(patient, volumes[name], folder, pseudonyms, rules, tace_date, confirmed)
        except ValueError as error:
            failed.add(name)
            terminal.warn(f"failed: Patient {name}: {error}")
            continue
        if not _report(name, taken, terminal):
            failed.add(name)
        rows += taken.rows
        cases += taken.cases
    review = arguments.out.with_suffix(".review.csv")
    if rows:
        write_review(review, rows)
    if cases:
        write_manifest(arguments.out, cases)
    done = len({case.key.patient_id for case in cases})
    record.write(arguments.out.with_suffix(".run.json"), done=done, failed=len(failed), files=archive.other_files)
    terminal.print(f"{done} of {len(names)} patients: {arguments.out if cases else 'no manifest written'}")
    if rows:
        terminal.print(f"To confirm: {review} (correct the column sequence, then --reviewed {review.name})")
    terminal.print(f"Pseudonyms: {key_path} (key) and {who_is_who.name} beside it (who is who); never hand them on.")
    return EXIT_SOME_FAILED if failed or archive.damaged else EXIT_DONE


def _report(name: str, taken: PatientIntake, terminal: Terminal) -> bool:
    """Print what a person should know of a patient; whether all that was chosen could be taken in."""
    for note in taken.notes:
        terminal.warn(f"warning: patient {name}: {note}")
    for sentence in taken.not_done:
        terminal.warn(f"failed: Patient {name}: {sentence}")
    if not taken.cases:
        if not taken.not_done:
            terminal.warn(f"failed: Patient {name}: none of the four sequences was recognised; see the table.")
        return False
    absent = [sequence for sequence in ("T2", "AP", "PVP", "DP") if sequence not in taken.cases[0].sources]
    if absent:
        terminal.warn(f"warning: patient {name}: {', '.join(absent)} not recognised")
    if taken.missing_vois:
        terminal.warn(f"warning: patient {name}: VOI to be drawn on {', '.join(taken.missing_vois)}")
    return not taken.not_done
