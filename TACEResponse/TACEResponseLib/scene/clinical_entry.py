"""The clinical facts as they stand in the panel's fields, and what they say."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace

from ..cohort import (
    AFP,
    AST,
    CHILD_PUGH,
    FACTS,
    PORTAL_VENOUS_INVASION,
    Between,
    ChildPugh,
    ClinicalRecord,
    Fact,
    Measured,
)
from ..cohort.clinical_values import check_typed_number, parse_number
from ..cohort.facts.measured import measured_text
from ..cohort.units import AFP_UNITS, AST_UNITS, to_ng_ml, to_u_l
from .i18n import _

NOT_ENTERED = ""
UNKNOWN = "unknown"
YES, NO = "yes", "no"

CHILD_PUGH_CHOICES: tuple[str, ...] = (
    NOT_ENTERED,
    UNKNOWN,
    *CHILD_PUGH.choices,
)
"""Nothing, unknown, and the classes without and with points: A, A5, A6, B, B7 ..."""

INVASION_CHOICES: tuple[str, ...] = (NOT_ENTERED, UNKNOWN, NO, YES)

FACT_OF_FIELD: Mapping[str, Fact] = {
    "childPugh": CHILD_PUGH,
    "portalVenousInvasion": PORTAL_VENOUS_INVASION,
    "afp": AFP,
    "ast": AST,
}
"""The fact that each field of the panel asks for."""

MORE_FACTS: tuple[Fact, ...] = tuple(fact for fact in FACTS if fact not in FACT_OF_FIELD.values())
"""Facts without a field of their own: published scores and models of other centres ask for them; unknown is allowed."""

FIELD_OF_FACT = {fact.term.name: field for field, fact in FACT_OF_FIELD.items()}
"""The field of the panel that asks for each of the model's facts."""


@dataclass(frozen=True)
class ClinicalEntry:
    """The fields of step 3; empty means not entered yet, which is not the same as "unknown".

    ``childPugh`` is one of `CHILD_PUGH_CHOICES`, ``portalVenousInvasion`` of `INVASION_CHOICES`. ``afp`` and ``ast``
    are texts in the units chosen, such as "12" or "<20"; ``ngPerMlPerIu`` converts AFP from IU/mL. ``moreFacts`` are
    the cells of `MORE_FACTS` as JSON by column, as a manifest has them; what is absent is unknown.
    """

    childPugh: str = NOT_ENTERED
    portalVenousInvasion: str = NOT_ENTERED
    afp: str = ""
    afpUnit: str = "ng/mL"
    afpUnknown: bool = False
    ngPerMlPerIu: float = AFP_UNITS["IU/mL"]
    ast: str = ""
    astUnit: str = "U/L"
    astUnknown: bool = False
    moreFacts: str = ""

    def more(self) -> dict[str, str]:
        """The cells of `MORE_FACTS` that are filled, by column."""
        return json.loads(self.moreFacts) if self.moreFacts else {}

    def withMore(self, column: str, cell: str) -> ClinicalEntry:
        """With another cell of `MORE_FACTS`; an empty one makes the fact unknown."""
        cells = {name: text for name, text in {**self.more(), column: cell.strip()}.items() if text}
        return replace(self, moreFacts=json.dumps(cells, sort_keys=True) if cells else "")

    def isEmpty(self) -> bool:
        """Nothing was entered yet."""
        return self.withoutFacts() == self

    def withoutFacts(self) -> ClinicalEntry:
        """The same units, no facts: what another patient begins with."""
        return ClinicalEntry(afpUnit=self.afpUnit, ngPerMlPerIu=self.ngPerMlPerIu, astUnit=self.astUnit)

    def problems(self) -> dict[str, str]:
        """Why a field does not tell its fact, by field name; fields that are right or unknown are absent."""
        problems = {}
        for field in FACT_OF_FIELD:
            try:
                self._value(field)
            except ValueError as error:
                problems[field] = str(error)
        problems |= self._readMore()[1]
        return problems

    def record(self) -> ClinicalRecord:
        """The facts. Raises ValueError naming the first field that does not tell its fact."""
        values = {FACT_OF_FIELD[field].column: self._value(field) for field in FACT_OF_FIELD}
        more, problems = self._readMore()
        if problems:
            raise ValueError(next(iter(problems.values())))
        return ClinicalRecord({**values, **more})

    def knownFacts(self) -> ClinicalRecord:
        """The facts of the fields that are right; the others count as unknown. For showing, not for predicting."""
        known = FACT_OF_FIELD.keys() - self.problems().keys()
        values = {FACT_OF_FIELD[field].column: self._value(field) for field in known}
        return ClinicalRecord({**values, **self._readMore()[0]})

    def _readMore(self) -> tuple[dict[str, object], dict[str, str]]:
        """Values of `MORE_FACTS` and problems of their cells, by column."""
        values: dict[str, object] = {}
        problems: dict[str, str] = {}
        cells = self.more()
        for fact in MORE_FACTS:
            if fact.column in cells:
                try:
                    values[fact.column] = fact.read(cells[fact.column])
                except ValueError as error:
                    problems[fact.column] = f"{fact.name[:1].upper()}{fact.name[1:]}: {error}"
        return values, problems

    def afpInModelUnit(self) -> str:
        """E.g. "= 121 ng/mL" beside a value in another unit; empty where there is nothing to convert."""
        factor = self.ngPerMlPerIu if self.afpUnit == "IU/mL" else AFP_UNITS.get(self.afpUnit, 1)
        return "" if factor == 1 or self.afpUnknown else _converted(self.afp, factor, "ng/mL")

    def astInModelUnit(self) -> str:
        """E.g. "= 48 U/L"."""
        factor = AST_UNITS.get(self.astUnit, 1)
        return "" if factor == 1 or self.astUnknown else _converted(self.ast, factor, "U/L")

    def _value(self, field: str) -> object:
        return {
            "childPugh": self._childPugh,
            "portalVenousInvasion": self._invasion,
            "afp": self._afp,
            "ast": self._ast,
        }[field]()

    def _childPugh(self) -> ChildPugh | None:
        if self.childPugh == NOT_ENTERED:
            raise ValueError(_("Child-Pugh: choose the class, or unknown."))
        return None if self.childPugh == UNKNOWN else CHILD_PUGH.read(self.childPugh)

    def _invasion(self) -> bool | None:
        if self.portalVenousInvasion == NOT_ENTERED:
            raise ValueError(_("Portal venous invasion: choose absent, present or unknown."))
        if self.portalVenousInvasion not in INVASION_CHOICES:
            words = _("Portal venous invasion: {value} is not known here; choose absent, present or unknown.")
            raise ValueError(words.format(value=repr(self.portalVenousInvasion)))
        return None if self.portalVenousInvasion == UNKNOWN else self.portalVenousInvasion == YES

    def _afp(self) -> Measured | None:
        if self.afpUnknown:
            return None
        text = self.afp.strip()
        if not text:
            raise ValueError(_("AFP: enter the value, or tick unknown."))
        sign = text[0] if text[0] in "<>" else ""
        try:
            check_typed_number(text[len(sign) :])
            value = to_ng_ml(parse_number(text[len(sign) :]), self.afpUnit, self.ngPerMlPerIu)
            return AFP.read(f"{sign}{value:.10g}")
        except ValueError as error:
            raise ValueError(withFieldName(_("AFP"), error)) from error

    def _ast(self) -> Measured | None:
        if self.astUnknown:
            return None
        if not self.ast.strip():
            raise ValueError(_("AST: enter the value, or tick unknown."))
        try:
            return AST.read(f"{to_u_l(parse_number(self.ast), self.astUnit):.10g}")
        except ValueError as error:
            raise ValueError(withFieldName(_("AST"), error)) from error


