"""How a script for ``Slicer --python-script`` begins and ends."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable
from pathlib import Path

EXIT_ERROR, EXIT_BAD_ARGUMENTS = 1, 2


def run(main: Callable[[list[str]], int]) -> None:
    """Call ``main`` with the script's own arguments and end Slicer with its exit code; 1 on any exception.

    Slicer stays open after a script unless it is closed; outside the application the process ends.
    """
    code = EXIT_ERROR
    try:
        # The library stands beside this folder, in the checkout as in the installed extension.
        sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
        code = main(sys.argv[1:])
    except BaseException:
        traceback.print_exc()
    finally:
        _end(code)


def _end(code: int) -> None:
    import slicer

    sys.stdout.flush()
    sys.stderr.flush()
    if hasattr(slicer, "app"):
        slicer.util.exit(code)
    else:
        sys.exit(code)
