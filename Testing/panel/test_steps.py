"""Each part of the panel made alone: real Qt from its .ui file, real MRML, and no other part."""

import ast
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

sys.path.insert(0, str(Path(__file__).parent))
host = pytest.importorskip("host", reason="needs slicer-core and PySide6-Essentials")
slicer = host.slicer

PANEL = Path(__file__).resolve().parents[2] / "TACEResponse" / "TACEResponseLib" / "panel"
STEPS = {
    "model": "ModelStep",
    "study": "StudyStep",
    "voi": "VoiStep",
    "clinical": "ClinicalStep",
    "more_facts": "MoreFactsStep",
    "predict": "PredictStep",
    "result": "ResultStep",
    "follow_up": "FollowUpStep",
    "repeatability": "RepeatabilityStep",
    "batch": "BatchStep",
}


@pytest.fixture(scope="session")
def bundle_folder(make_formula_bundle, tmp_path_factory):
    from TACEResponseLib.models import save_bundle

    folder = tmp_path_factory.mktemp("bundles") / "formula-cd"
    save_bundle(make_formula_bundle(), folder)
    return folder


@pytest.fixture
def make_alone(scene, monkeypatch, tmp_path):
    """Make one part with state, parameters, views and tasks of its own; what it asks to be gathered is gathered."""
    recorded = host.install(monkeypatch, scene, tmp_path / "settings.ini")

    def make(name):
        import importlib

        from TACEResponseLib.panel.gathering import Gatherer
        from TACEResponseLib.panel.state import PanelState
        from TACEResponseLib.panel.task_runner import TaskRunner
        from TACEResponseLib.panel.views import Views
        from TACEResponseLib.scene.parameters import Parameters, parameterNode

        alone = SimpleNamespace(state=PanelState(), parameters=Parameters(parameterNode()), tasks=TaskRunner())
        alone.views, alone.recorded, gatherer = Views(alone.state, alone.parameters), recorded, Gatherer()
        alone.views.enter()

        def gather():
            inputs = gatherer.gather(alone.parameters)
            held = alone.state.update(inputs, gatherer.bundle)
            if held is not inputs:
                alone.parameters.set("patientId", held.patientId)
            alone.views.follow()
            alone.state.changed.emit()

        alone.state.gatherNow.connect(gather)
        alone.state.touched.connect(gather)
        alone.gather = gather
        module = importlib.import_module(f"TACEResponseLib.panel.{name}_step")
        alone.step = getattr(module, STEPS[name])(alone.state, alone.parameters, alone.views, alone.tasks)
        alone.ui, alone.window = alone.step.ui, host.window_of(alone.step.widget)
        alone.step.enter()
        gather()
        return alone

    with host.qt_in_main_thread():
        yield make


@pytest.fixture
def load_sample(bundle_folder):
    """Put the sample patient, its facts and the formula's model into the parameters of what was made alone."""

    def load(alone, withVois=True):
        from TACEResponseLib.scene.clinical_entry import entryOf
        from TACEResponseLib.scene.roles import CHECKLIST, SEGMENTATION_ROLES, VOLUME_ROLES
        from TACEResponseLib.scene.sample_patient import loadSamplePatient

        sample = loadSamplePatient(withVois=withVois)
        alone.parameters.set("model", str(bundle_folder))
        for name in CHECKLIST:
            alone.parameters.set(name, True)
        for sequence, node in sample.volumes.items():
            alone.parameters.setNode(VOLUME_ROLES[sequence], node)
        for sequence, node in sample.segmentations.items():
            alone.parameters.setNode(SEGMENTATION_ROLES[sequence], node)
        alone.parameters.setClinicalEntry(entryOf(sample.clinical))
        alone.gather()
        return sample

    return load


def finish(alone):
    """Serve events until the task has ended."""
    import time

    deadline = time.monotonic() + 120
    while alone.tasks.isRunning:
        host.application().processEvents()
        assert time.monotonic() < deadline


def predict(alone):
    """A result as the step of prediction would leave it."""
    from TACEResponseLib.panel.present_case import predictionWork, presentCase

    case = presentCase(alone.state, alone.parameters)
    alone.state.begin()
    alone.state.succeed(*predictionWork(case, alone.state.bundle, "native")(None))
    alone.gather()


@pytest.mark.parametrize("name", STEPS)
def test_no_part_names_another(name):
    tree = ast.parse((PANEL / f"{name}_step.py").read_text(encoding="utf-8"))
    imported = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.level == 1]
    assert imported
    assert not [module for module in imported if module.endswith("_step") or module in ("panel", "four_up")]


