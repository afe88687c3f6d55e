"""The clinical facts: one file each, and one entry in `FACTS`.

Reading and writing of manifests, the terms that a model may have, reports and model cards follow from the entry. To add
a fact, write a file such as ``ast.py`` and put it into `FACTS`.
"""

from collections.abc import Mapping
from typing import Any

from .afp import AFP
from .albumin import ALBUMIN
from .ast import AST
from .bilirubin import BILIRUBIN
from .child_pugh_class import CHILD_PUGH
from .creatinine import CREATININE
from .ecog import ECOG
from .fact import Fact, Term
from .hepatitis_c import HEPATITIS_C
from .inr import INR
from .liver_involvement import LIVER_INVOLVEMENT
from .measured import Between, Measured, is_above, measured
from .number_of_tumours import NUMBER_OF_TUMOURS
from .platelets import PLATELETS
from .portal_venous_invasion import PORTAL_VENOUS_INVASION

FACTS: tuple[Fact[Any], ...] = (
    CHILD_PUGH,
    PORTAL_VENOUS_INVASION,
    AFP,
    AST,
    BILIRUBIN,
    ALBUMIN,
    PLATELETS,
    INR,
    CREATININE,
    ECOG,
    NUMBER_OF_TUMOURS,
    LIVER_INVOLVEMENT,
    HEPATITIS_C,
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
    "ALBUMIN",
    "AST",
    "BILIRUBIN",
    "CHILD_PUGH",
    "CLINICAL_FACTS",
    "CREATININE",
    "ECOG",
    "FACTS",
    "FACT_OF_TERM",
    "HEPATITIS_C",
    "INR",
    "LIVER_INVOLVEMENT",
    "NUMBER_OF_TUMOURS",
    "PLATELETS",
    "PORTAL_VENOUS_INVASION",
    "TERMS",
    "Between",
    "Fact",
    "Measured",
    "Term",
    "is_above",
    "measured",
]
