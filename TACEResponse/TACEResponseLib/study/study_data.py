"""Cohort table and feature table become the arrays that everything in this room learns from."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..cohort import CLINICAL_FACTS, Case, named_and_more
from ..features import FeatureTable
from ..imaging.acquisition_tags import PHANTOM_KEY
from ..models.wording import CLINICAL_CODING

_STANDARDISED_SHARE = 0.9

_HU_OFFSET = 1024.0
_LEAST_STORED_MEDIAN = 700.0
"""No organ has a median CT number of 700 HU; a row above it holds stored values, which are HU + 1024."""


@dataclass(frozen=True, eq=False)
class StudyData:
    """One row per patient, or per lesion where several of a patient are studied.

    ``cases`` in the order of the rows; ``features`` (n, n_features), ``facts`` (n, 4) with NaN for unknown, in the
    order of `cohort.CLINICAL_FACTS`, ``outcome`` (n,) bool. ``table`` is where the features come from, ``remarks`` what
    a reader of any result must know about the data, ``without_outcome`` the number of rows left out.
    """

    cases: tuple[Case, ...]
    feature_names: tuple[str, ...]
    features: np.ndarray
    facts: np.ndarray
    outcome: np.ndarray
    table: FeatureTable | None
    remarks: tuple[str, ...]
    without_outcome: int = 0

    @property
    def responders(self) -> int:
        """Number of patients with objective response."""
        return int(self.outcome.sum())

    @property
    def patients(self) -> np.ndarray:
        """Number (n,) of the patient of each row."""
        numbers: dict[str, int] = {}
        return np.array([numbers.setdefault(case.key.patient_id, len(numbers)) for case in self.cases], dtype=int)

    @property
    def has_several_lesions(self) -> bool:
        """Whether any patient has more than one row."""
        return len(np.unique(self.patients)) < len(self.cases)

    @property
    def is_phantom(self) -> bool:
        """Whether the patients are phantoms; never a mixture (see `join_cohort`)."""
        return any(_is_phantom(case, self.table) for case in self.cases)

    @property
    def varying_facts(self) -> tuple[str, ...]:
        """The facts that both some patients have and some have not; nothing can be learnt from the others."""
        varying = (np.nanmax(self.facts, axis=0, initial=0.0) == 1) & (np.nanmin(self.facts, axis=0, initial=1.0) == 0)
        return tuple(name for name, varies in zip(CLINICAL_FACTS, varying, strict=True) if varies)

    @property
    def missing_facts(self) -> dict[str, int]:
        """Number of patients in whom a fact is unknown, for the facts where that happens."""
        counts = np.isnan(self.facts).sum(axis=0)
        return {name: int(count) for name, count in zip(CLINICAL_FACTS, counts, strict=True) if count}

    def subset(self, rows: np.ndarray) -> StudyData:
        """The same data of these rows (positions) only."""
        return replace(
            self,
            cases=tuple(self.cases[row] for row in rows),
            features=self.features[rows],
            facts=self.facts[rows],
            outcome=self.outcome[rows],
        )

    def sha256(self) -> str:
        """Of keys, features, facts and outcomes in the order of the rows."""
        digest = hashlib.sha256()
        for case in self.cases:
            digest.update("\0".join(case.key).encode("utf-8") + b"\n")
        for array in (self.features, self.facts, self.outcome):
            digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()


def join_cohort(
    cases: Sequence[Case], table: FeatureTable | None, several_lesions: bool = False, to_learn: bool = True
) -> StudyData:
    """Join cases with their features by key; one case a patient, unless ``several_lesions``.

    Cases without an outcome (empty or not evaluable) are left out and counted in ``remarks``. ``table`` is None for
    models that need no features. ``to_learn`` False leaves out remarks on what cannot be learnt from these cases.

    Raises
    ------
    ValueError
        For two cases of one patient, a patient in two sets or with two outcomes, one outcome only, features that are
        missing or undefined, columns without any value, or phantoms and patients mixed.
    """
    check_sets(cases)
    known = [case for case in cases if case.objective_response is not None]
    remarks = []
    if len(known) < len(cases):
        rows = "lesions" if several_lesions else "patients"
        remarks.append(
            f"{len(cases) - len(known)} of {len(cases)} {rows} have no outcome (empty or not evaluable) and are left "
            "out."
        )
    _check_patients(known, several_lesions)
    outcome = np.array([case.objective_response for case in known], dtype=bool)
    if outcome.size == 0 or outcome.all() or not outcome.any():
        raise ValueError(
            f"Of {len(known)} patients with an outcome {int(outcome.sum())} have OR; both OR and NOR are needed to "
            "learn."
        )
    facts = np.array([[_as_number(value) for value in case.clinical.facts().values()] for case in known])
    names: tuple[str, ...] = ()
    features = np.empty((len(known), 0))
    _check_phantoms(known, table)
    if table is not None:
        names, features = table.names, table.rows_of(case.key for case in known)
        _check_features(known, table, features)
        remarks += ct_unit_remarks(names, features)
        constant = np.flatnonzero((features == features[0]).all(axis=0))
        if constant.size and to_learn:
            remarks.append(
                f"The feature {named_and_more((names[column] for column in constant), 1)} is the same in all patients "
                "and carries no information here."
            )
        if is_standardised(features):
            remarks.append(
                "The feature table has mean 0 and standard deviation 1 over all its rows: it was standardised before, "
                "so that every training part has already seen the test patients. Use the features as they were "
                "extracted."
            )
    data = StudyData(tuple(known), names, features, facts, outcome, table, tuple(remarks), len(cases) - len(known))
    useless = [CLINICAL_CODING[name] for name in CLINICAL_FACTS if name not in data.varying_facts]
    if useless and to_learn:
        remark = f"Unknown or the same in all patients, and therefore left out of models: {'; '.join(useless)}."
        data = replace(data, remarks=(*remarks, remark))
    return data


def is_standardised(features: np.ndarray) -> bool:
    """Whether nearly all columns of (n, p) have mean 0 and standard deviation 1, by either divisor."""
    if len(features) < 3:
        return False
    centred = np.abs(np.nanmean(features, axis=0)) < 1e-6
    scaled = sum(np.abs(np.nanstd(features, axis=0, ddof=ddof) - 1) < 1e-6 for ddof in (0, 1)) > 0
    return bool(np.mean(centred & scaled) > _STANDARDISED_SHARE)


def check_sets(cases: Sequence[Case]) -> None:
    """Raise ValueError for a patient with rows in several sets (column ``set``)."""
    sets: dict[str, str] = {}
    for case in cases:
        own = case.columns.get("set", "")
        other = sets.setdefault(case.key.patient_id, own)
        if own != other:
            raise ValueError(
                f"Patient {case.key.patient_id} has rows of the sets {other or '(empty)'} and {own or '(empty)'}; a "
                "patient may be in one set only, otherwise the test set is not independent."
            )


def ct_unit_remarks(names: Sequence[str], features: np.ndarray) -> list[str]:
    """A warning if some rows of CT features (n, p) hold HU and others stored values."""
    medians = [number for number, name in enumerate(names) if name.startswith("CT_") and name.endswith("_Median")]
    if not medians:
        return []
    stored = int((features[:, medians[0]] > _LEAST_STORED_MEDIAN).sum())
    if stored in (0, len(features)):
        return []
    return [
        f"{stored} rows have CT intensities of HU + {_HU_OFFSET:.0f} and {len(features) - stored} of plain HU: "
        "first-order features of the two are not comparable, and a model may learn the difference. Nothing was changed."
    ]


def _check_patients(cases: Sequence[Case], several_lesions: bool) -> None:
    outcomes: dict[str, bool | None] = {}
    for case in cases:
        other = outcomes.setdefault(case.key.patient_id, case.objective_response)
        if other != case.objective_response:
            raise ValueError(
                f"Patient {case.key.patient_id} has lesions with OR and with NOR; the outcome is the patient's "
                "(mRECIST assesses all target lesions together)."
            )
    if len(outcomes) < len(cases) and not several_lesions:
        (twice, _), *_ = Counter(case.key.patient_id for case in cases).most_common()
        raise ValueError(f"Patient {twice} has several rows; choose one lesion, reader and session.")


def _check_features(cases: Sequence[Case], table: FeatureTable, features: np.ndarray) -> None:
    undefined = ~np.isfinite(features)
    empty = np.flatnonzero(undefined.all(axis=0))
    if empty.size:
        raise ValueError(
            f"The feature {named_and_more((table.names[column] for column in empty), 1)} has no value at all; remove "
            "the column."
        )
    if undefined.any():
        gaps = (
            f"{cases[row].key.label}: the feature {table.names[column]} is undefined"
            for row, column in np.argwhere(undefined)
        )
        raise ValueError(f"{named_and_more(gaps, 1)}; check that VOI, or leave the patient or the feature out.")


def _check_phantoms(cases: Sequence[Case], table: FeatureTable | None) -> None:
    phantoms = [_is_phantom(case, table) for case in cases]
    if any(phantoms) and not all(phantoms):
        raise ValueError(
            f"{sum(phantoms)} of {len(cases)} cases are phantoms, the others are not; a model is of phantoms or of "
            "patients."
        )


def _is_phantom(case: Case, table: FeatureTable | None) -> bool:
    """By the images that the features came from, or, as clinical models have none, by the name of a phantom patient."""
    return (table is not None and case.key in table.phantoms) or case.key.patient_id.upper().startswith(PHANTOM_KEY)


def _as_number(value: bool | None) -> float:
    return np.nan if value is None else float(value)
