"""The cases of a batch and how far each is: plain data for the panel's table, and the work behind it."""

from __future__ import annotations

import queue
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ..batch import DONE, FAILED, SKIPPED, CaseFailure, CaseOutcome, RunRecord, Workers, run_batch
from ..batch.extract_job import FEATURES_FILE, ExtractJob, batch_folder, vectors_of_batch
from ..cohort import SEQUENCES, Case, CaseKey, Progress, case_folder_names, read_manifest, select_where_possible
from ..features import write_feature_table
from ..prediction.serialisation import read_prediction
from ..reporting.cohort_results import PREDICTIONS_FILE, write_cohort_results
from ..reporting.predict_job import PREDICTION_FILE, PredictJob
from ..scene.i18n import _
from .result_text import estimateWords

PREDICT, EXTRACT = "predict", "extract"
"""What a batch makes: predictions and reports, or the feature table from which a model is trained."""


@dataclass(frozen=True)
class BatchRow:
    """One case: ``status`` is "" while it waits, else "done", "skipped" (done before) or "failed"."""

    case: Case
    status: str = ""
    estimate: str = ""
    seconds: float | None = None
    text: str = ""

    def cells(self) -> tuple[str, str, str, str, str]:
        """Patient, status, estimate, time and note, as the table shows them."""
        words = {"": _("waiting"), DONE: _("done"), SKIPPED: _("done before"), FAILED: _("failed")}
        key = str(self.case.key).removeprefix("patient ")
        time = "" if self.seconds is None or self.status == SKIPPED else f"{self.seconds:.1f} s"
        return key, words[self.status], self.estimate, time, self.text.removeprefix(f"{self.case.key.label}: ")


class BatchList:
    """The rows of a batch: the ``cases`` to be done, as in the manifest, then those ``refused``, with the reasons."""

    def __init__(self) -> None:
        self.rows: list[BatchRow] = []
        self.cases: list[Case] = []
        self.refused: list[tuple[Case, str]] = []

    def load(self, manifest: Path, what: str) -> None:
        """Take the cases of a manifest: one row a patient for predictions, every row for features.

        A patient of whom it cannot be told which drawing is meant has failed from the start, as in the command. Raises
        ValueError with every fault of the manifest.
        """
        self.cases, self.refused = read_manifest(manifest), []
        if what == PREDICT:
            self.cases, self.refused = select_where_possible(self.cases)
        self.rows = [BatchRow(case) for case in self.cases]
        self.rows += [BatchRow(case, FAILED, text=reason) for case, reason in self.refused]

    def take(self, outcome: CaseOutcome, estimate: str) -> int:
        """Take over how a case ended; the number of its row."""
        number = next(number for number, row in enumerate(self.rows) if row.case.key == outcome.key)
        text = outcome.text or "; ".join(outcome.complained)
        row = self.rows[number]
        self.rows[number] = replace(
            row, status=outcome.status, estimate=estimate, seconds=outcome.seconds, text=text.replace("\n", " ")
        )
        return number

    def words(self) -> str:
        """How many are done, were done before, failed and wait."""
        counts = {status: sum(row.status == status for row in self.rows) for status in (DONE, SKIPPED, FAILED, "")}
        words = _("{done} done, {skipped} done before, {failed} failed, {waiting} waiting.")
        return words.format(done=counts[DONE], skipped=counts[SKIPPED], failed=counts[FAILED], waiting=counts[""])


@dataclass(frozen=True)
class BatchWork:
    """What `BackgroundTask` runs: the same batch as ``tace-response predict`` and ``extract`` with ``--workers``.

    ``refused`` stand in the table of predictions with their reasons. ``outcomes`` hears of each case, with its estimate
    in words, before the progress does. Cancelling stops the workers after the case in hand; what is done stays, and
    ``resume`` goes on from there.
    """

    what: str
    cases: list[Case]
    job: PredictJob | ExtractJob
    out: Path
    workers: Workers
    resume: bool
    outcomes: queue.SimpleQueue
    refused: Sequence[tuple[Case, str]] = ()

    def __call__(self, progress: Progress) -> Path:
        """Run; returns the table that was written. Raises ValueError if nothing could be done or written."""
        record = RunRecord(self.what)
        table = self.out / (PREDICTIONS_FILE if self.what == PREDICT else FEATURES_FILE)
        folder = self.job.batch_folder if self.what == PREDICT else batch_folder(table)
        progress(0, 1, _("Starting the processes ..."))
        summary = run_batch(
            self.cases,
            self.job,
            folder,
            self.workers,
            progress,
            lambda outcome: self.outcomes.put((outcome, self._estimate(outcome))),
            self.resume,
        )
        failed = (*summary.failed, *(CaseFailure(case.key, reason) for case, reason in self.refused))
        counts = {"done": len(summary.with_result), "failed": len(failed)}
        if self.what == PREDICT:
            every = [*self.cases, *(case for case, _reason in self.refused)]
            names = case_folder_names([case.key for case in every])
            folders = {key: self.out / name for key, name in names.items()}
            write_cohort_results(self.out, every, folders, self.job.predictions(summary), failed)
            record.write(self.out / "run.json", **counts)
            return table
        vectors = vectors_of_batch(summary, folder, self.job)
        if not vectors:
            raise ValueError(_("None of the cases could be done; no feature table was written."))
        write_feature_table(table, vectors)
        record.write(table.with_suffix(".run.json"), **counts)
        return table

    def _estimate(self, outcome: CaseOutcome) -> str:
        if self.what != PREDICT or outcome.status == FAILED:
            return ""
        return estimateWords(read_prediction(resultFolder(self.out, outcome.key) / PREDICTION_FILE))


def resultFolder(out: Path, key: CaseKey) -> Path:
    """Where a batch of predictions leaves a case's result."""
    return out / case_folder_names([key])[key]


def extractJob(engine: str) -> ExtractJob:
    """Every sequence with the paper's feature set, as ``tace-response extract`` does by default."""
    return ExtractJob(tuple(map(str, SEQUENCES)), "paper110", engine)
