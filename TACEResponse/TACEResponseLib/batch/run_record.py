"""``run.json``: what varies between two runs of the same work and therefore stays out of the results."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from .. import __version__
from ..cohort import replace_file

_LIBRARIES = ("numpy", "scipy", "SimpleITK", "pyradiomics", "torch", "scikit-learn", "statsmodels")


class RunRecord:
    """Start of a command; `write` puts date, duration, host and versions beside its results."""

    def __init__(self, command: str) -> None:
        self._command = command
        self._started_at = datetime.now(UTC)
        self._started_s = time.monotonic()

    def write(self, path: Path, **counts: int) -> None:
        """Write the record; ``counts`` such as ``done=3, failed=1`` are added to it."""
        import platform

        record = {
            "command": self._command,
            "started": self._started_at.isoformat(timespec="seconds"),
            "duration_s": round(time.monotonic() - self._started_s, 3),
            "host": platform.node(),
            # Not platform.platform(), which starts a process to ask for the processor's name.
            "platform": f"{platform.system()} {platform.release()} {platform.machine()}",
            "versions": run_versions(),
            **counts,
        }
        replace_file(path, (json.dumps(record, indent=1) + "\n").encode("utf-8"))


def run_versions() -> dict[str, str]:
    """Versions of this software, Python and the libraries that are installed of those that matter to results."""
    import platform
    from importlib.metadata import PackageNotFoundError, version

    versions = {"TACEResponse": __version__, "python": platform.python_version()}
    for library in _LIBRARIES:
        with suppress(PackageNotFoundError):
            versions[library] = version(library)
    return versions
