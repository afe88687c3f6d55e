"""A VOI drawn again and compared, VOIs perturbed, and the ICC of a cohort."""

from __future__ import annotations

from dataclasses import replace
from html import escape
from pathlib import Path

import slicer

from ..cohort import SEQUENCES
from ..features import read_feature_table
from ..prediction.wording import perturbation_words
from ..scene.cases import arraySource, caseOfNodes, nodesOfParameterNode
from ..scene.display import BLINDED, COVERING, jumpToVoi, showHidden, showInViews
from ..scene.i18n import _
from ..scene.repeatability_nodes import iccChart, iccTable, iccWords
from ..scene.roles import SECOND_SEGMENTATION_ROLE, SEGMENTATION_ROLES, VOLUME_ROLES
from ..scene.second_reading import beginSecondReading, compareReadings, hideOtherVois, showOutlines
from ..scene.segmentations import isEmptyVoi
from ..workflow import FEATURES_FILE
from ..workflow.perturbation_band import with_perturbation_band
from .background_task import TaskNews
from .result_text import numberWords
from .step import PROBLEM_STYLE, Step, fillSelector, showNote

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
        self._buttonUnderWay = None

    @property
    def isBlinded(self) -> bool:
        """A second VOI is being drawn and those of others are hidden."""
        return bool(self.panel.parameters.get("blinded"))

    def refresh(self) -> None:
        panel, state = self.panel, self.panel.state
        sequence = str(panel.parameters.get("secondSequence"))
        busy = panel.busyProblem()
        noVolume = _("Choose the volume of {sequence} in step 1 first.").format(sequence=sequence)
        self.enable(self.ui.drawAgainButton, busy if sequence in state.inputs.volumes else noVolume)
        second = panel.parameters.getNode(SECOND_SEGMENTATION_ROLE)
        incomplete = "\n".join(state.missing())
        if incomplete and self.isBlinded:
            incomplete = _("The first case is not complete; take a sequence in hand to see why.")
        needsImages = state.inputs.needsImages and panel.bundle is not None
        noImages = None if needsImages else _("The model needs no images, so that no VOI changes its estimate.")
        noSecond = _("Choose or draw the second VOI first.") if second is None or _isEmpty(second) else None
        isFirst = second is not None and second is panel.parameters.getNode(SEGMENTATION_ROLES[sequence])
        same = _("This is the first VOI itself; choose or draw another one.") if isFirst else None
        blinded = _("The VOI is being drawn: press Compare first.") if self.isBlinded else None
        fields = ("SequenceSelector", "ReaderEdit", "SessionEdit", "SegmentationSelector")
        for widget in (getattr(self.ui, f"second{field}") for field in fields):
            self.enable(widget, blinded)
        problems = {
            self.ui.compareButton: noSecond or same or self._otherSequence() or incomplete or noImages or busy,
            self.ui.perturbButton: blinded or state.resultProblem() or noImages or busy,
        }
        for button, problem in problems.items():
            isUnderWay = self._isUnderWay(button)
            button.setText(_("Cancel") if isUnderWay else self._texts[button])
            self.enable(button, None if isUnderWay else problem)
        noFolder = None if panel.parameters.get("repeatedCohortFolder") else _("Choose the cohort's folder first.")
        self.enable(self.ui.iccButton, noFolder or busy)

    def _otherSequence(self) -> str | None:
        """The second VOI was drawn on the image of another sequence."""
        parameters = self.panel.parameters
        second = parameters.getNode(SECOND_SEGMENTATION_ROLE)
        drawnOn = None if second is None else second.GetNodeReference(second.GetReferenceImageGeometryReferenceRole())
        if drawnOn is None:
            return None
        sequences = [sequence for sequence, role in VOLUME_ROLES.items() if parameters.getNode(role) is drawnOn]
        if sequences and parameters.get("secondSequence") not in sequences:
            words = _("The second VOI was drawn on {sequence}; choose that sequence.")
            return words.format(sequence=sequences[0])
        return None

    def enter(self) -> None:
        # A scene was opened before the panel was shown.
        if self.isBlinded:
            self.takeScene()

    def exit(self) -> None:
        self.endBlinding()

    def endBlinding(self) -> None:
        """Show the VOIs that were hidden."""
        if self.isBlinded:
            showHidden(BLINDED)
            self.panel.parameters.set("blinded", False)
            showNote(self.ui.comparisonLabel, None)

    def forgetWords(self) -> None:
        if not self.isBlinded:
            showNote(self.ui.comparisonLabel, None)
        showNote(self.ui.perturbLabel, None)

    def clear(self) -> None:
        """Another patient: nothing of the one before is compared any more."""
        self.endBlinding()
        self.forgetTask()

    def forgetTask(self) -> None:
        """What was under way is heard of no more."""
        self._buttonUnderWay = None
        self.forgetWords()

    def onDrawAgain(self) -> None:
        """Begin a second VOI, with those of other readers and sessions out of sight."""
        parameters = self.panel.parameters
        with self.panel.saying(self.ui.comparisonLabel):
            sequence = str(parameters.get("secondSequence"))
            volume = parameters.getNode(VOLUME_ROLES[sequence])
            reader, session = (str(parameters.get(name)).strip() for name in ("secondReader", "secondSession"))
            if not reader or not session:
                raise ValueError(_("Enter who draws, and in which session."))
            if (reader, session) == tuple(str(parameters.get(name)).strip() for name in ("reader", "session")):
                raise ValueError(_("Reader and session are those of the first VOI; enter another reader or session."))
            self.panel.followUp.clear()
            before = parameters.getNode(SECOND_SEGMENTATION_ROLE)
            if self.isBlinded and before is not None and isEmptyVoi(before):
                slicer.mrmlScene.RemoveNode(before)
            self.endBlinding()
            node = beginSecondReading(volume, sequence, reader, session)
            parameters.setNode(SECOND_SEGMENTATION_ROLE, node)
            self._blind(volume, node)
        self.panel.refresh()

    def takeScene(self) -> None:
        """Show what lay over others when the scene was saved; a blinded drawing goes on once the panel is shown."""
        showHidden(COVERING)
        if not self.isBlinded:
            showHidden(BLINDED)
            return
        parameters = self.panel.parameters
        volume = parameters.getNode(VOLUME_ROLES[str(parameters.get("secondSequence"))])
        second = parameters.getNode(SECOND_SEGMENTATION_ROLE)
        if None in (volume, second):
            self.endBlinding()
        elif self.panel.isShown:
            self._blind(volume, second)

    def _blind(self, volume, second) -> None:
        self.panel.vois.showAll()
        _volumes, segmentations = nodesOfParameterNode(self.panel.parameters.node)
        hideOtherVois(second, [*segmentations.values(), *self.panel.followUp.allLines()])
        self.panel.parameters.set("blinded", True)
        self.panel.vois.takeSecond(volume, second)
        showNote(self.ui.comparisonLabel, _("Blinded: VOIs of other readers and sessions are hidden until Compare."))

    def onCompare(self) -> None:
        """Overlap, features that moved and the change in the estimate, in the background; or cancel it."""
        if self._isUnderWay(self.ui.compareButton):
            self.panel.tasks.cancel()
            return
        panel, parameters = self.panel, self.panel.parameters
        with panel.saying(self.ui.comparisonLabel):
            sequence = str(parameters.get("secondSequence"))
            second, bundle = parameters.getNode(SECOND_SEGMENTATION_ROLE), panel.bundle
            volumes, segmentations = nodesOfParameterNode(parameters.node)
            needed = {name: volumes[name] for name in panel.state.inputs.sequences}
            if sequence not in needed:
                raise ValueError(_("The model does not use {sequence}.").format(sequence=sequence))
            case = caseOfNodes(panel.key(), needed, segmentations, panel.state.inputs.clinical.record())
            key = case.key._replace(
                reader=str(parameters.get("secondReader")), session=str(parameters.get("secondSession"))
            )
            sources = {**case.sources, sequence: arraySource(volumes[sequence], second)}
            other = replace(case, key=key, sources=sources)
            self.endBlinding()
            panel.fourUp.hide()
            showInViews(volumes[sequence])
            panel.vois.showOnly(segmentations[sequence], second)
            showOutlines([segmentations[sequence], second])
            jumpToVoi(segmentations[sequence])

            engine = panel.state.inputs.engine
            self._comparedInputs = panel.state.inputs.fingerprint()

            def work(progress):
                first = panel.logic.predictCase(case, bundle, progress, engine)
                second = panel.logic.predictCase(other, bundle, progress, engine)
                return compareReadings(sequence, first, second, bundle)

            showNote(self.ui.comparisonLabel, _("Comparing ..."))
            self._buttonUnderWay = self.ui.compareButton
            panel.tasks.run(work, self._onCompared)
        panel.showAll()

    def onPerturb(self) -> None:
        """How the estimate moves when every VOI is drawn a little differently, in the background; or cancel it."""
        panel = self.panel
        if self._isUnderWay(self.ui.perturbButton):
            panel.tasks.cancel()
            return
        with panel.saying(self.ui.perturbLabel):
            prediction, bundle = panel.state.result.prediction, panel.bundle
            volumes, segmentations = nodesOfParameterNode(panel.parameters.node)
            needed = {name: volumes[name] for name in panel.state.inputs.sequences}
            case = caseOfNodes(panel.key(), needed, segmentations, panel.state.inputs.clinical.record())
            fingerprint, engine = panel.state.result.fingerprint, panel.state.inputs.engine

            def work(progress):
                _prediction, images, _features = panel.logic.predictCase(case, bundle, engine=engine)
                return with_perturbation_band(
                    prediction, case, bundle, images, PERTURBATION_DRAWS, engine=engine, progress=progress
                )

            def show(news: TaskNews) -> None:
                if news.kind == "progress":
                    showNote(self.ui.perturbLabel, news.text)
                elif news.kind == "done":
                    panel.state.addBand(news.result, fingerprint)
                    words = perturbation_words(news.result)
                    showNote(self.ui.perturbLabel, words or _("DEMONSTRATION: no band is stated for a patient."))
                elif news.kind == "failed":
                    showNote(self.ui.perturbLabel, news.text, PROBLEM_STYLE)
                else:
                    showNote(self.ui.perturbLabel, _("Cancelled."))
                if news.kind != "progress":
                    self._buttonUnderWay = None
                    panel.showAll()

            self._buttonUnderWay = self.ui.perturbButton
            panel.tasks.run(work, show)
        panel.showAll()

    def onIcc(self) -> None:
        """The cohort's ICC as a table and a plot, shown in a layout with both."""
        folder = Path(str(self.panel.parameters.get("repeatedCohortFolder")))
        with self.panel.saying(self.ui.iccLabel), slicer.util.WaitCursor():
            features = read_feature_table(folder / FEATURES_FILE)
            parts = self.panel.logic.icc(features)
            table, chart = iccTable(parts), iccChart(parts)
            phantoms = _("PHANTOM results: synthetic patients.") + "\n" if features.phantoms else ""
            showNote(self.ui.iccLabel, phantoms + iccWords(parts))
            self.panel.fourUp.showInstead(slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpPlotTableView)
            logic = slicer.app.applicationLogic()
            logic.GetSelectionNode().SetActiveTableID(table.GetID())
            logic.PropagateTableSelection()
            logic.GetSelectionNode().SetActivePlotChartID(chart.GetID())
            logic.PropagatePlotChartSelection()

    def _isUnderWay(self, button) -> bool:
        return button is self._buttonUnderWay and self.panel.tasks.isRunning

    def _onCompared(self, news: TaskNews) -> None:
        if news.kind == "done" and self._comparedInputs != self.panel.state.inputs.fingerprint():
            showNote(self.ui.comparisonLabel, _("The inputs have changed meanwhile; compare again."), PROBLEM_STYLE)
        elif news.kind == "done":
            showNote(self.ui.comparisonLabel, comparisonHtml(news.result))
        elif news.kind == "failed":
            showNote(self.ui.comparisonLabel, news.text, PROBLEM_STYLE)
        elif news.kind == "progress":
            showNote(self.ui.comparisonLabel, news.text)
        else:
            showNote(self.ui.comparisonLabel, _("Cancelled."))
        if news.kind != "progress":
            self._buttonUnderWay = None
            self.panel.showAll()


def _isEmpty(segmentationNode) -> bool:
    """Nothing was drawn; what cannot be told is said when it is compared."""
    try:
        return isEmptyVoi(segmentationNode)
    except ValueError:
        return False


def comparisonHtml(reading) -> str:
    """A `SecondReading` in words."""
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
