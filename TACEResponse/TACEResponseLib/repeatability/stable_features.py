"""Which features repeat: ICC of every feature in every kind of repetition, and the list of those that pass."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ..cohort import replace_file
from ..features import FeatureTable
from .icc import DEFAULT_FORM, Icc, icc
from .redrawn import FEW_PAIRS, Redrawn, find_redrawn

GOOD_ICC = 0.75
"""Above this the paper calls a feature's reproducibility good (study.md)."""

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
        found = []
        pairs = len(self.redrawn.pairs)
        if pairs < FEW_PAIRS:
            widths = self.icc.high - self.icc.low
            found.append(
                f"{self.redrawn.kind}: only {pairs} pairs; the 95 % intervals of the ICCs are "
                f"{np.nanmedian(widths):.2f} wide in the median and up to {np.nanmax(widths):.2f}."
            )
        undefined = [name for name, value in zip(self.names, self.icc.value, strict=True) if np.isnan(value)]
        if undefined:
            more = f" and {len(undefined) - 1} more" if len(undefined) > 1 else ""
            found.append(
                f"{self.redrawn.kind}: {undefined[0]}{more} is the same in all drawings of all cases; its ICC is "
                "undefined."
            )
        if self.redrawn.drawn_once:
            first = self.redrawn.drawn_once[0].label
            more = f" and {len(self.redrawn.drawn_once) - 1} more" if len(self.redrawn.drawn_once) > 1 else ""
            found.append(f"{self.redrawn.kind}: {first}{more} drawn once, not used.")
        return found


def repeatability(
    table: FeatureTable, form: str = DEFAULT_FORM, reader: str = "1", other_reader: str | None = None
) -> tuple[Repeatability, ...]:
    """ICC of every feature, test-retest and inter-observer apart, as far as the rows of the table allow.

    Raises ValueError as `find_redrawn` and `icc` do, and naming a case with an undefined feature.
    """
    return tuple(_rate(table, redrawn, form) for redrawn in find_redrawn(table.keys, reader, other_reader))


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
        A row a drawing: reader 1's first session, and those of a second session or reader.
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


@dataclass(frozen=True)
class StableFeatures:
    """A list of stable features as a file: ``names``, and the ``patients`` on whom it was estimated."""

    names: tuple[str, ...]
    patients: frozenset[str]
    rule: str


def write_stable_features(path: Path, names: Iterable[str], parts: Sequence[Repeatability], rule: str) -> None:
    """Write a list for ``study`` and ``train``; ``rule`` says how the features were chosen."""
    patients = sorted({key.patient_id for part in parts for pair in part.redrawn.pairs for key in pair})
    content = {"schema": STABLE_SCHEMA_VERSION, "rule": rule, "patients": patients, "features": list(names)}
    replace_file(path, (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode("utf-8"))


def read_stable_features(path: Path) -> StableFeatures:
    """Read a list. Raises ValueError with a sentence for what is no such file."""
    try:
        content: Mapping[str, object] = json.loads(path.read_text(encoding="utf-8"))
        if content["schema"] != STABLE_SCHEMA_VERSION:
            raise ValueError(f"{path.name} has a schema that this version does not read.")
        return StableFeatures(tuple(content["features"]), frozenset(content["patients"]), str(content["rule"]))
    except OSError as error:
        raise ValueError(f"The list {path.name} cannot be read: {error.strerror}.") from error
    except (json.JSONDecodeError, KeyError, TypeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path.name} is no list of stable features; make one with tace-response icc.") from error


def _rate(table: FeatureTable, redrawn: Redrawn, form: str) -> Repeatability:
    if len(redrawn.pairs) < 2:
        raise ValueError(
            f"{redrawn.kind}: {len(redrawn.pairs)} case was drawn twice; an ICC needs at least 2, and says little "
            f"below {FEW_PAIRS}."
        )
    ratings = np.stack([table.rows_of(keys) for keys in zip(*redrawn.pairs, strict=True)], axis=1)
    undefined = np.argwhere(~np.isfinite(ratings))
    if undefined.size:
        case, rater, feature = undefined[0]
        raise ValueError(
            f"{redrawn.pairs[case][rater].label}: the feature {table.names[feature]} is undefined; check that VOI, or "
            "leave the case out."
        )
    return Repeatability(redrawn, table.names, ratings, icc(ratings, form))
