"""The clinical facts of one patient, as entered and as the models code them (clinical.md)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from .facts import FACT_OF_TERM, FACTS, TERMS, Fact

Value = TypeVar("Value")


@dataclass(frozen=True)
class ClinicalRecord:
    """What is known of one patient; a fact that is absent is unknown, never normal.

    ``values`` are by the columns of `FACTS`. Two records are equal if the same is known.
    """

    values: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        unknown = set(self.values) - {fact.column for fact in FACTS}
        if unknown:
            columns = ", ".join(fact.column for fact in FACTS)
            raise ValueError(f"{min(unknown)!r} is not a clinical fact; known are {columns}.")
        known = {f.column: self.values[f.column] for f in FACTS if self.values.get(f.column) is not None}
        object.__setattr__(self, "values", known)

    @classmethod
    def from_cells(cls, **cells: str) -> ClinicalRecord:
        """The record of a row's cells, by column; an empty cell is unknown. Raises ValueError naming the column."""
        values = {}
        for fact in FACTS:
            cell = cells.pop(fact.column, "")
            try:
                values[fact.column] = fact.read(cell) if cell else None
            except ValueError as error:
                raise ValueError(f"{fact.column}: {error}") from error
        return cls({**values, **cells})

    def get(self, fact: Fact[Value]) -> Value | None:
        """The patient's value, None if it is unknown."""
        return self.values.get(fact.column)  # type: ignore[return-value]

    def replaced(self, fact: Fact[Value], value: Value | None) -> ClinicalRecord:
        """The record with another value of one fact, None for unknown."""
        return ClinicalRecord({**self.values, fact.column: value})

    def cells(self) -> dict[str, str]:
        """What a manifest holds of it, by column; empty for unknown."""
        return {f.column: f.write(self.values[f.column]) if f.column in self.values else "" for f in FACTS}

    def facts(self) -> dict[str, bool | None]:
        """The facts as models take them, by the names and in the order of `CLINICAL_FACTS`."""
        values = {name: self.get(fact) for name, fact in FACT_OF_TERM.items()}
        return {name: None if value is None else TERMS[name].holds(value) for name, value in values.items()}
