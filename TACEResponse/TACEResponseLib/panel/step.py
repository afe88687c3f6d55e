"""What all parts of the panel share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import qt
import slicer

if TYPE_CHECKING:
    from .panel import Panel

UI_FOLDER = Path(__file__).resolve().parents[2] / "Resources" / "UI"

DONE_MARK = "✓ "

WARNING_STYLE, PROBLEM_STYLE, PLAIN_STYLE = "color: #9a6700", "color: #b3261e", ""

_ON_DARK = {WARNING_STYLE: "color: #ffc04d", PROBLEM_STYLE: "color: #ff8a80"}
"""The same on a dark window, where the others cannot be read."""

_DARK_LIGHTNESS = 128

_NARROWEST_SELECTOR = 60


class Step:
    """One collapsible part of the panel, made from its .ui file: shows the state, hands on what the user does."""

    name = ""
    uiFile = ""

    def __init__(self, panel: Panel) -> None:
        self.panel = panel
        self.widget = slicer.util.loadUI(str(UI_FOLDER / self.uiFile))
        self.widget.setMRMLScene(slicer.mrmlScene)
        self.ui = slicer.util.childWidgetVariables(self.widget)
        self._nodeSelectors = [one for one in vars(self.ui).values() if one.className() == "qMRMLNodeComboBox"]
        for widget in self._nodeSelectors:
            widget.setMRMLScene(slicer.mrmlScene)
            # Long names of series are cut off instead of widening the whole panel.
            widget.setMinimumWidth(_NARROWEST_SELECTOR)
            # Slicer lets the combo box within hand its focus to the selector, which takes none: Tab would pass it over.
            for comboBox in slicer.util.findChildren(widget, className="ctkComboBox"):
                comboBox.setFocusProxy(None)
        self._title = self.ui.stepButton.text
        self._toolTips: dict[str, str] = {}
        self.setup()

    def setup(self) -> None:
        """Fill and connect the widgets, once."""

    def refresh(self) -> None:
        """Show the state."""

    def enter(self) -> None:
        """The module is shown."""

    def exit(self) -> None:
        """The module is left, or the scene is about to close."""

    def forgetWords(self) -> None:
        """Inputs or result have changed: what was said of those before goes."""

    def cleanup(self) -> None:
        """The panel goes away."""

    def removeWidgets(self) -> None:
        """Delete the part's widgets after `cleanup`: a hidden selector would go on observing the scene."""
        for widget in self._nodeSelectors:
            widget.setMRMLScene(None)
        self.widget.setMRMLScene(None)
        self.widget.deleteLater()

    def showStep(self) -> None:
        """Tick, visibility, and the part's own contents."""
        state = self.panel.state
        self.widget.setVisible(state.stepIsNeeded(self.name))
        self.ui.stepButton.setText((DONE_MARK if state.stepIsDone(self.name) else "") + self._title)
        self.refresh()

    def enable(self, widget, problem: str | None) -> None:
        """Enable a control, or say in its tooltip why not."""
        words = self._toolTips.setdefault(widget.objectName, widget.toolTip)
        widget.setEnabled(problem is None)
        widget.setToolTip(words if problem is None else problem)

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


def showNote(label, text: str | None, style: str = PLAIN_STYLE) -> None:
    """Show a line of text, or nothing at all."""
    label.setText(text or "")
    # A long word, such as a path, is cut off instead of widening the whole panel.
    label.setMinimumWidth(1)
    isDark = label.palette.color(qt.QPalette.Window).lightness() < _DARK_LIGHTNESS
    label.setStyleSheet(_ON_DARK.get(style, style) if isDark else style)
    label.setVisible(bool(text))


def fillSelector(selector, texts: dict[str, str]) -> None:
    """Items of a combo box: values as data, with the texts that the user reads."""
    wasBlocked = selector.blockSignals(True)
    selector.clear()
    for value, text in texts.items():
        selector.addItem(text, value)
    selector.blockSignals(wasBlocked)