def entryOf(record: ClinicalRecord) -> ClinicalEntry:
    """The fields that tell a record, in the models' units; a fact that is None becomes "unknown"."""
    cells = record.cells()
    return ClinicalEntry(
        childPugh=cells[CHILD_PUGH.column] or UNKNOWN,
        portalVenousInvasion=cells[PORTAL_VENOUS_INVASION.column] or UNKNOWN,
        afp=_typed(record.get(AFP)),
        afpUnknown=record.get(AFP) is None,
        ast="" if record.get(AST) is None else measured_text(record.get(AST)),
        astUnknown=record.get(AST) is None,
        moreFacts=_moreFacts(cells),
    )


def _moreFacts(cells: Mapping[str, str]) -> str:
    more = {fact.column: cells[fact.column] for fact in MORE_FACTS if cells[fact.column]}
    return json.dumps(more, sort_keys=True) if more else ""


def _typed(value: Measured | None) -> str:
    """The value as text of a field; 1.234 as 1.2340, as a person's 1.234 may mean a thousand."""
    if value is None:
        return ""
    text = measured_text(value) if isinstance(value, Between) else f"{value:.10g}"
    try:
        check_typed_number(text)
    except ValueError:
        return f"{text}0"
    return text


def cellOf(fact: Fact, typed: str, unit: str) -> str:
    """The cell of a manifest for what was typed in a unit; text that is not a number stays as it is."""
    text = typed.strip()
    sign = text[:1] if text[:1] in ("<", ">") else ""
    factor = fact.units.get(unit, 1.0)
    try:
        check_typed_number(text[len(sign) :])
        number = parse_number(text[len(sign) :])
    except ValueError:
        return text
    return f"{sign}{factor * number:.10g}"


def withFieldName(name: str, error: ValueError) -> str:
    """The refusal with its field's name, which it may begin with already."""
    return str(error) if str(error).startswith(f"{name}: ") else f"{name}: {error}"


def _converted(text: str, factor: float, unit: str) -> str:
    sign = text.strip()[:1] if text.strip()[:1] in ("<", ">") else ""
    try:
        value = factor * parse_number(text.strip()[len(sign) :])
    except ValueError:
        return ""
    return f"= {sign}{value:.4g} {unit}"
