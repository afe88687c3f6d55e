"""The rules by which names and tags become sequences: a JSON that ships, and a user's own before it."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from ..cohort import SEQUENCES

RULES_FILE = Path(__file__).parent / "assignment_rules.json"

RULES_SCHEMA = 1

_DIACRITICS = re.compile("[\u0300-\u036f]")

Patterns = tuple[re.Pattern[str], ...]


@dataclass(frozen=True)
class NeverRule:
    """A kind of series that is never assigned; ``name`` are patterns, ``image_type`` values of DICOM ImageType."""

    kind: str
    name: Patterns
    image_type: frozenset[str]


@dataclass(frozen=True)
class RuleLayer:
    """One file's patterns: what is never assigned, the sequences by name, and the words of a dynamic series."""

    never: tuple[NeverRule, ...]
    sequences: Mapping[str, Patterns]
    dynamic: Patterns


@dataclass(frozen=True)
class AssignmentRules:
    """All rules; the first layer that knows a name decides.

    Times are seconds after the start of the contrast agent; ``after_arterial_s`` are seconds after the arterial phase.
    """

    layers: tuple[RuleLayer, ...]
    late_arterial: Patterns
    fat_suppressed: Patterns
    single_shot: Patterns
    hepatobiliary_agents: Patterns
    delay_s: Mapping[str, tuple[float, float]]
    best_delay_s: Mapping[str, float]
    hepatobiliary_from_s: float
    after_arterial_s: Mapping[str, tuple[float, float]]
    fewest_slices: int


def plain_name(text: str) -> str:
    """A name as the patterns see it: small letters, no accents, single spaces for ``_ - . / + ( )`` and others."""
    letters = unicodedata.normalize("NFC", _DIACRITICS.sub("", unicodedata.normalize("NFKD", text.casefold())))
    return " ".join(re.sub(r"[\W_]+", " ", letters).split())


def found(patterns: Patterns, name: str) -> str | None:
    """The words of a `plain_name` that the first fitting pattern hits."""
    return next((hit.group().strip() for pattern in patterns if (hit := pattern.search(name))), None)


@cache
def load_rules(own_file: Path | None = None) -> AssignmentRules:
    """The rules of the library, with a user's own file before them.

    The own file has the form of ``assignment_rules.json`` and may leave out any key: its names decide before those of
    the library, its other lists are added, its numbers take the place of the library's.

    Raises
    ------
    ValueError
        If the own file cannot be read, is no JSON, or holds a key, a sequence or a pattern that is not understood.
    """
    library = json.loads(RULES_FILE.read_text(encoding="utf-8"))
    own = {} if own_file is None else _read_own(own_file, library)
    try:
        layers = [_layer(content) for content in (own, library) if content]
        lists = {
            name: _patterns([*own.get(name, []), *library[name]])
            for name in ("late_arterial", "fat_suppressed", "single_shot", "hepatobiliary_agents")
        }
    except (re.error, TypeError, AttributeError, KeyError) as error:
        raise ValueError(
            f"The rules file {own_file} holds a pattern that is not understood ({error}); see Docs/intake.md."
        ) from error
    numbers = {name: {**library[name], **own.get(name, {})} for name in ("delay_s", "best_delay_s", "after_arterial_s")}
    return AssignmentRules(
        layers=tuple(layers),
        **lists,
        delay_s={sequence: tuple(limits) for sequence, limits in numbers["delay_s"].items()},
        best_delay_s=numbers["best_delay_s"],
        hepatobiliary_from_s=own.get("hepatobiliary_from_s", library["hepatobiliary_from_s"]),
        after_arterial_s={sequence: tuple(limits) for sequence, limits in numbers["after_arterial_s"].items()},
        fewest_slices=own.get("fewest_slices", library["fewest_slices"]),
    )


def _read_own(path: Path, library: Mapping[str, object]) -> dict[str, Any]:
    try:
        own = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"The rules file {path} cannot be read; check the path, and save it as UTF-8 text.") from error
    except json.JSONDecodeError as error:
        raise ValueError(
            f"The rules file {path} is no JSON (line {error.lineno}: {error.msg}); check commas and quotation marks."
        ) from error
    if not isinstance(own, dict):
        raise ValueError(f"The rules file {path} must hold an object, in braces; see Docs/intake.md.")
    unknown = sorted(set(own) - set(library))
    if unknown:
        raise ValueError(f"The rules file {path} holds {unknown[0]!r}, which is not known; known are {_list(library)}.")
    if own.get("schema", RULES_SCHEMA) != RULES_SCHEMA:
        raise ValueError(f"The rules file {path} is of schema {own['schema']}, this version reads {RULES_SCHEMA}.")
    wrong_form = sorted(name for name, value in own.items() if not isinstance(value, type(library[name])))
    if wrong_form:
        raise ValueError(
            f"In the rules file {path}, {wrong_form[0]!r} has another form than in the library's own rules; "
            "see Docs/intake.md."
        )
    strange = sorted(set(own.get("sequences", {})) - set(map(str, SEQUENCES)))
    if strange:
        raise ValueError(
            f"The rules file {path} names the sequence {strange[0]!r}; known are {_list(map(str, SEQUENCES))}."
        )
    return own


def _layer(content: Mapping[str, Any]) -> RuleLayer:
    return RuleLayer(
        never=tuple(
            NeverRule(kind, _patterns(rule.get("name", [])), frozenset(rule.get("image_type", [])))
            for kind, rule in content.get("never", {}).items()
        ),
        sequences={sequence: _patterns(names) for sequence, names in content.get("sequences", {}).items()},
        dynamic=_patterns(content.get("dynamic", [])),
    )


def _patterns(texts: list[str]) -> Patterns:
    return tuple(re.compile(text, re.IGNORECASE) for text in texts)


def _list(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))
