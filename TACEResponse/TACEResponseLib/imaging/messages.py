"""How messages name a case and its sequence."""

from __future__ import annotations

from ..cohort import CaseKey


def case_label(key: CaseKey, sequence: str | None = None) -> str:
    """E.g. "Patient P01, reader 2, AP": the start of every message of this room."""
    text = str(key)
    label = text[0].upper() + text[1:]
    return label if sequence is None else f"{label}, {sequence}"
