"""Where the patient stands: text, plot, what-if, and what can be done with the result."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import qt
import slicer

from ..cohort import Case
from ..features.self_check import self_check
from ..prediction import Prediction, plain_text, predict_from_features
from ..reporting import write_patient_report
from ..scene.i18n import _
from ..scene.plots import removeScoreChart, scoreChart
from ..scene.results import storeResult
from ..scene.tables import featureTable
from .background_task import TaskNews
from .present_case import predictionWork, presentCase, presentKey
from .result_text import comparisonText, headlineHtml, pageHtml, resultHtml, whatIfHtml
from .shown import PLAIN, PROBLEM, Shown
from .step import Step, fillSelector, refusals, showNote
from .what_if import AS_ENTERED, LEVELS, changedRecord

PLOT_VIEW_TAG = "TACEResponsePlot"


class ResultStep(Step):
    """Step 5."""

    name = "result"
    uiFile = "ResultStep.ui"

    def setup(self) -> None:
        ui = self.ui
        for button, slot in (
            (ui.copySentenceButton, self.onCopySentence),
            (ui.reportButton, self.onReport),
            (ui.pdfButton, self.onPdf),
            (ui.saveButton, self.onSave),
            (ui.featuresButton, self.onFeatures),
            (ui.runAgainButton, self.onRunAgain),
            (ui.selfCheckButton, self.onSelfCheck),
        ):
            button.clicked.connect(slot)
        self._whatIfSelectors = {field: getattr(ui, f"whatIf{field[0].upper()}{field[1:]}Selector") for field in LEVELS}
        for field, selector in self._whatIfSelectors.items():
            fillSelector(selector, {AS_ENTERED: _("as entered"), **LEVELS[field]})
            selector.currentIndexChanged.connect(self.onWhatIf)
        self.plotView = None
        self._chart = self._charted = None
        self.state.resultArrived.connect(self.onResultArrived)
        # Once the part has got its height.
        self._scrollTimer = qt.QTimer()
        self._scrollTimer.setSingleShot(True)
        self._scrollTimer.timeout.connect(self.scrollIntoView)

    def pause(self) -> None:
        self._scrollTimer.stop()
        self.removePlot()

    def cleanup(self) -> None:
        self.pause()

    def refresh(self, shown: Shown) -> None:
        state = self.state
        if shown.result is None:
            showNote(self.ui.headlineLabel, None)
            self.ui.resultBrowser.setHtml(shown.resultText)
        else:
            prediction, bundle, isStale = shown.result.prediction, state.bundleOfResult, state.resultIsStale
            # The number of a result that is out of date stands in grey with the details.
            showNote(self.ui.headlineLabel, None if isStale else headlineHtml(prediction, bundle))
            details = resultHtml(prediction, bundle, isStale, state.provenance(), withNumber=isStale)
            self.ui.resultBrowser.setHtml(details)
        self._showPlot(shown)
        problem, busy = shown.resultProblem, self.tasks.busyProblem()
        for button in (self.ui.copySentenceButton, self.ui.saveButton):
            self.enable(button, problem)
        for button in (self.ui.reportButton, self.ui.pdfButton, self.ui.runAgainButton):
            self.enable(button, problem or busy)
        noFeatures = None if state.features is not None else _("The features are not available; predict again.")
        needsImages = state.bundle is None or bool(state.bundle.required_sequences)
        noImages = None if needsImages else _("The model needs no images, so that there are no features.")
        self.enable(self.ui.featuresButton, problem or noImages or noFeatures)
        self.enable(self.ui.selfCheckButton, busy)
        self.enable(self.ui.whatIfBox, problem or (noFeatures if needsImages else None))
        if state.whatIf is None:
            self._resetWhatIf()
        showNote(self.ui.whatIfLabel, None if state.whatIf is None else whatIfHtml(state.whatIf))

    def onResultArrived(self) -> None:
        """Open the part and bring it into sight."""
        self.setCollapsed(False)
        self._scrollTimer.start(0)

    def forgetMessages(self) -> None:
        showNote(self.ui.resultLabel, None)

    def onCopySentence(self) -> None:
        """The words for the radiology report, on the clipboard."""
        slicer.app.clipboard().setText(plain_text(self.state.result.prediction))
        showNote(self.ui.resultLabel, _("The sentence is on the clipboard."))

    def onReport(self) -> None:
        """Write the report as HTML."""
        path = self._askPath(_("Report"), "HTML (*.html)", ".html")
        if path is not None:
            self.writeReport(path)

    def onPdf(self) -> None:
        """Write a short report as PDF."""
        path = self._askPath(_("Report as PDF"), "PDF (*.pdf)", ".pdf")
        if path is not None:
            self.writePdf(path)

    def writeReport(self, path: Path) -> None:
        """The report as one HTML file; images are read again where the result came with the scene."""
        state = self.state
        # Taken now: facts and result may change while images are read again.
        case, prediction, bundle = self._caseOfResult(), state.result.prediction, state.bundle
        counts, tumourCount = state.provenance(), int(self.parameters.get("tumourCount"))
        reading = {
            "Predictions for this patient": counts["predictions"],
            "VOI edits after a result": counts["voi_edits_after_result"],
            "Number of tumours": tumourCount or "not entered",
        }
        showNote(self.ui.resultLabel, None)

        def write() -> None:
            with refusals(self.ui.resultLabel):
                if not state.resultIsCurrent or state.result.prediction is not prediction:
                    raise ValueError(_("No report was written: the inputs have changed meanwhile."))
                write_patient_report(path, prediction, bundle, state.result.images, case.clinical, reading)
                showNote(self.ui.resultLabel, _("Report: {path}").format(path=path))

        if state.result.images is not None or not bundle.required_sequences:
            write()
        else:
            self._predictAgain(lambda _prediction: write())

    def writePdf(self, path: Path) -> None:
        """The panel's own page on paper."""
        result = self.state.result
        document = qt.QTextDocument()
        document.setHtml(pageHtml(result.prediction, self.state.bundle, self.state.provenance()))
        printer = qt.QPrinter()
        printer.setOutputFormat(qt.QPrinter.PdfFormat)
        # Qt says nothing of a file that it could not write, and an older one may stand there.
        part = path.with_name(f".{path.name}.part")
        printer.setOutputFileName(str(part))
        document.print(printer)
        with refusals(self.ui.resultLabel):
            try:
                part.replace(path)
            except OSError as error:
                part.unlink(missing_ok=True)
                words = _("{path} cannot be written ({why}); is the folder or the file read-only?")
                raise ValueError(words.format(path=path, why=error.strerror)) from error
            showNote(self.ui.resultLabel, _("Report: {path}").format(path=path))

    def onSave(self) -> None:
        """Keep the result in the scene."""
        result = self.state.result
        storeResult(self.parameters.node, result.prediction, result.fingerprint, self.state.provenance())
        showNote(self.ui.resultLabel, _("Kept in the scene; save the scene to keep it on disk."))

    def onFeatures(self) -> None:
        """The features as a table, in the table view."""
        table = featureTable(self.state.features)
        self.views.showInstead(slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpTableView)
        slicer.app.applicationLogic().GetSelectionNode().SetActiveTableID(table.GetID())
        slicer.app.applicationLogic().PropagateTableSelection()

    def onRunAgain(self) -> None:
        """Predict once more and compare."""
        before = self.state.result.prediction
        self._predictAgain(lambda again: showNote(self.ui.resultLabel, comparisonText(before, again)))

    def onSelfCheck(self) -> None:
        """Compare 440 values of the built-in phantom with stored ones."""

        def show(news: TaskNews) -> None:
            if news.kind == "done":
                text = "\n".join(news.result.lines())
                showNote(self.ui.resultLabel, text, PLAIN if news.result.passed else PROBLEM)
            elif news.kind == "failed":
                showNote(self.ui.resultLabel, news.text, PROBLEM)
            self.state.changed.emit()

        showNote(self.ui.resultLabel, _("Checking ..."))
        self.tasks.run(lambda progress: self_check(), show)
        self.state.changed.emit()

    def onWhatIf(self, *_ignored) -> None:
        """The estimate for other facts."""
        levels = {
            field: selector.itemData(selector.currentIndex) or AS_ENTERED
            for field, selector in self._whatIfSelectors.items()
        }
        with refusals():
            if all(level == AS_ENTERED for level in levels.values()):
                self.state.showWhatIf(None)
            else:
                case = self._caseOfResult()
                record = changedRecord(case.clinical, levels)
                bundle, features = self.state.bundle, self.state.features
                self.state.showWhatIf(predict_from_features(case.key, features, record, bundle))
        self.showStep()

    def _caseOfResult(self) -> Case:
        """Key and facts of the present case, without images."""
        return Case(presentKey(self.parameters), clinical=self.state.inputs.clinical.record())

    def _predictAgain(self, onDone: Callable[[Prediction], None]) -> None:
        """Predict in the background; the result shown stays as it is and gets its images and features."""

        def onNews(news: TaskNews) -> None:
            if news.kind == "done":
                prediction, images, features = news.result
                self.state.keepImages(images, features)
                onDone(prediction)
            elif news.kind == "failed":
                showNote(self.ui.resultLabel, news.text, PROBLEM)
            if news.kind != "progress":
                self.state.changed.emit()

        self.gather()
        with refusals(self.ui.resultLabel):
            case = presentCase(self.state, self.parameters)
            self.tasks.run(predictionWork(case, self.state.bundle, self.state.inputs.engine), onNews)
        self.state.changed.emit()

    def removePlot(self) -> None:
        """Take view and nodes of the plot away."""
        if self.plotView is not None:
            self.plotView.setMRMLPlotViewNode(None)
            self.plotView.setMRMLScene(None)
            self.plotView.deleteLater()
            self.plotView = None
        # Asked of the scene: PythonQt does not offer the view's own getter everywhere.
        node = slicer.mrmlScene.GetSingletonNode(PLOT_VIEW_TAG, "vtkMRMLPlotViewNode")
        if node is not None:
            slicer.mrmlScene.RemoveNode(node)
        if self._chart is not None and slicer.mrmlScene.IsNodePresent(self._chart):
            removeScoreChart(self._chart)
        self._chart = self._charted = None

    def _showPlot(self, shown: Shown) -> None:
        result, bundle = shown.result, self.state.bundleOfResult
        # Drawing takes a tenth of a second, and the state is shown after every click.
        charted = None if result is None or bundle is None else (result.prediction, bundle.sha256)
        if charted is not None and charted == self._charted and slicer.mrmlScene.IsNodePresent(self._chart):
            return
        self._charted = charted
        chart = None
        if result is not None and bundle is not None:
            chart = scoreChart(result.prediction, bundle, self._chart)
        if chart is None:
            self.removePlot()
            self.ui.plotFrame.setVisible(False)
            return
        self._chart = chart
        if self.plotView is None:
            node = slicer.mrmlScene.CreateNodeByClass("vtkMRMLPlotViewNode")
            node.UnRegister(None)
            node.SetSingletonTag(PLOT_VIEW_TAG)
            node = slicer.mrmlScene.AddNode(node)
            self.plotView = slicer.qMRMLPlotView()
            self.plotView.setMRMLScene(slicer.mrmlScene)
            self.plotView.setMRMLPlotViewNode(node)
            self.ui.plotFrame.layout().addWidget(self.plotView)
        node = slicer.mrmlScene.GetSingletonNode(PLOT_VIEW_TAG, "vtkMRMLPlotViewNode")
        node.SetPlotChartNodeID(chart.GetID())
        self.ui.plotFrame.setVisible(True)

    def _resetWhatIf(self) -> None:
        for selector in self._whatIfSelectors.values():
            wasBlocked = selector.blockSignals(True)
            selector.setCurrentIndex(0)
            selector.blockSignals(wasBlocked)

    def _askPath(self, title: str, kinds: str, suffix: str) -> Path | None:
        name = f"TACEResponse_{self.state.result.prediction.patient_id}{suffix}"
        path = qt.QFileDialog.getSaveFileName(slicer.util.mainWindow(), title, name, kinds)
        # As a name without ending is saved without one, and nothing would open it.
        return Path(path if path.lower().endswith(suffix) else f"{path}{suffix}") if path else None
