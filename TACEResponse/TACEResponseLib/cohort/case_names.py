"""Which identifiers a case may have, and how the folder of its results is called."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from .case import CaseKey

_FORBIDDEN = '<>:"/\\|?*'
_DEVICES = {
    "con",
    "conin$",
    "conout$",
    "prn",
    "aux",
    "nul",
    *(f"{port}{n}" for port in ("com", "lpt") for n in range(10)),
}
RESULT_NAMES = (
    "batch",
    "figures",
    "run.json",
    "predictions.csv",
    "manifest.csv",
    "features.csv",
    "features.csv.json",
    "features.csv.batch",
    "features.run.json",
    "report.html",
    "results.json",
)
"""What stands beside the folders of cases in a folder of results."""

_LONGEST = 64
_BLANKS = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")


def check_identifier(text: str) -> None:
    """Raises ValueError if ``text`` cannot name a patient, lesion, reader or session on every file system.

    Names of files and folders in the results (`RESULT_NAMES`) are refused, too.
    """
    bad = sorted({sign for sign in text if sign in _FORBIDDEN or unicodedata.category(sign).startswith("C")})
    if bad:
        raise ValueError(f"{text!r} holds {' '.join(map(repr, bad))}; use letters, digits, - and _.")
    if not text.strip() or text.startswith(".") or text.endswith(".") or len(text) > _LONGEST:
        raise ValueError(
            f"{text!r} is empty, begins or ends with a dot, or is longer than {_LONGEST} letters; use a short name of "
            "letters, digits, - and _."
        )
    plain = unicodedata.normalize("NFKC", text).casefold()
    if plain.split(".")[0].strip() in _DEVICES:
        raise ValueError(f"{text!r} is a device's name on Windows and cannot name a folder; choose another.")
    if plain.strip() in RESULT_NAMES:
        raise ValueError(f"{text!r} names a file or folder of the results; choose another.")


def normal_identifier(text: str) -> str:
    """The identifier as all tables compare it: letters composed (NFC), blanks of all kinds as plain ones."""
    return unicodedata.normalize("NFC", _BLANKS.sub(" ", text.strip()))


def probably_meant(identifiers: Iterable[str], known: Iterable[str]) -> dict[str, str]:
    """For identifiers that are not known, the known one that a spreadsheet made it from: 000123 became 123.

    Leading zeros, ".0" behind a number, capitals and blanks make no difference. Identifiers without one, or with
    several, are left out.
    """
    alike: dict[str, set[str]] = {}
    for name in known:
        alike.setdefault(_bare(name), set()).add(name)
    found = {name: alike.get(_bare(name), set()) for name in identifiers}
    return {name: next(iter(others)) for name, others in found.items() if len(others) == 1}


def _bare(identifier: str) -> str:
    text = re.sub(r"[\s_-]", "", normal_identifier(identifier).casefold())
    return re.sub(r"^0+(?=.)", "", re.sub(r"^(\d+)\.0+$", r"\1", text))


def folder_name(key: CaseKey) -> str:
    """E.g. "P01" or "P01_lesion-2_reader-2": letters and digits of the key, everything else as an underscore."""
    parts = [key.patient_id]
    parts += [f"{name}-{value}" for name, value in zip(key._fields[1:], key[1:], strict=True) if value != "1"]
    name = "_".join(re.sub(r"[^\w.-]", "_", unicodedata.normalize("NFC", part)) for part in parts)
    return re.sub(r"^\.|\.$", "_", name)


def case_folder_names(keys: Iterable[CaseKey]) -> dict[CaseKey, str]:
    """A folder's name for each case, no two the same, upper and lower case being the same.

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
