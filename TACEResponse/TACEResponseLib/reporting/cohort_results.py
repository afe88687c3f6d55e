"""What stays of many predicted cases besides their folders, as command and panel leave it."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from ..batch import CaseFailure
from ..cohort import Case, CaseKey, FileSource
from ..prediction import Prediction, write_predictions_table

PREDICTIONS_FILE = "predictions.csv"


def write_cohort_results(
    out: Path,
    cases: Sequence[Case],
    folders: Mapping[CaseKey, Path],
    predictions: Iterable[Prediction],
    failed: Iterable[CaseFailure],
) -> tuple[CaseKey, ...]:
    """Write ``predictions.csv``, with a row also for a case that failed.

    A folder that an earlier run left for a case that failed now would be taken for a result of this run: it is
    removed. Returns the cases whose folders were. Raises ValueError if the table cannot be written.
    """
    failed = tuple(failed)
    earlier = tuple(failure.key for failure in failed if folders[failure.key].exists())
    for key in earlier:
        shutil.rmtree(folders[key])
    errors = {failure.key: failure.text for failure in failed}
    write_predictions_table(
        out / PREDICTIONS_FILE,
        predictions,
        {case.key: _without_paths(errors[case.key], case) for case in cases if case.key in errors},
    )
    return earlier


def _without_paths(sentence: str, case: Case) -> str:
    """Paths often hold patients' names and stay out of results: the manifest's column stands in their place."""
    for sequence, source in case.sources.items():
        if isinstance(source, FileSource):
            for kind, path in (("image", source.image_path), ("mask", source.mask_path)):
                for name in (str(path), path.name):
                    sentence = sentence.replace(name, f"<{sequence}_{kind}>")
    return sentence
