"""What is done with a cohort: predict or extract every case, in this process, by workers or on a cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..batch import BatchSummary, CaseFailure, CaseJob, CaseOutcome, InProcess, RunRecord, Workers, run_batch
from ..cohort import Case, CaseKey, FileSource, Progress, case_folder_names
from ..features import write_feature_table
from ..prediction import write_predictions_table
from .jobs import ExtractJob, PredictJob

PREDICTIONS_FILE = "predictions.csv"

FEATURES_FILE = "features.csv"
"""A site's feature table, where a folder and not a file is asked for."""

Refused = Sequence[tuple[Case, str]]
"""Cases that cannot be chosen from a manifest, with the reason."""


@dataclass(frozen=True)
class CohortRun:
    """How a cohort is done: where, whether from where it stopped, and who hears of the steps and of each case's end."""

    progress: Progress
    report: Callable[[CaseOutcome], None]
    workers: Workers = field(default_factory=InProcess)
    resume: bool = False

    def summary(self, cases: Sequence[Case], job: CaseJob, folder: Path) -> BatchSummary:
        """Do the job for every case; records and logs go to the folder."""
        return run_batch(cases, job, folder, self.workers, self.progress, self.report, self.resume)


@dataclass(frozen=True)
class CohortResult:
    """How the cases of a cohort ended. ``table`` is the file with all of them.

    ``failed`` includes the cases that were refused from the start. ``earlier`` are the folders that an earlier run left
    for a case that failed now: they stay, and are no result of this run.
    """

    summary: BatchSummary
    failed: tuple[CaseFailure, ...]
    table: Path
    earlier: tuple[tuple[CaseKey, Path], ...] = ()


def predict_cohort(cases: Sequence[Case], job: PredictJob, run: CohortRun, refused: Refused = ()) -> CohortResult:
    """Predict every case and write a folder for each, ``predictions.csv`` and ``run.json``.

    The table has a row also for a case that failed or was refused. Raises ValueError if the results cannot be written
    or the workers cannot be had.
    """
    record = RunRecord("predict")
    every = [*cases, *(case for case, _reason in refused)]
    names = case_folder_names([case.key for case in every])
    summary = run.summary(cases, job, job.batch_folder)
    failed = (*summary.failed, *(CaseFailure(case.key, reason) for case, reason in refused))
    folders = ((failure.key, job.out / names[failure.key]) for failure in failed)
    earlier = tuple((key, folder) for key, folder in folders if folder.exists())
    table = job.out / PREDICTIONS_FILE
    write_predictions_table(table, job.predictions(summary), _errors(every, failed, earlier))
    record.write(job.out / "run.json", done=len(summary.with_result), failed=len(failed))
    return CohortResult(summary, failed, table, earlier)


def extract_cohort(cases: Sequence[Case], job: ExtractJob, table: Path, run: CohortRun) -> CohortResult:
    """Extract every case and write the feature table of those that could be done, and ``run.json`` beside it.

    Where none could be done no table is written. Raises ValueError as `predict_cohort` does.
    """
    record = RunRecord("extract")
    folder = batch_folder(table)
    summary = run.summary(cases, job, folder)
    vectors = job.vectors(summary, folder)
    if vectors:
        write_feature_table(table, vectors)
        record.write(table.with_suffix(".run.json"), done=len(vectors), failed=len(summary.failed))
    return CohortResult(summary, summary.failed, table)


def batch_folder(table: Path) -> Path:
    """Where a batch keeps the records and logs behind a feature table."""
    return table.with_name(table.name + ".batch")


def _errors(
    cases: Sequence[Case], failed: Iterable[CaseFailure], earlier: Iterable[tuple[CaseKey, Path]]
) -> dict[CaseKey, str]:
    """Reasons by case, in the order of the cases."""
    texts = {failure.key: failure.text for failure in failed}
    notes = {key: f" The folder {folder.name} holds the result of an earlier run." for key, folder in earlier}
    return {
        case.key: _without_paths(texts[case.key], case) + notes.get(case.key, "") for case in cases if case.key in texts
    }


def _without_paths(sentence: str, case: Case) -> str:
    """Paths often hold patients' names and stay out of results: the manifest's column stands in their place."""
    for sequence, source in case.sources.items():
        if isinstance(source, FileSource):
            for kind, path in (("image", source.image_path), ("mask", source.mask_path)):
                for name in (str(path), path.name):
                    sentence = sentence.replace(name, f"<{sequence}_{kind}>")
    return sentence