def test_the_blinding_is_read_in_one_place():
    """Elsewhere it is begun only, by a look at something; its saved parameter is for the scene."""
    readers = []
    for path in PANEL.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Compare):
                names = [one.id for one in (node.left, *node.comparators) if isinstance(one, ast.Name)]
                readers += [path.name] if "BLINDED" in names else []
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "get":
                readers += [path.name] if [one for one in node.args if getattr(one, "value", "") == "blinded"] else []
    # The panel reads the parameter of a scene that was opened.
    assert set(readers) == {"shown.py", "panel.py"}
    assert readers.count("panel.py") == 1


@pytest.mark.parametrize("name", STEPS)
def test_every_part_can_be_made_shown_and_removed_alone(name, make_alone, load_sample):
    alone = make_alone(name)
    load_sample(alone)
    predict(alone)
    alone.state.newPatient()
    alone.gather()
    alone.step.exit()
    alone.step.pause()
    alone.step.cleanup()
    alone.step.removeWidgets()
    assert not alone.recorded.warnings


def test_the_model_is_chosen_and_the_checklist_ticked(make_alone, bundle_folder):
    alone = make_alone("model")
    assert alone.state.missing() == ("Model: choose one.",)
    alone.parameters.set("model", str(bundle_folder))
    alone.gather()
    assert alone.ui.modelSelector.currentText == "formula-cd"
    assert not alone.state.stepIsDone("model")
    alone.ui.patientIdEdit.setText("P 1")
    for name in ("firstTace", "noEarlierTreatment", "extracellularAgent", "adult", "notDiffuse"):
        getattr(alone.ui, f"{name}CheckBox").click()
    assert alone.state.stepIsDone("model")
    assert alone.ui.stepButton.text.startswith("✓")
    alone.ui.patientIdEdit.setText("P/1")
    assert "'/'" in alone.ui.modelProblemLabel.text
    alone.ui.newPatientButton.click()
    assert alone.ui.patientIdEdit.text == ""
    assert not alone.ui.adultCheckBox.checked


def test_volumes_are_assigned_with_reasons(make_alone, bundle_folder):
    from TACEResponseLib.scene.sample_patient import SAMPLE_NAMES, loadSamplePatient

    alone = make_alone("study")
    alone.ui.assignButton.click()
    assert "No volume is loaded" in alone.recorded.warnings[-1]
    loadSamplePatient()
    alone.ui.assignButton.click()
    for sequence, name in SAMPLE_NAMES.items():
        assert getattr(alone.ui, f"volume{sequence}Selector").currentNode().GetName() == name
    assert "AP: " in alone.ui.studyLabel.text
    alone.ui.volumeT2Selector.setCurrentNode(alone.ui.volumeAPSelector.currentNode())
    assert "The same image" in alone.ui.studyLabel.text


def test_the_sample_patient_needs_no_other_part(make_alone, bundle_folder):
    alone = make_alone("study")
    alone.parameters.set("model", str(bundle_folder))
    alone.ui.samplePatientButton.click()
    assert alone.state.inputs.patientId.startswith("PHANTOM")
    assert alone.state.missing() == (alone.state.missing()[0],)
    assert alone.state.missing()[0].startswith("Checklist")
    alone.ui.samplePatientButton.click()
    assert len(alone.state.inputs.vois) == 4


def test_a_voi_is_edited_copied_confirmed_and_shifted(make_alone, load_sample):
    from TACEResponseLib.scene.roles import SEGMENTATION_ROLES, VOLUME_ROLES
    from TACEResponseLib.scene.segmentations import setVoiArray

    alone = make_alone("voi")
    assert not alone.ui.voiAPButton.enabled
    load_sample(alone, withVois=False)
    editor = alone.step.editing.widget
    alone.ui.voiAPButton.click()
    segmentation = alone.parameters.getNode(SEGMENTATION_ROLES["AP"])
    assert editor.segmentationNode() is segmentation
    assert editor.sourceVolumeNode() is alone.parameters.getNode(VOLUME_ROLES["AP"])
    assert not alone.ui.copyVoiButton.enabled
    volume = alone.parameters.getNode(VOLUME_ROLES["AP"])
    mask = slicer.util.arrayFromVolume(volume) * 0
    mask[10:16, 60:80, 60:80] = 1
    setVoiArray(segmentation, volume, mask)
    alone.gather()
    assert "mL, largest diameter" in alone.ui.voiAPLabel.text
    alone.ui.copyVoiButton.click()
    assert [name for name in ("T2", "PVP", "DP") if alone.state.inputs.vois[name].isUnchecked] == ["T2", "PVP", "DP"]
    assert not alone.ui.confirmVoiButton.enabled
    alone.ui.voiPVPButton.click()
    # Of the VOIs only that of the selected sequence is seen.
    visible = {
        name: alone.parameters.getNode(role).GetDisplayNode().GetVisibility()
        for name, role in SEGMENTATION_ROLES.items()
    }
    assert visible == {"T2": 0, "AP": 0, "PVP": 1, "DP": 0}
    alone.ui.confirmVoiButton.click()
    assert alone.state.voiIsTicked("PVP")
    before = alone.state.inputs.vois["PVP"].content
    alone.ui.shiftLeftSpinBox.setValue(5.0)
    alone.ui.shiftVoiButton.click()
    assert "shifted by L" in alone.ui.voiLabel.text
    assert alone.state.inputs.vois["PVP"].content != before
    alone.step.exit()
    alone.views.leave()
    assert all(alone.parameters.getNode(role).GetDisplayNode().GetVisibility() for role in SEGMENTATION_ROLES.values())


