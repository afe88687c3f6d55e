"""Writing a manifest that `read_manifest` reads back."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from .case import Case, FileSource
from .manifest_columns import KEY_COLUMNS, READER_PREFIX
from .table_writing import write_table


def write_manifest(path: Path, cases: Sequence[Case]) -> None:
    """Write cases whose sources are files; paths relative to the manifest, empty columns left out.

    Raises ValueError for a case whose images are arrays, for no case, or if the file cannot be written.
    """
    if not cases:
        raise ValueError("There is no case to write into a manifest.")
    rows = [_cells(case, path.parent) for case in cases]
    columns = list(dict.fromkeys(column for row in rows for column in row))
    columns = [name for name in columns if name in KEY_COLUMNS or any(row.get(name) for row in rows)]
    write_table(path, columns, rows)


def _cells(case: Case, folder: Path) -> dict[str, str]:
    response = {None: "", True: "OR", False: "NOR"}[case.objective_response]
    cells = {**case.key._asdict(), "response": response}
    for reader, category in case.mrecist.items():
        cells[f"{READER_PREFIX}{reader}" if reader else "mrecist"] = category
    # A fact's cell stands among the other columns, too; what the record says counts.
    cells |= dict.fromkeys(case.clinical.cells(), "") | {column: str(cell) for column, cell in case.columns.items()}
    cells |= {column: cell for column, cell in case.clinical.cells().items() if cell}
    if case.first_tace_date is not None:
        cells["tace_date"] = case.first_tace_date.isoformat()
    for sequence, source in case.sources.items():
        if not isinstance(source, FileSource):
            raise ValueError(
                f"{case.key.label}, {sequence}: only images in files can stand in a manifest; save it first."
            )
        cells[f"{sequence}_image"] = _relative(source.image_path, folder)
        cells[f"{sequence}_mask"] = _relative(source.mask_path, folder)
        cells[f"{sequence}_label"] = "" if source.label is None else str(source.label)
    return cells


def _relative(path: Path, folder: Path) -> str:
    return Path(os.path.relpath(path, folder)).as_posix()
