"""Random numbers of one patient, which depend on nothing but seed, patient and purpose."""

from __future__ import annotations

from enum import IntEnum

import numpy as np


class Purpose(IntEnum):
    """What a stream of random numbers is for. The values are part of what a seed means: never renumber them."""

    RECORD = 0
    ANATOMY = 1
    LESION = 2
    ACQUISITION = 3
    IMAGE = 4
    DRAWING = 5


def random_stream(seed: int, patient_index: int, purpose: Purpose, *parts: int) -> np.random.Generator:
    """The generator for one purpose of one patient.

    Streams of differing arguments are independent (NumPy's ``SeedSequence``), so that patient 7 is the same in every
    cohort of a seed, and a second reader changes nothing of the first.
    """
    return np.random.default_rng(np.random.SeedSequence(entropy=seed, spawn_key=(patient_index, purpose, *parts)))
