"""The clinical facts: one file each, and one entry in `FACTS`.

Reading and writing of manifests, the terms that a model may have, reports and model cards follow from the entry. To add
a fact, write a file such as ``ast.py`` and put it into `FACTS`.
"""

from collections.abc import Mapping
from typing import Any

from .afp import AFP
from .ast import AST
from .child_pugh_class import CHILD_PUGH
from .fact import Fact, Term
from .measured import Between, Measured, is_above, measured
from .portal_venous_invasion import PORTAL_VENOUS_INVASION

FACTS: tuple[Fact[Any], ...] = (
    CHILD_PUGH,
    PORTAL_VENOUS_INVASION,
    AFP,
    AST,
)
"""Every fact, in the order of tables and reports."""

FACT_OF_TERM: Mapping[str, Fact[Any]] = {fact.term.name: fact for fact in FACTS if fact.term is not None}
"""The facts that a model can take, by the names of their terms."""

TERMS: Mapping[str, Term[Any]] = {fact.term.name: fact.term for fact in FACTS if fact.term is not None}
"""The terms by their names."""

CLINICAL_FACTS: tuple[str, ...] = tuple(TERMS)
"""Names of the terms, which are the facts as models take them: of a patient each is True, False or None (unknown)."""

__all__ = [
    "AFP",
    "AST",
    "CHILD_PUGH",
    "CLINICAL_FACTS",
    "FACTS",
    "FACT_OF_TERM",
    "PORTAL_VENOUS_INVASION",
    "TERMS",
    "Between",
    "Fact",
    "Measured",
    "Term",
    "is_above",
    "measured",
]
