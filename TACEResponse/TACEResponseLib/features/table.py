"""Feature tables: a CSV of one row per case, with a provenance file beside it.

``features.csv`` has the key columns ``patient_id, lesion, reader, session`` and one column per feature; an empty cell
is an undefined feature. ``features.csv.json`` says how the numbers were made: settings, feature set, engine, and for
each row the hashes of its canonical images and masks, undefined features with the reason, and whether the case is a
phantom.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from ..cohort import CaseKey, named_and_more, read_table, replace_file, shortened, table_bytes
from ..cohort.case_names import normal_identifier, probably_meant
from .feature_vector import FeatureVector
from .settings import FeatureSettings

TABLE_SCHEMA_VERSION = 1
_KEY_COLUMNS = CaseKey._fields


@dataclass(frozen=True, eq=False)
class FeatureTable:
    """Features of many cases.

    ``values`` is (n_cases, n_features) float64 with NaN where undefined; ``names`` are column names with any prefix.
    ``settings`` and ``feature_set`` are None for a table from elsewhere, which has no provenance file. ``phantoms``
    holds the keys of the cases that are phantoms.
    """

    keys: tuple[CaseKey, ...]
    names: tuple[str, ...]
    values: np.ndarray
    settings: FeatureSettings | None = None
    feature_set: str | None = None
    engine: str | None = None
    phantoms: frozenset[CaseKey] = frozenset()
    undefined: Mapping[CaseKey, Mapping[str, str]] | None = None

    def rows_of(self, keys: Iterable[CaseKey]) -> np.ndarray:
        """Values of these cases in this order, (n, n_features). Raises ValueError naming cases without a row."""
        position = {key: row for row, key in enumerate(self.keys)}
        keys = list(keys)
        missing = [key for key in keys if key not in position]
        if missing:
            raise ValueError(
                f"The feature table has no row for {named_and_more(missing, separator='; ')}. {self._advice(missing)}"
            )
        return self.values[[position[key] for key in keys]]

    def _advice(self, missing: Iterable[CaseKey]) -> str:
        """What to do about cases without a row."""
        patients = [key.patient_id for key in missing]
        meant = probably_meant(patients, {key.patient_id for key in self.keys} - set(patients))
        if not meant:
            return "Extract their features or leave them out of the cohort table."
        pairs = named_and_more(f"{theirs} for {ours}" for ours, theirs in meant.items())
        return f"It has {pairs}: did a spreadsheet drop leading zeros? Write the identifiers alike in both tables."


def provenance_path(table_path: Path) -> Path:
    """The provenance file that belongs to a feature table."""
    return table_path.with_name(table_path.name + ".json")


def write_feature_table(path: Path, vectors: list[FeatureVector]) -> None:
    """Write vectors of equal names, settings and feature set as ``path`` and its provenance file.

    Each file is written under another name and then renamed; the provenance comes last and carries the table's SHA-256,
    so that a table with a provenance that does not fit is noticed on reading. Raises ValueError for no vectors or
    vectors that do not belong in one table.
    """
    if not vectors:
        raise ValueError("There is no case whose features could be written.")
    first = vectors[0]
    for vector in vectors:
        if (vector.names, vector.settings, vector.feature_set) != (first.names, first.settings, first.feature_set):
            raise ValueError(
                f"{vector.key.label}: its features were made with other settings or another feature set "
                "than those of the first case; one table holds one kind."
            )
    provenance = {
        "schema": TABLE_SCHEMA_VERSION,
        "settings": first.settings.as_dict(),
        "feature_set": first.feature_set,
        "engine": first.engine,
        "cases": [_case_provenance(vector) for vector in vectors],
    }
    _write(path, [vector.key for vector in vectors], first.names, [vector.values for vector in vectors], provenance)


def append_to_feature_table(path: Path, vector: FeatureVector) -> None:
    """Add one case to a feature table that has its provenance file; a table that is not there yet is made.

    Raises ValueError as `read_feature_table` and `write_feature_table` do, for a case that is in it already, and for
    VOIs of the patient that are there under another reader or session: such a repetition would agree perfectly.
    """
    if not path.exists():
        write_feature_table(path, [vector])
        return
    table = read_feature_table(path)
    if table.settings is None:
        raise ValueError(f"The feature table {path.name} has no provenance file, so that nothing can be added to it.")
    if vector.key in table.keys:
        raise ValueError(f"{vector.key.label} is in the feature table {path.name} already.")
    if (table.names, table.settings, table.feature_set) != (vector.names, vector.settings, vector.feature_set):
        raise ValueError(
            f"{vector.key.label}: its features were made with other settings or another feature set "
            f"than those in {path.name}; one table holds one kind."
        )
    provenance = json.loads(provenance_path(path).read_text(encoding="utf-8"))
    added = _case_provenance(vector)
    for case in provenance["cases"]:
        is_same_patient = case["patient_id"] == vector.key.patient_id
        if is_same_patient and vector.input_sha256 and _masks(case) == _masks(added):
            raise ValueError(
                f"{vector.key.label}: its VOIs are voxel for voxel those of reader {case['reader']}, session "
                f"{case['session']} in {path.name}; a repetition has to be drawn anew."
            )
    provenance["cases"].append(added)
    _write(path, [*table.keys, vector.key], table.names, [*table.values, vector.values], provenance)


def read_feature_table(path: Path) -> FeatureTable:
    """Read a feature table and, where there is one, its provenance.

    Spreadsheets may have saved the table with other separators, decimal commas, another encoding or 15 digits; it still
    fits its provenance. Raises ValueError with a sentence for a table without ``patient_id``, with duplicate keys or
    columns, cells that are not numbers, or a provenance file that belongs to another table.
    """
    try:
        records = read_table(path).records(("patient_id",))
    except ValueError as error:
        raise ValueError(f"The feature table {path.name}: {error}") from error
    names = tuple(name for name in records[0][1] if name not in _KEY_COLUMNS)
    for name in names:
        if name.strip().lower() in _KEY_COLUMNS:
            raise ValueError(f"The feature table {path.name}: rename the column {name} to {name.strip().lower()}.")
    rows = [[cells[name] for name in names] for _, cells in records]
    has_commas = any("," in cell for cells in rows for cell in cells)
    known: dict[CaseKey, int] = {}
    values = np.full((len(records), len(names)), np.nan)
    for position, (number, cells) in enumerate(records):
        key = CaseKey(*(normal_identifier(cells.get(name, "")) or default for name, default in _key_defaults()))
        if key in known:
            raise ValueError(f"The feature table {path.name}, row {number}: {key} is there twice.")
        known[key] = number
        try:
            values[position] = [_number(cell, has_commas) if cell else np.nan for cell in rows[position]]
        except ValueError:
            _refuse_cell(path, number, dict(zip(names, rows[position], strict=True)), has_commas)
    return _with_provenance(path, FeatureTable(tuple(known), names, values))


def _cells(key: CaseKey, values: np.ndarray) -> list[str]:
    return [*key, *("" if np.isnan(value) else repr(value) for value in values.tolist())]


def _values_sha256(keys: Sequence[CaseKey], names: Sequence[str], values: Sequence[np.ndarray]) -> str:
    """Of names, keys and values with 15 digits, which is what spreadsheets keep."""
    digest = hashlib.sha256("\t".join(names).encode())
    for key, row in zip(keys, values, strict=True):
        cells = ("" if np.isnan(value) else f"{value:.15g}" for value in row.tolist())
        digest.update("\n".join(("", *key, *cells)).encode())
    return digest.hexdigest()


def _case_provenance(vector: FeatureVector) -> dict[str, object]:
    return {
        **vector.key._asdict(),
        "phantom": vector.is_phantom,
        "engine": vector.engine,
        "input_sha256": {
            sequence: {"image": image, "mask": mask} for sequence, (image, mask) in vector.input_sha256.items()
        },
        "undefined": dict(vector.undefined),
    }


def _masks(case: Mapping[str, Any]) -> dict[str, str]:
    """Hash of the mask by sequence, of a case's provenance; empty where it says nothing of them."""
    return {sequence: hashes.get("mask") for sequence, hashes in case.get("input_sha256", {}).items()}