def test_tools_of_a_sequence_that_has_gone_say_so(make_alone, load_sample):
    """Pressed before the panel has refreshed (fault 4 of the running Slicer: KeyError None)."""
    from TACEResponseLib.scene.roles import VOLUME_ROLES

    alone = make_alone("voi")
    load_sample(alone)
    alone.ui.voiAPButton.click()
    volume = alone.parameters.getNode(VOLUME_ROLES["AP"])
    alone.step.forgetNode(volume)
    slicer.mrmlScene.RemoveNode(volume)
    for slot in (alone.step.onShift, alone.step.onCopy, alone.step.onConfirm):
        slot()
        assert alone.recorded.warnings.pop() == "Select a sequence first."
    assert alone.step.editing.widget.segmentationNode() is None
    alone.step.onSequence("AP")
    assert "Choose the volume of AP" in alone.recorded.warnings.pop()


def test_another_voi_in_the_role_is_not_edited_in_place_of_the_one_before(make_alone, load_sample):
    from TACEResponseLib.scene.segmentations import createVoi

    alone = make_alone("voi")
    sample = load_sample(alone)
    alone.ui.voiAPButton.click()
    other = createVoi(sample.volumes["AP"], "AP")
    alone.ui.segmentationAPSelector.setCurrentNode(other)
    assert alone.step.editing.widget.segmentationNode() is None
    assert not alone.ui.voiAPButton.checked


def test_vois_follow_the_readers_name(make_alone, load_sample):
    from TACEResponseLib.scene.roles import SEGMENTATION_ROLES
    from TACEResponseLib.scene.segmentations import drawnBy

    alone = make_alone("voi")
    load_sample(alone)
    alone.ui.readerEdit.setText("MK")
    assert {drawnBy(alone.parameters.getNode(role)) for role in SEGMENTATION_ROLES.values()} == {("MK", "1")}


def test_facts_are_entered_and_the_calculator_fills_the_class(make_alone, load_sample):
    alone = make_alone("clinical")
    load_sample(alone)
    ui = alone.ui
    for edit, text in ((ui.bilirubinEdit, "1.1"), (ui.albuminEdit, "4.1"), (ui.coagulationEdit, "1.1")):
        edit.setText(text)
    assert not ui.useCalculatorButton.enabled
    ui.ascitesSelector.setCurrentIndex(1)
    ui.encephalopathySelector.setCurrentIndex(1)
    ui.useCalculatorButton.click()
    assert ui.childPughSelector.currentText == "A5"
    ui.afpEdit.setText("1.2.3")
    assert "AFP" in ui.afpLabel.text
    ui.afpEdit.setText("100")
    ui.afpUnitSelector.setCurrentIndex(ui.afpUnitSelector.findData("IU/mL"))
    assert ui.afpLabel.text == "= 121 ng/mL"
    alone.state.resultArrived.emit()
    assert ui.stepButton.collapsed
    alone.state.newPatient()
    assert ui.bilirubinEdit.text == ""


