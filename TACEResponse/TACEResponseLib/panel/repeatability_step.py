"""A VOI drawn again and compared, VOIs perturbed, and the ICC of a cohort."""

from __future__ import annotations

from dataclasses import replace
from html import escape
from pathlib import Path

import slicer

from ..batch.extract_job import FEATURES_FILE
from ..cohort import SEQUENCES
from ..prediction.perturbation_band import with_perturbation_band
from ..scene.cases import arraySource, caseOfNodes, nodesOfParameterNode
from ..scene.i18n import _
from ..scene.repeatability_nodes import iccChart, iccTable, iccWords
from ..scene.roles import VOLUME_ROLES
from ..scene.second_reading import beginSecondReading, compareReadings, hideOtherVois, showOutlines
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
        self._showOthers = None
        self._comparedInputs: tuple[str, ...] = ()

    @property
    def isBlinded(self) -> bool:
        """A second VOI is being drawn and those of others are hidden."""
        return self._showOthers is not None

    def refresh(self) -> None:
        panel, state = self.panel, self.panel.state
        sequence = str(panel.parameters.get("secondSequence"))
        busy = panel.busyProblem()
        noVolume = _("Choose the volume of {sequence} in step 1 first.").format(sequence=sequence)
        self.enable(self.ui.drawAgainButton, busy if sequence in state.inputs.volumes else noVolume)
        second = panel.parameters.getNode("secondSegmentation")
        missing = state.missing()
        needsImages = state.inputs.needsImages and panel.bundle is not None
        noImages = None if needsImages else _("The model needs no images, so that no VOI changes its estimate.")
        noSecond = None if second is not None else _("Choose or draw the second VOI first.")
        self.enable(self.ui.compareButton, noSecond or "\n".join(missing) or noImages or busy)
        self.enable(self.ui.perturbButton, state.resultProblem() or noImages or busy)
        noFolder = None if panel.parameters.get("repeatedCohortFolder") else _("Choose the cohort's folder first.")
        self.enable(self.ui.iccButton, noFolder or busy)

    def exit(self) -> None:
        self.endBlinding()

    def endBlinding(self) -> None:
        """Show the VOIs that were hidden."""
        if self._showOthers is not None:
            self._showOthers()
            self._showOthers = None
            showNote(self.ui.comparisonLabel, None)

    def forgetWords(self) -> None:
        if not self.isBlinded:
            showNote(self.ui.comparisonLabel, None)
        showNote(self.ui.perturbLabel, None)

    def clear(self) -> None:
        """Another patient: nothing of the one before is compared any more."""
        self._showOthers = None
        self.forgetWords()

    def onDrawAgain(self) -> None:
        """Begin a second VOI, with those of other readers and sessions out of sight."""
        parameters = self.panel.parameters
        with self.panel.saying(self.ui.comparisonLabel):
            sequence = str(parameters.get("secondSequence"))
            volume = parameters.getNode(VOLUME_ROLES[sequence])
            reader, session = (str(parameters.get(name)).strip() for name in ("secondReader", "secondSession"))
            if (reader, session) == (str(parameters.get("reader")), str(parameters.get("session"))):
                raise ValueError(_("Reader and session are those of the first VOI; enter another reader or session."))
            self.endBlinding()
            node = beginSecondReading(volume, sequence, reader, session)
            parameters.setNode("secondSegmentation", node)
            self._showOthers = hideOtherVois(node)
            self.panel.vois.takeSecond(volume, node)
            showNote(
                self.ui.comparisonLabel, _("Blinded: VOIs of other readers and sessions are hidden until Compare.")
            )
        self.panel.refresh()

    def onCompare(self) -> None:
        """Overlap, features that moved and the change in the estimate, in the background."""
        panel, parameters = self.panel, self.panel.parameters
        self.endBlinding()
        with panel.saying(self.ui.comparisonLabel):
            sequence = str(parameters.get("secondSequence"))
            second, bundle = parameters.getNode("secondSegmentation"), panel.bundle
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
            showOutlines([segmentations[sequence], second])

            engine = panel.state.inputs.engine
            self._comparedInputs = panel.state.inputs.fingerprint()

            def work(progress):
                first = panel.logic.predictCase(case, bundle, progress, engine)
                second = panel.logic.predictCase(other, bundle, progress, engine)
                return compareReadings(sequence, first, second, bundle)

            showNote(self.ui.comparisonLabel, _("Comparing ..."))
            panel.tasks.run(work, self._onCompared)
        panel.showAll()

    def onPerturb(self) -> None:
        """How the estimate moves when every VOI is drawn a little differently, in the background."""
        panel = self.panel
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
                    showNote(self.ui.perturbLabel, _("The band stands with the result."))
                elif news.kind == "failed":
                    showNote(self.ui.perturbLabel, news.text, PROBLEM_STYLE)
                if news.kind != "progress":
                    panel.showAll()

            panel.tasks.run(work, show)
        panel.showAll()

    def onIcc(self) -> None:
        """The cohort's ICC as a table and a plot, shown in a layout with both."""
        folder = Path(str(self.panel.parameters.get("repeatedCohortFolder")))
        with self.panel.saying(self.ui.iccLabel), slicer.util.WaitCursor():
            parts = self.panel.logic.icc(folder / FEATURES_FILE)
            table, chart = iccTable(parts), iccChart(parts)
            showNote(self.ui.iccLabel, iccWords(parts))
            self.panel.fourUp.showInstead(slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpPlotTableView)
            logic = slicer.app.applicationLogic()
            logic.GetSelectionNode().SetActiveTableID(table.GetID())
            logic.PropagateTableSelection()
            logic.GetSelectionNode().SetActivePlotChartID(chart.GetID())
            logic.PropagatePlotChartSelection()

    def _onCompared(self, news: TaskNews) -> None:
        if news.kind == "done" and self._comparedInputs != self.panel.state.inputs.fingerprint():
            showNote(self.ui.comparisonLabel, _("The inputs have changed meanwhile; compare again."), PROBLEM_STYLE)
        elif news.kind == "done":
            showNote(self.ui.comparisonLabel, comparisonHtml(news.result))
        elif news.kind == "failed":
            showNote(self.ui.comparisonLabel, news.text, PROBLEM_STYLE)
        elif news.kind == "progress":
            showNote(self.ui.comparisonLabel, news.text)
        if news.kind != "progress":
            self.panel.showAll()


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
