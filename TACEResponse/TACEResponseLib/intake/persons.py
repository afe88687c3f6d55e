"""Whether the studies of one PatientID can be those of one person."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from ..cohort import named_and_more
from .archive import ArchivePatient

_NOBODY = re.compile(
    r"(?:0+|[x*#?.\-_ ]+|anon(?:ym\w*)?|(?:de|not) ?identified|deident\w*|pseudonym\w*|removed|redacted|hidden|blank"
    r"|unknown|unbekannt|no|none|null|nil|n ?/? ?a|no ?name|no ?id|patient(?: ?id)?|id|name|subject|test|dummy|phantom)"
)
"""IDs that an anonymiser gives to everybody; one with a number of its own (ANON0001) is a patient's."""

_TALLER_M = 0.12
_HEAVIER = 1.6


def check_one_person(patient: ArchivePatient) -> None:
    """Raises ValueError where the files of one PatientID are of two people, or nobody can tell whether they are.

    Two people: birth date, sex or the ID's issuer differ, body height by over 12 cm, weight by a factor over 1.6, or
    names where no birth date says that they are one. Nobody can tell: several studies without PatientID, or under one
    that anonymisers give to everybody, unless name or birth date is given.
    """
    values = {
        keyword: sorted({one[keyword] for one in patient.images if one[keyword]})
        for keyword in (
            "PatientBirthDate", "PatientSex", "PatientName", "IssuerOfPatientID", "PatientSize", "PatientWeight"
        )
    }  # fmt: skip
    studies = patient.studies
    if not patient.patient_id:
        have = "1 study has" if len(studies) == 1 else f"{len(studies)} studies have"
        listed = named_and_more([study.uid for study in studies], 1)
        raise ValueError(
            f"{have} no PatientID (StudyInstanceUID {listed}), so that nobody can tell whose files these are; give "
            "each patient a PatientID in the archive."
        )
    names = {plain for name in values["PatientName"] if not _is_placeholder(plain := _plain_person(name))}
    births = [date for date in values["PatientBirthDate"] if _is_birth_date(date)]
    differ = [text for text, found in (("birth date", births), ("sex", values["PatientSex"])) if len(found) > 1]
    if len(values["IssuerOfPatientID"]) > 1:
        differ.append("issuer of the ID")
    if not births and len(names) > 1:
        differ.append("name")
    if _spread(values["PatientSize"], lambda least, most: most - least > _TALLER_M):
        differ.append("body height")
    if _spread(values["PatientWeight"], lambda least, most: most > _HEAVIER * least):
        differ.append("weight")
    if differ:
        verb = "differs" if len(differ) == 1 else "differ"
        raise ValueError(
            f"two patients share this ID ({' and '.join(differ)} {verb} between their files); give one of them "
            "another PatientID in the archive, or export them to folders of their own."
        )
    if len(studies) > 1 and _is_placeholder(patient.patient_id) and not births and not names:
        raise ValueError(
            f"{len(studies)} studies share a PatientID that anonymisers give to everybody, and no name or birth date "
            "tells whose they are; give each patient a PatientID of their own, or export them to folders of their own."
        )


def says_one_person(patient: ArchivePatient) -> bool:
    """Whether more than the ID says that all is of one person: each study gives a birth date or a name."""
    return all(
        any(
            _is_birth_date(one["PatientBirthDate"]) or not _is_placeholder(_plain_person(one["PatientName"]))
            for series in study.series.values()
            for one in series.images[:1]
        )
        for study in patient.studies
    )


def _is_birth_date(text: str) -> bool:
    """Whether the date is given and not the one that an anonymiser writes for everybody."""
    return bool(text) and text > "19020101"


def _is_placeholder(text: str) -> bool:
    plain = " ".join(text.casefold().replace("^", " ").split())
    return not plain or bool(_NOBODY.fullmatch(plain)) or all(_NOBODY.fullmatch(part) for part in plain.split())


def _plain_person(name: str) -> str:
    return " ".join(sorted(name.casefold().replace("^", " ").split()))


def _spread(texts: Iterable[str], too_far: Callable[[float, float], bool]) -> bool:
    numbers = []
    for text in texts:
        try:
            numbers.append(float(text))
        except ValueError:
            continue
    plausible = [number for number in numbers if number > 0]
    return len(plausible) > 1 and too_far(min(plausible), max(plausible))
