"""This process itself as the one worker."""

from __future__ import annotations

from collections.abc import Sequence

from ..cohort import Case, Progress
from .job import CaseTask, Outcomes


class _CancelledError(BaseException):
    """Carries what a progress raised past the handlers of a case's own errors."""

    def __init__(self, reason: Exception) -> None:
        super().__init__()
        self.reason = reason


class InProcess:
    """One case after the other in this process and thread, each with all its threads. A crash ends the run."""

    def outcomes(self, task: CaseTask, works: Sequence[tuple[Case, str]], progress: Progress) -> Outcomes:
        """Do the cases in their order; what ``progress`` raises between the steps of a case stops the run."""
        for number, (case, name) in enumerate(works):

            def case_progress(done: int, total: int, text: str, number: int = number) -> None:
                try:
                    progress(number * total + done, len(works) * total, text)
                except Exception as error:
                    raise _CancelledError(error) from error

            try:
                outcome = task(case, name, case_progress, one_thread=False)
            except _CancelledError as cancelled:
                raise cancelled.reason from None
            yield outcome
