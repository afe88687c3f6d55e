"""What a clinical fact is: its column, how a cell is read, and what a model takes of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Value = TypeVar("Value")


@dataclass(frozen=True)
class Term(Generic[Value]):
    """The yes-or-no question about a fact that is a term of a model.

    ``name`` is the term's name in bundles, ``coding`` says on model cards what yes means, ``levels`` are no and yes in
    a report. ``holds`` answers for a value, None where the value leaves it open. ``examples`` are a value for no and
    one for yes, for a what-if.
    """

    name: str
    coding: str
    levels: tuple[str, str]
    holds: Callable[[Value], bool | None]
    examples: tuple[Value, Value]


@dataclass(frozen=True)
class Fact(Generic[Value]):
    """One clinical fact of a patient.

    ``column`` is its column in a manifest, with the unit in the name; ``name`` is what it is called within a sentence.
    ``read`` makes a value of a cell that is not empty, or raises ValueError with what to write instead; ``write`` is
    its inverse, ``text`` the value as reports show it. ``unit`` is that of the column, ``units`` are the units that may
    be entered with their factors to it. ``choices`` are the cells that a person chooses from, with their texts, where
    nothing is typed. ``aliases`` are other names of the column, in lower case with underscores, by which a slip is
    noticed. ``least`` to ``most`` is what is plausible of a measured value. Without a ``term`` no model takes the fact.
    """

    column: str
    name: str
    read: Callable[[str], Value]
    write: Callable[[Value], str]
    text: Callable[[Value], str]
    unit: str = ""
    units: Mapping[str, float] = field(default_factory=dict)
    choices: Mapping[str, str] = field(default_factory=dict)
    aliases: tuple[str, ...] = ()
    least: float = -math.inf
    most: float = math.inf
    term: Term[Value] | None = None
