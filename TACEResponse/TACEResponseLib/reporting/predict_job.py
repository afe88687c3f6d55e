"""The prediction of one case with its files, as command and panel make them here, in a worker or on a cluster."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from ..batch import BatchSummary, JobOutput
from ..cohort import Case, Progress, case_folder_names
from ..features import Engine, get_engine
from ..imaging import read_case_images
from ..models import ModelBundle, load_bundle
from ..prediction import Prediction, predict
from ..prediction.serialisation import read_prediction
from ..prediction.wording import interval_per_hundred, per_hundred
from .case_results import PREDICTION_FILE, write_case_results


@dataclass(frozen=True)
class PredictJob:
    """Which model, loaded once a worker; a `CaseJob`. ``out`` gets a folder for each case.

    ``perturbations`` is the number of perturbed sets of VOIs for the band, 0 for none; ``prevalence`` the assumed share
    of responders, None for that of the model.
    """

    bundle_folder: Path
    bundle_sha256: str
    engine: str
    out: Path
    perturbations: int = 0
    prevalence: float | None = None

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

    def run(self, case: Case) -> JobOutput:
        """Predict and write the case's folder. Raises ValueError as `predict` does, or if the bundle is another one."""
        bundle = _bundle(self.bundle_folder)
        if bundle.sha256 != self.bundle_sha256:
            raise ValueError(f"{case.key.label}: the model {bundle.name} changed while the batch ran; start it again.")
        if self.prevalence is not None:
            bundle = bundle.with_prevalence(self.prevalence)
        engine = get_engine(self.engine)
        engine.sequences_at_once = 1
        _, line = predict_case(
            case, bundle, self._folder(case), engine, one_thread=True, perturbations=self.perturbations
        )
        return JobOutput(said=(line,))

    def is_there(self, case: Case) -> bool:
        """Whether the case's folder is there with its prediction."""
        return (self._folder(case) / PREDICTION_FILE).is_file()

    def predictions(self, summary: BatchSummary) -> Iterator[Prediction]:
        """The predictions that a batch has made or found, read one by one. Raises ValueError for a damaged one."""
        return (read_prediction(self.out / summary.names[key] / PREDICTION_FILE) for key in summary.with_result)

    def _folder(self, case: Case) -> Path:
        return self.out / case_folder_names([case.key])[case.key]


def predict_case(
    case: Case,
    bundle: ModelBundle,
    folder: Path,
    engine: str | Engine,
    progress: Progress | None = None,
    one_thread: bool = False,
    perturbations: int = 0,
) -> tuple[Prediction, str]:
    """Predict, write the case's folder, and say the number as the report does and where that is."""
    images = None
    if bundle.required_sequences:
        settings = bundle.settings
        threads = {"sequences_at_once": 1} if one_thread else {}
        images = read_case_images(
            case, bundle.required_sequences, settings.spacing_mm, settings.bin_width, progress, **threads
        )
    prediction = predict(case, bundle, progress, engine=engine, images=images)
    if perturbations:
        from ..prediction.perturbation_band import with_perturbation_band

        prediction = with_perturbation_band(
            prediction, case, bundle, images, perturbations, engine=engine, progress=progress
        )
    write_case_results(folder, case, prediction, bundle, images)
    return prediction, _result_line(prediction, folder / "report.html")


@lru_cache(maxsize=1)
def _bundle(folder: Path) -> ModelBundle:
    return load_bundle(folder)


def _result_line(prediction: Prediction, report: Path) -> str:
    """The number as the report gives it, and where the report is."""
    if prediction.demonstration_only:
        number = "DEMONSTRATION model, no number is stated"
    else:
        estimate = (
            interval_per_hundred(*prediction.probability_range)
            if prediction.probability is None
            else per_hundred(prediction.probability)
        )
        uncertainty = interval_per_hundred(prediction.probability_low, prediction.probability_high)
        phantom = ", a phantom" if prediction.is_phantom else ""
        band = prediction.perturbation
        drawn = "" if band is None else f"; VOIs drawn differently {interval_per_hundred(band.low, band.high)}"
        model = f"{prediction.bundle_name}{phantom}"
        number = f"{estimate} of 100 respond (model uncertainty {uncertainty}{drawn}; {model})"
    count = len(prediction.warnings)
    warned = f" ({count} warning{'' if count == 1 else 's'})" if count else ""
    return f"{prediction.key.label}: {number}\n  report: {report}{warned}"
