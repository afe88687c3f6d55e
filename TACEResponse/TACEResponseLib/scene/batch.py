"""Saved scenes as cases: what ``Scripts/predict.py --scene`` does with each."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import slicer

from ..cohort import CaseKey
from ..prediction import Prediction, write_predictions_table
from ..workflow import PREDICTIONS_FILE, REPORT_FILE, case_folder, write_case_files
from .cases import caseOfScene, checklistWarning, checkVois, findParameterNode
from .logic import TACEResponseLogic

EXIT_DONE, EXIT_SOME_FAILED = 0, 3

_log = logging.getLogger(__name__)


def predictScenes(scenes: Sequence[Path], model: str | Path, out: Path, report: Callable[[str], None]) -> int:
    """Predict the case of each scene and write what ``tace-response predict`` writes.

    Returns 0, or 3 if some failed; ``report`` is called with one sentence for each. Raises ValueError for a model that
    cannot be used.
    """
    logic = TACEResponseLogic()
    bundle = logic.loadModel(model)
    out = Path(out).resolve()  # reading a scene may change the folder that we are in
    files = [Path(path).resolve() for path in scenes]
    predictions: list[Prediction] = []
    errors: dict[CaseKey, str] = {}
    for number, (path, file) in enumerate(zip(scenes, files, strict=True), start=1):
        try:
            openScene(file)
            parameterNode = findParameterNode()
            case = caseOfScene(parameterNode)
            checkVois(parameterNode, bundle.required_sequences)
            if any(case.key == done.key for done in predictions):
                raise ValueError(f"{case.key.label} stands in an earlier scene already; give each case one scene.")
            result = logic.predictCase(case, bundle)
            unticked = checklistWarning(parameterNode, bool(bundle.required_sequences))
            if unticked is not None:
                warned = replace(result.prediction, warnings=(unticked, *result.prediction.warnings))
                result = result._replace(prediction=warned)
            folder = case_folder(out, case.key)
            write_case_files(folder, case, result, bundle)
        except ValueError as error:
            sentence = str(error)
        except Exception as error:
            _log.exception("scene %d", number)
            sentence = f"an unexpected error, {type(error).__name__}: {error}. This is an error in TACEResponse."
        else:
            predictions.append(result.prediction)
            report(f"{case.key.label}: {folder / REPORT_FILE}")
            continue
        # The scene's own name stays out of results: file names often hold patients' names.
        errors[CaseKey(f"scene {number}")] = sentence
        report(f"failed: {path}: {sentence}")
    write_predictions_table(out / PREDICTIONS_FILE, predictions, errors)
    return EXIT_SOME_FAILED if errors else EXIT_DONE


def openScene(path: Path) -> None:
    """Open a .mrb or .mrml in place of the scene at hand. Raises ValueError if it cannot be read.

    ``path`` must be absolute: Slicer does not find the files of a scene that was named from the folder it is in.
    """
    if not path.is_file():
        raise ValueError("the scene does not exist; check the path.")
    scene = slicer.mrmlScene
    scene.Clear()
    if path.suffix.lower() == ".mrb":
        scene.ReadFromMRB(str(path))
    elif path.suffix.lower() == ".mrml":
        scene.SetURL(str(path))
        scene.Import()
    else:
        raise ValueError("the scene is neither a .mrb nor a .mrml.")
    # ReadFromMRB says False now and then although all nodes are there: the nodes are asked instead.
    if scene.GetNumberOfNodesByClass("vtkMRMLScriptedModuleNode") == 0:
        raise ValueError("the scene cannot be read, or holds nothing of TACEResponse; save it again from the module.")
