"""What a closed patient leaves in the memory of a running Slicer, with and without roles in the panel.

    Slicer --no-splash --testing --additional-module-paths TACEResponse --python-script Testing/slicer/measure_memory.py

Loads the sample patient's volumes and VOIs and lets them go again 25 times in each of four ways, and prints the growth
of the resident memory from the 5th to the 25th. Exit codes: 0 at most 1.5 MB each above the same volumes without roles,
1 more than that. Linux only.
"""

from __future__ import annotations

import ctypes
import gc
import os
import sys
import traceback
from pathlib import Path

FIRST, LAST, LIMIT_MB = 5, 25, 1.5


def main() -> int:
    """Measure and print; the exit code."""
    import slicer
    from TACEResponseLib.panel.present_case import forgetPatient
    from TACEResponseLib.phantom import make_patient
    from TACEResponseLib.scene import sample_patient
    from TACEResponseLib.scene.roles import SEGMENTATION_ROLES, VOLUME_ROLES

    slicer.util.selectModule("TACEResponse")
    panel = slicer.util.getModuleWidget("TACEResponse").panel
    patient = _Kept(make_patient(sample_patient.SAMPLE_SEED, sample_patient.SAMPLE_INDEX))
    sample_patient.make_patient = lambda seed, index: patient

    def load(withRoles: bool) -> None:
        sample = sample_patient.loadSamplePatient(withVois=True)
        if withRoles:
            for sequence, node in sample.volumes.items():
                panel.parameters.setNode(VOLUME_ROLES[sequence], node)
            for sequence, node in sample.segmentations.items():
                panel.parameters.setNode(SEGMENTATION_ROLES[sequence], node)
            panel.refresh()
            panel.vois.onSequence("AP")
        _serve()

    def close() -> None:
        slicer.mrmlScene.Clear()

    def remove() -> None:
        classes = ("vtkMRMLScalarVolumeNode", "vtkMRMLSegmentationNode", "vtkMRMLScalarVolumeDisplayNode")
        for name in (*classes, "vtkMRMLSegmentationDisplayNode"):
            for node in slicer.util.getNodesByClass(name):
                slicer.mrmlScene.RemoveNode(node)

    def newPatient() -> None:
        forgetPatient(panel.state, panel.parameters)
        remove()

    ways = {
        "close, without roles": (False, close),
        "close, with roles": (True, close),
        "remove, without roles": (False, remove),
        "new patient and remove, with roles": (True, newPatient),
    }
    growth = {name: _growth(load, *way) for name, way in ways.items()}
    for name, mb in growth.items():
        sys.stdout.write(f"{name}: {mb:+.2f} MB each\n")
    plain, closed, plainlyRemoved, removed = growth.values()
    text = "above the same without roles: {:+.2f} MB a close, {:+.2f} MB a new patient\n"
    sys.stdout.write(text.format(closed - plain, removed - plainlyRemoved))
    return 0 if max(closed - plain, removed - plainlyRemoved) <= LIMIT_MB else 1


class _Kept:
    """A phantom whose images are computed once."""

    def __init__(self, patient) -> None:
        from functools import lru_cache

        self._patient = patient
        self.image, self.mask = lru_cache(patient.image), lru_cache(patient.mask)

    def __getattr__(self, name: str):
        return getattr(self._patient, name)


def _growth(load, withRoles: bool, letGo) -> float:
    """Megabytes by which each patient of the 6th to the 25th let the memory grow."""
    before = 0.0
    for number in range(1, LAST + 1):
        load(withRoles)
        letGo()
        _serve()
        if number == FIRST:
            before = _residentMb()
    return (_residentMb() - before) / (LAST - FIRST)


def _serve() -> None:
    import slicer

    for _turn in range(20):
        slicer.app.processEvents()


def _residentMb() -> float:
    gc.collect()
    # What was freed goes back to the system; otherwise the allocator's reserve would be measured.
    ctypes.CDLL("libc.so.6").malloc_trim(0)
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


if __name__ == "__main__":
    code = 1
    try:
        code = main()
    except BaseException:
        traceback.print_exc()
    finally:
        import slicer

        sys.stdout.flush()
        slicer.util.exit(code)
