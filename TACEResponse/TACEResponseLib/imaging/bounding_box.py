"""Where in a volume the labelled voxels are."""

from __future__ import annotations

import numpy as np


def bounding_box(mask: np.ndarray) -> tuple[slice, slice, slice]:
    """The smallest box (K, J, I) that holds all labelled voxels. Raises ValueError if there are none."""
    box = [slice(None)] * 3
    for axis in range(3):
        others = tuple(other for other in range(3) if other != axis)
        occupied = np.flatnonzero(mask[tuple(box)].any(axis=others))
        if not len(occupied):
            raise ValueError("the mask is empty; draw the lesion.")
        box[axis] = slice(int(occupied[0]), int(occupied[-1]) + 1)
    k, j, i = box
    return k, j, i
