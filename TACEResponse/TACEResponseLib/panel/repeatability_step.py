"""A VOI drawn again and compared, VOIs perturbed, and the ICC of a cohort."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from html import escape
from pathlib import Path

import slicer

from ..cohort import SEQUENCES
from ..features import read_feature_table
from ..prediction.wording import perturbation_text
from ..repeatability import repeatability
from ..scene.cases import arraySource
from ..scene.i18n import _
from ..scene.repeatability_nodes import iccChart, iccTable, iccWords
from ..scene.roles import SECOND_SEGMENTATION_ROLE, SEGMENTATION_ROLES, VOLUME_ROLES
from ..scene.second_reading import beginSecondReading, compareReadings
from ..scene.segmentations import drawnBy, isEmptyVoi
from ..workflow import FEATURES_FILE
from ..workflow.perturbation_band import with_perturbation_band
from .background_task import TaskNews
from .focus import BLINDED, COMPARING
from .present_case import predictionWork, presentCase
from .result_text import numberWords
from .shown import PLAIN, PROBLEM, Shown
from .step import Step, fillSelector, refusals, showNote

PERTURBATION_DRAWS = 20

MOST_MOVED_SHOWN = 10


class RepeatabilityStep(Step):
    """Step 7."""

    name = "repeatability"
    uiFile = "RepeatabilityStep.ui"

    def setup(self) -> None:
        fillSelector(self.ui.secondSequenceSelector, {str(sequence): str(sequence) for sequence in SEQUENCES})
        self.ui.drawAgainButton.clicked.connect(self.onDrawAgain)
        self.ui.compareButton.clicked.connect(self.onCompare)
        self.ui.perturbButton.clicked.connect(self.onPerturb)
        self.ui.iccButton.clicked.connect(self.onIcc)
        self._texts = {button: button.text for button in (self.ui.compareButton, self.ui.perturbButton)}
        self._comparedInputs: tuple[str, ...] = ()
        self._comparison: tuple[str | None, str] = (None, PLAIN)
        self._buttonOfTask = None

    def forgetMessages(self) -> None:
        self._comparison = (None, PLAIN)
        showNote(self.ui.comparisonLabel, None)
        showNote(self.ui.perturbLabel, None)

    def pause(self) -> None:
        """What is running is heard of no more."""
        self._buttonOfTask = None
        self.forgetMessages()

    def onPatientChanged(self) -> None:
        self.pause()

    def refresh(self, shown: Shown) -> None:
        state, busy = self.state, self.tasks.busyProblem()
        inputs = state.inputs
        noVolume = _("Choose the volume of {sequence} in step 1 first.").format(sequence=inputs.secondSequence)
        self.enable(self.ui.drawAgainButton, busy if inputs.secondSequence in inputs.volumes else noVolume)
        for field in ("SequenceSelector", "ReaderEdit", "SessionEdit", "SegmentationSelector"):
            blinded = shown.lock and _("{reason} Press Compare first.").format(reason=shown.lock)
            self.enable(getattr(self.ui, f"second{field}"), blinded)
        needsImages = inputs.needsImages and state.bundle is not None
        noImages = None if needsImages else _("The model needs no images, so that no VOI changes its estimate.")
        problems = {
            self.ui.compareButton: self._secondProblem() or shown.missingForComparison or noImages or busy,
            self.ui.perturbButton: shown.lock or shown.resultProblem or noImages or busy,
        }
        for button, problem in problems.items():
            button.setText(_("Cancel") if self._isRunning(button) else self._texts[button])
            self.enable(button, None if self._isRunning(button) else problem)
        noFolder = None if self.parameters.get("repeatedCohortFolder") else _("Choose the cohort's folder first.")
        self.enable(self.ui.iccButton, noFolder or busy)
        showNote(self.ui.comparisonLabel, *((shown.blindedNote,) if shown.blindedNote else self._comparison))

    def _secondProblem(self) -> str | None:
        """Why the second VOI cannot be compared with the first."""
        inputs = self.state.inputs
        second, first = inputs.second, inputs.vois.get(inputs.secondSequence)
        if second is None or second.isEmpty:
            return _("Choose or draw the second VOI first.")
        if first is not None and first.nodeId == second.nodeId:
            return _("This is the first VOI itself; choose or draw another one.")
        if second.drawnOn and inputs.secondSequence not in second.drawnOn:
            text = _("The second VOI was drawn on {sequence}; choose that sequence.")
            return text.format(sequence=second.drawnOn[0])
        return None

    def onDrawAgain(self) -> None:
        """Begin a second VOI, with those of other readers and sessions out of sight."""
        parameters = self.parameters
        with self._reporting():
            sequence = str(parameters.get("secondSequence"))
            volume = parameters.getNode(VOLUME_ROLES[sequence])
            reader, session = (str(parameters.get(name)).strip() for name in ("secondReader", "secondSession"))
            if not reader or not session:
                raise ValueError(_("Enter who draws, and in which session."))
            if (reader, session) == tuple(str(parameters.get(name)).strip() for name in ("reader", "session")):
                raise ValueError(_("Reader and session are those of the first VOI; enter another reader or session."))
            self._removeEmptySecond()
            node = beginSecondReading(volume, sequence, reader, session)
            parameters.setNode(SECOND_SEGMENTATION_ROLE, node)
            roles = {VOLUME_ROLES[sequence]: volume.GetID(), SECOND_SEGMENTATION_ROLE: node.GetID()}
            self.state.look(BLINDED, sequence, nodeIds=roles)
        self.gather()

    def _removeEmptySecond(self) -> None:
        """One that was begun before, in which nothing was drawn."""
        before = self.parameters.getNode(SECOND_SEGMENTATION_ROLE)
        firsts = [self.parameters.getNode(role) for role in SEGMENTATION_ROLES.values()]
        if before is not None and before not in firsts and drawnBy(before) is not None and isEmptyVoi(before):
            slicer.mrmlScene.RemoveNode(before)

    def onCompare(self) -> None:
        """Overlap, features that moved and the change in the estimate, in the background; or cancel it."""
        if self._isRunning(self.ui.compareButton):
            self.tasks.cancel()
            return
        state, parameters = self.state, self.parameters
        with self._reporting():
            sequence = str(parameters.get("secondSequence"))
            if sequence not in state.inputs.sequences:
                raise ValueError(_("The model does not use {sequence}.").format(sequence=sequence))
            case, bundle, engine = presentCase(state, parameters), state.bundle, state.inputs.engine
            key = case.key._replace(
                reader=str(parameters.get("secondReader")), session=str(parameters.get("secondSession"))
            )
            volume, second = (parameters.getNode(r) for r in (VOLUME_ROLES[sequence], SECOND_SEGMENTATION_ROLE))
            other = replace(case, key=key, sources={**case.sources, sequence: arraySource(volume, second)})
            state.look(COMPARING, sequence)

            def work(progress):
                first, second = (predictionWork(one, bundle, engine)(progress) for one in (case, other))
                return compareReadings(sequence, first, second, bundle)

            self._comparedInputs = state.inputs.fingerprint()
            self._comparison = (_("Comparing ..."), PLAIN)
            self._buttonOfTask = self.ui.compareButton
            self.tasks.run(work, self._onCompared)
        self.gather()

    def onPerturb(self) -> None:
        """How the estimate moves when every VOI is drawn a little differently, in the background; or cancel it."""
        if self._isRunning(self.ui.perturbButton):
            self.tasks.cancel()
            return
        state = self.state
        with refusals(self.ui.perturbLabel):
            result, bundle, engine = state.result, state.bundle, state.inputs.engine
            case = presentCase(state, self.parameters)

            def work(progress):
                _prediction, images, _features = predictionWork(case, bundle, engine)(None)
                return with_perturbation_band(
                    result.prediction, case, bundle, images, PERTURBATION_DRAWS, engine=engine, progress=progress
                )

            def show(news: TaskNews) -> None:
                text, style = _newsText(news)
                if news.kind == "done":
                    state.addBand(news.result, result.fingerprint)
                    text = perturbation_text(news.result) or _("DEMONSTRATION: no band is stated for a patient.")
                showNote(self.ui.perturbLabel, text, style)
                self._endTask(news)

            self._buttonOfTask = self.ui.perturbButton
            self.tasks.run(work, show)
        state.changed.emit()

    def onIcc(self) -> None:
        """The cohort's ICC as a table and a plot, shown in a layout with both."""
        folder = Path(str(self.parameters.get("repeatedCohortFolder")))
        with refusals(self.ui.iccLabel), slicer.util.WaitCursor():
            features = read_feature_table(folder / FEATURES_FILE)
            parts = repeatability(features)
            table, chart = iccTable(parts), iccChart(parts)
            phantoms = _("PHANTOM results: synthetic patients.") + "\n" if features.phantoms else ""
            showNote(self.ui.iccLabel, phantoms + iccWords(parts))
            self.views.showInstead(slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpPlotTableView)
            logic = slicer.app.applicationLogic()
            logic.GetSelectionNode().SetActiveTableID(table.GetID())
            logic.PropagateTableSelection()
            logic.GetSelectionNode().SetActivePlotChartID(chart.GetID())
            logic.PropagatePlotChartSelection()

    @contextmanager
    def _reporting(self) -> Iterator[None]:
        """Show a refusal as what came of the comparison."""
        try:
            yield
        except ValueError as error:
            self._comparison = (str(error), PROBLEM)

    def _isRunning(self, button) -> bool:
        return button is self._buttonOfTask and self.tasks.isRunning

    def _onCompared(self, news: TaskNews) -> None:
        text, style = _newsText(news)
        if news.kind == "done" and self._comparedInputs != self.state.inputs.fingerprint():
            text, style = _("The inputs have changed meanwhile; compare again."), PROBLEM
        elif news.kind == "done":
            text = comparisonHtml(news.result)
        self._comparison = (text, style)
        showNote(self.ui.comparisonLabel, text, style)
        self._endTask(news)

    def _endTask(self, news: TaskNews) -> None:
        if news.kind != "progress":
            self._buttonOfTask = None
            self.state.changed.emit()


