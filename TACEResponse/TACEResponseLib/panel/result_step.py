"""Where the patient stands: words, plot, what-if, and what can be done with the result."""

from __future__ import annotations

from pathlib import Path

import qt
import slicer

from ..prediction import plain_text
from ..reporting import write_patient_report
from ..scene.i18n import _
from ..scene.plots import removeScoreChart, scoreChart
from ..scene.results import storeResult
from ..scene.tables import featureTable
from .background_task import TaskNews
from .result_text import comparisonWords, pageHtml, resultHtml, whatIfHtml
from .step import PROBLEM_STYLE, Step, fillSelector, showNote
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

    def cleanup(self) -> None:
        self.removePlot()

    def refresh(self) -> None:
        state, panel = self.panel.state, self.panel
        # Warnings and features tell a blinded reader of the first VOI.
        blinded = _("Hidden while a VOI is drawn blinded.") if panel.repeatability.isBlinded else None
        if state.result is None:
            self.ui.resultBrowser.setHtml(_("No result yet."))
        elif blinded:
            self.ui.resultBrowser.setHtml(blinded)
        else:
            bundle = panel.bundleOfResult()
            html = resultHtml(state.result.prediction, bundle, state.resultIsStale, state.provenance())
            self.ui.resultBrowser.setHtml(html)
        self._showPlot()
        problem, busy = state.resultProblem() or blinded, panel.busyProblem()
        for button in (self.ui.copySentenceButton, self.ui.saveButton):
            self.enable(button, problem)
        for button in (self.ui.reportButton, self.ui.pdfButton, self.ui.runAgainButton):
            self.enable(button, problem or busy)
        noFeatures = None if panel.features is not None else _("The features are not at hand; predict again.")
        needsImages = panel.bundle is None or bool(panel.bundle.required_sequences)
        noImages = None if needsImages else _("The model needs no images, so that there are no features.")
        self.enable(self.ui.featuresButton, problem or noImages or noFeatures)
        self.enable(self.ui.selfCheckButton, busy)
        self.enable(self.ui.whatIfBox, problem or (noFeatures if needsImages else None))
        if state.whatIf is None:
            self._resetWhatIf()
        showNote(self.ui.whatIfLabel, None if state.whatIf is None else whatIfHtml(state.whatIf))

    def forgetWords(self) -> None:
        showNote(self.ui.resultLabel, None)

    def onCopySentence(self) -> None:
        """The words for the radiology report, on the clipboard."""
        slicer.app.clipboard().setText(plain_text(self.panel.state.result.prediction))
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
        panel = self.panel
        # Taken now: facts and result may change while images are read again.
        case, result, bundle = panel.caseOfResult(), panel.state.result, panel.bundle
        counts, tumourCount = panel.state.provenance(), int(panel.parameters.get("tumourCount"))
        reading = {
            "Predictions for this patient": counts["predictions"],
            "VOI edits after a result": counts["voi_edits_after_result"],
            "Number of tumours": tumourCount or "not entered",
        }
        showNote(self.ui.resultLabel, None)

        def write(images) -> None:
            with panel.saying(self.ui.resultLabel):
                if not panel.state.resultIsCurrent or panel.state.result is not result:
                    raise ValueError(_("No report was written: the inputs have changed meanwhile."))
                write_patient_report(path, result.prediction, bundle, images, case.clinical, reading)
                showNote(self.ui.resultLabel, _("Report: {path}").format(path=path))

        if panel.images is not None or not panel.bundle.required_sequences:
            write(panel.images)
            return

        def onNews(news: TaskNews) -> None:
            if news.kind == "done":
                write(news.result[1])
            elif news.kind == "failed":
                showNote(self.ui.resultLabel, news.text, PROBLEM_STYLE)

        panel.predict(onNews, isAgain=True)

    def writePdf(self, path: Path) -> None:
        """The panel's own page on paper."""
        state = self.panel.state
        document = qt.QTextDocument()
        document.setHtml(pageHtml(state.result.prediction, self.panel.bundle, state.provenance()))
        printer = qt.QPrinter()
        printer.setOutputFormat(qt.QPrinter.PdfFormat)
        # Qt says nothing of a file that it could not write, and an older one may stand there.
        part = path.with_name(f".{path.name}.part")
        printer.setOutputFileName(str(part))
        document.print(printer)
        with self.panel.saying(self.ui.resultLabel):
            try:
                part.replace(path)
            except OSError as error:
                part.unlink(missing_ok=True)
                words = _("{path} cannot be written ({why}); is the folder or the file read-only?")
                raise ValueError(words.format(path=path, why=error.strerror)) from error
            showNote(self.ui.resultLabel, _("Report: {path}").format(path=path))

    def onSave(self) -> None:
        """Keep the result in the scene."""
        state = self.panel.state
        node = self.panel.parameters.node
        storeResult(node, state.result.prediction, state.result.fingerprint, state.provenance())
        showNote(self.ui.resultLabel, _("Kept in the scene; save the scene to keep it on disk."))

    def onFeatures(self) -> None:
        """The features as a table, in the table view."""
        table = featureTable(self.panel.features)
        self.panel.fourUp.showInstead(slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpTableView)
        slicer.app.applicationLogic().GetSelectionNode().SetActiveTableID(table.GetID())
        slicer.app.applicationLogic().PropagateTableSelection()

    def onRunAgain(self) -> None:
        """Predict once more and compare."""
        before = self.panel.state.result.prediction

        def compare(news: TaskNews) -> None:
            if news.kind == "done":
                showNote(self.ui.resultLabel, comparisonWords(before, news.result[0]))
            elif news.kind == "failed":
                showNote(self.ui.resultLabel, news.text, PROBLEM_STYLE)

        self.panel.predict(compare, isAgain=True)

    def onSelfCheck(self) -> None:
        """Compare 440 values of the built-in phantom with stored ones."""

        def show(news: TaskNews) -> None:
            if news.kind == "done":
                showNote(
                    self.ui.resultLabel, "\n".join(news.result.lines()), "" if news.result.passed else PROBLEM_STYLE
                )
            elif news.kind == "failed":
                showNote(self.ui.resultLabel, news.text, PROBLEM_STYLE)
            self.panel.showAll()

        logic = self.panel.logic
        showNote(self.ui.resultLabel, _("Self-check under way ..."))
        self.panel.tasks.run(lambda progress: logic.selfCheck(), show)
        self.panel.showAll()

    def onWhatIf(self, *_ignored) -> None:
        """The estimate for other facts."""
        levels = {
            field: selector.itemData(selector.currentIndex) or AS_ENTERED
            for field, selector in self._whatIfSelectors.items()
        }
        state = self.panel.state
        with self.panel.saying():
            if all(level == AS_ENTERED for level in levels.values()):
                state.showWhatIf(None)
            else:
                case = self.panel.caseOfResult()
                record = changedRecord(case.clinical, levels)
                state.showWhatIf(self.panel.logic.whatIf(case.key, self.panel.features, record, self.panel.bundle))
        self.refresh()

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

    def _showPlot(self) -> None:
        result, bundle = self.panel.state.result, self.panel.bundleOfResult()
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
        name = f"TACEResponse_{self.panel.state.result.prediction.patient_id}{suffix}"
        path = qt.QFileDialog.getSaveFileName(slicer.util.mainWindow(), title, name, kinds)
        # As a name without ending is saved without one, and nothing would open it.
        return Path(path if path.lower().endswith(suffix) else f"{path}{suffix}") if path else None
