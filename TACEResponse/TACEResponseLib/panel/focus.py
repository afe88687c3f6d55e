"""What the user is looking at: the one field from which the editor, the views and the blinding follow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

NOTHING, EDITING, BLINDED, COMPARING, MEASURING, LOADED = (
    "nothing",
    "editing",
    "blinded",
    "comparing",
    "measuring",
    "loaded",
)


@dataclass(frozen=True, eq=False)
class Focus:
    """One look at something; looking again, even at the same, is another one (compared with ``is``).

    ``kind`` is one of: `NOTHING` in particular; `EDITING` the VOI of ``sequence``; `BLINDED`, which is drawing the VOI
    of ``sequence`` again with those of other readers and sessions out of sight; `COMPARING` both; `MEASURING` with the
    lines in the parameter node's role ``role``; `LOADED`, a patient whose images were just chosen. ``nodeIds``, by
    role, are those without which there is nothing to look at.
    """

    kind: str = NOTHING
    sequence: str = ""
    role: str = ""
    nodeIds: Mapping[str, str] = field(default_factory=dict)
