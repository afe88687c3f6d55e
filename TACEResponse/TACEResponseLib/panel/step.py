"""What all parts of the panel share."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import qt
import slicer

from ..scene.i18n import _
from ..scene.parameters import Parameters
from .binding import Binding
from .shown import PLAIN, PROBLEM, WARNING, Shown, shownOf
from .state import PanelState
from .task_runner import TaskRunner
from .views import Views

UI_FOLDER = Path(__file__).resolve().parents[2] / "Resources" / "UI"

DONE_MARK = "✓ "

_COLOURS = {WARNING: ("#9a6700", "#ffc04d"), PROBLEM: ("#b3261e", "#ff8a80")}
"""On a light and on a dark window, where the first cannot be read."""

_DARK_LIGHTNESS = 128

_NARROWEST_SELECTOR = 60

_log = logging.getLogger(__name__)


class Step:
    """One collapsible part of the panel, made from its .ui file.

    It shows the state, changes it, the parameters or nodes when the user does something, and knows no other part: it
    hears of what others did by the state's signals.
    """

    name = ""
    uiFile = ""
    isFoldedByResult = False
    """The part has been worked through when a result is there, which is then seen without scrolling."""

    def __init__(self, state: PanelState, parameters: Parameters, views: Views, tasks: TaskRunner) -> None:
        self.state, self.parameters, self.views, self.tasks = state, parameters, views, tasks
        self.widget = slicer.util.loadUI(str(UI_FOLDER / self.uiFile))
        self.widget.setMRMLScene(slicer.mrmlScene)
        self.ui = slicer.util.childWidgetVariables(self.widget)
        self._nodeSelectors = [one for one in vars(self.ui).values() if one.className() == "qMRMLNodeComboBox"]
        for widget in self._nodeSelectors:
            widget.setMRMLScene(slicer.mrmlScene)
            # Long names of series are cut off instead of widening the whole panel.
            widget.setMinimumWidth(_NARROWEST_SELECTOR)
            # Slicer gives the focus of the combo box inside to the selector, which takes none: Tab would pass it over.
            for comboBox in slicer.util.findChildren(widget, className="ctkComboBox"):
                comboBox.setFocusProxy(None)
        self._title = self.ui.stepButton.text
        self._toolTips: dict[str, str] = {}
        self.setup()
        self._binding = Binding(self.ui, parameters, self.onEdited, state.touched.emit)
        state.changed.connect(self.showStep)
        state.patientChanged.connect(self.onPatientChanged)
        state.messagesOutdated.connect(self.forgetMessages)
        if self.isFoldedByResult:
            state.resultArrived.connect(lambda: self.setCollapsed(True))

    # What a part may do in its own way

    def setup(self) -> None:
        """Fill and connect the widgets, once."""

    def refresh(self, shown: Shown) -> None:
        """Show the state; what must not be seen of it is not in ``shown``."""

    def enter(self) -> None:
        """The module is shown."""

    def exit(self) -> None:
        """The module is left."""

    def pause(self) -> None:
        """A scene is about to close or to be read in."""

    def onEdited(self, name: str, before: object, now: object) -> None:
        """The user changes a parameter by its widget; it has its value of before still."""

    def onPatientChanged(self) -> None:
        """The patient was forgotten."""

    def forgetMessages(self) -> None:
        """Inputs or result have changed: what was reported about those before goes."""

    def forgetNode(self, node: slicer.vtkMRMLNode) -> None:
        """A node is about to be removed."""
        self._binding.forgetNode(node)

    def cleanup(self) -> None:
        """The panel goes away."""

    # What all parts do alike

    def removeWidgets(self) -> None:
        """Delete the part's widgets after `cleanup`: a hidden selector would go on observing the scene."""
        for widget in self._nodeSelectors:
            widget.setMRMLScene(None)
        self.widget.setMRMLScene(None)
        self.widget.deleteLater()

    def showStep(self) -> None:
        """Parameters, tick, visibility, and the part's own contents."""
        if self.parameters.node is None:
            return
        self._binding.showParameters()
        self.widget.setVisible(self.state.stepIsNeeded(self.name))
        self.ui.stepButton.setText((DONE_MARK if self.state.stepIsDone(self.name) else "") + self._title)
        self.refresh(shownOf(self.state))

    def gather(self) -> None:
        """Have the inputs gathered at once, and the state shown."""
        self.state.gatherNow.emit()

    def enable(self, widget, problem: str | None) -> None:
        """Enable a control, or give the reason in its tooltip."""
        text = self._toolTips.setdefault(widget.objectName, widget.toolTip)
        widget.setEnabled(problem is None)
        widget.setToolTip(text if problem is None else problem)

    def scrollIntoView(self) -> None:
        """Bring the part's head to the top of the module's panel."""
        area = self.widget.parent()
        while area is not None and area.className() != "QScrollArea":
            area = area.parent()
        if area is not None:
            area.verticalScrollBar().setValue(self.widget.mapTo(area.widget(), qt.QPoint(0, 0)).y())

    def setCollapsed(self, isCollapsed: bool) -> None:
        """Open or close the part."""
        self.ui.stepButton.collapsed = isCollapsed


def showNote(label, text: str | None, style: str = PLAIN) -> None:
    """Show a line of text, or nothing at all."""
    label.setText(text or "")
    # A long word, such as a path, is cut off instead of widening the whole panel.
    label.setMinimumWidth(1)
    isDark = label.palette.color(qt.QPalette.Window).lightness() < _DARK_LIGHTNESS
    label.setStyleSheet(f"color: {_COLOURS[style][isDark]}" if style in _COLOURS else "")
    label.setVisible(bool(text))


def fillSelector(selector, texts: dict[str, str]) -> None:
    """Items of a combo box: values as data, with the texts that the user reads."""
    wasBlocked = selector.blockSignals(True)
    selector.clear()
    for value, text in texts.items():
        selector.addItem(text, value)
    selector.blockSignals(wasBlocked)


def warn(sentence: str) -> None:
    """Show a warning in a window; in a test it is only logged."""
    _log.warning("%s", sentence)
    if not slicer.app.testingEnabled():
        slicer.util.warningDisplay(sentence, windowTitle=_("TACE response"))


@contextmanager
def refusals(label=None) -> Iterator[None]:
    """Show a refusal of the library beside its control, or in a window, instead of raising it."""
    try:
        yield
    except ValueError as error:
        if label is None:
            warn(str(error))
        else:
            showNote(label, str(error), PROBLEM)
