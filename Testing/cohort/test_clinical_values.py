"""Clinical cells: what is accepted, what is refused, and the units."""

import math
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from TACEResponseLib.cohort import AFP, AST, CHILD_PUGH, FACTS, Between, ChildPugh, ClinicalRecord
from TACEResponseLib.cohort.clinical_values import number_text, parse_number, parse_yes_no
from TACEResponseLib.cohort.units import to_ng_ml, to_u_l


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("A", ("A", None, 5, 6)),
        ("b", ("B", None, 7, 9)),
        ("c", ("C", None, 10, 15)),
        ("A5", ("A", 5, 5, 5)),
        ("B7", ("B", 7, 7, 7)),
        ("B9", ("B", 9, 9, 9)),
        (" C 15 ", ("C", 15, 15, 15)),
    ],
)
def test_child_pugh_is_accepted(cell, expected):
    grade = CHILD_PUGH.read(cell)
    assert (grade.child_pugh, grade.points, grade.lowest_points, grade.highest_points) == expected


@pytest.mark.parametrize("cell", ["D", "A9", "A7", "B10", "C9", "A4", "C16", "7", "AB", "B7.5", "Class A"])
def test_child_pugh_is_refused(cell):
    with pytest.raises(ValueError, match=cell.strip()):
        CHILD_PUGH.read(cell)


def test_child_pugh_round_trip():
    assert len(CHILD_PUGH.choices) == 3 + 11
    for cell in CHILD_PUGH.choices:
        assert CHILD_PUGH.write(CHILD_PUGH.read(cell)) == cell


def test_several_classes_are_written_as_none():
    with pytest.raises(ValueError, match="A or B"):
        CHILD_PUGH.write(ChildPugh(6, 7))
    assert CHILD_PUGH.term.holds(ChildPugh(6, 7)) is None
    assert CHILD_PUGH.term.holds(ChildPugh(9, 10)) is True


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("<20", (None, False)),
        ("<400", (None, False)),
        ("< 7", (None, False)),
        (">400", (None, True)),
        (">1000", (None, True)),
        ("<=400", (None, False)),
        ("≤ 20", (None, False)),
        (">=401", (None, True)),
        ("≥1000", (None, True)),
        ("1200 ng/mL", (1200.0, True)),
        ("1\u00a0200", (1200.0, True)),
        ("1'200", (1200.0, True)),
        ("> 400", (None, True)),
        ("400", (400.0, False)),
        ("400.1", (400.1, True)),
        ("2.5", (2.5, False)),
        ("60500", (60500.0, True)),
    ],
)
def test_afp_is_accepted(cell, expected):
    value = AFP.read(cell)
    assert (value if isinstance(value, float) else None, AFP.term.holds(value)) == expected


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("<500", "above 400"),
        ("<401", "above 400"),
        (">399", "above 400"),
        ("≥400", "above 400"),
        (">=400", "above 400"),
        ("400+", "not a number.* leave it empty if it is unknown"),
        ("1200 IU/mL", "not a number"),
        ("12 00", "not a number"),
        ("1,200", "ambiguous.*1200 or 1.2"),
        ("12,5", r"ambiguous.*decimals\. Write 12\.5\.$"),
        ("<1,200", "ambiguous"),
        ("1.200,5", "without a separator of thousands"),
        ("1_000", "not a number"),
        ("-3", "negative"),
        ("high", "not a number"),
        ("nan", "not finite"),
        ("inf", "not finite"),
    ],
)
def test_afp_is_refused(cell, words):
    with pytest.raises(ValueError, match=words):
        AFP.read(cell)


def test_ast_below_five_asks_for_the_unit():
    assert AST.read("38") == 38.0
    with pytest.raises(ValueError, match=r"ukat/L.*36 U/L"):
        AST.read("0.6")
    with pytest.raises(ValueError, match="negative"):
        AST.read("-12")


