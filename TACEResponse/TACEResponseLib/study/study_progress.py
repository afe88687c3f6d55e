"""One progress over all parts of a study, so that the time left means the whole of it."""

from __future__ import annotations

from collections.abc import Mapping

from ..cohort import Progress

_FIT_COST = {"dnn": 1.0, "lasso": 0.06, "knn": 0.02, "svm": 0.02}
"""Time of one fit against one network's, roughly."""

_STEPS = 1000


class StudyProgress:
    """Parts by name, each with its share of the work; parts taken over from a killed study count for nothing."""

    def __init__(self, progress: Progress | None, parts: Mapping[str, float]) -> None:
        self._progress = progress
        self._left = dict(parts)
        self._done = 0.0

    def part(self, name: str) -> Progress:
        """What the part's fits call; its last call completes the part."""
        weight = self._left.get(name, 0.0)

        def report(done: int, total: int, text: str) -> None:
            share = done / max(total, 1)
            whole = self._done + sum(self._left.values())
            if self._progress is not None and whole > 0:
                fraction = (self._done + share * weight) / whole
                self._progress(round(_STEPS * fraction), _STEPS, f"{name}: {text}")

        return report

    def finished(self, name: str) -> None:
        """The part was computed."""
        self._done += self._left.pop(name, 0.0)

    def skip(self, name: str) -> None:
        """The part was there already."""
        self._left.pop(name, None)


def work_of_fits(learner_name: str, fits: int) -> float:
    """Share of the work of so many fits, in networks."""
    return _FIT_COST.get(learner_name, 0.02) * fits


def part_name(learner_name: str, name: str) -> str:
    """How a part of a learner's work is called."""
    return f"{learner_name}, {name}"
