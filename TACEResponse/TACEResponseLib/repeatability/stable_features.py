"""Which features repeat: ICC of every feature in every kind of repetition, and the list of those that pass."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ..cohort import CaseKey, named_and_more, replace_file
from ..features import FeatureTable
from .icc import DEFAULT_FORM, Icc, icc
from .redrawn import FEW_PAIRS, FEWEST_PAIRS, Redrawn, find_redrawn

GOOD_ICC = 0.75
"""Above this the paper calls a feature's reproducibility good (paper.md)."""

STABLE_SCHEMA_VERSION = 1


@dataclass(frozen=True, eq=False)
class Repeatability:
    """One kind of repetition: who was drawn again, ``ratings`` (n_pairs, 2, p), and the ICC of each feature."""

    redrawn: Redrawn
    names: tuple[str, ...]
    ratings: np.ndarray
    icc: Icc

    @property
    def warnings(self) -> list[str]:
        """What a reader of the numbers must know."""
        found = icc_warnings(self.redrawn.kind, self.names, self.icc, self.ratings, self.redrawn.pairs, "pairs")
        if self.redrawn.drawn_once:
            once = self.redrawn.drawn_once
            found.append(f"{self.redrawn.kind}: {named_and_more((once[0].label, *once[1:]), 1)} drawn once, not used.")
        return found


def icc_warnings(
    kind: str,
    names: Sequence[str],
    result: Icc,
    ratings: np.ndarray,
    drawings: Sequence[Sequence[CaseKey]],
    unit: str,
) -> list[str]:
    """What a reader of these ICCs must know: too few cases, and features without an ICC.

    ``ratings`` (n, k, p) are those of ``result``, ``drawings`` the n x k keys, ``unit`` the word for the n.
    """
    found = []
    if result.cases < FEW_PAIRS:
        found.append(f"{kind}: only {result.cases} {unit}{_widths(result)}.")
    missing = ~np.isfinite(ratings)
    gaps = np.flatnonzero(missing.any(axis=(0, 1)))
    if gaps.size:
        case, rater = np.argwhere(missing[:, :, gaps[0]])[0]
        found.append(
            f"{kind}: {named_and_more((names[int(gap)] for gap in gaps), 1)} has no value in some drawings, first in "
            f"{drawings[case][rater]}; its ICC is undefined, check that VOI."
        )
    constant = np.flatnonzero(np.isnan(result.value) & ~missing.any(axis=(0, 1)))
    if constant.size:
        found.append(
            f"{kind}: {named_and_more((names[int(column)] for column in constant), 1)} is the same in all cases; its "
            "ICC is undefined."
        )
    return found


def repeatability(
    table: FeatureTable,
    form: str = DEFAULT_FORM,
    reader: str = "1",
    other_reader: str | None = None,
    redrawn: Sequence[Redrawn] | None = None,
) -> tuple[Repeatability, ...]:
    """ICC of every feature, test-retest and inter-observer apart, as far as the rows of the table allow.

    ``redrawn`` says who was drawn again where that is known already. Raises ValueError as `find_redrawn` does, and for
    fewer than 2 pairs of a kind.
    """
    redrawn = find_redrawn(table.keys, reader, other_reader) if redrawn is None else redrawn
    return tuple(_rate(table, one, form) for one in redrawn)


def stable_names(
    parts: Sequence[Repeatability], threshold: float = GOOD_ICC, on_lower_bound: bool = False
) -> list[str]:
    """Features whose ICC, or on request its lower bound, is above the threshold in every kind of repetition."""
    passed = [(part.icc.low if on_lower_bound else part.icc.value) > threshold for part in parts]
    return [name for name, good in zip(parts[0].names, np.all(passed, axis=0), strict=True) if good]


