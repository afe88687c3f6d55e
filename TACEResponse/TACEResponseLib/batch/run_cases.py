"""Running a function over cases one after the other."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from ..cohort import Case, CaseKey, Progress

_log = logging.getLogger(__name__)

Result = TypeVar("Result")


@dataclass(frozen=True)
class CaseFailure:
    """Why a case has no result, in one sentence that names the patient."""

    key: CaseKey
    text: str


@dataclass(frozen=True)
class CaseResults(Generic[Result]):
    """Results by case in the order of the cases, and the failures."""

    done: Mapping[CaseKey, Result]
    failed: tuple[CaseFailure, ...]


def run_cases(
    cases: Sequence[Case],
    function: Callable[[Case, Progress], Result],
    progress: Progress,
) -> CaseResults[Result]:
    """Call ``function(case, case_progress)`` for every case and collect what it returns or why it failed.

    ``progress`` hears of the cases and, through ``case_progress(done, total, text)``, of the steps
    within each. A ValueError is the case's own fault and becomes its sentence; any other error is a fault of ours, goes
    to the log with its traceback, and costs that case only.
    """
    done: dict[CaseKey, Result] = {}
    failed: list[CaseFailure] = []
    for number, case in enumerate(cases):

        def case_progress(steps_done: int, steps: int, text: str, number: int = number) -> None:
            progress(number * steps + steps_done, steps * len(cases), text)

        case_progress(0, 1, str(case.key))
        try:
            done[case.key] = function(case, case_progress)
        except ValueError as error:
            failed.append(CaseFailure(case.key, str(error)))
        except Exception as error:
            _log.exception("%s", case.key)
            failed.append(CaseFailure(case.key, unexpected_error_text(case.key, error)))
    progress(1, 1, "done")
    return CaseResults(done, tuple(failed))


def unexpected_error_text(key: CaseKey, error: Exception) -> str:
    """The sentence for an error that is no case's own fault."""
    if isinstance(error, MemoryError):
        return f"{key.label}: not enough memory; run fewer workers at once, or on a machine with more."
    return (
        f"{key.label}: an unexpected error, {type(error).__name__}: {error}. "
        "This is a fault of TACEResponse; the log says where."
    )