def test_further_facts_give_published_scores(make_alone, load_sample):
    alone = make_alone("more_facts")
    load_sample(alone)
    ui = alone.step.ui
    ui.albuminFactUnitSelector.setCurrentIndex(ui.albuminFactUnitSelector.findData("g/dL"))
    ui.albuminFactEdit.setText("3.8")
    ui.albuminFactEdit.textEdited.emit("3.8")
    ui.bilirubinFactEdit.setText("20")
    ui.bilirubinFactEdit.textEdited.emit("20")
    alone.gather()
    assert alone.parameters.clinicalEntry().more()["albumin_g_l"] == "38"
    # 0.66 log10 20 - 0.0852 x 38 = -2.379
    assert "ALBI -2.38, grade 2" in ui.publishedScoresLabel.text
    # What was typed stays as it was typed.
    assert ui.albuminFactEdit.text == "3.8"
    ui.albuminFactUnitSelector.setCurrentIndex(ui.albuminFactUnitSelector.findData("g/L"))
    alone.gather()
    assert "is it in g/dL" in ui.moreFactsLabel.text
    ui.ecogFactSelector.setCurrentIndex(ui.ecogFactSelector.findData("1"))
    alone.gather()
    assert alone.parameters.clinicalEntry().more()["ecog"] == "1"
    alone.parameters.set("moreFacts", "")
    alone.gather()
    assert ui.albuminFactEdit.text == ui.bilirubinFactEdit.text == ""


def test_predicting_and_cancelling(make_alone, load_sample):
    alone = make_alone("predict")
    assert not alone.ui.predictButton.enabled
    assert "Model: choose one." in alone.ui.predictButton.toolTip
    load_sample(alone)
    arrived = []
    alone.state.resultArrived.connect(lambda: arrived.append(alone.state.result))
    alone.ui.predictButton.click()
    assert alone.ui.predictButton.text == "Cancel"
    finish(alone)
    [result] = arrived
    assert alone.state.resultIsCurrent
    assert len(result.features.values) == 214
    alone.ui.predictButton.click()
    alone.ui.predictButton.click()
    finish(alone)
    assert not alone.state.isRunning
    assert alone.state.result is result


def test_another_patient_ends_the_prediction_of_the_one_before(make_alone, load_sample):
    alone = make_alone("predict")
    load_sample(alone)
    alone.state.patientChanged.connect(alone.tasks.abandon)
    alone.ui.predictButton.click()
    alone.state.newPatient()
    assert not alone.tasks.isRunning
    assert not alone.state.isRunning
    assert alone.state.result is None


def test_a_result_is_shown_kept_and_tried_with_other_facts(make_alone, load_sample, tmp_path):
    from TACEResponseLib.scene.results import storedResult

    alone = make_alone("result")
    assert not alone.ui.saveButton.enabled
    load_sample(alone)
    predict(alone)
    prediction = alone.state.result.prediction
    assert prediction.sentence[:60] in alone.ui.resultBrowser.plainText
    assert "of 100 respond" in alone.ui.headlineLabel.text
    assert not alone.ui.stepButton.collapsed
    alone.ui.saveButton.click()
    assert storedResult(alone.parameters.node)[0] == prediction
    alone.ui.copySentenceButton.click()
    assert "Of 100 patients" in slicer.app.clipboard().text()
    alone.ui.whatIfAstSelector.setCurrentIndex(1)
    assert "Not this patient" in alone.ui.whatIfLabel.text
    alone.step.writeReport(tmp_path / "report.html")
    alone.step.writePdf(tmp_path / "report.pdf")
    assert (tmp_path / "report.html").stat().st_size > 10000
    assert (tmp_path / "report.pdf").read_bytes()[:5] == b"%PDF-"
    alone.ui.runAgainButton.click()
    finish(alone)
    assert "every number is identical" in alone.ui.resultLabel.text
    alone.parameters.set("afp", "900")
    alone.gather()
    assert "Out of date" in alone.ui.resultBrowser.plainText
    assert not alone.ui.headlineLabel.text
    assert not alone.ui.saveButton.enabled


def test_diameters_before_and_after_make_the_response(make_alone, load_sample, tmp_path):
    import vtk
    from TACEResponseLib.cohort import read_manifest
    from TACEResponseLib.scene.roles import BASELINE_LINES_ROLE, FOLLOW_UP_LINES_ROLE, VOLUME_ROLES

    alone = make_alone("follow_up")
    load_sample(alone)
    before = alone.parameters.getNode(VOLUME_ROLES["AP"])
    after = slicer.util.addVolumeFromArray(slicer.util.arrayFromVolume(before), name="after")
    after.SetAttribute("StudyDate", "20210406")
    alone.ui.followUpVolumeSelector.setCurrentNode(after)
    assert alone.ui.followUpVolumeLabel.text == "2021-04-06, 92 days after the study before TACE"
    for button, role, length in (
        (alone.ui.addBaselineButton, BASELINE_LINES_ROLE, 40.0),
        (alone.ui.addFollowUpButton, FOLLOW_UP_LINES_ROLE, 20.0),
    ):
        button.click()
        [line] = alone.step.lines(role)
        line.CreateDefaultDisplayNodes()
        line.AddControlPoint(vtk.vtkVector3d(0, 0, 0))
        line.AddControlPoint(vtk.vtkVector3d(length, 0, 0))
    alone.gather()
    assert "40.0 mm" in alone.ui.baselineLabel.text
    assert "mRECIST PR: objective response" in alone.ui.mrecistLabel.text
    [baseline] = alone.step.lines(BASELINE_LINES_ROLE)
    assert not baseline.GetDisplayNode().GetVisibility()
    assert not alone.ui.addToCohortButton.enabled
    alone.parameters.set("cohortFolder", str(tmp_path))
    predict(alone)
    alone.ui.addToCohortButton.click()
    [case] = read_manifest(tmp_path / "cohort.csv")
    assert case.objective_response is True


