"""Drive the panel in the real application and end Slicer with the test's exit code.

    Slicer --no-splash --testing --additional-module-paths TACEResponse --python-script Scripts/self_test.py

With the environment variable TACE_RESPONSE_SCREENSHOTS the documentation's screenshots go to that folder.
Exit codes: 0 passed, 1 failed. Slicer ends by itself, also on an error; give the run a time limit all the same.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from slicer_script import EXIT_ERROR, run


def main(_arguments: list[str]) -> int:
    """Run and return the exit code."""
    import slicer

    mainWindow = slicer.util.mainWindow()
    if mainWindow is None:
        sys.stderr.write("self_test.py: the panel needs Slicer's window; start without --no-main-window.\n")
        return EXIT_ERROR
    mainWindow.resize(1280, 800)
    for name in ("HelpCollapsibleButton", "DataProbeCollapsibleWidget"):
        for widget in slicer.util.findChildren(mainWindow, name=name):
            widget.collapsed = True
    slicer.app.processEvents()
    import TACEResponse

    TACEResponse.TACEResponseTest().runTest()
    return 0


if __name__ == "__main__":
    run(main)