def _newsText(news: TaskNews) -> tuple[str, str]:
    """Progress, failure or cancellation as a line with its style."""
    if news.kind == "cancelled":
        return _("Cancelled."), PLAIN
    return news.text, PROBLEM if news.kind == "failed" else PLAIN


def comparisonHtml(reading) -> str:
    """What a `SecondReading` says."""
    agreement = reading.overlap
    lines = [
        _(
            "{sequence}: Dice {dice:.2f}, 95 % Hausdorff distance {far:.1f} mm, mean surface distance {mean:.1f} mm."
        ).format(
            sequence=agreement.sequence,
            dice=agreement.dice,
            far=agreement.hausdorff_95_mm,
            mean=agreement.mean_surface_distance_mm,
        ),
        _("Volumes {first:.1f} and {second:.1f} mL ({difference:+.1f} mL).").format(
            first=agreement.first_volume_ml,
            second=agreement.second_volume_ml,
            difference=agreement.volume_difference_ml,
        ),
        _("Estimate {first} with the first, {second} with the second VOI, of 100.").format(
            first=numberWords(reading.first), second=numberWords(reading.second)
        ),
    ]
    if reading.first.demonstration_only:
        lines[-1] = _("DEMONSTRATION: the model was made from phantoms, so that no change of the estimate is stated.")
    if reading.judged:
        lines.append(
            _("{count} of {judged} features moved by more than half a training standard deviation.").format(
                count=len(reading.moved), judged=reading.judged
            )
        )
    shown = [f"{name} ({shift:+.1f} SD)" for name, shift in reading.moved[:MOST_MOVED_SHOWN]]
    more = len(reading.moved) - len(shown)
    if shown:
        lines.append(", ".join(shown) + (_(" and {count} more").format(count=more) if more else ""))
    return "<br>".join(map(escape, lines))
