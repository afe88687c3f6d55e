"""The four MR sequences of the study and their order in every table."""

from enum import StrEnum


class MrSequence(StrEnum):
    """One of the four pre-treatment MR sequences; equal to its plain name, so ``MrSequence.T2 == "T2"``."""

    T2 = "T2"
    AP = "AP"
    PVP = "PVP"
    DP = "DP"

    @property
    def full_name(self) -> str:
        """The radiologist's name of the sequence."""
        return _FULL_NAMES[self.value]


_FULL_NAMES = {
    "T2": "T2-weighted",
    "AP": "arterial phase",
    "PVP": "portal venous phase",
    "DP": "delayed phase",
}

SEQUENCES: tuple[MrSequence, ...] = tuple(MrSequence)
"""T2, AP, PVP, DP: the column order of feature tables (features.md)."""
