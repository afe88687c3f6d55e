"""The whole panel: parts from top to bottom over one state, and what is observed of the scene."""

from __future__ import annotations

import qt
import slicer
import vtk
from slicer.util import VTKObservationMixin

from ..scene.logic import TACEResponseLogic
from ..scene.parameters import Parameters, parameterNode
from ..scene.results import storedResult
from ..scene.roles import RESULT_PARAMETER, SECOND_SEGMENTATION_ROLE, VOLUME_ROLES
from .batch_step import BatchStep
from .clinical_step import ClinicalStep
from .focus import BLINDED, NOTHING
from .follow_up_step import FollowUpStep
from .gathering import Gatherer
from .model_step import ModelStep
from .more_facts_step import MoreFactsStep
from .node_watch import NodeWatch
from .predict_step import PredictStep
from .repeatability_step import RepeatabilityStep
from .result_step import ResultStep
from .shown import shownOf
from .state import PanelState, Result
from .step import refusals
from .study_step import StudyStep
from .task_runner import TaskRunner
from .views import Views
from .voi_step import VoiStep

REFRESH_DELAY_MS = 200
"""Strokes of a brush follow each other faster; the VOI is measured after the last one."""


class Panel(VTKObservationMixin):
    """Made once for the module's widget; ``layout`` is where its parts go."""

    def __init__(self, layout) -> None:
        VTKObservationMixin.__init__(self)
        self.logic = TACEResponseLogic()
        self.state, self.parameters, self.tasks = PanelState(), Parameters(), TaskRunner()
        self.views = Views(self.state, self.parameters)
        self.isShown = False
        self._gatherer = Gatherer()
        self._memory: dict[str, object] | None = None
        self._storedBefore = ""
        self._watch = NodeWatch(self.refreshSoon)
        self._timer = qt.QTimer()
        self._timer.setSingleShot(True)
        self._timer.setInterval(REFRESH_DELAY_MS)
        self._timer.timeout.connect(self.refresh)
        self.state.touched.connect(self.refreshSoon)
        self.state.gatherNow.connect(self.refresh)
        self.state.patientChanged.connect(self.tasks.abandon)
        shared = (self.state, self.parameters, self.views, self.tasks)
        self.model, self.study, self.vois = ModelStep(*shared), StudyStep(*shared), VoiStep(*shared)
        self.clinical, self.moreFacts = ClinicalStep(*shared), MoreFactsStep(*shared)
        self.predictStep = PredictStep(*shared)
        self.result, self.followUp = ResultStep(*shared), FollowUpStep(*shared)
        self.repeatability = RepeatabilityStep(*shared)
        # A batch goes on while the panel predicts, and when the scene closes.
        self.batch = BatchStep(self.state, self.parameters, self.views, TaskRunner())
        self.steps = (self.model, self.study, self.vois, self.clinical, self.moreFacts, self.predictStep)
        self.steps += (self.result, self.followUp, self.repeatability, self.batch)
        for step in self.steps:
            layout.addWidget(step.widget)
        self._observeScene()
        self._useScene()

    def _observeScene(self) -> None:
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

    # The module comes and goes

    def enter(self) -> None:
        """The module is shown."""
        self.isShown = True
        self.views.enter()
        for step in self.steps:
            step.enter()
        self.refresh()

    def exit(self) -> None:
        """Another module is shown: layout and views go back, the editor lets go, and a blinded drawing ends."""
        self.isShown = False
        if shownOf(self.state).isSecondEdited:
            self.state.look(NOTHING)
            self.refresh()
        for step in self.steps:
            step.exit()
        self.views.leave()

    def cleanup(self) -> None:
        """The panel goes away; nothing of it stays."""
        self.views.leave()
        # First, so that no selector that is emptied empties its parameter.
        self.parameters.node = None
        self.tasks.cleanup()
        self._timer.stop()
        self._timer.timeout.disconnect(self.refresh)
        if slicer.app.layoutManager() is not None:
            slicer.app.layoutManager().layoutChanged.disconnect(self.refreshSoon)
        self.removeObservers()
        self._watch.forget()
        self.views.removeNodes()
        for step in self.steps:
            step.cleanup()
            step.removeWidgets()

    def onSceneStartClose(self, *_ignored) -> None:
        """The scene is about to close: nothing of it is kept."""
        self._stop()
        self.views.leave()
        self._watch.forget()
        self._forgetScene()

    def onSceneStartImport(self, *_ignored) -> None:
        """A scene is about to be read in; what it holds is taken over when it is there."""
        self._stop()
        self.state.cancel()
        if self.parameters.node is not None:
            self._memory = self.state.memory()
            self._storedBefore = self.parameters.node.GetParameter(RESULT_PARAMETER)
        self.parameters.node = None

    def onSceneImported(self, *_ignored) -> None:
        """A scene was read in; one that brought no other case leaves the result as it was."""
        if slicer.mrmlScene.IsBatchProcessing():
            return
        memory, self._memory = self._memory, None
        self.onSceneChanged()
        if memory is None or memory["result"] is None:
            return
        isSameCase = memory["inputs"].fingerprint() == self.state.inputs.fingerprint()
        if isSameCase and self.parameters.node.GetParameter(RESULT_PARAMETER) == self._storedBefore:
            self.state.recall({**memory, "focus": self.state.focus})
            self.refresh()

    def onEndBatchProcess(self, *_ignored) -> None:
        """The end of an import that was part of a larger change."""
        if self.parameters.node is None:
            self.onSceneImported()

    def onSceneChanged(self, *_ignored) -> None:
        """The scene is another: begin with what it holds."""
        if not slicer.mrmlScene.IsBatchProcessing():
            self._useScene()
            if self.isShown:
                self.enter()

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def onNodeAboutToBeRemoved(self, _scene, _event, node) -> None:
        """A volume or VOI goes away: its place stays empty until the user fills it."""
        if self.parameters.node is not None:
            for step in self.steps:
                step.forgetNode(node)

    def onNodeRemoved(self, *_ignored) -> None:
        """Refresh; if it was the parameter node, begin anew."""
        if self.parameters.node is not None and not slicer.mrmlScene.IsNodePresent(self.parameters.node):
            self._forgetScene()
            qt.QTimer.singleShot(0, self.onSceneChanged)
        self.refreshSoon()

    # Showing

    def refreshSoon(self, *_ignored) -> None:
        """Refresh after the last of a series of changes."""
        if self.parameters.node is not None:
            self._timer.start()

    @property
    def isRefreshPending(self) -> bool:
        """Something has changed that is not shown yet."""
        return self._timer.isActive()

    def refresh(self) -> None:
        """Take over the scene and show what follows from it."""
        if self.parameters.node is None:
            return
        self._timer.stop()
        self._gather()
        self.views.follow()
        self._watch.watch(self.parameters, self.views.compositeNodes())
        self.state.changed.emit()

    def _gather(self) -> None:
        inputs = self._gatherer.gather(self.parameters)
        held = self.state.update(inputs, self._gatherer.bundle)
        if held is not inputs:
            if (held.vois, held.clinical, held.checklist) != (inputs.vois, inputs.clinical, inputs.checklist):
                self.parameters.forgetPatient()
            self.parameters.set("patientId", held.patientId)
        self.parameters.set("blinded", shownOf(self.state).isSecondEdited)

    def _stop(self) -> None:
        """Nothing goes on while the scene changes."""
        self._timer.stop()
        self.tasks.abandon()
        for step in self.steps:
            step.pause()

    def _forgetScene(self) -> None:
        self.parameters.node = None
        self.state.reset()
        self.state.patientChanged.emit()
        self.state.messagesOutdated.emit()
        self._gatherer = Gatherer()

    def _useScene(self) -> None:
        """Begin with the present scene: its parameter node and its result."""
        self.state.reset()
        self.parameters.node = parameterNode()
        if self.parameters.get("blinded"):
            sequence = str(self.parameters.get("secondSequence"))
            roles = (VOLUME_ROLES[sequence], SECOND_SEGMENTATION_ROLE)
            nodes = {role: self.parameters.getNode(role) for role in roles}
            nodeIds = {role: "" if node is None else node.GetID() for role, node in nodes.items()}
            self.state.look(BLINDED, sequence, nodeIds=nodeIds)
        self._gather()
        # Before anything is shown that a blinded reader must not see.
        self.views.takeScene()
        self.refresh()
        with refusals():
            stored = storedResult(self.parameters.node)
            if stored is not None:
                prediction, fingerprint, counts = stored
                self.state.restore(
                    Result(prediction, fingerprint, frozenset(self.state.checklistNeeded())),
                    counts.get("predictions", 0),
                    counts.get("voi_edits_after_result", 0),
                )
                self.state.changed.emit()
