"""Many patients at once: the cases of a manifest by worker processes, and any of them opened in the panel."""

from __future__ import annotations

import queue
from html import escape
from pathlib import Path

import qt
import slicer

from ..batch import is_done_before
from ..batch.local_workers import LocalWorkers
from ..models import find_bundle
from ..prediction.serialisation import read_prediction
from ..scene.case_nodes import nodesOfCase, readSources
from ..scene.clinical_entry import entryOf
from ..scene.i18n import _
from ..scene.roles import KEY_PARAMETERS, SEGMENTATION_ROLES, VOLUME_ROLES
from ..workflow import PREDICTION_FILE, PredictJob, case_folder
from .background_task import TaskNews
from .batch_list import EXTRACT, PREDICT, BatchList, BatchRow, BatchWork, extractJob
from .focus import LOADED
from .present_case import forgetPatient
from .shown import PROBLEM, Shown
from .state import Result
from .step import Step, fillSelector, refusals, showNote


class BatchStep(Step):
    """Step 8. A batch touches no node: it goes on while the panel is used, and when the scene is closed."""

    name = "batch"
    uiFile = "BatchStep.ui"

    def setup(self) -> None:
        self.list = BatchList()
        self._outcomes: queue.SimpleQueue = queue.SimpleQueue()
        self._out: Path | None = None
        self._job = None
        fillSelector(
            self.ui.batchWhatSelector, {PREDICT: _("Predictions and reports"), EXTRACT: _("Feature table for training")}
        )
        table = self.ui.batchTable
        columns = (_("Patient"), _("State"), _("Of 100"), _("Time"), _("Note"))
        table.setColumnCount(len(columns))
        table.setHorizontalHeaderLabels(columns)
        table.horizontalHeader().setStretchLastSection(True)
        table.verticalHeader().setVisible(False)
        table.cellDoubleClicked.connect(self.onOpen)
        self.ui.batchRunButton.clicked.connect(self.onRun)
        self.ui.batchListButton.clicked.connect(self.onList)
        self.ui.batchProgressBar.setVisible(False)
        table.setVisible(False)

    def cleanup(self) -> None:
        self.tasks.cleanup()

    def refresh(self, shown: Shown) -> None:
        missing = self._missing()
        button = self.ui.batchRunButton
        button.setText(_("Cancel") if self.tasks.isRunning else _("Run"))
        button.setEnabled(self.tasks.isRunning or missing is None)
        words = _("Process every case of the manifest; the panel stays usable")
        if self.tasks.isRunning:
            words = _("Stop after the running cases; what is done stays, and the next run goes on from there")
        button.setToolTip(missing or words)
        noManifest = None if self._parameter("batchManifest") else _("Choose the manifest.")
        busy = _("The batch is running.") if self.tasks.isRunning else None
        self.enable(self.ui.batchListButton, busy or noManifest)
        self.ui.batchProgressBar.setVisible(self.tasks.isRunning)

    def onList(self) -> None:
        """Show the manifest's cases without doing them, to open one of them."""
        with refusals(self.ui.batchLabel):
            self._load()
            showNote(self.ui.batchLabel, _("{count} cases.").format(count=len(self.list.rows)))

    def onRun(self) -> None:
        """Begin the batch, or cancel the one under way."""
        if self.tasks.isRunning:
            self.tasks.cancel()
            showNote(self.ui.batchLabel, _("Cancelling: waiting for the running cases ..."))
            return
        with refusals(self.ui.batchLabel), slicer.util.WaitCursor():
            self._load()
            self._outcomes = queue.SimpleQueue()
            work = BatchWork(
                what=self._parameter("batchWhat"),
                cases=self.list.cases,
                job=self._job,
                out=self._out,
                workers=LocalWorkers(self.parameters.get("batchProcesses")),
                resume=self.parameters.get("batchResume"),
                outcomes=self._outcomes,
                refused=self.list.refused,
            )
            self.ui.batchProgressBar.setValue(0)
            showNote(self.ui.batchLabel, self.list.words())
            self.tasks.run(work, self._onNews)
        self.showStep()

    def onOpen(self, row: int, _column: int = 0) -> None:
        """Put a case's images, VOIs and facts into the panel, and its result if it was made of exactly these."""
        opened = self.list.rows[row]
        with refusals(self.ui.batchLabel), slicer.util.WaitCursor():
            sources = readSources(opened.case)
            volumes, segmentations = nodesOfCase(opened.case, sources)
            self._show(opened, volumes, segmentations)

    def _show(self, opened: BatchRow, volumes, segmentations) -> None:
        case = opened.case
        forgetPatient(self.state, self.parameters)
        for sequence, node in volumes.items():
            self.parameters.setNode(VOLUME_ROLES[sequence], node)
        self.gather()
        for sequence, node in segmentations.items():
            self.parameters.setNode(SEGMENTATION_ROLES[sequence], node)
        for column, parameter in KEY_PARAMETERS.items():
            self.parameters.set(parameter, getattr(case.key, column))
        self.parameters.setClinicalEntry(entryOf(case.clinical))
        self.gather()
        self._restoreResult(case)
        if volumes:
            self.state.look(LOADED)
            self.views.showFourUp()
        self.gather()
        showNote(self.ui.batchLabel, _("{patient} is in the panel.").format(patient=case.key.label))

    def _restoreResult(self, case) -> None:
        """Show the result on disk if model, files, facts and version are those that it was made of."""
        job, bundle = self._job, self.state.bundle
        if not isinstance(job, PredictJob) or bundle is None or bundle.sha256 != job.bundle_sha256:
            return
        folder = case_folder(self._out, case.key)
        if is_done_before(case, job, job.batch_folder, folder.name):
            prediction = read_prediction(folder / PREDICTION_FILE)
            self.state.restore(Result(prediction, self.state.inputs.fingerprint()), 1)

    def _load(self) -> None:
        """The manifest's cases into the table, and the job that the panel's settings tell."""
        what, bundle = self._parameter("batchWhat"), self.state.bundle
        # Where the manifest cannot be read, no row of another one stays to be opened.
        self.list = BatchList()
        self.ui.batchTable.setRowCount(0)
        self.list.load(Path(self._parameter("batchManifest")), what)
        folder = self._parameter("batchFolder")
        self._out = Path(folder) if folder else None
        self._job = None
        engine = self._parameter("engine")
        if what == EXTRACT:
            self._job = extractJob(engine)
        elif bundle is not None and self._out is not None:
            bundleFolder = find_bundle(self._parameter("model")).resolve()
            self._job = PredictJob(bundleFolder, bundle.sha256, engine, self._out.resolve())
        table = self.ui.batchTable
        table.setVisible(True)
        table.setRowCount(len(self.list.rows))
        for number, row in enumerate(self.list.rows):
            self._fill(number, row)
        table.resizeColumnsToContents()

    def _fill(self, number: int, row: BatchRow) -> None:
        for column, text in enumerate(row.cells()):
            item = qt.QTableWidgetItem(text)
            # As rich text, which is broken into lines.
            item.setToolTip(f"<p>{escape(text)}</p>" if text else _("Double-click opens the case in the panel"))
            self.ui.batchTable.setItem(number, column, item)

    def _onNews(self, news: TaskNews) -> None:
        hasOutcomes = not self._outcomes.empty()
        while not self._outcomes.empty():
            outcome, estimate = self._outcomes.get()
            number = self.list.take(outcome, estimate)
            self._fill(number, self.list.rows[number])
        if hasOutcomes:
            self.ui.batchTable.resizeColumnsToContents()
        if news.kind == "progress":
            self.ui.batchProgressBar.setValue(round(100 * news.fraction))
            if news.fraction == 0 and news.text:
                # How the processes start, or why they do not.
                showNote(self.ui.batchLabel, news.text)
            return
        words = self.list.words()
        if news.kind == "done":
            showNote(self.ui.batchLabel, _("{counts} Table: {path}").format(counts=words, path=news.result))
        elif news.kind == "cancelled":
            showNote(self.ui.batchLabel, _("Cancelled. {counts} Run again to go on.").format(counts=words))
        else:
            showNote(self.ui.batchLabel, news.text, PROBLEM)
        self.showStep()

    def _missing(self) -> str | None:
        if not self._parameter("batchManifest"):
            return _("Choose the manifest.")
        if not self._parameter("batchFolder"):
            return _("Choose the folder for the results.")
        if self._parameter("batchWhat") == PREDICT and self.state.bundle is None:
            return _("Choose a model at the top of the panel.")
        return self.state.inputs.engineProblem

    def _parameter(self, name: str) -> str:
        return str(self.parameters.get(name))
