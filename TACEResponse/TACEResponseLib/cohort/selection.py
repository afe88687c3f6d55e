"""One case a patient: reader 1's first session of the largest lesion, unless chosen otherwise."""

from __future__ import annotations

from collections.abc import Iterable

from .case import Case
from .clinical_values import parse_number

LESION_DIAMETER_COLUMN = "lesion_diameter_mm"


def select_cases(
    cases: Iterable[Case], reader: str = "1", session: str | None = None, lesion: str | None = None
) -> list[Case]:
    """The case of each patient that models use, in the order of the patients.

    Parameters
    ----------
    cases : iterable of Case
    reader : str
        Whose VOIs are used.
    session : str, optional
        A session; the reader's first one by default (numbers before text).
    lesion : str, optional
        A lesion; by default the one with the largest ``lesion_diameter_mm``, a column that is needed only where a
        patient has several.

    Raises
    ------
    ValueError
        Naming a patient without a row of that reader, session or lesion, or whose largest lesion is not clear.
    """
    return [_selected(patient_id, rows, reader, session, lesion) for patient_id, rows in _by_patient(cases).items()]


def select_where_possible(
    cases: Iterable[Case], reader: str = "1", session: str | None = None, lesion: str | None = None
) -> tuple[list[Case], list[tuple[Case, str]]]:
    """`select_cases` for the patients where that is clear, and for each other one the first case with the reason."""
    selected, refused = [], []
    for patient_id, rows in _by_patient(cases).items():
        try:
            selected.append(_selected(patient_id, rows, reader, session, lesion))
        except ValueError as error:
            refused.append((rows[0], str(error)))
    return selected, refused


def select_lesions(cases: Iterable[Case], reader: str = "1", session: str | None = None) -> list[Case]:
    """Like `select_cases`, but the case of every lesion of each patient."""
    lesions: dict[tuple[str, str], list[Case]] = {}
    for case in cases:
        lesions.setdefault((case.key.patient_id, case.key.lesion), []).append(case)
    return [_selected(patient_id, rows, reader, session, lesion) for (patient_id, lesion), rows in lesions.items()]


def _by_patient(cases: Iterable[Case]) -> dict[str, list[Case]]:
    patients: dict[str, list[Case]] = {}
    for case in cases:
        patients.setdefault(case.key.patient_id, []).append(case)
    return patients


def _selected(patient_id: str, rows: list[Case], reader: str, session: str | None, lesion: str | None) -> Case:
    own = [case for case in rows if case.key.reader == reader]
    if not own:
        others = ", ".join(sorted({case.key.reader for case in rows}))
        raise ValueError(f"Patient {patient_id}: no row of reader {reader}; there are rows of reader {others}.")
    lesions = list(dict.fromkeys(case.key.lesion for case in own))
    if lesion is None:
        lesion = lesions[0] if len(lesions) == 1 else _largest_lesion(patient_id, own)
    elif lesion not in lesions:
        raise ValueError(
            f"Patient {patient_id}: no lesion {lesion} of reader {reader}; there are {', '.join(lesions)}."
        )
    own = sorted((case for case in own if case.key.lesion == lesion), key=lambda case: _session_order(case.key.session))
    if session is None:
        return own[0]
    chosen = [case for case in own if case.key.session == session]
    if not chosen:
        raise ValueError(f"Patient {patient_id}: no session {session} of reader {reader}.")
    return chosen[0]


def _largest_lesion(patient_id: str, own: list[Case]) -> str:
    diameters: dict[str, float] = {}
    for case in own:
        cell = case.columns.get(LESION_DIAMETER_COLUMN, "")
        if cell:
            diameters[case.key.lesion] = max(parse_number(cell), diameters.get(case.key.lesion, 0.0))
    lesions = {case.key.lesion for case in own}
    largest = [name for name, diameter in diameters.items() if diameter == max(diameters.values())]
    if set(diameters) != lesions or len(largest) > 1:
        raise ValueError(
            f"Patient {patient_id}: {len(lesions)} lesions, and it is not clear which is the largest; fill in the "
            f"column {LESION_DIAMETER_COLUMN} for each of them, or choose a lesion."
        )
    return largest[0]


def _session_order(session: str) -> tuple[bool, float, str]:
    return (not session.isdecimal(), float(session) if session.isdecimal() else 0.0, session)
