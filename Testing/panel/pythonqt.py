"""PySide's Qt as PythonQt offers it in Slicer, and plain widgets in place of those that only Slicer has.

In PythonQt a Qt property hides its getter (``label.text``), setters and signals are as everywhere, and ``name`` is the
object's name. The .ui files, signals, layouts and values are Qt's own; the stand-ins only hold what they are given.
"""

from __future__ import annotations

import types

from PySide6 import QtCore, QtGui, QtPrintSupport, QtUiTools, QtWidgets

_MODULES = (QtWidgets, QtGui, QtCore, QtPrintSupport, QtUiTools)


class Wrapped:
    """A QObject as PythonQt shows it."""

    def __init__(self, own) -> None:
        object.__setattr__(self, "own", own)

    def __getattr__(self, name: str):
        if name == "name":
            return self.own.objectName()
        if name == "className":
            return lambda: self.own.metaObject().className()
        if self.own.metaObject().indexOfProperty(name) >= 0:
            return wrap(self.own.property(name))
        # PySide keeps the name of Python's own function free.
        return _function(getattr(self.own, "print_" if name == "print" else name))

    def __setattr__(self, name: str, value) -> None:
        assert self.own.metaObject().indexOfProperty(name) >= 0, name
        self.own.setProperty(name, unwrap(value))

    def __eq__(self, other) -> bool:
        return isinstance(other, Wrapped) and self.own is other.own

    def __hash__(self) -> int:
        return hash(self.own)


class _Class:
    """A class of Qt whose objects are made wrapped; enumerations and static functions as they are."""

    def __init__(self, own) -> None:
        self._own = own

    def __call__(self, *arguments):
        return wrap(self._own(*map(unwrap, arguments)))

    def __getattr__(self, name: str):
        return _function(getattr(self._own, name))


def wrap(value):
    """What PythonQt would hand out."""
    if isinstance(value, QtCore.QObject):
        return Wrapped(value)
    return [wrap(one) for one in value] if isinstance(value, list) else value


def unwrap(value):
    """What Qt takes."""
    return value.own if isinstance(value, Wrapped) else value


def _function(value):
    if isinstance(value, QtCore.SignalInstance) or not callable(value) or isinstance(value, type):
        return value
    return lambda *arguments: wrap(value(*map(unwrap, arguments)))


class _QtModule(types.ModuleType):
    def __getattr__(self, name: str):
        if name == "QUiLoader":
            return _UiLoader
        for module in _MODULES:
            if hasattr(module, name):
                found = getattr(module, name)
                isObject = isinstance(found, type) and issubclass(found, QtCore.QObject)
                return _Class(found) if isObject else found
        raise AttributeError(name)


class qMRMLWidget(QtWidgets.QWidget):
    """Holds nothing."""

    def setMRMLScene(self, scene) -> None:
        self.scene = scene


class qMRMLNodeComboBox(qMRMLWidget):
    """Holds one node."""

    # Without the node: PySide counts references of None wrongly when it is an argument.
    currentNodeChanged = QtCore.Signal()
    node = None

    def currentNode(self):
        return self.node

    def setCurrentNode(self, node) -> None:
        if node is not self.node:
            self.node = node
            self.currentNodeChanged.emit()


class ctkPathLineEdit(QtWidgets.QWidget):
    """Holds one path."""

    currentPathChanged = QtCore.Signal(str)
    path = ""

    def getPath(self) -> str:
        return self.path

    def setPath(self, path: str) -> None:
        if path != self.path:
            self.path = path
            self.currentPathChanged.emit(path)

    currentPath = QtCore.Property(str, getPath, setPath)


class ctkCollapsibleButton(QtWidgets.QAbstractButton):
    """Holds whether it is open."""

    _isCollapsed = False

    def paintEvent(self, _event) -> None:
        pass

    def getCollapsed(self) -> bool:
        return self._isCollapsed

    def setCollapsedState(self, isCollapsed: bool) -> None:
        self._isCollapsed = isCollapsed

    collapsed = QtCore.Property(bool, getCollapsed, setCollapsedState)


class ctkCollapsibleGroupBox(QtWidgets.QGroupBox):
    """Always open."""


class ctkFittedTextBrowser(QtWidgets.QTextBrowser):
    """As high as it is."""


class qMRMLSegmentEditorWidget(qMRMLWidget):
    """Holds the nodes that are edited."""

    def __init__(self) -> None:
        super().__init__()
        QtWidgets.QVBoxLayout(self)
        self.nodes = {}
        self.setters = []

    def getFlag(self) -> bool:
        return True

    def setFlag(self, _flag) -> None:
        pass

    def getCount(self) -> int:
        return 0

    def setCount(self, _count) -> None:
        pass

    unorderedEffectsVisible = QtCore.Property(bool, getFlag, setFlag)
    effectColumnCount = QtCore.Property(int, getCount, setCount)

    def __getattr__(self, name: str):
        if name in ("segmentationNode", "sourceVolumeNode", "mrmlSegmentEditorNode", "currentSegmentID"):
            return lambda: self.nodes.get(name)
        if name in ("setSegmentationNode", "setSourceVolumeNode", "setCurrentSegmentID"):
            return lambda value: self.nodes.update({name[3].lower() + name[4:]: value})
        if name == "setMRMLSegmentEditorNode":
            return lambda value: self.nodes.update(mrmlSegmentEditorNode=value)
        if name.startswith(("set", "install", "uninstall", "remove")):
            return lambda *_ignored: self.setters.append(name)
        raise AttributeError(name)


class qMRMLPlotView(qMRMLWidget):
    """Holds the view's node."""

    def setMRMLPlotViewNode(self, node) -> None:
        self.node = node


_CUSTOM = (qMRMLWidget, qMRMLNodeComboBox, ctkPathLineEdit, ctkCollapsibleButton, ctkCollapsibleGroupBox)
_CUSTOM += (ctkFittedTextBrowser,)


class _UiLoader:
    def load(self, file):
        loader = QtUiTools.QUiLoader()
        for one in _CUSTOM:
            loader.registerCustomWidget(one)
        return wrap(loader.load(unwrap(file)))


def qt_module() -> types.ModuleType:
    """What ``import qt`` gives."""
    return _QtModule("qt")
