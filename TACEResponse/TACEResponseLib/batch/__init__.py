"""One function over many cases: a bad case is reported and does not stop the others."""

from .run_cases import CaseFailure, CaseResults, run_cases

__all__ = ["CaseFailure", "CaseResults", "run_cases"]
