"""Finished parts of a study on disk, so that one that was killed goes on where it stopped."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import numpy as np

from ..cohort import replace_file
from ..models.fitting import Learner
from .chain import ChainPlan, ChainScores, run_plans
from .honest import RunPlans
from .study_data import StudyData
from .study_progress import StudyProgress, part_name
from .study_settings import StudySettings


class KeptParts:
    """Parts in the folder ``work`` (None keeps nothing), by a hash of data, rows, settings, learner and name.

    Parts of other data, other rows (a changed column ``set``) or other settings are never taken for these.
    """

    def __init__(self, data: StudyData, settings: StudySettings, work: Path | None, tracker: StudyProgress) -> None:
        self._data, self._work, self._tracker = data, work, tracker
        recorded = {"honest": asdict(settings.honest), "recipe": asdict(settings.recipe)}
        self._identity = f"{data.sha256()} {json.dumps(recorded, sort_keys=True)}"

    @property
    def run(self) -> RunPlans:
        """Runs plans, or takes their scores from the folder if they were run before."""
        return self._run

    def keep(self, learner: Learner, name: str, rows: bytes, compute: Callable[[], object]) -> object:
        """What ``compute`` gives (ready for JSON), or what it gave before; ``rows`` say which rows it works on."""
        part = part_name(learner.name, name)
        path = self._path(learner, name, rows)
        if path is not None and path.exists():
            self._tracker.skip(part)
            return json.loads(path.read_text(encoding="utf-8"))
        value = compute()
        self._tracker.finished(part)
        if path is not None:
            replace_file(path, json.dumps(value).encode("utf-8"))
        return value

    def _run(self, learner: Learner, name: str, plans: list[ChainPlan]) -> list[ChainScores]:
        data, tell = self._data, self._tracker.part(part_name(learner.name, name))

        def compute() -> list[dict[str, object]]:
            chains = run_plans(data.features, learner, plans, tell)
            return [
                {"out_of_fold": chain.out_of_fold.tolist(), "test": chain.test.tolist(), "selected": chain.selected}
                for chain in chains
            ]

        rows = b"".join(
            np.ascontiguousarray(part).tobytes()
            for plan in plans
            for part in (plan.rows, plan.patients, plan.folds, plan.test_rows, np.array(plan.seeds))
        )
        return [
            ChainScores(np.array(part["out_of_fold"]), np.array(part["test"]), selected=part["selected"])
            for part in self.keep(learner, name, rows, compute)
        ]

    def _path(self, learner: Learner, name: str, rows: bytes) -> Path | None:
        if self._work is None:
            return None
        identity = f"{self._identity} {learner.name} {json.dumps(learner.settings, sort_keys=True)} {name} "
        return self._work / f"{hashlib.sha256(identity.encode() + rows).hexdigest()[:32]}.json"
