"""What a bundle may hold: one table of names, types, shapes and ranges for ``model.json``, one for ``arrays.npz``.

A checksum tells that a file was changed, not that it was right when it was written: a missing layer, a negative scale
or an infinite coefficient would give a probability like any other. Everything here is complete, finite and ordered.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping

import numpy as np

from ..cohort import CLINICAL_FACTS
from .array_rules import FINITE, Rule, take_arrays
from .classifiers import CLASSIFIERS

KINDS = ("clinical", "radiomics", "merged")

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._+-]{0,99}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_MARKUP = re.compile(r"<[A-Za-z/!?]")
_MOST_TEXT = 4000
_LARGEST_LOG_ODDS = 1e6
"""Beyond any log odds, coefficient or offset that a fit can give."""

_Check = Callable[[object], bool]


def _text(value: object) -> bool:
    return isinstance(value, str) and len(value) <= _MOST_TEXT and value.isprintable() and not _MARKUP.search(value)


def _number(low: float, high: float, open_ends: bool = False) -> _Check:
    def check(value: object) -> bool:
        if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
            return False
        return low < value < high if open_ends else low <= value <= high

    return check


def _whole(low: int, high: int) -> _Check:
    return lambda value: type(value) is int and low <= value <= high


def _one_of(*allowed: object) -> _Check:
    return lambda value: any(value == one and type(value) is type(one) for one in allowed)


def _or_none(check: _Check) -> _Check:
    return lambda value: value is None or check(value)


def _list_of(check: _Check, unique: bool = True) -> _Check:
    def whole(value: object) -> bool:
        if not isinstance(value, list) or not all(check(one) for one in value):
            return False
        return not unique or len(set(value)) == len(value)

    return whole


def _mapping_of(key: _Check, check: _Check) -> _Check:
    return lambda value: isinstance(value, dict) and all(key(name) and check(one) for name, one in value.items())


def _named(value: object) -> bool:
    return isinstance(value, str) and _NAME.fullmatch(value) is not None


def _plain(value: object) -> bool:
    """Text, numbers and lists or objects of them: what people read and nothing computes with."""
    if isinstance(value, dict):
        return all(_text(name) and _plain(one) for name, one in value.items())
    if isinstance(value, list):
        return all(_plain(one) for one in value)
    return value is None or isinstance(value, bool) or _text(value) or _number(-math.inf, math.inf)(value)


_PREDICTOR_FIELDS: Mapping[str, _Check] = {
    "terms": _list_of(_named),
    "intercept": _number(-_LARGEST_LOG_ODDS, _LARGEST_LOG_ODDS),
    "coefficients": _list_of(_number(-_LARGEST_LOG_ODDS, _LARGEST_LOG_ODDS), unique=False),
    "offsets": _list_of(_number(-_LARGEST_LOG_ODDS, _LARGEST_LOG_ODDS), unique=False),
    "means": _list_of(_number(-_LARGEST_LOG_ODDS, _LARGEST_LOG_ODDS), unique=False),
}


def _predictor(value: object) -> bool:
    return isinstance(value, dict) and _fields_fit(value, _PREDICTOR_FIELDS) == ""


_FIELDS: Mapping[str, _Check] = {
    "schema_version": _whole(1, 1000),
    "name": _named,
    "kind": _one_of(*KINDS),
    "demonstration": _one_of(True, False),
    "required_sequences": _list_of(_named),
    "required_facts": _list_of(_one_of(*CLINICAL_FACTS)),
    "feature_set": _or_none(_named),
    "settings": _or_none(_mapping_of(_text, _plain)),
    "feature_names": _list_of(_named),
    "outcome": _text,
    "time_horizon": _text,
    "cohort_size": _whole(2, 10**7),
    "cohort_responders": _whole(1, 10**7),
    "threshold": _number(0, 1, open_ends=True),
    "threshold_rule": _text,
    "position_score": _named,
    "out_of_range_limit": _number(0, 10**6),
    "provenance": _mapping_of(_text, _plain),
    "calibration": _mapping_of(_text, _plain),
    "clinical_coding": _mapping_of(_one_of(*CLINICAL_FACTS), _text),
    "unknown_facts": _one_of("range", "drop"),
    "prevalence": _number(0, 1, open_ends=True),
    "predictor": _predictor,
    "score_only": _or_none(_predictor),
    "score_types": _mapping_of(_named, lambda value: isinstance(value, str) and value in CLASSIFIERS),
    "arrays_sha256": lambda value: isinstance(value, str) and _SHA256.fullmatch(value) is not None,
    "card_sha256": lambda value: isinstance(value, str) and _SHA256.fullmatch(value) is not None,
    "sha256": lambda value: isinstance(value, str) and _SHA256.fullmatch(value) is not None,
}
"""The fields of ``model.json``: all of them, and no others but those of `_OPTIONAL_FIELDS`."""

_OPTIONAL_FIELDS: frozenset[str] = frozenset({"storage"})
"""How the arrays are packed; `bundle_io` reads it."""


def check_fields(fields: Mapping[str, object]) -> None:
    """Raises ValueError, with the reason only, where ``model.json`` lacks a field or holds an impossible one."""
    known = {name: value for name, value in fields.items() if name not in _OPTIONAL_FIELDS}
    wrong = _fields_fit(known, _FIELDS)
    if wrong:
        raise ValueError(wrong)
    scores, facts, kind = fields["score_types"], fields["required_facts"], fields["kind"]
    assert isinstance(scores, dict)
    assert isinstance(facts, list)
    if (bool(scores), bool(facts)) != {"clinical": (False, True), "radiomics": (True, False), "merged": (True, True)}[
        str(kind)
    ]:
        raise ValueError(f"kind is {kind!r} with the scores {list(scores)} and the facts {facts}")
    with_features = (fields["feature_set"], fields["settings"], fields["feature_names"], fields["required_sequences"])
    if any(bool(one) != bool(scores) for one in with_features):
        raise ValueError("feature_set, settings, feature_names and required_sequences do not fit score_types")
    if fields["position_score"] not in (*scores, "probability"):
        raise ValueError("position_score names no score")
    if not fields["cohort_responders"] < fields["cohort_size"]:  # type: ignore[operator]
        raise ValueError("cohort_responders is not below cohort_size")
    for name, known_terms in (("predictor", {*facts, *scores}), ("score_only", set(scores))):
        predictor = fields[name]
        if predictor is None:
            continue
        assert isinstance(predictor, dict)
        terms = predictor["terms"]
        if not terms or not set(terms) <= known_terms:
            raise ValueError(f"the terms of {name} are not its scores and facts")
        if any(len(predictor[part]) != len(terms) for part in ("coefficients", "offsets", "means")):
            raise ValueError(f"the numbers of {name} are not as many as its terms")


def _fields_fit(fields: Mapping[str, object], table: Mapping[str, _Check]) -> str:
    """The first thing wrong, or an empty text."""
    for name, check in table.items():
        if name not in fields:
            return f"{name} is missing"
        if not check(fields[name]):
            return f"{name} is not what it should be"
    unknown = sorted(set(fields) - set(table))
    return f"it holds the unknown field {unknown[0]!r}" if unknown else ""


_PREDICTOR_ARRAYS: Mapping[str, Rule] = {
    "refit_intercepts": (FINITE, "r"),
    "refit_coefficients": (FINITE, "rt"),
    "refit_offsets": (FINITE, "rt"),
    "refit_means": (FINITE, "rt"),
}


def check_arrays(fields: Mapping[str, object], arrays: Mapping[str, np.ndarray]) -> None:
    """Raises ValueError, with the reason only, where an array is missing, unknown, misshapen, not finite or impossible.

    ``fields`` passed `check_fields`; ``arrays`` are by name, unpacked.
    """
    names = fields["feature_names"]
    scores = fields["score_types"]
    assert isinstance(names, list)
    assert isinstance(scores, dict)
    left = dict(arrays)
    lengths = {"f": len(names)}
    take_arrays(left, "", {"feature_minimum": (FINITE, "f"), "feature_maximum": (FINITE, "f")}, lengths)
    if (arrays["feature_minimum"] > arrays["feature_maximum"]).any():
        raise ValueError("feature_minimum is above feature_maximum")
    for outcome in ("OR", "NOR"):
        take_arrays(left, "training_scores/", {outcome: (FINITE, "p")}, {})
    held = sum(len(arrays[f"training_scores/{outcome}"]) for outcome in ("OR", "NOR"))
    if held > fields["cohort_size"]:  # type: ignore[operator]
        raise ValueError("training_scores hold more patients than the cohort")
    for name in ("predictor", "score_only"):
        predictor = fields[name]
        if predictor is None:
            continue
        assert isinstance(predictor, dict)
        own = lengths | {"t": len(predictor["terms"])}
        take_arrays(left, f"{name}/", _PREDICTOR_ARRAYS, own)
        lengths["r"] = own["r"]
        if any(np.abs(arrays[f"{name}/{part}"]).max(initial=0) > _LARGEST_LOG_ODDS for part in _PREDICTOR_ARRAYS):
            raise ValueError(f"the refits of {name} are out of all bounds")
    if lengths["r"] < 1:
        raise ValueError("there are no refits")
    for name, type_name in scores.items():
        for group in ("scores", "refits"):
            own = {"f": lengths["f"]} | ({"m": lengths["r"]} if group == "refits" else {})
            prefix = f"{group}/{name}/"
            parts = {key.removeprefix(prefix): array for key, array in arrays.items() if key.startswith(prefix)}
            score_type = CLASSIFIERS[type_name].score_type
            take_arrays(left, prefix, score_type.array_rules(parts), own)
            if own["m"] < 1:
                raise ValueError(f"{prefix} has no members")
            try:
                score_type.from_arrays(parts).check(own["f"])
            except ValueError as error:
                raise ValueError(f"{group}/{name}: {error}") from error
    if left:
        raise ValueError(f"it holds the unknown array {min(left)!r}")
