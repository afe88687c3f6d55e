"""What a batch does with each case of a cohort: extract, or predict and write the case's folder."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from ..batch import BatchSummary, JobOutput, read_record
from ..cohort import Case, CaseKey, Progress
from ..features import PAPER_SETTINGS, FeatureSettings, FeatureVector, get_engine, get_feature_set
from ..imaging import CaseImages
from ..models import ModelBundle, load_bundle
from ..prediction import Prediction, read_prediction
from ..prediction.wording import interval_per_hundred, per_hundred
from .case import FeatureRecipe, extract_case, predict_case
from .case_files import PREDICTION_FILE, REPORT_FILE, case_folder, write_case_files


@dataclass(frozen=True)
class ExtractJob:
    """Which features of which sequences; a `CaseJob` whose results are its records."""

    sequences: tuple[str, ...]
    feature_set: str
    engine: str
    feature_settings: FeatureSettings = PAPER_SETTINGS

    folders = ()
    record_is_result = True

    @property
    def settings(self) -> Mapping[str, object]:
        """What besides the case decides the features."""
        return recipe_settings(self.recipe)

    @property
    def recipe(self) -> FeatureRecipe:
        """The same as a recipe."""
        return FeatureRecipe(self.sequences, self.feature_set, self.feature_settings, self.engine)

    def others(self, case: Case) -> Sequence[Case]:
        """No other case."""
        return ()

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The columns."""
        return get_feature_set(self.feature_set).column_names(self.sequences)

    def run(self, case: Case, progress: Progress | None = None, one_thread: bool = False) -> JobOutput:
        """The vector as a record. Raises ValueError as `extract_case` does."""
        images, vector = extract_case(case, self.recipe, progress, one_thread=one_thread)
        return JobOutput(vector_record(vector), warnings=warning_lines(images))

    def is_there(self, case: Case, record: Mapping[str, Any]) -> bool:
        """The record is all there is."""
        return True

    def vectors(self, summary: BatchSummary, folder: Path) -> list[FeatureVector]:
        """The vectors that a batch has made or found. Raises ValueError for a record that is missing or damaged."""
        recipe = self.recipe
        return [vector_of_record(key, read_record(folder, summary.names[key]), recipe) for key in summary.with_result]


@dataclass(frozen=True)
class PredictJob:
    """Which model, loaded once a process; a `CaseJob`. ``out`` gets a folder for each case.

    ``perturbations`` is the number of perturbed sets of VOIs for the band, 0 for none; ``prevalence`` the assumed share
    of responders, None for that of the model. ``loaded`` is the model where it is at hand; it stays in this process.
    """

    bundle_folder: Path
    bundle_sha256: str
    engine: str
    out: Path
    perturbations: int = 0
    prevalence: float | None = None
    loaded: ModelBundle | None = field(default=None, repr=False, compare=False)

    record_is_result = False

    def __getstate__(self) -> dict[str, object]:
        return {**vars(self), "loaded": None}

    @property
    def folders(self) -> tuple[Path, ...]:
        """Where results are written."""
        return (self.out,)

    @property
    def batch_folder(self) -> Path:
        """Where the batch keeps its records and logs."""
        return self.out / "batch"

    @property
    def settings(self) -> Mapping[str, object]:
        """What besides the case decides the prediction."""
        return {
            "bundle": self.bundle_sha256,
            "engine": self.engine,
            "perturbations": self.perturbations,
            "prevalence": self.prevalence,
        }

    def others(self, case: Case) -> Sequence[Case]:
        """No other case."""
        return ()

    def run(self, case: Case, progress: Progress | None = None, one_thread: bool = False) -> JobOutput:
        """Predict and write the case's folder. Raises ValueError as `predict_case` does, or if the model is another."""
        bundle = self.loaded or _bundle(self.bundle_folder, self.bundle_sha256)
        if bundle.sha256 != self.bundle_sha256:
            raise ValueError(f"{case.key.label}: the model {bundle.name} changed while the batch ran; start it again.")
        if self.prevalence is not None:
            bundle = bundle.with_prevalence(self.prevalence)
        result = predict_case(case, bundle, progress, engine=self.engine, one_thread=one_thread)
        if self.perturbations:
            from .perturbation_band import with_perturbation_band

            prediction, images, _features = result
            banded = with_perturbation_band(
                prediction, case, bundle, images, self.perturbations, engine=self.engine, progress=progress
            )
            result = result._replace(prediction=banded)
        folder = case_folder(self.out, case.key)
        write_case_files(folder, case, result, bundle)
        record = {"prediction_sha256": _sha256(folder / PREDICTION_FILE)}
        return JobOutput(record, lines=(result_line(result.prediction, folder / REPORT_FILE),))

    def is_there(self, case: Case, record: Mapping[str, Any]) -> bool:
        """Whether the case's folder holds the very prediction that the record tells."""
        try:
            return record.get("prediction_sha256") == _sha256(case_folder(self.out, case.key) / PREDICTION_FILE)
        except OSError:
            return False

    def predictions(self, summary: BatchSummary) -> Iterator[Prediction]:
        """The predictions that a batch has made or found, read one by one. Raises ValueError for a damaged one."""
        return (read_prediction(self.out / summary.names[key] / PREDICTION_FILE) for key in summary.with_result)


