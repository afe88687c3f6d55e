"""Feature tables of several centres as one: only what was made the same way is put together."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..cohort import CaseKey
from .feature_vector import FeatureVector
from .settings import FeatureSettings
from .table import FeatureTable, provenance_path, read_feature_table


@dataclass(frozen=True)
class SiteTable:
    """The features of one centre; ``engines``, ``undefined`` and ``input_sha256`` are by case."""

    site: str
    table: FeatureTable
    settings: FeatureSettings
    feature_set: str
    undefined: Mapping[CaseKey, Mapping[str, str]]
    engines: Mapping[CaseKey, str]
    input_sha256: Mapping[CaseKey, Mapping[str, Mapping[str, str]]]


def read_site_table(site: str, path: Path) -> SiteTable:
    """Read a centre's features.

    Raises ValueError naming the centre: as `read_feature_table`, or if the provenance file is missing or cut off.
    """
    try:
        table = read_feature_table(path)
    except ValueError as error:
        raise ValueError(f"{site}: {error}") from error
    if table.settings is None or table.feature_set is None or table.undefined is None:
        raise ValueError(
            f"{site}: {path.name} has no provenance file {provenance_path(path).name}, so that it is not known how it "
            "was made; send both files of `tace-response extract`."
        )
    try:
        cases = json.loads(provenance_path(path).read_text(encoding="utf-8"))["cases"]
        keys = [CaseKey(*(case[column] for column in CaseKey._fields)) for case in cases]
        engines = {key: case["engine"] for key, case in zip(keys, cases, strict=True)}
        inputs = {key: case["input_sha256"] for key, case in zip(keys, cases, strict=True)}
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(
            f"{site}: {provenance_path(path).name} does not say how each case was made; send the one that "
            "`tace-response extract` wrote beside the features."
        ) from error
    return SiteTable(site, table, table.settings, table.feature_set, table.undefined, engines, inputs)


def pooled_patient_id(site: str, patient_id: str) -> str:
    """Centres number their patients alike: the centre's name comes before."""
    return f"{site}_{patient_id}"


def pool_tables(sites: Sequence[SiteTable]) -> list[FeatureVector]:
    """One vector a case of all centres, patients renamed by `pooled_patient_id`.

    Raises ValueError naming two centres whose features were made with other settings, another feature set or columns,
    another version of the same engine, or whose patients are the same (equal images).
    """
    first = sites[0]
    for other in sites[1:]:
        _check_alike(first, other)
    _check_engines(sites)
    _check_no_patient_twice(sites)
    vectors = []
    for site in sites:
        for row, key in enumerate(site.table.keys):
            vectors.append(
                FeatureVector(
                    key=key._replace(patient_id=pooled_patient_id(site.site, key.patient_id)),
                    names=first.table.names,
                    values=site.table.values[row],
                    settings=site.settings,
                    feature_set=site.feature_set,
                    engine=site.engines[key],
                    is_phantom=key in site.table.phantoms,
                    undefined=site.undefined[key],
                    input_sha256={
                        sequence: (hashes["image"], hashes["mask"])
                        for sequence, hashes in site.input_sha256[key].items()
                    },
                )
            )
    return vectors


def _check_alike(first: SiteTable, other: SiteTable) -> None:
    if other.settings != first.settings:
        ours, theirs = first.settings.as_dict(), other.settings.as_dict()
        names = [name for name in sorted({*ours, *theirs}) if ours.get(name) != theirs.get(name)]
        differ = ", ".join(f"{name} {ours.get(name)} and {theirs.get(name)}" for name in names)
        raise ValueError(
            f"{first.site} and {other.site} made their features with other settings ({differ}); extract again with the "
            "same."
        )
    if other.feature_set != first.feature_set:
        raise ValueError(
            f"{first.site} has the feature set {first.feature_set}, {other.site} {other.feature_set}; "
            "extract again with the same."
        )
    if other.table.names != first.table.names:
        columns = sorted(set(other.table.names) ^ set(first.table.names))
        raise ValueError(
            f"{first.site} and {other.site} have other columns ({len(columns)}, for example {columns[0]}); extract "
            "the same sequences."
            if columns
            else f"{first.site} and {other.site} have their columns in another order; extract again with one version."
        )


def _check_engines(sites: Sequence[SiteTable]) -> None:
    """Engines may differ, two versions of one engine may not."""
    version_of: dict[str, tuple[str, str]] = {}
    for site in sites:
        for engine in sorted(set(site.engines.values())):
            name, _, version = engine.partition(" ")
            known = version_of.setdefault(name, (version, site.site))
            if known[0] != version:
                raise ValueError(
                    f"{known[1]} used version {known[0]} of the engine {name}, {site.site} version {version}; "
                    "extract again with one version."
                )


def _check_no_patient_twice(sites: Sequence[SiteTable]) -> None:
    seen: dict[str, tuple[str, CaseKey]] = {}
    for site in sites:
        for key, hashes in site.input_sha256.items():
            for sequence in hashes.values():
                other = seen.setdefault(sequence["image"], (site.site, key))
                if other[0] != site.site:
                    raise ValueError(
                        f"{key.label} of {site.site} and {other[1]} of {other[0]} have the same images; a patient may "
                        "be in one centre's table only."
                    )
