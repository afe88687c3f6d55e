"""Feature tables: a CSV of one row a case, with a provenance file beside it.

``features.csv`` has the key columns ``patient_id, lesion, reader, session`` and one column a feature; an empty cell is
an undefined feature. ``features.csv.json`` says how the numbers were made: settings, feature set, engine, and for each
row the hashes of its canonical images and masks, undefined features with the reason, and whether the case is a phantom.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..cohort import CaseKey, named_and_more, replace_file, table_bytes, table_lines
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
        missing = [str(key) for key in keys if key not in position]
        if missing:
            raise ValueError(
                f"The feature table has no row for {named_and_more(missing, separator='; ')}. Extract their features "
                "or leave them out of the cohort table."
            )
        return self.values[[position[key] for key in keys]]


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
    content = table_bytes([*_KEY_COLUMNS, *first.names], map(_cells, vectors))
    provenance = {
        "schema": TABLE_SCHEMA_VERSION,
        "table_sha256": hashlib.sha256(content).hexdigest(),
        "settings": first.settings.as_dict(),
        "feature_set": first.feature_set,
        "engine": first.engine,
        "cases": [_case_provenance(vector) for vector in vectors],
    }
    _write(path, content, provenance)


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
    content = path.read_bytes() + table_lines([_cells(vector)])
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
    provenance["table_sha256"] = hashlib.sha256(content).hexdigest()
    _write(path, content, provenance)


def read_feature_table(path: Path) -> FeatureTable:
    """Read a feature table and, where there is one, its provenance.

    Raises ValueError with a sentence for a table without ``patient_id``, with duplicate keys or columns, cells that are
    no numbers, or a provenance file that belongs to another table.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ValueError(f"The feature table {path.name} cannot be read: {error.strerror}.") from error
    try:
        rows = [row for row in csv.reader(io.StringIO(content.decode("utf-8-sig"))) if row]
    except UnicodeDecodeError as error:
        raise ValueError(f"The feature table {path.name} is not UTF-8 text; save it as CSV (UTF-8).") from error
    if len(rows) < 2:
        raise ValueError(f"The feature table {path.name} has no rows.")
    header = rows[0]
    duplicates = sorted({name for name in header if header.count(name) > 1})
    if duplicates:
        raise ValueError(f"The feature table {path.name} has the column {duplicates[0]} more than once.")
    if "patient_id" not in header:
        raise ValueError(f"The feature table {path.name} has no column patient_id.")
    names = tuple(name for name in header if name not in _KEY_COLUMNS)
    keys: list[CaseKey] = []
    values = np.full((len(rows) - 1, len(names)), np.nan)
    for number, row in enumerate(rows[1:]):
        if len(row) != len(header):
            raise ValueError(
                f"The feature table {path.name}, row {number + 2}: {len(row)} cells where {len(header)} are needed."
            )
        cells = dict(zip(header, row, strict=True))
        key = CaseKey(*(cells.get(column, "").strip() or default for column, default in _key_defaults()))
        if key in keys:
            raise ValueError(f"The feature table {path.name}, row {number + 2}: {key} is there twice.")
        keys.append(key)
        for column, name in enumerate(names):
            values[number, column] = _number(cells[name], path, number + 2, name)
    return _with_provenance(path, content, FeatureTable(tuple(keys), names, values))


def _cells(vector: FeatureVector) -> list[str]:
    return [*vector.key, *("" if np.isnan(value) else repr(float(value)) for value in vector.values)]


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


def _masks(case: Mapping) -> dict[str, str]:
    """Hash of the mask by sequence, of a case's provenance; empty where it says nothing of them."""
    return {sequence: hashes.get("mask") for sequence, hashes in case.get("input_sha256", {}).items()}


def _write(path: Path, content: bytes, provenance: Mapping[str, object]) -> None:
    replace_file(path, content)
    replace_file(provenance_path(path), (json.dumps(provenance, indent=1) + "\n").encode("utf-8"))


def _key_defaults() -> list[tuple[str, str]]:
    return [(column, CaseKey._field_defaults.get(column, "")) for column in _KEY_COLUMNS]


def _number(cell: str, path: Path, row: int, column: str) -> float:
    if not cell.strip():
        return np.nan
    try:
        value = float(cell)
    except ValueError as error:
        raise ValueError(
            f"The feature table {path.name}, row {row}, column {column}: {cell!r} is not a number."
        ) from error
    if not np.isfinite(value):
        raise ValueError(
            f"The feature table {path.name}, row {row}, column {column}: {cell!r} is not a finite number; "
            "leave the cell empty where a feature is undefined."
        )
    return value


def _with_provenance(path: Path, content: bytes, table: FeatureTable) -> FeatureTable:
    beside = provenance_path(path)
    if not beside.exists():
        return table
    try:
        provenance = json.loads(beside.read_text(encoding="utf-8"))
        schema = provenance["schema"]
        if schema > TABLE_SCHEMA_VERSION:
            raise ValueError(
                f"{beside.name} was written by a newer TACEResponse (schema {schema}, this one reads up to "
                f"{TABLE_SCHEMA_VERSION}); update TACEResponse."
            )
        table_sha256 = provenance["table_sha256"]
        settings = FeatureSettings.from_dict(provenance["settings"])
        cases = {CaseKey(*(case[column] for column in _KEY_COLUMNS)): case for case in provenance["cases"]}
        feature_set, engine = provenance["feature_set"], provenance["engine"]
        phantoms = frozenset(key for key, case in cases.items() if case["phantom"])
        undefined = {key: case["undefined"] for key, case in cases.items()}
    except (OSError, UnicodeDecodeError, json.JSONDecodeError, KeyError, TypeError) as error:
        raise ValueError(
            f"The provenance file {beside.name} is damaged; extract the features again, or delete it to use "
            f"{path.name} as a table of unknown origin."
        ) from error
    if table_sha256 != hashlib.sha256(content).hexdigest():
        raise ValueError(
            f"{path.name} was changed after it was written: it does not fit its provenance file {beside.name}. "
            "Extract the features again, or delete the provenance file to use it as a table of unknown origin."
        )
    return FeatureTable(table.keys, table.names, table.values, settings, feature_set, engine, phantoms, undefined)