@pytest.mark.parametrize(("cell", "above"), [("40", False), ("40.0001", True), ("<40", False), (">40", True)])
def test_ast_on_both_sides_of_its_limit(cell, above):
    assert AST.term.holds(AST.read(cell)) is above


@pytest.mark.parametrize("cell", ["<41", ">39", "<1000"])
def test_an_ast_that_decides_nothing_is_refused(cell):
    with pytest.raises(ValueError, match="does not say whether AST is above 40 U/L; enter the measured value"):
        AST.read(cell)


@given(st.floats(0, 1e9))
def test_measured_values_and_limits_come_back(value):
    assert AFP.read(AFP.write(value)) == value
    for one in (Between.below(max(value, 1e-3)), Between.above(value), Between(0.0, value), Between(value, math.inf)):
        assert AFP.term.holds(one) is None or AFP.read(AFP.write(one)) == one


def test_a_long_cell_is_refused_at_once():
    started_s = time.process_time()
    for cell in ("1" + " " * 100_000 + "x", "1.234" * 20_000, "1'234" * 20_000):
        with pytest.raises(ValueError, match="not a number"):
            AST.read(cell)
    assert time.process_time() - started_s < 1


def test_values_in_reports():
    assert [AFP.text(AFP.read(cell)) for cell in ("12", "<20", ">1000")] == ["12 ng/mL", "< 20 ng/mL", "> 1000 ng/mL"]
    assert [CHILD_PUGH.text(CHILD_PUGH.read(cell)) for cell in ("B", "B7")] == ["B", "B (7 points)"]


def test_every_fact_and_its_examples_of_both_levels():
    assert ClinicalRecord().facts() == dict.fromkeys(fact.term.name for fact in FACTS if fact.term)
    for fact in FACTS:
        if fact.term is not None:
            assert [fact.term.holds(example) for example in fact.term.examples] == [False, True]
            assert [fact.read(fact.write(example)) for example in fact.term.examples] == list(fact.term.examples)


def test_a_record_knows_no_other_facts_and_forgets_what_is_unknown():
    with pytest.raises(ValueError, match="'weight_kg' is not a clinical fact"):
        ClinicalRecord.from_cells(weight_kg="80")
    with pytest.raises(ValueError, match=r"^ast_u_l: '0\.6'"):
        ClinicalRecord.from_cells(ast_u_l="0.6")
    record = ClinicalRecord.from_cells(ast_u_l="50", child_pugh="A")
    assert record.replaced(AST, None) == ClinicalRecord.from_cells(child_pugh="A", ast_u_l="")
    assert repr(ClinicalRecord({"ast_u_l": 1.0, "child_pugh": None})) == "ClinicalRecord(values={'ast_u_l': 1.0})"


@pytest.mark.parametrize(
    ("cell", "expected"), [("yes", True), ("No", False), ("1", True), ("0", False), ("TRUE", True)]
)
def test_yes_and_no(cell, expected):
    assert parse_yes_no(cell) is expected


@pytest.mark.parametrize("cell", ["maybe", "2", "-", "bland", "?"])
def test_neither_yes_nor_no(cell):
    with pytest.raises(ValueError, match="yes or no"):
        parse_yes_no(cell)


@given(st.floats(0, 1e9, allow_nan=False))
def test_numbers_come_back(value):
    assert parse_number(repr(value)) == parse_number(number_text(value)) == value


def test_units():
    assert to_ng_ml(100, "IU/mL") == pytest.approx(121)
    assert to_ng_ml(100, "IU/mL", ng_ml_per_iu_ml=1.2) == pytest.approx(120)
    assert to_ng_ml(7, "ug/L") == 7
    assert to_u_l(0.5, "ukat/L") == pytest.approx(30)
    with pytest.raises(ValueError, match="mmol"):
        to_u_l(3, "mmol/L")
    with pytest.raises(ValueError, match="negative"):
        to_ng_ml(-1, "ng/mL")
