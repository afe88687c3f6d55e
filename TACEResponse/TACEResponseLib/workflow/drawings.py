"""Drawings of the same tumours: what runs over them share, and the plan of who is drawn again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ..cohort import Case, CaseKey, write_table
from ..features import FeatureTable, FeatureVector
from ..repeatability import DEFAULT_FORM, GOOD_ICC, ICC_FORMS, PLAN_COLUMNS, plan_redrawing
from .case import FeatureRecipe
from .cohort import CohortRun

STABLE_FILE = "stable.json"


@dataclass(frozen=True)
class DrawingRun:
    """Where results go, how the cohort is done, how features are made, and which of them count as stable.

    Records and logs go to the folder ``batch`` of the results; ``warn`` is called with each warning. ``threshold`` (-1
    to 1) is the ICC above which a feature is stable, with ``on_lower_bound`` the lower end of its interval. ``recipe``
    names feature set and engine; its sequences are those of the cases.
    """

    out: Path
    cohort: CohortRun
    warn: Callable[[str], None]
    recipe: FeatureRecipe = field(default_factory=FeatureRecipe)
    reader: str = "1"
    other_reader: str | None = None
    form: str = DEFAULT_FORM
    threshold: float = GOOD_ICC
    on_lower_bound: bool = False

    @property
    def batch_folder(self) -> Path:
        """Where the batch keeps its records and logs."""
        return self.out / "batch"

    def __post_init__(self) -> None:
        if not -1.0 < self.threshold < 1.0:
            raise ValueError(f"The threshold of an ICC lies between -1 and 1 (for example 0.75), not {self.threshold}.")

    def rule(self, form: str, kinds: str) -> str:
        """Which features are stable, as a report says it."""
        which = "lower bound of the 95 % interval of " if self.on_lower_bound else ""
        return f"{which}{ICC_FORMS[form]} > {self.threshold:g}, {kinds}"


def plan_drawings(cases: Sequence[Case], share: float, seed: int, run: DrawingRun) -> tuple[int, int, Path]:
    """Choose ``share`` of the patients to be drawn again and write the work list.

    Returns how many patients and drawings, and the file. Raises ValueError as `plan_redrawing` does.
    """
    rows = plan_redrawing(cases, share, seed, run.reader, run.other_reader or "2")
    path = run.out / "work_list.csv"
    write_table(path, PLAN_COLUMNS, rows)
    return len({row["patient_id"] for row in rows}), len(rows), path


def check_sequences(cases: Sequence[Case], run: DrawingRun) -> None:
    """Refuse drawings of different sequences before the long work: their features make no table."""
    for case in cases:
        own, first = (", ".join(run.recipe.of_case(one).sequences) for one in (case, cases[0]))
        if own != first:
            raise ValueError(
                f"{case.key.label} has {own}, {cases[0].key} has {first}; "
                "drawings are compared on the same sequences, give all of them the same."
            )


def table_of(vectors: Mapping[CaseKey, FeatureVector]) -> FeatureTable:
    """The vectors as one table. Raises ValueError if they are not of the same features."""
    first = next(iter(vectors.values()))
    for vector in vectors.values():
        if vector.names != first.names:
            raise ValueError(f"{vector.key.label} has other sequences than {first.key}; give all of them the same.")
    return FeatureTable(
        tuple(vectors),
        first.names,
        np.array([vector.values for vector in vectors.values()]),
        first.settings,
        first.feature_set,
        first.engine,
        frozenset(key for key, vector in vectors.items() if vector.is_phantom),
    )
