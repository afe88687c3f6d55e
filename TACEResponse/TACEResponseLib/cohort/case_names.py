"""Which identifiers a case may have, and how the folder of its results is called."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from .case import CaseKey

_FORBIDDEN = '<>:"/\\|?*'
_RESERVED = {"con", "prn", "aux", "nul", *(f"{device}{number}" for device in ("com", "lpt") for number in range(1, 10))}
_LONGEST = 64


def check_identifier(text: str) -> None:
    """Raises ValueError if ``text`` cannot name a patient, lesion, reader or session on every file system."""
    bad = sorted({sign for sign in text if sign in _FORBIDDEN or unicodedata.category(sign).startswith("C")})
    if bad:
        raise ValueError(f"{text!r} holds {' '.join(map(repr, bad))}; use letters, digits, - and _.")
    if not text.strip() or text.startswith(".") or text.endswith(".") or len(text) > _LONGEST:
        raise ValueError(
            f"{text!r} is empty, begins or ends with a dot, or is longer than {_LONGEST} letters; use a short name of "
            "letters, digits, - and _."
        )
    if text.casefold().split(".")[0] in _RESERVED:
        raise ValueError(f"{text!r} is a device's name on Windows and cannot name a folder; choose another.")


def folder_name(key: CaseKey) -> str:
    """E.g. "P01" or "P01_lesion-2_reader-2": letters and digits of the key, everything else as an underscore."""
    parts = [key.patient_id]
    parts += [f"{name}-{value}" for name, value in zip(key._fields[1:], key[1:], strict=True) if value != "1"]
    name = "_".join(re.sub(r"[^\w.-]", "_", unicodedata.normalize("NFC", part)) for part in parts)
    return re.sub(r"^\.|\.$", "_", name)


def case_folder_names(keys: Iterable[CaseKey]) -> dict[CaseKey, str]:
    """A folder's name for each case, no two the same, upper and lower case not told apart.

    Raises ValueError naming two cases whose folders would be called the same.
    """
    names: dict[CaseKey, str] = {}
    owner: dict[str, CaseKey] = {}
    for key in keys:
        name = folder_name(key)
        other = owner.setdefault(name.casefold(), key)
        if other != key:
            raise ValueError(
                f"The results of {other} and of {key} would share one folder, {name}; rename one of the two."
            )
        names[key] = name
    return names
