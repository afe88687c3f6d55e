"""The whole panel: parts from top to bottom, one state, one parameter node, and who observes what."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass

import qt
import slicer
import vtk
from slicer.util import VTKObservationMixin

from ..cohort import Case, CaseKey
from ..features import FeatureVector
from ..imaging import CaseImages
from ..models import ModelBundle
from ..scene.cases import caseOfNodes, keyOfParameterNode, nodesOfParameterNode
from ..scene.display import takeOffViews
from ..scene.i18n import _
from ..scene.logic import TACEResponseLogic
from ..scene.parameters import Parameters, parameterNode
from ..scene.results import removeResult, storedResult
from ..scene.roles import FOLLOW_UP_ROLE, RESULT_PARAMETER, SECOND_SEGMENTATION_ROLE, VOLUME_ROLES
from .background_task import TaskNews
from .batch_step import BatchStep
from .binding import Binding
from .clinical_step import ClinicalStep
from .follow_up_step import FollowUpStep
from .four_up import FourUp, FourUpCase
from .gathering import Gatherer, segmentationTimes
from .inputs import PanelInputs
from .model_step import ModelStep
from .node_watch import NodeWatch
from .predict_step import PredictStep
from .repeatability_step import RepeatabilityStep
from .result_step import ResultStep
from .state import PanelState, Result
from .step import PROBLEM_STYLE, showNote
from .study_step import StudyStep
from .task_runner import TaskRunner
from .voi_step import VoiStep

REFRESH_DELAY_MS = 200
"""Strokes of a brush follow each other faster; the VOI is measured after the last one."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _BeforeImport:
    """What the panel held before a scene was read in; ``storedResult`` is the text of the parameter node."""

    state: PanelState
    images: CaseImages | None
    features: FeatureVector | None
    storedResult: str


