"""One function over many cases: in this process, by workers or on a cluster. A bad case does not stop the others."""

from .in_process import InProcess
from .job import (
    DONE,
    FAILED,
    SKIPPED,
    CaseFailure,
    CaseJob,
    CaseOutcome,
    CaseTask,
    JobOutput,
    fingerprint,
    is_done_before,
    read_record,
)
from .run_batch import BatchSummary, Workers, run_batch
from .run_record import RunRecord, run_versions
from .worker_choice import choose_workers

__all__ = [
    "DONE",
    "FAILED",
    "SKIPPED",
    "BatchSummary",
    "CaseFailure",
    "CaseJob",
    "CaseOutcome",
    "CaseTask",
    "InProcess",
    "JobOutput",
    "RunRecord",
    "Workers",
    "choose_workers",
    "fingerprint",
    "is_done_before",
    "read_record",
    "run_batch",
    "run_versions",
]
