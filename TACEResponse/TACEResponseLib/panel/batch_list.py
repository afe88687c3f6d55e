"""The cases of a batch and how far each is: plain data for the panel's table, and the work behind it."""

from __future__ import annotations

import logging
import queue
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ..batch import DONE, FAILED, SKIPPED, CaseOutcome, InProcess, Workers
from ..batch.local_workers import WorkersCannotStartError
from ..cohort import SEQUENCES, Case, Progress, read_manifest, select_where_possible
from ..prediction.serialisation import read_prediction
from ..scene.i18n import _
from ..workflow import (
    FEATURES_FILE,
    PREDICTION_FILE,
    CohortRun,
    ExtractJob,
    PredictJob,
    case_folder,
    extract_cohort,
    predict_cohort,
)
from .result_text import estimateWords

_log = logging.getLogger(__name__)

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
        """Take the cases of a manifest: one row per patient for predictions, every row for features.

        A patient of whom it cannot be told which drawing is meant has failed from the start, as in the command. Raises
        ValueError with every error of the manifest.
        """
        self.cases, self.refused = read_manifest(manifest), []
        if what == PREDICT:
            self.cases, self.refused = select_where_possible(self.cases)
        self.rows = [BatchRow(case) for case in self.cases]
        self.rows += [BatchRow(case, FAILED, text=reason) for case, reason in self.refused]

    def take(self, outcome: CaseOutcome, estimate: str) -> int:
        """Take over how a case ended; the number of its row."""
        number = next(number for number, row in enumerate(self.rows) if row.case.key == outcome.key)
        text = outcome.text or "; ".join(outcome.warnings)
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
    in words, before the progress does. Cancelling stops the workers after the running cases; what is done stays, and
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
        progress(0, 1, _("Starting the worker processes ..."))
        try:
            return self._table(self.workers, progress)
        except WorkersCannotStartError as error:
            _log.warning("%s", error)
            text = _("No worker process can start ({cause}): the cases run one after the other in this process.")
            progress(0, 1, text.format(cause=error.cause))
            return self._table(InProcess(), progress)

    def _table(self, workers: Workers, progress: Progress) -> Path:
        def report(outcome: CaseOutcome) -> None:
            self.outcomes.put((outcome, self._estimate(outcome)))

        run = CohortRun(progress, report, workers, self.resume)
        if self.what == PREDICT:
            return predict_cohort(self.cases, self.job, run, self.refused).table
        result = extract_cohort(self.cases, self.job, self.out / FEATURES_FILE, run)
        if not result.summary.with_result:
            raise ValueError(_("None of the cases could be done; no feature table was written."))
        return result.table

    def _estimate(self, outcome: CaseOutcome) -> str:
        if self.what != PREDICT or outcome.status == FAILED:
            return ""
        return estimateWords(read_prediction(case_folder(self.out, outcome.key) / PREDICTION_FILE))


def extractJob(engine: str) -> ExtractJob:
    """Every sequence with the paper's feature set, as ``tace-response extract`` does by default."""
    return ExtractJob(tuple(map(str, SEQUENCES)), "paper110", engine)
