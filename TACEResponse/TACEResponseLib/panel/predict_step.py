"""The one button that matters, and what stands in its way."""

from __future__ import annotations

from ..features import ENGINES
from ..scene.i18n import _
from .background_task import TaskNews
from .step import PROBLEM_STYLE, Step, fillSelector, showNote


class PredictStep(Step):
    """Step 4."""

    name = "predict"
    uiFile = "PredictStep.ui"

    def setup(self) -> None:
        self.ui.predictButton.clicked.connect(self.onPredict)
        self.ui.progressBar.setVisible(False)
        names = {"native": _("native (nothing to install)"), "pyradiomics": _("PyRadiomics, if it is installed")}
        fillSelector(self.ui.engineSelector, {name: names[name] for name in ENGINES})

    def refresh(self) -> None:
        state = self.panel.state
        missing = state.missing()
        if self.panel.repeatability.isBlinded and state.inputs.needsImages:
            # What is missing tells of the first VOI.
            missing = (_("A VOI is drawn blinded: press Compare in step 7, or take a sequence in hand."),)
        self.ui.engineFrame.setVisible(state.inputs.needsImages)
        button = self.ui.predictButton
        button.setText(_("Cancel") if state.isRunning else _("Predict"))
        button.setEnabled(state.isRunning or not (missing or self.panel.tasks.isRunning))
        if not state.isRunning and self.panel.busyProblem():
            button.setToolTip(self.panel.busyProblem())
        elif state.isRunning:
            button.setToolTip(_("Stop the prediction after the step in hand"))
        elif missing:
            button.setToolTip(_("Missing:") + "\n" + "\n".join(missing))
        else:
            button.setToolTip(_("Predict objective response"))
        self.ui.progressBar.setVisible(state.isRunning)
        if state.failure is not None and not self.panel.repeatability.isBlinded:
            showNote(self.ui.predictLabel, state.failure, PROBLEM_STYLE)
        elif missing and not state.isRunning:
            more = _("{count} more in the button's tooltip.").format(count=len(missing) - 1)
            showNote(self.ui.predictLabel, missing[0] + (f" {more}" if len(missing) > 1 else ""))
        elif not state.isRunning:
            showNote(self.ui.predictLabel, None)

    def onPredict(self) -> None:
        """Predict, or cancel the prediction under way."""
        if self.panel.state.isRunning:
            self.panel.tasks.cancel()
            return
        self.panel.predict(self._onNews)

    def _onNews(self, news: TaskNews) -> None:
        if news.kind == "progress":
            self.ui.progressBar.setValue(round(100 * news.fraction))
            showNote(self.ui.predictLabel, news.text)
            return
        self.panel.predictionEnded(news)
