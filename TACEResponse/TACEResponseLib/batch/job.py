"""What a batch does with each case, and how one case is done anywhere: here, in a worker or on a cluster's node."""

from __future__ import annotations

import hashlib
import json
import time
import traceback
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

from .. import __version__
from ..cohort import Case, CaseKey, FileSource, Progress, replace_file
from .memory import peak_memory_mb

DONE, SKIPPED, FAILED = "done", "skipped", "failed"

_BLOCK_BYTES = 1 << 18


@dataclass(frozen=True)
class JobOutput:
    """What is left of a case in its record (plain JSON types), and the lines and warnings that a person should read."""

    record: Mapping[str, Any] = field(default_factory=dict)
    lines: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


class CaseJob(Protocol):
    """A function of a case. It goes to the workers by pickle once, so that it holds names and paths, not models."""

    @property
    def settings(self) -> Mapping[str, object]:
        """Whatever besides the case decides the result, in plain JSON types."""
        ...

    @property
    def folders(self) -> tuple[Path, ...]:
        """Where results are written besides the record."""
        ...

    @property
    def record_is_result(self) -> bool:
        """Whether the record holds the result itself, or only says that its files are there."""
        ...

    def others(self, case: Case) -> Sequence[Case]:
        """Further cases, such as other drawings of the same tumour, that decide the result of this one."""
        ...

    def run(self, case: Case, progress: Progress | None = None, one_thread: bool = False) -> JobOutput:
        """Do the case; results that are files are written whole.

        With ``one_thread`` other cases are done beside this one. Raises ValueError with a sentence.
        """
        ...

    def is_there(self, case: Case, record: Mapping[str, Any]) -> bool:
        """Whether the files of the result that ``record`` tells are still there."""
        ...


@dataclass(frozen=True)
class CaseFailure:
    """Why a case has no result, in one sentence that names the patient."""

    key: CaseKey
    text: str


@dataclass(frozen=True)
class CaseOutcome:
    """How a case ended: "done", "skipped" (done before) or "failed" with the reason in ``text``.

    ``memory_mb`` is the most that its process has held so far, None where the system does not say.
    """

    key: CaseKey
    status: str
    text: str
    seconds: float
    memory_mb: float | None
    lines: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


Outcomes = Generator[CaseOutcome, None, None]
"""How cases ended, one after the other; closing it stops what is under way."""


@dataclass(frozen=True)
class CaseTask:
    """A job and the batch's folder; calling it does one case."""

    job: CaseJob
    folder: Path
    resume: bool
    version: str = __version__

    def __call__(self, case: Case, name: str, progress: Progress | None = None, one_thread: bool = True) -> CaseOutcome:
        """Do one case unless its record says that the same was done before, and write record or failure log.

        ``name`` names the case's files in the batch's folder. A record and a result stay until new ones replace them.
        Never raises an ordinary exception: a failure is an outcome.
        """
        started_s = time.monotonic()
        record_path, log_path = self.folder / f"{name}.json", self.folder / f"{name}.log"
        try:
            self._check_version()
            mark = fingerprint(case, self.job)
            if self.resume and _was_made(case, self.job, record_path, mark):
                return self._outcome(case, SKIPPED, "", started_s, JobOutput())
            output = self.job.run(case, progress, one_thread)
            output = self._recorded(case, output, mark, record_path)
            log_path.unlink(missing_ok=True)
        except ValueError as error:
            return self._failed(case, str(error), log_path, started_s)
        except Exception as error:
            return self._failed(case, unexpected_error_text(case.key, error), log_path, started_s)
        return self._outcome(case, DONE, "", started_s, output)

    def _check_version(self) -> None:
        if self.version != __version__:
            raise ValueError(
                f"this worker runs TACEResponse {__version__}, the command {self.version}; install the same version "
                "everywhere."
            )

    def _recorded(self, case: Case, output: JobOutput, mark: str, path: Path) -> JobOutput:
        """Write the record; where the result stands in files of its own, it is none the worse without one."""
        text = json.dumps({"fingerprint": mark, "result": output.record}, allow_nan=False)
        try:
            replace_file(path, text.encode("utf-8"))
        except ValueError as error:
            if self.job.record_is_result:
                raise
            warning = f"warning: {case.key}: --resume will process this case again, as its record is missing: {error}"
            return replace(output, warnings=(*output.warnings, warning))
        return output

    def _failed(self, case: Case, text: str, log_path: Path, started_s: float) -> CaseOutcome:
        try:
            replace_file(log_path, f"{text}\n\n{traceback.format_exc()}".encode())
        except ValueError as error:
            text = f"{text} (No log: {error})"
        return self._outcome(case, FAILED, text, started_s, JobOutput())

    @staticmethod
    def _outcome(case: Case, status: str, text: str, started_s: float, output: JobOutput) -> CaseOutcome:
        return CaseOutcome(
            key=case.key,
            status=status,
            text=text,
            seconds=time.monotonic() - started_s,
            memory_mb=peak_memory_mb(),
            lines=output.lines,
            warnings=output.warnings,
        )


