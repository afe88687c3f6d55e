"""Finished parts of a study on disk, so that one that was killed goes on where it stopped."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from ..cohort import Json, replace_file
from ..models.fitting import Learner
from .chain import ChainPlan, ChainScores, run_plans
from .results import PermutationNull
from .study_data import StudyData
from .study_progress import StudyProgress, part_name
from .study_settings import StudySettings

_Part = TypeVar("_Part")


class Checkpoints:
    """Parts in the folder ``work`` (None keeps nothing), by a hash of data, rows, settings, learner and name.

    Parts of other data, other rows (a changed column ``set``) or other settings are never taken for these.
    """

    def __init__(self, data: StudyData, settings: StudySettings, work: Path | None, tracker: StudyProgress) -> None:
        self._data, self._work, self._tracker = data, work, tracker
        # "honest" is what nested cross-validation was called when the first checkpoints were written.
        recorded = {"honest": asdict(settings.nested_cv), "recipe": asdict(settings.recipe)}
        self._identity = f"{data.sha256()} {json.dumps(recorded, sort_keys=True)}"

    def run_plans(self, learner: Learner, name: str, plans: Sequence[ChainPlan]) -> list[ChainScores]:
        """Run plans, or take their scores from the folder if they were run before.

        Raises ValueError for a checkpoint that cannot be read.
        """
        progress = self._tracker.part(part_name(learner.name, name))
        rows = b"".join(
            np.ascontiguousarray(part).tobytes()
            for plan in plans
            for part in (plan.rows, plan.patients, plan.folds, plan.test_rows, np.array(plan.seeds))
        )
        return self._part(
            learner,
            name,
            rows,
            lambda: run_plans(self._data.features, learner, plans, progress),
            lambda chains: [
                {"out_of_fold": one.out_of_fold.tolist(), "test": one.test.tolist(), "selected": one.selected}
                for one in chains
            ],
            lambda parts: [
                ChainScores(np.array(one["out_of_fold"]), np.array(one["test"]), selected=one["selected"])
                for one in parts
            ],
        )

    def permutation_null(
        self, learner: Learner, name: str, rows: bytes, compute: Callable[[], PermutationNull]
    ) -> PermutationNull:
        """What ``compute`` gives, or gave before for these ``rows``. Raises ValueError as `run_plans` does."""
        return self._part(learner, name, rows, compute, asdict, lambda part: PermutationNull(**part))

    def _part(
        self,
        learner: Learner,
        name: str,
        rows: bytes,
        compute: Callable[[], _Part],
        as_json: Callable[[_Part], Json],
        from_json: Callable[[Any], _Part],
    ) -> _Part:
        part = part_name(learner.name, name)
        path = self._path(learner, name, rows)
        if path is not None and path.exists():
            self._tracker.skip(part)
            try:
                return from_json(json.loads(path.read_text(encoding="utf-8")))
            except (OSError, ValueError, KeyError, TypeError) as error:
                raise ValueError(
                    f"The checkpoint {path.name} of an interrupted study cannot be read; delete it, or the whole "
                    f"folder {path.parent}, and start the study again."
                ) from error
        value = compute()
        self._tracker.finished(part)
        if path is not None:
            replace_file(path, json.dumps(as_json(value)).encode("utf-8"))
        return value

    def _path(self, learner: Learner, name: str, rows: bytes) -> Path | None:
        if self._work is None:
            return None
        identity = f"{self._identity} {learner.name} {json.dumps(learner.settings, sort_keys=True)} {name} "
        return self._work / f"{hashlib.sha256(identity.encode() + rows).hexdigest()[:32]}.json"
