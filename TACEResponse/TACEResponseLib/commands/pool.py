"""``tace-response pool``: the tables of several centres become one cohort; no image leaves a centre."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ..batch import RunRecord
from ..cohort import Case, CaseKey, check_identifier, new_folder, read_manifest, write_manifest
from ..features import write_feature_table
from .terminal import EXIT_DONE, Terminal

NAME = "pool"
HELP = "Join the cohort and feature tables of several centres, if they were made the same way."
EXAMPLES = """\
  tace-response pool berlin/ lyon/ osaka/ --out pooled/

Each folder is named after its centre and holds manifest.csv (or cohort.csv), features.csv and features.csv.json.
The new folder gets cohort.csv, with the column site, and features.csv.
"""

_COHORT_FILES = ("manifest.csv", "cohort.csv")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("sites", type=Path, nargs="+", metavar="SITE", help="folder of one centre")
    parser.add_argument("--out", type=Path, required=True, help="new folder for cohort.csv and features.csv")


def run(arguments: argparse.Namespace, terminal: Terminal) -> int:
    """Check, join and write; nothing is written unless everything matches."""
    from ..features.pooling import pool_tables, read_site_table

    record = RunRecord(NAME)
    folders = _sites(arguments.sites)
    tables = [read_site_table(site, folder / "features.csv") for site, folder in folders.items()]
    cases = [case for (site, folder), table in zip(folders.items(), tables, strict=True)
             for case in _cases(site, folder, table.table.keys)]  # fmt: skip
    _warn_of_versions(folders, terminal)
    vectors = pool_tables(tables)
    with new_folder(arguments.out) as part:
        write_manifest(part / "cohort.csv", cases)
        write_feature_table(part / "features.csv", vectors)
        record.write(part / "run.json", patients=len(cases), sites=len(folders))
    for site, table in zip(folders, tables, strict=True):
        terminal.print(f"{site}: {len(table.table.keys)} cases")
    terminal.print(f"{len(vectors)} cases of {len(folders)} centres: {arguments.out}")
    return EXIT_DONE


def _sites(paths: Sequence[Path]) -> dict[str, Path]:
    """Folders by the centre's name."""
    if len(paths) < 2:
        raise ValueError("Pooling needs the folders of at least two centres.")
    folders: dict[str, Path] = {}
    for path in paths:
        site = path.resolve().name
        check_identifier(site)
        if site in folders:
            raise ValueError(f"Two folders are named {site}; name each folder after its centre.")
        folders[site] = path
    return folders


def _cases(site: str, folder: Path, keys: Sequence[CaseKey]) -> list[Case]:
    """The centre's rows that have features, without images, renamed; a row of the features needs one here."""
    from ..features.pooling import pooled_patient_id

    found = [folder / name for name in _COHORT_FILES if (folder / name).exists()]
    if len(found) != 1:
        held = "both " + " and ".join(_COHORT_FILES) if found else "neither " + " nor ".join(_COHORT_FILES)
        raise ValueError(f"{site}: {folder} holds {held}; one is needed.")
    rows = {case.key: case for case in read_manifest(found[0])}
    missing = [key for key in keys if key not in rows]
    if missing:
        raise ValueError(f"{site}: {found[0].name} has no row for {missing[0]}, who is in its features.csv.")
    cases = []
    for key in keys:
        columns = dict(rows[key].columns)
        if columns.get("site", site) != site:
            columns["own_site"] = columns["site"]
        cases.append(
            replace(
                rows[key],
                key=key._replace(patient_id=pooled_patient_id(site, key.patient_id)),
                sources={},
                columns={**columns, "site": site},
            )
        )
    return cases


def _warn_of_versions(folders: dict[str, Path], terminal: Terminal) -> None:
    """Versions of the libraries stand in the run record, which a centre may not have sent."""
    versions: dict[str, dict[str, str]] = {}
    for site, folder in folders.items():
        path = folder / "features.run.json"
        try:
            versions[site] = json.loads(path.read_text(encoding="utf-8"))["versions"]
        except (OSError, ValueError, KeyError, TypeError):
            terminal.warn(f"warning: {site}: without {path.name} its versions are unknown.")
    for library in ("TACEResponse", "SimpleITK", "numpy", "scipy"):
        used = {site: own.get(library, "none") for site, own in versions.items()}
        if len(set(used.values())) > 1:
            said = ", ".join(f"{site} {version}" for site, version in used.items())
            terminal.warn(f"warning: the centres used different versions of {library}: {said}.")
