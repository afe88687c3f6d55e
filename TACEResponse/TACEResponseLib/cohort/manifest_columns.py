"""The columns of a manifest, and noticing those that were meant to be one of them."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from typing import Any

from .case import CaseKey
from .facts import FACT_OF_TERM, FACTS, Fact
from .sequence import SEQUENCES
from .table_reading import Table

KEY_COLUMNS: tuple[str, ...] = CaseKey._fields

OUTCOME_COLUMNS: tuple[str, ...] = (
    "response",
    "mrecist",
    "baseline_mm",
    "follow_up_mm",
    "smallest_mm",
    "new_lesion",
    "non_target",
)

OTHER_COLUMNS: tuple[str, ...] = ("set", "scanner", "site", "tace_date", "lesion_diameter_mm", "alt_u_l")
"""Further columns with a meaning, or so like another that they would be taken for a slip of the pen."""

READER_PREFIX = "mrecist_"

SOURCE_COLUMN = re.compile(r"(?P<sequence>\w+)_(?P<kind>image|mask|label)")

_ALIASES = {
    **{alias: fact.column for fact in FACTS for alias in fact.aliases},
    "patient": "patient_id",
    "id": "patient_id",
}


def _in_other_units(fact: Fact[Any]) -> dict[str, tuple[Fact[Any], str]]:
    """The fact's column as it would be called in each of its other units, e.g. ``afp_iu_ml``."""
    own, *suffixes = (re.sub(r"\W+", "_", unit.casefold()) for unit in (fact.unit, *fact.units))
    stem = fact.column.removesuffix(own)
    others = {f"{stem}{suffix}": (fact, unit) for suffix, unit in zip(suffixes, fact.units, strict=True)}
    return {column: other for column, other in others.items() if column != fact.column}


# Of facts that no model takes such a column is one of Table 1, for example.
_OTHER_UNITS = {name: other for fact in FACT_OF_TERM.values() for name, other in _in_other_units(fact).items()}

_ALIKE = 0.9
"""Share of equal letters above which a column is taken for a slip of the pen."""


def sequences_of(header: Sequence[str]) -> tuple[str, ...]:
    """Names of the sequences that have an image and a mask column, T2, AP, PVP, DP first."""
    found = {match["sequence"] for column in header if (match := SOURCE_COLUMN.fullmatch(column))}
    paired = {name for name in found if {f"{name}_image", f"{name}_mask"} <= set(header)}
    known = [str(sequence) for sequence in SEQUENCES if sequence in paired]
    return (*known, *sorted(paired - set(known)))


def column_problems(table: Table) -> list[tuple[str, str]]:
    """(column, what is wrong) for missing, repeated, half-given and misspelt columns."""
    header = table.header
    problems: list[tuple[str, str]] = []
    if "patient_id" not in meant_header(header):
        problems.append(("patient_id", f"this column is missing; {table.advice(('patient_id',))}."))
    problems += [
        (column, "this column is there more than once; give every column a name of its own.")
        for column in _repeated(header)
    ]
    problems += [
        (f"number {number}", "this column has cells but no name; name it or empty it.")
        for number, column in enumerate(header, start=1)
        if not column
    ]
    for column in dict.fromkeys(header):
        meant = _meant(column, header)
        if meant is not None:
            problems.append((column, f"this column is not known; if {meant} is meant, rename it."))
        elif column in _OTHER_UNITS:
            fact, unit = _OTHER_UNITS[column]
            write = f"write the values times {fact.units[unit]:g}" if fact.units[unit] != 1 else "write them"
            problems.append((column, f"this column is in {unit}; {write} into a column {fact.column}."))
    for sequence in SEQUENCES:
        given = {kind for kind in ("image", "mask", "label") if f"{sequence}_{kind}" in header}
        for kind in ("image", "mask"):
            if given and kind not in given:
                problems.append((f"{sequence}_{kind}", "this column is missing; image and mask are needed together."))
    return problems


def meant_header(header: Sequence[str]) -> list[str]:
    """The header under the names that were meant, so that the cells can be checked although their column has an error.

    A repeated column, of which nobody knows which one counts, and one without a name get names that nothing reads.
    """
    repeated = _repeated(header)
    names = [_meant(column, header) or column for column in header]
    clear = [bool(column) and column not in repeated and names.count(column) == 1 for column in names]
    return [
        name if is_clear else f"({number})" for number, (name, is_clear) in enumerate(zip(names, clear, strict=True))
    ]


def _repeated(header: Sequence[str]) -> list[str]:
    return sorted({column for column in header if column and list(header).count(column) > 1})


def _meant(column: str, header: Sequence[str]) -> str | None:
    """The known column that an unknown one was probably meant to be."""
    known = [*KEY_COLUMNS, *(fact.column for fact in FACTS), *OUTCOME_COLUMNS, *OTHER_COLUMNS]
    known += [f"{sequence}_{kind}" for sequence in SEQUENCES for kind in ("image", "mask", "label")]
    source = SOURCE_COLUMN.fullmatch(column)
    if (
        column in known
        or column in _OTHER_UNITS
        or column.startswith(READER_PREFIX)
        or (source and source["sequence"] in sequences_of(header))
    ):
        return None
    plain = re.sub(r"\W+", "_", column.strip().casefold()).strip("_")
    if plain in _ALIASES:
        return _ALIASES[plain]
    by_plain = {name.casefold(): name for name in known}
    alike = difflib.get_close_matches(plain, by_plain, 1, _ALIKE)
    return by_plain[alike[0]] if alike else None
