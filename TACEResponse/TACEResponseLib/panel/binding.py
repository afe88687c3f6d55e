"""Widgets whose .ui property ``SlicerParameterName`` names a parameter, kept equal to the parameter node."""

from __future__ import annotations

from collections.abc import Callable

from ..scene.parameters import DEFAULTS, Parameters

PARAMETER_PROPERTY = "SlicerParameterName"


class Binding:
    """The bound widgets of one part of the panel.

    ``edited(name, before, now)`` is called before a widget changes its parameter, ``changed`` after it. Combo boxes
    hold the parameter's values as data of their items, so that their texts can be translated. Nothing is observed here:
    the part calls `showParameters`.
    """

    def __init__(
        self, ui, parameters: Parameters, edited: Callable[[str, object, object], None], changed: Callable[[], None]
    ) -> None:
        self._parameters, self._edited, self._changed = parameters, edited, changed
        self._widgets: dict[str, object] = {}
        self._isShowing = False
        for widget in vars(ui).values():
            name = widget.property(PARAMETER_PROPERTY)
            if name:
                self._widgets[name] = widget
                _signal(widget).connect(lambda *_ignored, name=name: self._onWidgetChanged(name))

    def showParameters(self) -> None:
        """Put the parameters into the widgets."""
        self._isShowing = True
        try:
            for name, widget in self._widgets.items():
                value = self._get(name)
                if _value(widget) != value:
                    _setValue(widget, value)
        finally:
            self._isShowing = False

    def forgetNode(self, node) -> None:
        """Take a node that is about to be removed out of its roles: a selector would choose its neighbour instead."""
        for name, widget in self._widgets.items():
            if name not in DEFAULTS and self._get(name) is node:
                self._parameters.setNode(name, None)
                widget.setCurrentNode(None)

    def _get(self, name: str):
        return self._parameters.get(name) if name in DEFAULTS else self._parameters.getNode(name)

    def _onWidgetChanged(self, name: str) -> None:
        if self._isShowing or self._parameters.node is None:
            return
        value = _value(self._widgets[name])
        self._edited(name, self._get(name), value)
        if name in DEFAULTS:
            self._parameters.set(name, value)
        else:
            self._parameters.setNode(name, value)
        self._changed()


def _signal(widget):
    return {
        "QCheckBox": lambda: widget.toggled,
        "QLineEdit": lambda: widget.textChanged,
        "QSpinBox": lambda: widget.valueChanged,
        "QDoubleSpinBox": lambda: widget.valueChanged,
        "QComboBox": lambda: widget.currentIndexChanged,
        "ctkPathLineEdit": lambda: widget.currentPathChanged,
        "qMRMLNodeComboBox": lambda: widget.currentNodeChanged,
    }[widget.className()]()


def _value(widget):
    return {
        "QCheckBox": lambda: widget.checked,
        "QLineEdit": lambda: widget.text,
        "QSpinBox": lambda: widget.value,
        "QDoubleSpinBox": lambda: widget.value,
        "QComboBox": lambda: widget.itemData(widget.currentIndex) or "",
        "ctkPathLineEdit": lambda: widget.currentPath,
        "qMRMLNodeComboBox": lambda: widget.currentNode(),
    }[widget.className()]()


def _setValue(widget, value) -> None:
    {
        "QCheckBox": lambda: widget.setChecked(value),
        "QLineEdit": lambda: widget.setText(value),
        "QSpinBox": lambda: widget.setValue(value),
        "QDoubleSpinBox": lambda: widget.setValue(value),
        "QComboBox": lambda: widget.setCurrentIndex(widget.findData(value)),
        "ctkPathLineEdit": lambda: setattr(widget, "currentPath", value),
        "qMRMLNodeComboBox": lambda: widget.setCurrentNode(value),
    }[widget.className()]()
