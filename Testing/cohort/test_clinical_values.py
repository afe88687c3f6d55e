"""Clinical cells: what is accepted, what is refused, and the units."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from TACEResponseLib.cohort.clinical_values import (
    child_pugh_cell,
    parse_afp,
    parse_ast,
    parse_child_pugh,
    parse_number,
    parse_yes_no,
)
from TACEResponseLib.cohort.units import to_ng_ml, to_u_l


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("A", ("A", None)),
        ("b", ("B", None)),
        ("A5", ("A", 5)),
        ("B7", ("B", 7)),
        ("B9", ("B", 9)),
        (" C 15 ", ("C", 15)),
    ],
)
def test_child_pugh_is_accepted(cell, expected):
    assert parse_child_pugh(cell) == expected


@pytest.mark.parametrize("cell", ["D", "A9", "A7", "B10", "C9", "A4", "C16", "7", "AB", "B7.5", "Class A"])
def test_child_pugh_is_refused(cell):
    with pytest.raises(ValueError, match=cell.strip()):
        parse_child_pugh(cell)


@given(
    st.sampled_from([("A", 5), ("A", 6), ("B", 7), ("B", 8), ("B", 9), *(("C", n) for n in range(10, 16)), ("B", None)])
)
def test_child_pugh_round_trip(value):
    assert parse_child_pugh(child_pugh_cell(*value)) == value


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("<20", (None, False)),
        ("<400", (None, False)),
        ("< 7", (None, False)),
        (">400", (None, True)),
        (">1000", (None, True)),
        ("400", (400.0, False)),
        ("400.1", (400.1, True)),
        ("2.5", (2.5, False)),
        ("60500", (60500.0, True)),
    ],
)
def test_afp_is_accepted(cell, expected):
    assert parse_afp(cell) == expected


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("<500", "above 400"),
        ("<401", "above 400"),
        (">399", "above 400"),
        ("1,200", "ambiguous.*1200 or 1.2"),
        ("12,5", r"ambiguous.*decimals\. Write 12\.5\.$"),
        ("<1,200", "ambiguous"),
        ("1.200,5", "without a separator of thousands"),
        ("1_000", "not a number"),
        ("-3", "negative"),
        ("high", "not a number"),
        ("nan", "no finite"),
        ("inf", "no finite"),
    ],
)
def test_afp_is_refused(cell, words):
    with pytest.raises(ValueError, match=words):
        parse_afp(cell)


def test_ast_below_five_asks_for_the_unit():
    assert parse_ast("38") == 38.0
    with pytest.raises(ValueError, match=r"ukat/L.*36 U/L"):
        parse_ast("0.6")
    with pytest.raises(ValueError, match="negative"):
        parse_ast("-12")


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
    assert parse_number(repr(value)) == value


def test_units():
    assert to_ng_ml(100, "IU/mL") == pytest.approx(121)
    assert to_ng_ml(100, "IU/mL", ng_ml_per_iu_ml=1.2) == pytest.approx(120)
    assert to_ng_ml(7, "ug/L") == 7
    assert to_u_l(0.5, "ukat/L") == pytest.approx(30)
    with pytest.raises(ValueError, match="mmol"):
        to_u_l(3, "mmol/L")
    with pytest.raises(ValueError, match="negative"):
        to_ng_ml(-1, "ng/mL")