def test_a_voi_is_drawn_again_blinded_and_compared(make_alone, load_sample):
    from TACEResponseLib.panel.shown import shownOf
    from TACEResponseLib.scene.roles import SECOND_SEGMENTATION_ROLE, SEGMENTATION_ROLES
    from TACEResponseLib.scene.segmentations import setVoiArray

    alone = make_alone("repeatability")
    sample = load_sample(alone)
    first = alone.parameters.getNode(SEGMENTATION_ROLES["AP"])
    assert "second VOI first" in alone.ui.compareButton.toolTip
    alone.ui.secondReaderEdit.setText("1")
    alone.ui.drawAgainButton.click()
    assert "another reader" in alone.ui.comparisonLabel.text
    alone.ui.secondReaderEdit.setText("2")
    alone.ui.drawAgainButton.click()
    assert shownOf(alone.state).isSecondEdited
    assert not first.GetDisplayNode().GetVisibility()
    assert "Blinded" in alone.ui.comparisonLabel.text
    assert not alone.ui.secondReaderEdit.enabled
    second = alone.parameters.getNode(SECOND_SEGMENTATION_ROLE)
    alone.ui.drawAgainButton.click()
    assert not slicer.mrmlScene.IsNodePresent(second), "an empty VOI that was begun before stays"
    second = alone.parameters.getNode(SECOND_SEGMENTATION_ROLE)
    volume = sample.volumes["AP"]
    mask = slicer.util.arrayFromVolume(volume) * 0
    mask[10:16, 60:80, 60:80] = 1
    setVoiArray(second, volume, mask)
    alone.gather()
    alone.ui.compareButton.click()
    assert alone.ui.compareButton.text == "Cancel"
    finish(alone)
    assert "Dice" in alone.ui.comparisonLabel.text, alone.ui.comparisonLabel.text
    assert first.GetDisplayNode().GetVisibility()
    assert not shownOf(alone.state).isSecondEdited
    slicer.mrmlScene.RemoveNode(second)


def test_a_second_voi_that_is_removed_ends_the_blinding(make_alone, load_sample):
    from TACEResponseLib.scene.roles import SECOND_SEGMENTATION_ROLE, SEGMENTATION_ROLES

    alone = make_alone("repeatability")
    load_sample(alone)
    alone.ui.drawAgainButton.click()
    second = alone.parameters.getNode(SECOND_SEGMENTATION_ROLE)
    alone.step.forgetNode(second)
    slicer.mrmlScene.RemoveNode(second)
    alone.gather()
    assert alone.parameters.getNode(SEGMENTATION_ROLES["AP"]).GetDisplayNode().GetVisibility()
    assert alone.ui.secondReaderEdit.enabled


def test_a_batch_is_listed_run_and_one_of_its_cases_opened(make_alone, bundle_folder, tmp_path):
    from TACEResponseLib.phantom import write_cohort

    alone = make_alone("batch")
    manifest = write_cohort(tmp_path / "cohort", 2, seed=3)
    alone.parameters.set("model", str(bundle_folder))
    alone.parameters.set("batchManifest", str(manifest))
    alone.gather()
    alone.ui.batchListButton.click()
    assert alone.ui.batchLabel.text == "2 cases."
    assert not alone.ui.batchRunButton.enabled
    alone.parameters.set("batchFolder", str(tmp_path / "out"))
    alone.gather()
    alone.ui.batchRunButton.click()
    finish(alone)
    assert "2 done" in alone.ui.batchLabel.text, alone.ui.batchLabel.text
    alone.step.onOpen(1)
    assert alone.parameters.get("patientId") == "PHANTOM-0002"
    assert alone.state.resultIsCurrent