@lru_cache(maxsize=1)
def _bundle(folder: Path, _sha256: str) -> ModelBundle:
    return load_bundle(folder)


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def recipe_settings(recipe: FeatureRecipe) -> dict[str, object]:
    """What of a recipe decides the features, in plain JSON types."""
    engine = get_engine(recipe.engine) if isinstance(recipe.engine, str) else recipe.engine
    return {
        "sequences": list(recipe.sequences),
        "feature_set": recipe.feature_set,
        "engine": f"{engine.name} {engine.version}",
        "settings": recipe.settings.as_dict(),
    }


def vector_record(vector: FeatureVector) -> dict[str, Any]:
    """A feature vector in plain JSON types."""
    return {
        "values": [None if np.isnan(value) else float(value) for value in vector.values],
        "engine": vector.engine,
        "is_phantom": vector.is_phantom,
        "undefined": dict(vector.undefined),
        "input_sha256": {sequence: list(hashes) for sequence, hashes in vector.input_sha256.items()},
    }


def vector_of_record(key: CaseKey, record: Mapping[str, Any], recipe: FeatureRecipe) -> FeatureVector:
    """Inverse of `vector_record`."""
    return FeatureVector(
        key=key,
        names=get_feature_set(recipe.feature_set).column_names(recipe.sequences),
        values=values_of_record(record["values"]),
        settings=recipe.settings,
        feature_set=recipe.feature_set,
        engine=record["engine"],
        is_phantom=record["is_phantom"],
        undefined=record["undefined"],
        input_sha256={sequence: tuple(hashes) for sequence, hashes in record["input_sha256"].items()},
    )


def values_of_record(values: Sequence[float | None]) -> np.ndarray:
    """Features (p,) of a record; NaN where undefined."""
    return np.array([np.nan if value is None else value for value in values], dtype=float)


def warning_lines(images: CaseImages) -> tuple[str, ...]:
    """The warnings of the input checks as lines for a terminal."""
    return tuple(
        f"warning: {images.key}{f', {warning.sequence}' if warning.sequence else ''}: {warning.text}"
        for warning in images.warnings
    )


def result_line(prediction: Prediction, report: Path) -> str:
    """The number as the report gives it, and where the report is."""
    if prediction.demonstration_only:
        number = "DEMONSTRATION model, no number is stated"
    else:
        least, most = prediction.estimates
        estimate = per_hundred(least) if prediction.probability_range is None else interval_per_hundred(least, most)
        uncertainty = interval_per_hundred(prediction.probability_low, prediction.probability_high)
        phantom = ", a phantom" if prediction.is_phantom else ""
        band = prediction.perturbation
        drawn = "" if band is None else f"; VOIs drawn differently {interval_per_hundred(band.low, band.high)}"
        model = f"{prediction.bundle_name}{phantom}"
        number = f"{estimate} of 100 respond (model uncertainty {uncertainty}{drawn}; {model})"
    count = len(prediction.warnings)
    warned = f" ({count} warning{'' if count == 1 else 's'})" if count else ""
    return f"{prediction.key.label}: {number}\n  report: {report}{warned}"