def fingerprint(case: Case, job: CaseJob) -> str:
    """SHA-256 over version, settings, rows and the bytes of the files of a case: the same means the same result.

    A file that is missing counts as absent: its reader reports that.
    """
    digest = hashlib.sha256()
    for one in (case, *job.others(case)):
        facts = [__version__, dict(job.settings), list(one.key), repr(one.clinical), str(one.first_tace_date)]
        digest.update(json.dumps(facts, sort_keys=True, default=str).encode())
        _add_files(digest, one)
    return digest.hexdigest()


def _add_files(digest: hashlib._Hash, case: Case) -> None:
    for sequence, source in sorted(case.sources.items()):
        if not isinstance(source, FileSource):
            raise ValueError(f"{case.key.label}, {sequence}: a batch needs images in files; save it first.")
        digest.update(f"|{sequence}|{source.label!r}".encode())
        for path in (source.image_path, source.mask_path):
            for file in sorted(path.iterdir()) if path.is_dir() else [path]:
                digest.update(f"|{file.name}|".encode())
                _add_file(digest, file)


def is_done_before(case: Case, job: CaseJob, folder: Path, name: str) -> bool:
    """Whether a batch in ``folder`` has done the case, and nothing that decides its result has changed since."""
    return _was_made(case, job, folder / f"{name}.json", fingerprint(case, job))


def read_record(folder: Path, name: str) -> dict[str, Any]:
    """The result that a case's record holds. Raises ValueError if the record was removed or damaged meanwhile."""
    path = folder / f"{name}.json"
    record = _recorded(path)
    if record is None:
        raise ValueError(f"The record {path} is missing or damaged; start again with --resume.")
    return record[1]


def unexpected_error_text(key: CaseKey, error: Exception) -> str:
    """The sentence for an error that the case did not cause."""
    if isinstance(error, MemoryError):
        return f"{key.label}: not enough memory; run fewer workers at once, or on a machine with more."
    return (
        f"{key.label}: an unexpected error, {type(error).__name__}: {error}. "
        "This is an error in TACEResponse; the log has the details."
    )


def _was_made(case: Case, job: CaseJob, record_path: Path, mark: str) -> bool:
    record = _recorded(record_path)
    return record is not None and record[0] == mark and job.is_there(case, record[1])


def _recorded(path: Path) -> tuple[str, dict[str, Any]] | None:
    """Fingerprint and result of a record; None if there is none that can be read."""
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        return str(record["fingerprint"]), dict(record["result"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _add_file(digest: hashlib._Hash, path: Path) -> None:
    block = memoryview(bytearray(_BLOCK_BYTES))
    try:
        with path.open("rb", buffering=0) as file:
            while count := file.readinto(block):
                digest.update(block[:count])
    except OSError:
        digest.update(b"absent")
