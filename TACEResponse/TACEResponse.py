"""TACEResponse in 3D Slicer: module, widget shell and self-test. Importing this file imports no panel."""

import os
import sys
from pathlib import Path

import slicer
from slicer.i18n import tr as _
from slicer.i18n import translate
from slicer.ScriptedLoadableModule import (
    ScriptedLoadableModule,
    ScriptedLoadableModuleTest,
    ScriptedLoadableModuleWidget,
)

LIBRARY, SELF_TEST = "TACEResponseLib", "panel_selftest"


class TACEResponse(ScriptedLoadableModule):
    """What Slicer shows of the module in menus and help."""

    def __init__(self, parent):
        ScriptedLoadableModule.__init__(self, parent)
        parent.title = _("TACE response")
        parent.categories = [translate("qSlicerAbstractCoreModule", "Quantification")]
        parent.dependencies = ["Markups", "SegmentEditor", "Segmentations"]
        parent.contributors = ["TACEResponse developers"]
        parent.helpText = _(
            "Estimates the probability of objective response of hepatocellular carcinoma to TACE from four MR "
            "sequences with tumour VOIs and four clinical facts. Research use only. Not for diagnosis or treatment "
            "decisions."
        )
        parent.acknowledgementText = _(
            "The method is that of doi 10.1186/s13244-023-01380-2. The features follow PyRadiomics."
        )
        slicer.app.connect("startupCompleted()", onStartupCompleted)


def onStartupCompleted():
    """Offer the sample patient and the four-up; neither without a window."""
    if slicer.app.layoutManager() is None:
        return
    from TACEResponseLib.panel.four_up import registerLayout
    from TACEResponseLib.panel.sample_data import registerSampleData

    registerLayout()
    registerSampleData()


class TACEResponseWidget(ScriptedLoadableModuleWidget):
    """Shell around `TACEResponseLib.panel`, which does everything."""

    panel = None

    def setup(self):
        """Make the panel when the module is opened for the first time."""
        ScriptedLoadableModuleWidget.setup(self)
        from TACEResponseLib.panel.panel import Panel

        self.panel = Panel(self.layout)
        self.logic = self.panel.logic
        self.layout.addStretch(1)

    def enter(self):
        """The module is shown."""
        if self.panel is not None:
            self.panel.enter()

    def exit(self):
        """Another module is shown."""
        if self.panel is not None:
            self.panel.exit()

    def cleanup(self):
        """The module goes away or is loaded again."""
        if self.panel is not None:
            self.panel.cleanup()
            self.panel = None

    def onReload(self):
        """Load the library again with the module: its parts are forgotten, so that they are imported anew."""
        self.cleanup()
        for name in [name for name in sys.modules if name.startswith((LIBRARY, SELF_TEST))]:
            del sys.modules[name]
        ScriptedLoadableModuleWidget.onReload(self)


class TACEResponseTest(ScriptedLoadableModuleTest):
    """The panel driven as a radiologist would; the body stands in Testing/slicer of the source code."""

    def runTest(self, msec=100, **kwargs):
        """Also behind *Reload & Test*."""
        folder = Path(os.environ.get("TACE_RESPONSE_SELF_TEST") or Path(__file__).parents[1] / "Testing" / "slicer")
        if not (folder / f"{SELF_TEST}.py").is_file():
            raise FileNotFoundError(_("The self-test is in Testing/slicer of the source code: see Docs/tutorial.md."))
        sys.path.insert(0, str(folder))
        from panel_selftest import SelfTest
        from TACEResponseLib import cli

        SelfTest(cli.main).run()
