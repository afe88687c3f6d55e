"""How much memory this process has needed."""

from __future__ import annotations

import sys


def peak_memory_mb() -> float | None:
    """The most that this process has held so far, in MB; None where the system does not say (Windows)."""
    try:
        import resource
    except ImportError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # Linux counts in KiB, macOS in bytes.
    return peak / (1 << 20 if sys.platform == "darwin" else 1 << 10)
