"""``tace-response predict``: the probability, and a report, for every patient of a manifest."""

from __future__ import annotations

import argparse
import importlib
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ..batch import CaseResults, run_cases
from ..cohort import Case, CaseKey, FileSource, case_folder_names, new_folder, read_manifest, replace_file, select_cases
from ..features import ENGINES
from ..imaging import CaseImages, read_case_images
from ..models import ModelBundle, find_bundle, load_bundle
from ..prediction import Prediction, plain_text, predict, write_prediction, write_predictions_table
from ..prediction.wording import interval_per_hundred, per_hundred
from ..reporting import write_patient_report
from .run_record import RunRecord
from .terminal import EXIT_DONE, EXIT_SOME_FAILED, Terminal

NAME = "predict"
HELP = "Predict objective response for every patient of a manifest and write a report for each."
EXAMPLES = """\
  tace-response predict cohort/manifest.csv --model phantom-cd --out out/predictions
  tace-response predict cohort/manifest.csv --model published-clinical --out out/clinical
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("manifest", type=Path, help="CSV with patient_id, images, masks and clinical facts")
    parser.add_argument(
        "--model", required=True, metavar="BUNDLE", help="name of a shipped model, or a bundle's folder"
    )
    parser.add_argument("--out", type=Path, required=True, help="folder for predictions.csv and a folder for each case")
    parser.add_argument("--engine", choices=ENGINES, default="native", help="feature engine (default: native)")
    parser.add_argument("--all-rows", action="store_true", help="every lesion, reader and session, not one a patient")


def run(arguments: argparse.Namespace, terminal: Terminal) -> int:
    """Predict case by case; what failed is named and does not stop the others."""
    record = RunRecord(NAME)
    bundle = _load_bundle(arguments.model)
    cases = read_manifest(arguments.manifest)
    if not arguments.all_rows:
        cases = select_cases(cases)
    folders = {key: arguments.out / name for key, name in case_folder_names([case.key for case in cases]).items()}

    def predict_case(case: Case, progress) -> Prediction:
        images = None
        if bundle.required_sequences:
            settings = bundle.settings
            images = read_case_images(
                case, bundle.required_sequences, settings.spacing_mm, settings.bin_width, progress
            )
        prediction = predict(case, bundle, progress, engine=arguments.engine, images=images)
        _write_case(folders[case.key], case, prediction, bundle, images)
        terminal.say(_result_line(prediction, folders[case.key] / "report.html"))
        return prediction

    results = run_cases(cases, predict_case, terminal.progress)
    _report_failures(results, cases, folders, terminal)
    errors = {failure.key: failure.text for failure in results.failed}
    write_predictions_table(
        arguments.out / "predictions.csv",
        results.done.values(),
        {case.key: _without_paths(errors[case.key], case) for case in cases if case.key in errors},
    )
    record.write(arguments.out / "run.json", done=len(results.done), failed=len(results.failed))
    if len(cases) > 1:
        terminal.say(f"{len(results.done)} of {len(cases)} cases predicted: {arguments.out / 'predictions.csv'}")
    return EXIT_SOME_FAILED if results.failed else EXIT_DONE


def _load_bundle(name: str) -> ModelBundle:
    """Load a bundle while SimpleITK is imported, which nearly every one needs: hashing leaves the interpreter free."""
    folder = find_bundle(name)
    with ThreadPoolExecutor(1) as executor:
        loading = executor.submit(load_bundle, folder)
        importlib.import_module("SimpleITK")
        return loading.result()


def _write_case(
    folder: Path, case: Case, prediction: Prediction, bundle: ModelBundle, images: CaseImages | None
) -> None:
    """The case's folder, whole or as it was before."""
    with new_folder(folder, replace=True) as part:
        write_prediction(part / "prediction.json", prediction)
        write_patient_report(part / "report.html", prediction, bundle, images, case.clinical)
        replace_file(part / "sentence.txt", (plain_text(prediction) + "\n").encode("utf-8"))


def _report_failures(
    results: CaseResults[Prediction], cases: list[Case], folders: dict[CaseKey, Path], terminal: Terminal
) -> None:
    """Name what failed; a result of an earlier run, which would be taken for one of this run, goes away."""
    for failure in results.failed:
        terminal.complain(f"not done: {failure.text}")
        if folders[failure.key].exists():
            shutil.rmtree(folders[failure.key])
            terminal.complain(f"removed: {folders[failure.key]}, the result of an earlier run of {failure.key}")


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
        number = f"{estimate} of 100 respond (model uncertainty {uncertainty}; {prediction.bundle_name}{phantom})"
    return f"{prediction.key.label}: {number}\n  report: {report}"


def _without_paths(sentence: str, case: Case) -> str:
    """Paths often hold patients' names and stay out of results: the manifest's column stands in their place."""
    for sequence, source in case.sources.items():
        if isinstance(source, FileSource):
            for kind, path in (("image", source.image_path), ("mask", source.mask_path)):
                for name in (str(path), path.name):
                    sentence = sentence.replace(name, f"<{sequence}_{kind}>")
    return sentence
