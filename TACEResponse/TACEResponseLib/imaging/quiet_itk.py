"""Keeping ITK's own warnings off stderr: what matters is checked and reported in a radiologist's terms."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

_lock = threading.Lock()
_readers = 0
_display_before = True


@contextmanager
def quiet_itk() -> Iterator[None]:
    """Switch ITK's warning display off within the block, and back to what it was after the last open block.

    The switch is global to the process, so blocks of several threads are counted.
    """
    import SimpleITK as sitk

    global _readers, _display_before
    with _lock:
        if _readers == 0:
            _display_before = sitk.ProcessObject.GetGlobalWarningDisplay()
            sitk.ProcessObject.SetGlobalWarningDisplay(False)
        _readers += 1
    try:
        yield
    finally:
        with _lock:
            _readers -= 1
            if _readers == 0:
                sitk.ProcessObject.SetGlobalWarningDisplay(_display_before)


def raise_if_out_of_memory(error: RuntimeError) -> None:
    """ITK raises the same kind of error for damaged files and for want of memory: MemoryError for the latter."""
    if "allocate memory" in str(error) or "bad_alloc" in str(error):
        raise MemoryError from error
