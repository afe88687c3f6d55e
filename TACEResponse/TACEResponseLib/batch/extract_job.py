"""The features of one case, as command and panel compute them here, in a worker or on a cluster."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from ..cohort import Case, CaseKey, Progress
from ..features import PAPER_SETTINGS, FeatureVector, extract_features, get_engine, get_feature_set
from ..imaging import read_case_images
from .job import JobOutput, read_record
from .run_batch import BatchSummary

FEATURES_FILE = "features.csv"
"""A site's feature table, where a folder and not a file is asked for."""


@dataclass(frozen=True)
class ExtractJob:
    """Which features of which sequences; a `CaseJob`."""

    sequences: tuple[str, ...]
    feature_set: str
    engine: str
    folders: tuple[Path, ...] = ()

    @property
    def settings(self) -> Mapping[str, object]:
        """What besides the case decides the features."""
        engine = get_engine(self.engine)
        return {
            "sequences": list(self.sequences),
            "feature_set": self.feature_set,
            "engine": f"{engine.name} {engine.version}",
            "settings": PAPER_SETTINGS.as_dict(),
        }

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The columns."""
        return get_feature_set(self.feature_set).column_names(self.sequences)

    def extract(
        self, case: Case, progress: Progress | None = None, one_thread: bool = False
    ) -> tuple[FeatureVector, tuple[str, ...]]:
        """The vector and the warnings as lines. Raises ValueError as `read_case_images` and `extract_features` do."""
        engine = get_engine(self.engine)
        threads = {}
        if one_thread:
            engine.sequences_at_once = 1
            threads = {"sequences_at_once": 1}
        images = read_case_images(case, self.sequences, PAPER_SETTINGS.spacing_mm, PAPER_SETTINGS.bin_width, **threads)
        warnings = tuple(
            f"warning: {case.key}{f', {warning.sequence}' if warning.sequence else ''}: {warning.text}"
            for warning in images.warnings
        )
        return extract_features(images, self.sequences, self.feature_set, PAPER_SETTINGS, engine, progress), warnings

    def run(self, case: Case) -> JobOutput:
        """The vector as a record."""
        vector, warnings = self.extract(case, one_thread=True)
        record = {
            "values": [None if np.isnan(value) else float(value) for value in vector.values],
            "engine": vector.engine,
            "is_phantom": vector.is_phantom,
            "undefined": dict(vector.undefined),
            "input_sha256": {sequence: list(hashes) for sequence, hashes in vector.input_sha256.items()},
        }
        return JobOutput(record, complained=warnings)

    def is_there(self, case: Case) -> bool:
        """The record is all there is."""
        return True


def batch_folder(table: Path) -> Path:
    """Where a batch keeps the records and logs behind a feature table."""
    return table.with_name(table.name + ".batch")


def vectors_of_batch(summary: BatchSummary, folder: Path, job: ExtractJob) -> list[FeatureVector]:
    """The vectors that a batch has made or found. Raises ValueError for a record that is missing or damaged."""
    return [_vector_of_record(key, read_record(folder, summary.names[key]), job) for key in summary.with_result]


def _vector_of_record(key: CaseKey, record: Mapping, job: ExtractJob) -> FeatureVector:
    """Inverse of what `ExtractJob.run` keeps."""
    return FeatureVector(
        key=key,
        names=job.names,
        values=np.array([np.nan if value is None else value for value in record["values"]], dtype=float),
        settings=PAPER_SETTINGS,
        feature_set=job.feature_set,
        engine=record["engine"],
        is_phantom=record["is_phantom"],
        undefined=record["undefined"],
        input_sha256={sequence: tuple(hashes) for sequence, hashes in record["input_sha256"].items()},
    )
