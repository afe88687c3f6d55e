"""The fields of the clinical step, their units, and the Child-Pugh calculator."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from TACEResponseLib.cohort import AFP, AST, CHILD_PUGH, ClinicalRecord
from TACEResponseLib.cohort.facts import ALBUMIN, BILIRUBIN
from TACEResponseLib.panel.child_pugh_calculator import ChildPughItems
from TACEResponseLib.scene.clinical_entry import CHILD_PUGH_CHOICES, ClinicalEntry, cellOf, entryOf

COMPLETE = {"childPugh": "A5", "portalVenousInvasion": "no", "afp": "12", "ast": "30"}


def entry(**changes):
    return ClinicalEntry(**{**COMPLETE, **changes})


def test_the_choices_of_child_pugh_are_those_of_the_rule():
    grades = CHILD_PUGH_CHOICES[2:]
    assert grades[:4] == ("A", "A5", "A6", "B")
    assert grades[-1] == "C15"
    assert len(grades) == 3 + 11


@pytest.mark.parametrize(
    ("changes", "afp", "above"),
    [
        ({"afp": "400"}, 400.0, False),
        ({"afp": "400.5"}, 400.5, True),
        ({"afp": "340", "afpUnit": "IU/mL"}, 411.4, True),
        ({"afp": "340", "afpUnit": "IU/mL", "ngPerMlPerIu": 1.0}, 340.0, False),
        ({"afp": "<20"}, None, False),
        ({"afp": ">1000"}, None, True),
        ({"afp": ">350", "afpUnit": "IU/mL"}, None, True),
        ({"afpUnknown": True, "afp": ""}, None, None),
    ],
)
def test_afp_in_the_unit_entered(changes, afp, above):
    record = entry(**changes).record()
    value = record.get(AFP)
    assert value == pytest.approx(afp) if afp is not None else not isinstance(value, float)
    assert record.facts()["afp_above_400_ng_ml"] is above


def test_ast_in_ukat_is_sixty_times_as_much():
    assert entry(ast="0.5", astUnit="ukat/L").record().get(AST) == pytest.approx(30)
    assert entry(ast="0.5", astUnit="ukat/L").astInModelUnit() == "= 30 U/L"
    assert entry(afp="100", afpUnit="IU/mL").afpInModelUnit() == "= 121 ng/mL"
    assert entry(afp="<10", afpUnit="IU/mL").afpInModelUnit() == "= <12.1 ng/mL"
    assert entry().afpInModelUnit() == ""


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"afp": ">300"}, "afp", "does not say whether AFP is above 400"),
        ({"afp": "1,200"}, "afp", "ambiguous"),
        ({"afp": "1.200"}, "afp", "Write 1200 or 1.2."),
        ({"afp": ">1.000"}, "afp", "Write 1000 or 1."),
        ({"afp": "20.125"}, "afp", "Write 20125 or 20.1250."),
        ({"afp": "many"}, "afp", "not a number"),
        ({"ast": "0.6"}, "ast", "ukat/L"),
        ({"ast": ""}, "ast", "tick unknown"),
        ({"portalVenousInvasion": ""}, "portalVenousInvasion", "absent, present or unknown"),
        ({"portalVenousInvasion": "maybe"}, "portalVenousInvasion", "'maybe' is not known here"),
        ({"afpUnit": "kU/L"}, "afp", "the unit 'kU/L' is not known"),
        ({"astUnit": "kat"}, "ast", "the unit 'kat' is not known"),
    ],
)
def test_a_field_that_does_not_tell_its_fact_says_why(changes, field, words):
    problems = entry(**changes).problems()
    assert set(problems) == {field}
    assert words in problems[field]
    with pytest.raises(ValueError, match=r".+"):
        entry(**changes).record()


def test_a_unit_of_another_version_converts_nothing_and_is_named_once():
    foreign = entry(afpUnit="kU/L", astUnit="kat")
    assert (foreign.afpInModelUnit(), foreign.astInModelUnit()) == ("", "")
    assert foreign.problems()["afp"].count("AFP") == 1


def test_a_wrong_field_counts_as_unknown_for_showing_only():
    known = entry(afp="many").knownFacts()
    assert known.get(AFP) is None
    assert known.get(CHILD_PUGH).child_pugh == "A"


records = st.builds(
    ClinicalRecord.from_cells,
    child_pugh=st.sampled_from(["", "A", "B8"]),
    portal_venous_invasion=st.sampled_from(["", "yes", "no"]),
    afp_ng_ml=st.sampled_from(["", "<20", ">1000"]) | st.floats(0, 1e5).map("{:.6g}".format),
    ast_u_l=st.just("") | st.floats(5, 5000).map("{:.6g}".format),
)


@given(records)
def test_a_record_becomes_fields_and_the_same_record_again(record):
    assert entryOf(record).record() == record


def test_the_calculator_follows_the_table():
    items = ChildPughItems("2.5", "mg/dL", "30", "g/L", "1.8", "INR", "mild or controlled", "0")
    assert items.choice() == "B9"
    assert items.words() == "Child-Pugh B9"


def test_a_missing_item_gives_a_range_and_never_a():
    items = ChildPughItems(bilirubin="1", albumin="4", coagulation="1.0", ascites="none")
    assert items.choice() == ""
    assert items.words().startswith("5 to 7 points: class A or B")


def test_missing_items_that_change_nothing_leave_the_class_decided():
    items = ChildPughItems("60", "umol/L", "20", "g/L", "3", "INR", "moderate or more")
    assert items.choice() == "C"


def test_an_item_that_cannot_be_read_is_named():
    assert ChildPughItems(bilirubin="1,2").words().startswith("Bilirubin: ")


@pytest.mark.parametrize(
    ("items", "words"),
    [
        ({"albumin": "28", "albuminUnit": "g/dL"}, "is it in g/L?"),
        ({"albumin": "3.0", "albuminUnit": "g/L"}, "is it in g/dL?"),
        ({"bilirubin": "1.2", "bilirubinUnit": "umol/L"}, "is it in mg/dL?"),
        ({"bilirubin": "290", "bilirubinUnit": "mg/dL"}, "is it in umol/L?"),
        ({"coagulation": "70", "coagulationKind": "INR"}, "is it in % (Quick)?"),
        ({"coagulation": "-0.5", "coagulationKind": "INR"}, "negative"),
    ],
)
def test_a_value_that_only_another_unit_explains_is_refused(items, words):
    assert words in ChildPughItems(**items).words()


def test_a_prothrombin_time_may_be_shorter_than_the_control():
    items = ChildPughItems("1", "mg/dL", "4", "g/dL", "-0.5", "s", "none", "0")
    assert items.words() == "Child-Pugh A5"


def test_a_number_with_three_decimals_comes_back_from_a_table_as_it_was():
    record = ClinicalRecord.from_cells(
        child_pugh="A5", portal_venous_invasion="no", afp_ng_ml="1.234", ast_u_l="40.125"
    )
    assert entryOf(record).record() == record
    assert ChildPughItems(coagulation="5", coagulationKind="s").childPugh().lowest_points == 6


def test_further_facts_are_cells_of_a_manifest():
    entry = ClinicalEntry(childPugh="B7", portalVenousInvasion="no", afp="12", ast="30")
    entry = entry.withMore("albumin_g_l", cellOf(ALBUMIN, "3.8", "g/dL")).withMore("bilirubin_umol_l", "20")
    assert entry.record().get(ALBUMIN) == 38.0
    assert entry.withMore("albumin_g_l", "").record().get(ALBUMIN) is None
    assert entryOf(entry.record()).more() == {"albumin_g_l": "38", "bilirubin_umol_l": "20"}
    wrong = entry.withMore("albumin_g_l", "3.8")
    assert "is it in g/dL" in wrong.problems()["albumin_g_l"]
    assert wrong.knownFacts().get(ALBUMIN) is None
    with pytest.raises(ValueError, match=r"Albumin: '3\.8' g/L is too low"):
        wrong.record()


@pytest.mark.parametrize(
    ("typed", "unit", "cell"),
    [
        ("1.1", "mg/dL", "18.81"),
        ("20", "umol/L", "20"),
        ("<2", "mg/dL", "<34.2"),
        ("abc", "mg/dL", "abc"),
        ("", "mg/dL", ""),
    ],
)
def test_what_is_typed_in_a_unit_becomes_a_cell(typed, unit, cell):
    assert cellOf(BILIRUBIN, typed, unit) == cell


def test_the_calculator_hands_its_measurements_on():
    items = ChildPughItems(bilirubin="1.0", albumin="38", albuminUnit="g/L", coagulation="1.2")
    assert items.cells() == {"bilirubin_umol_l": "17.1", "albumin_g_l": "38", "inr": "1.2"}
    assert (
        ChildPughItems(bilirubin="x", albumin="3.8", albuminUnit="g/L", coagulation="4", coagulationKind="s").cells()
        == {}
    )