def _write(
    path: Path,
    keys: Sequence[CaseKey],
    names: Sequence[str],
    values: Sequence[np.ndarray],
    provenance: Mapping[str, object],
) -> None:
    content = table_bytes([*_KEY_COLUMNS, *names], map(_cells, keys, values))
    hashes = {"table_sha256": hashlib.sha256(content).hexdigest(), "values_sha256": _values_sha256(keys, names, values)}
    replace_file(path, content)
    replace_file(provenance_path(path), (json.dumps({**provenance, **hashes}, indent=1) + "\n").encode("utf-8"))


def _key_defaults() -> list[tuple[str, str]]:
    return [(column, CaseKey._field_defaults.get(column, "")) for column in _KEY_COLUMNS]


def _number(cell: str, has_commas: bool) -> float:
    """A feature; in a table with a comma in any cell the comma separates decimals."""
    # Python passes over underscores.
    if "_" in cell or (has_commas and "." in cell):
        raise ValueError(cell)
    value = float(cell.replace(",", "."))
    if not math.isfinite(value):
        raise ValueError(cell)
    return value


def _refuse_cell(path: Path, number: int, cells: Mapping[str, str], has_commas: bool) -> NoReturn:
    """Raise ValueError naming the first cell of a row that is not a number."""
    for name, cell in cells.items():
        try:
            _number(cell or "0", has_commas)
        except ValueError as error:
            what = "is not a number"
            if has_commas and "." in cell:
                what += " where other cells have decimal commas"
            elif cell.strip("+-").lower() in ("inf", "infinity", "nan"):
                what = "is not a finite number"
            raise ValueError(
                f"The feature table {path.name}, row {number}, column {name}: {shortened(cell)!r} {what}; extract it "
                "again, or leave the cell empty where a feature is undefined."
            ) from error
    raise AssertionError(number)