class Panel(VTKObservationMixin):
    """Made once for the module's widget; ``layout`` is where its parts go."""

    def __init__(self, layout) -> None:
        VTKObservationMixin.__init__(self)
        self.logic = TACEResponseLogic()
        self.state = PanelState()
        self.tasks = TaskRunner()
        self.fourUp = FourUp()
        self.images = self.features = None
        self._fingerprint: tuple = ()
        self._beforeImport: _BeforeImport | None = None
        self.isShown = False
        self.parameters = Parameters(parameterNode())
        self._gatherer = Gatherer()
        self._binding = Binding(self.refreshSoon)
        self._watch = NodeWatch(self.refreshSoon)
        self._timer = qt.QTimer()
        self._timer.setSingleShot(True)
        self._timer.setInterval(REFRESH_DELAY_MS)
        self._timer.timeout.connect(self.refresh)
        self.model, self.study, self.vois = ModelStep(self), StudyStep(self), VoiStep(self)
        self.clinical, self.predictStep = ClinicalStep(self), PredictStep(self)
        self.result, self.followUp = ResultStep(self), FollowUpStep(self)
        self.repeatability, self.batch = RepeatabilityStep(self), BatchStep(self)
        self.steps = (self.model, self.study, self.vois, self.clinical, self.predictStep, self.result)
        self.steps += (self.followUp, self.repeatability, self.batch)
        for step in self.steps:
            layout.addWidget(step.widget)
            self._binding.add(step.ui)
        scene = slicer.mrmlScene
        self.addObserver(scene, scene.StartCloseEvent, self.onSceneStartClose)
        self.addObserver(scene, scene.EndCloseEvent, self.onSceneChanged)
        # Before the selectors, which lose their nodes meanwhile and would take them out of their roles.
        self.addObserver(scene, scene.StartImportEvent, self.onSceneStartImport, priority=1.0)
        self.addObserver(scene, scene.EndImportEvent, self.onSceneImported)
        self.addObserver(scene, scene.EndBatchProcessEvent, self.onEndBatchProcess)
        # Before the selectors, which hear of it too.
        self.addObserver(scene, scene.NodeAboutToBeRemovedEvent, self.onNodeAboutToBeRemoved, priority=1.0)
        self.addObserver(scene, scene.NodeRemovedEvent, self.onNodeRemoved)
        manager = slicer.app.layoutManager()
        if manager is not None:
            manager.layoutChanged.connect(self.refreshSoon)
        self._useScene()

    @property
    def bundle(self) -> ModelBundle | None:
        """The chosen model, if it can be used."""
        return self._gatherer.bundle

    @property
    def isShowingParameters(self) -> bool:
        """The widgets are being set, not used."""
        return self._binding.isShowing

    def bundleOfResult(self) -> ModelBundle | None:
        """The model that made the result, if it is the chosen one."""
        result, bundle = self.state.result, self.bundle
        return bundle if result is not None and bundle and bundle.sha256 == result.prediction.bundle_sha256 else None

    # The module comes and goes

    def enter(self) -> None:
        """The module is shown."""
        self.isShown = True
        for step in self.steps:
            step.enter()
        self.refresh()

    def exit(self) -> None:
        """Another module is shown: the layout goes back, the editor lets go."""
        self.isShown = False
        for step in self.steps:
            step.exit()
        self.fourUp.hide()

    def cleanup(self) -> None:
        """The panel goes away; nothing of it stays."""
        # First, so that no selector that is emptied empties its parameter.
        self._binding.parameters = None
        self.tasks.cleanup()
        self._timer.stop()
        self._timer.timeout.disconnect(self.refresh)
        if slicer.app.layoutManager() is not None:
            slicer.app.layoutManager().layoutChanged.disconnect(self.refreshSoon)
        self.removeObservers()
        self._watch.removeObservers()
        self.fourUp.hide()
        self.fourUp.removeNodes()
        for step in self.steps:
            step.cleanup()
            step.removeWidgets()

    def onSceneStartClose(self, *_ignored) -> None:
        """The scene is about to close."""
        self._timer.stop()
        self.tasks.abandon()
        self.fourUp.hide()
        self.vois.exit()
        self.repeatability.clear()
        self.followUp.clear()
        self.vois.forgetEditorNode()
        self.result.removePlot()
        self._binding.parameters = None

    def onSceneStartImport(self, *_ignored) -> None:
        """A scene is about to be read in; what it holds is taken over when it is there."""
        self._timer.stop()
        self.tasks.abandon()
        self.state.cancel()
        self.vois.pause()
        self.repeatability.forgetTask()
        if self._binding.parameters is not None:
            stored = self.parameters.node.GetParameter(RESULT_PARAMETER)
            self._beforeImport = _BeforeImport(self.state, self.images, self.features, stored)
        self._binding.parameters = None

    def onSceneImported(self, *_ignored) -> None:
        """A scene was read in; one that brought no other case leaves the result as it was."""
        if slicer.mrmlScene.IsBatchProcessing():
            return
        before, self._beforeImport = self._beforeImport, None
        self.onSceneChanged()
        if before is None or before.state.result is None:
            return
        isSameCase = before.state.inputs.fingerprint() == self.state.inputs.fingerprint()
        if isSameCase and self.parameters.node.GetParameter(RESULT_PARAMETER) == before.storedResult:
            self.state, self.images, self.features = before.state, before.images, before.features
            self.refresh()

    def onEndBatchProcess(self, *_ignored) -> None:
        """The end of an import that was part of a larger change."""
        if self._binding.parameters is None:
            self.onSceneImported()

    def onSceneChanged(self, *_ignored) -> None:
        """The scene is another: begin with what it holds."""
        if not slicer.mrmlScene.IsBatchProcessing():
            self._useScene()
            if self.isShown:
                self.vois.enter()

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def onNodeAboutToBeRemoved(self, _scene, _event, node) -> None:
        """A volume or VOI goes away: its place stays empty until the user fills it."""
        if self._binding.parameters is not None:
            if node is self.parameters.getNode(SECOND_SEGMENTATION_ROLE):
                self.repeatability.endBlinding()
            self.vois.forgetNode(node)
            self._binding.forgetNode(node)

    def onNodeRemoved(self, *_ignored) -> None:
        """Refresh; if it was the parameter node, begin anew."""
        if self._binding.parameters is not None and not slicer.mrmlScene.IsNodePresent(self.parameters.node):
            self._binding.parameters = None
            qt.QTimer.singleShot(0, self.onSceneChanged)
        self.refreshSoon()

    # Showing

    def refreshSoon(self, *_ignored) -> None:
        """Refresh after the last of a series of changes."""
        if self._binding.parameters is not None:
            self._timer.start()

    def refresh(self) -> None:
        """Take over the scene and show what follows from it."""
        if self._binding.parameters is None:
            return
        self._timer.stop()
        inputs = self._gatherer.gather(self.parameters)
        held = self.state.update(inputs)
        if held is not inputs:
            isOther = (held.vois, held.clinical, held.checklist) != (inputs.vois, inputs.clinical, inputs.checklist)
            self._writeBack(held, isOther)
        self._watch.watchCase(self.parameters, self.followUp.allLines())
        second = self.parameters.getNode(SECOND_SEGMENTATION_ROLE)
        fingerprint = (self.state.inputs.fingerprint(), () if second is None else segmentationTimes(second))
        if fingerprint != self._fingerprint:
            self._fingerprint = fingerprint
            self._forgetWords()
        if self.state.inputs.needsImages:
            self.fourUp.keepUp(self._fourUpCase())
        elif self.fourUp.isShown:
            self.fourUp.hide()
        self._watch.watchViews(self.fourUp.compositeNodes())
        self.showAll()

    def showAll(self) -> None:
        """Show the state as it is."""
        self._binding.showParameters()
        for step in self.steps:
            step.showStep()

    def showFourUp(self) -> None:
        """T2 | AP over PVP | DP."""
        self.vois.showAll()
        self.followUp.hideAfterTace()
        self.fourUp.show(self._fourUpCase())

    def _fourUpCase(self) -> FourUpCase:
        dates = {sequence: volume.studyDate for sequence, volume in self.state.inputs.volumes.items()}
        second = self.parameters.getNode(SECOND_SEGMENTATION_ROLE)
        drawnAgain = {} if second is None else {str(self.parameters.get("secondSequence")): second}
        return FourUpCase(*nodesOfParameterNode(self.parameters.node), dates, drawnAgain)

    def busyProblem(self) -> str | None:
        """Why no other work can begin now; None if it can."""
        return _("Other work is under way; wait for it.") if self.tasks.isRunning else None

    def complain(self, sentence: str) -> None:
        """Tell the user what is wrong; in a test it is only logged."""
        _log.warning("%s", sentence)
        if not slicer.app.testingEnabled():
            slicer.util.warningDisplay(sentence, windowTitle=_("TACE response"))

    @contextmanager
    def saying(self, label=None):
        """Show a refusal of the library beside its control, or in a window, instead of raising it."""
        try:
            yield
        except ValueError as error:
            if label is None:
                self.complain(str(error))
            else:
                showNote(label, str(error), PROBLEM_STYLE)

    # Doing

    def newPatient(self) -> None:
        """Forget the patient; his nodes stay in the scene, out of sight."""
        self.tasks.abandon()
        self.state.cancel()
        forgotten = [self.parameters.getNode(role) for role in (*VOLUME_ROLES.values(), FOLLOW_UP_ROLE)]
        takeOffViews(node for node in forgotten if node is not None)
        for role in VOLUME_ROLES.values():
            self.parameters.setNode(role, None)
        self.parameters.setNode(FOLLOW_UP_ROLE, None)
        self._writeBack(self.state.newPatient(), True)
        self._forgetWords()
        self.refresh()

    def key(self) -> CaseKey:
        """The case's key. Raises ValueError if no patient was entered."""
        return keyOfParameterNode(self.parameters.node)

    def caseOfResult(self) -> Case:
        """Key and facts of the present case, without images."""
        return Case(self.key(), clinical=self.state.inputs.clinical.record())

    def predict(self, onNews: Callable[[TaskNews], None], isAgain: bool = False) -> None:
        """Predict in the background; with ``isAgain`` the result shown stays as it is."""
        self.refresh()
        with self.saying(self.predictStep.ui.predictLabel):
            try:
                self._begin(onNews, isAgain)
            finally:
                # Before a refusal is said, which it would take away.
                self.showAll()

    def _begin(self, onNews: Callable[[TaskNews], None], isAgain: bool) -> None:
        key, bundle = self.key(), self.bundle
        volumes, segmentations = nodesOfParameterNode(self.parameters.node)
        needed = self.state.inputs.sequences
        volumes = {sequence: volumes[sequence] for sequence in needed if sequence in volumes}
        if not isAgain:
            self.state.begin()
        try:
            case = caseOfNodes(key, volumes, segmentations, self.state.inputs.clinical.record())
        except ValueError as error:
            if not isAgain:
                self.state.fail(str(error))
            raise
        engine = self.state.inputs.engine
        self.tasks.run(
            lambda progress: self.logic.predictCase(case, bundle, progress, engine),
            self._keepImages(onNews) if isAgain else onNews,
        )

    def predictionEnded(self, news: TaskNews) -> None:
        """The prediction under way is done, refused or cancelled."""
        if news.kind == "done":
            prediction, self.images, self.features = news.result
            self.state.succeed(prediction)
            self._forgetWords()
            self.result.setCollapsed(False)
            qt.QTimer.singleShot(0, self.result.scrollIntoView)
        elif news.kind == "failed":
            self.state.fail(news.text)
            self.images = self.features = None
        else:
            self.state.cancel()
        self.refresh()

    def _forgetWords(self) -> None:
        for step in self.steps:
            step.forgetWords()

    def _keepImages(self, onNews: Callable[[TaskNews], None]) -> Callable[[TaskNews], None]:
        def keep(news: TaskNews) -> None:
            if news.kind == "done":
                _prediction, self.images, self.features = news.result
            onNews(news)
            if news.kind != "progress":
                self.showAll()

        return keep

    def _useScene(self) -> None:
        """Begin with the scene at hand: its parameter node and its result."""
        self.state = PanelState()
        self.images = self.features = None
        self.parameters = Parameters(parameterNode())
        self._binding.parameters = self.parameters
        # Before anything is shown that a blinded reader must not see.
        self.repeatability.takeScene()
        self.refresh()
        with self.saying():
            stored = storedResult(self.parameters.node)
            if stored is not None:
                prediction, fingerprint, counts = stored
                self.state.restore(
                    Result(prediction, fingerprint, frozenset(self.state.checklistNeeded())),
                    counts.get("predictions", 0),
                    counts.get("voi_edits_after_result", 0),
                )
                self.showAll()

    def _writeBack(self, held: PanelInputs, isAnotherPatient: bool) -> None:
        """Put what the state has cleared or filled in into the parameter node."""
        wasModified = self.parameters.node.StartModify()
        if isAnotherPatient:
            self.parameters.forgetPatient()
            removeResult(self.parameters.node)
            self.images = self.features = None
            self.clinical.clearCalculator()
            self.followUp.clear()
            self.study.clear()
            self.repeatability.clear()
        self.parameters.set("patientId", held.patientId)
        self.parameters.node.EndModify(wasModified)
