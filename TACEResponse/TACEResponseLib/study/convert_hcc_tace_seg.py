"""HCC-TACE-Seg (The Cancer Imaging Archive, doi 10.7937/TCIA.5FNA-0924) as a cohort table and a feature table."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..cohort import (
    Case,
    CaseKey,
    ClinicalRecord,
    is_objective_response,
    new_folder,
    read_table,
    write_manifest,
    write_table,
)
from ..cohort.child_pugh import CLASSES
from ..cohort.clinical_values import number_text
from .study_data import ct_unit_remarks

_CATEGORIES = {"1": "CR", "2": "PR", "3": "SD", "4": "PD"}

_KEPT = {"age": "age_years", "Sex": "sex_code", "Tr_Size": "tumour_diameter_cm", "tumor_nodul": "tumour_nodularity"}


_NOT_THERE = "AST is not in this collection: the fact is unknown in all patients. Images are CT, not MR."

_MONTHS_PER_WEEK = 7 / 30.4375


def convert_hcc_tace_seg(clinical_path: Path, features_path: Path | None, folder: Path) -> list[str]:
    """Write ``cohort.csv`` and ``features.csv`` into a new folder; returns remarks for the user.

    Without features the cohort has all patients, for clinical models and published scores.

    Portal venous invasion is "Portal Vein Thrombosis", AFP the number (its own group is >= 400, ours > 400); AST is not
    in the collection and stays unknown. Features keep their values and get the prefix ``CT_``; rows without an outcome
    or features are left out and counted. Intensities are not repaired: mixed units are reported.

    Raises ValueError for a file that cannot be read or lacks a column.
    """
    clinical = _read(clinical_path, ("TCIA_ID", "CPS", "AFP", "Portal Vein Thrombosis", "1_mRECIST"))
    if features_path is None:
        with new_folder(folder) as part:
            write_manifest(part / "cohort.csv", [_case(row) for row in clinical])
        return [_NOT_THERE]
    features = {row["Patient"]: row for row in _read(features_path, ("Patient",))}
    names = [name for name in next(iter(features.values())) if name != "Patient"]
    cases = [_case(row) for row in clinical]
    used = [case for case in cases if case.objective_response is not None and case.key.patient_id in features]
    remarks = [
        f"{len(used)} of {len(cases)} patients have reader 1's mRECIST and features; the others are left out.",
        _NOT_THERE,
    ]
    columns = [f"CT_{name.removeprefix('original_')}" for name in names]
    values = np.array([[float(features[case.key.patient_id][name]) for name in names] for case in used])
    remarks += ct_unit_remarks(columns, values)
    rows = [[patient_id := case.key.patient_id, *(features[patient_id][name] for name in names)] for case in used]
    with new_folder(folder) as part:
        write_manifest(part / "cohort.csv", used)
        write_table(part / "features.csv", ["patient_id", *columns], rows)
    return remarks


def _read(path: Path, needed: tuple[str, ...]) -> list[dict[str, str]]:
    try:
        rows = [cells for _, cells in read_table(path, needed).records(needed)]
    except ValueError as error:
        raise ValueError(f"{path.name}: {error} Is it the collection's file?") from error
    return rows


def _case(row: dict[str, str]) -> Case:
    mrecist = {
        reader: _CATEGORIES[cell] for reader in "123" if (cell := row[f"{reader}_mRECIST"].strip()) in _CATEGORIES
    }
    afp = _number(row["AFP"])
    thrombosis = row["Portal Vein Thrombosis"].strip()
    child_pugh = row["CPS"].strip()[:1]
    return Case(
        key=CaseKey(row["TCIA_ID"].strip()),
        clinical=ClinicalRecord.from_cells(
            child_pugh=child_pugh if child_pugh in CLASSES else "",
            portal_venous_invasion=thrombosis if thrombosis in ("0", "1") else "",
            afp_ng_ml="" if afp is None else number_text(afp),
            number_of_tumours={"uninodular": "1", "multinodular": ">1"}.get(row.get("tumor_nodul", "").strip(), ""),
            liver_involvement_above_half={"< or = 50%": "no", ">50%": "yes"}.get(
                row.get("T_involvment", "").strip(), ""
            ),
        ),
        objective_response=is_objective_response(mrecist["1"]) if "1" in mrecist else None,
        mrecist=mrecist,
        columns={ours: row.get(theirs, "").strip() for theirs, ours in _KEPT.items()} | _survival(row),
    )


def _survival(row: dict[str, str]) -> dict[str, str]:
    """Months and death; the collection has weeks."""
    weeks = _number(row.get("OS", ""))
    died = {"0": "no", "1": "yes"}.get(row.get("Death_1_StillAliveorLostToFU_0", "").strip())
    if weeks is None or died is None:
        return {}
    return {"survival_months": number_text(_MONTHS_PER_WEEK * weeks), "died": died}


def _number(cell: str) -> float | None:
    try:
        return float(cell)
    except ValueError:
        return None