def _with_provenance(path: Path, table: FeatureTable) -> FeatureTable:
    beside = provenance_path(path)
    if not beside.exists():
        return table
    try:
        provenance = json.loads(beside.read_text(encoding="utf-8"))
        schema = int(provenance["schema"])
        if schema <= TABLE_SCHEMA_VERSION:
            hashes = str(provenance["table_sha256"]), provenance.get("values_sha256")
            settings = FeatureSettings.from_dict(provenance["settings"])
            cases = {CaseKey(*(str(case[column]) for column in _KEY_COLUMNS)): case for case in provenance["cases"]}
            feature_set, engine = str(provenance["feature_set"]), str(provenance["engine"])
            phantoms = frozenset(key for key, case in cases.items() if case["phantom"])
            undefined = {key: dict(case["undefined"]) for key, case in cases.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(
            f"The provenance file {beside.name} is damaged; extract the features again, or delete it to use "
            f"{path.name} as a table of unknown origin."
        ) from error
    if schema > TABLE_SCHEMA_VERSION:
        raise ValueError(
            f"{beside.name} was written by a newer TACEResponse (schema {schema}, this one reads up to "
            f"{TABLE_SCHEMA_VERSION}); update TACEResponse."
        )
    same_bytes = hashes[0] == hashlib.sha256(path.read_bytes()).hexdigest()
    same_values = same_bytes or hashes[1] == _values_sha256(table.keys, table.names, list(table.values))
    if not same_values or set(cases) != set(table.keys):
        raise ValueError(
            f"{path.name} was changed after it was written: it does not fit its provenance file {beside.name}. "
            "Extract the features again, or delete the provenance file to use it as a table of unknown origin."
        )
    return FeatureTable(table.keys, table.names, table.values, settings, feature_set, engine, phantoms, undefined)
