"""The one button that matters, and what stands in its way."""

from __future__ import annotations

from ..features import ENGINES
from ..scene.i18n import _
from .background_task import TaskNews
from .present_case import predictionWork, presentCase, presentKey
from .shown import PROBLEM, Shown
from .step import Step, fillSelector, refusals, showNote


class PredictStep(Step):
    """Step 4."""

    name = "predict"
    uiFile = "PredictStep.ui"

    def setup(self) -> None:
        self.ui.predictButton.clicked.connect(self.onPredict)
        self.ui.progressBar.setVisible(False)
        names = {"native": _("native (nothing to install)"), "pyradiomics": _("PyRadiomics, if it is installed")}
        fillSelector(self.ui.engineSelector, {name: names[name] for name in ENGINES})

    def refresh(self, shown: Shown) -> None:
        state, busy = self.state, self.tasks.busyProblem()
        self.ui.engineFrame.setVisible(state.inputs.needsImages)
        button = self.ui.predictButton
        button.setText(_("Cancel") if state.isRunning else _("Predict"))
        button.setEnabled(state.isRunning or not (shown.missing or busy))
        if state.isRunning:
            button.setToolTip(_("Stop the prediction after the running step"))
        elif shown.missing and not busy:
            button.setToolTip(_("Missing:") + "\n" + "\n".join(shown.missing))
        else:
            button.setToolTip(busy or _("Predict objective response"))
        self.ui.progressBar.setVisible(state.isRunning)
        if shown.failure is not None:
            showNote(self.ui.predictLabel, shown.failure, PROBLEM)
        elif shown.missing and not state.isRunning:
            more = _("{count} more in the button's tooltip.").format(count=len(shown.missing) - 1)
            showNote(self.ui.predictLabel, shown.missing[0] + (f" {more}" if len(shown.missing) > 1 else ""))
        elif not state.isRunning:
            showNote(self.ui.predictLabel, None)

    def onPredict(self) -> None:
        """Predict, or cancel the running prediction."""
        if self.state.isRunning:
            self.tasks.cancel()
            return
        self.gather()
        with refusals(self.ui.predictLabel):
            try:
                self._begin()
            finally:
                # Before a refusal is shown, which it would take away.
                self.state.changed.emit()

    def _begin(self) -> None:
        presentKey(self.parameters)
        self.state.begin()
        try:
            case = presentCase(self.state, self.parameters)
        except ValueError as error:
            self.state.fail(str(error))
            raise
        self.tasks.run(predictionWork(case, self.state.bundle, self.state.inputs.engine), self._onNews)

    def _onNews(self, news: TaskNews) -> None:
        if news.kind == "progress":
            self.ui.progressBar.setValue(round(100 * news.fraction))
            showNote(self.ui.predictLabel, news.text)
            return
        if news.kind == "done":
            self.state.succeed(*news.result)
        elif news.kind == "failed":
            self.state.fail(news.text)
        else:
            self.state.cancel()
        self.gather()
