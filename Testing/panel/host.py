"""Slicer without its windows for one part of the panel: real MRML (slicer-core), real Qt (PySide6), no layouts."""

from __future__ import annotations

import gc
import os
import sys
import threading
from contextlib import contextmanager
from functools import lru_cache
from types import SimpleNamespace

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
slicer = pytest.importorskip("slicer", reason="needs the slicer-core wheel")
pytest.importorskip("PySide6.QtWidgets", reason="needs PySide6-Essentials", exc_type=ImportError)
import pythonqt  # noqa: E402
from PySide6 import QtCore, QtWidgets  # noqa: E402
from TACEResponseLib.phantom import make_patient  # noqa: E402


def application():
    """Qt's application, one for the whole process."""
    return QtWidgets.QApplication.instance() or QtWidgets.QApplication(["test"])


def install(monkeypatch, scene, settings_file) -> SimpleNamespace:
    """Put ``qt`` and what the panel uses of ``slicer`` in place; returns what was recorded."""
    application()
    monkeypatch.setattr("TACEResponseLib.scene.sample_patient.make_patient", kept_patient)
    recorded = SimpleNamespace(warnings=[], jumps=[], interaction=slicer.vtkMRMLInteractionNode(), active=[])
    scene.AddNode(recorded.interaction)
    recorded.selection = slicer.vtkMRMLSelectionNode()
    scene.AddNode(recorded.selection)
    for module in [name for name in sys.modules if name.startswith("TACEResponseLib.panel")]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "qt", pythonqt.qt_module())
    settings = pythonqt.wrap(QtCore.QSettings(str(settings_file), QtCore.QSettings.IniFormat))
    logic = SimpleNamespace(
        GetInteractionNode=lambda: recorded.interaction,
        GetSelectionNode=lambda: recorded.selection,
        PropagateTableSelection=lambda: None,
        PropagatePlotChartSelection=lambda: None,
    )
    app = SimpleNamespace(
        layoutManager=lambda: None,
        testingEnabled=lambda: False,
        userSettings=lambda: settings,
        clipboard=lambda: pythonqt.wrap(QtWidgets.QApplication.clipboard()),
        applicationLogic=lambda: logic,
    )
    monkeypatch.setattr(slicer, "app", app, raising=False)
    monkeypatch.setattr(slicer.util, "mainWindow", lambda *_ignored: None)
    monkeypatch.setattr(slicer.util, "warningDisplay", lambda text, **_ignored: recorded.warnings.append(text))
    monkeypatch.setattr(slicer.util, "WaitCursor", no_cursor)
    markups = SimpleNamespace(
        SetActiveList=recorded.active.append, JumpSlicesToLocation=lambda *place: recorded.jumps.append(place[:3])
    )
    monkeypatch.setattr(slicer.modules, "markups", SimpleNamespace(logic=lambda: markups), raising=False)
    for one in (pythonqt.qMRMLSegmentEditorWidget, pythonqt.qMRMLPlotView):
        monkeypatch.setattr(slicer, one.__name__, pythonqt._Class(one), raising=False)
    return recorded


def window_of(widget):
    """A window for a part of the panel; it is not shown, so that nothing is painted."""
    window = QtWidgets.QWidget()
    QtWidgets.QVBoxLayout(window).addWidget(pythonqt.unwrap(widget))
    return window


@contextmanager
def qt_in_main_thread():
    """No widget is collected in a task's thread, which Qt does not survive; none is left to the next test."""
    gc.disable()
    try:
        yield
    finally:
        for thread in threading.enumerate():
            if thread.name == "TACEResponse":
                thread.join()
        application().sendPostedEvents(None, QtCore.QEvent.DeferredDelete)
        gc.enable()
        gc.collect()


class KeptPatient:
    """A phantom patient whose images are computed once: most tests begin with the same one."""

    def __init__(self, patient) -> None:
        self._patient = patient
        self.image, self.mask = lru_cache(patient.image), lru_cache(patient.mask)

    def __getattr__(self, name: str):
        return getattr(self._patient, name)


@lru_cache(maxsize=2)
def kept_patient(seed: int, index: int) -> KeptPatient:
    """`make_patient`, remembered."""
    return KeptPatient(make_patient(seed, index))


@contextmanager
def no_cursor():
    """In place of the wait cursor."""
    yield