def stable_features(
    repeats: FeatureTable,
    patients: Collection[str],
    threshold: float = GOOD_ICC,
    form: str = DEFAULT_FORM,
    on_lower_bound: bool = False,
) -> list[str]:
    """Stable features as estimated on the drawings of these patients alone: what a training part may know.

    Parameters
    ----------
    repeats : FeatureTable
        One row per drawing: reader 1's first session, and those of a second session or reader.
    patients : collection of str
        Identifiers of the training patients; rows of others are not looked at.
    threshold, form, on_lower_bound
        As in `stable_names` and `icc`.

    Raises
    ------
    ValueError
        As `repeatability` does, and if fewer than 2 of the patients were drawn again.
    """
    own = [number for number, key in enumerate(repeats.keys) if key.patient_id in patients]
    if not own:
        raise ValueError(
            "None of the training patients is in the table of repeated drawings; it must hold rows of the cohort's own "
            "patients, drawn again by reader 1 or by another reader."
        )
    drawn = replace(repeats, keys=tuple(repeats.keys[number] for number in own), values=repeats.values[own])
    return stable_names(repeatability(drawn, form), threshold, on_lower_bound)


@dataclass(frozen=True, eq=False)
class FeatureChoice:
    """The features that pass, for a report.

    ``names`` passed ``rule``, whose threshold (-1 to 1) is that of the ICC or its lower bound; ``table`` is where the
    features come from, ``drawings`` the rows that were used, ``seed`` that of perturbations.
    """

    names: tuple[str, ...]
    rule: str
    threshold: float
    table: FeatureTable
    drawings: frozenset[CaseKey]
    seed: int | None = None

    @property
    def phantoms(self) -> bool:
        """Whether the drawings are of phantoms."""
        return bool(self.table.phantoms & self.drawings)


@dataclass(frozen=True)
class StableFeatures:
    """A list of stable features as a file.

    ``names`` are the features, ``patients`` those on whom it was estimated, ``rule`` says how, ``phantoms`` whether
    they are phantoms.
    """

    names: tuple[str, ...]
    patients: frozenset[str]
    rule: str
    phantoms: bool = False


def write_stable_features(
    path: Path, names: Iterable[str], keys: Iterable[CaseKey], rule: str, phantoms: bool = False
) -> None:
    """Write a list for ``study`` and ``train``; ``keys`` are the drawings on which it was estimated."""
    keys = sorted(set(keys))
    content = {
        "schema": STABLE_SCHEMA_VERSION,
        "rule": rule,
        "phantoms": phantoms,
        "patients": sorted({key.patient_id for key in keys}),
        "cases": [key._asdict() for key in keys],
        "features": list(names),
    }
    replace_file(path, (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode("utf-8"))


def read_stable_features(path: Path) -> StableFeatures:
    """Read a list. Raises ValueError for a file that is not such a list."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["schema"] != STABLE_SCHEMA_VERSION:
            raise ValueError(f"{path.name} has a schema that this version does not read.")
        names, patients = tuple(content["features"]), frozenset(content["patients"])
        return StableFeatures(names, patients, str(content["rule"]), bool(content["phantoms"]))
    except OSError as error:
        raise ValueError(f"The list {path.name} cannot be read: {error.strerror}.") from error
    except (json.JSONDecodeError, KeyError, TypeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path.name} is not a list of stable features; make one with tace-response icc.") from error


def _rate(table: FeatureTable, redrawn: Redrawn, form: str) -> Repeatability:
    if len(redrawn.pairs) < FEWEST_PAIRS:
        raise ValueError(
            f"{redrawn.kind}: {len(redrawn.pairs)} case was drawn twice; an ICC needs at least 2, and says little "
            f"below {FEW_PAIRS}."
        )
    ratings = np.stack([table.rows_of(keys) for keys in zip(*redrawn.pairs, strict=True)], axis=1)
    return Repeatability(redrawn, table.names, ratings, icc(ratings, form))


def _widths(result: Icc) -> str:
    widths = result.high - result.low
    widths = widths[np.isfinite(widths)]
    if not widths.size:
        return ""
    return (
        f"; the 95 % intervals of the ICCs are {np.median(widths):.2f} wide in the median and up to {widths.max():.2f}"
    )
