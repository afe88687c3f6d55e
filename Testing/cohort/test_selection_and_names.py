"""One case a patient, and one folder a case."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from TACEResponseLib.cohort import Case, CaseKey, case_folder_names, select_cases, select_where_possible


def case(patient_id, lesion="1", reader="1", session="1", diameter=""):
    return Case(
        CaseKey(patient_id, lesion, reader, session), columns={"lesion_diameter_mm": diameter} if diameter else {}
    )


def test_reader_1_first_session_of_the_largest_lesion():
    rows = [
        case("B", reader="2"),
        case("A", lesion="1", diameter="31"),
        case("A", lesion="2", session="10", diameter="44.5"),
        case("A", lesion="2", session="2", diameter="44.5"),
        case("B", session="2"),
        case("B"),
    ]
    assert [selected.key for selected in select_cases(rows)] == [CaseKey("B"), CaseKey("A", "2", "1", "2")]
    assert [selected.key for selected in select_cases(rows[:1], reader="2")] == [CaseKey("B", reader="2")]
    assert select_cases(rows[1:4], lesion="1")[0].key == CaseKey("A", "1")
    assert select_cases(rows[1:4], session="10")[0].key == CaseKey("A", "2", "1", "10")


def test_a_patient_who_cannot_be_selected_costs_only_himself():
    rows = [case("A", reader="2"), case("B"), case("C", "1"), case("C", "2")]
    selected, refused = select_where_possible(rows)
    assert selected == [rows[1]]
    assert [one for one, _ in refused] == [rows[0], rows[2]]
    assert "no row of reader 1" in refused[0][1]
    assert "not clear which is the largest" in refused[1][1]


@pytest.mark.parametrize(
    ("rows", "choice", "words"),
    [
        ([case("McA", reader="2")], {}, "Patient McA: no row of reader 1"),
        ([case("McA", "1"), case("McA", "2")], {}, "lesion_diameter_mm"),
        ([case("McA", "1", diameter="30"), case("McA", "2", diameter="30")], {}, "not clear which is the largest"),
        ([case("McA", "1", diameter="30"), case("McA", "2")], {}, "not clear which is the largest"),
        ([case("McA")], {"lesion": "3"}, "no lesion 3"),
        ([case("McA")], {"session": "3"}, "no session 3"),
    ],
)
def test_nothing_is_guessed(rows, choice, words):
    with pytest.raises(ValueError, match=words):
        select_cases(rows, **choice)


def test_folder_names():
    keys = [CaseKey("P 1"), CaseKey("P 1", "2", "2"), CaseKey("Ünal-7", session="2")]
    assert list(case_folder_names(keys).values()) == ["P_1", "P_1_lesion-2_reader-2", "Ünal-7_session-2"]
    with pytest.raises(ValueError, match="share one folder"):
        case_folder_names([CaseKey("P1", "2"), CaseKey("P1_lesion-2")])


@given(st.lists(st.builds(CaseKey, st.text(min_size=1), st.sampled_from("12"), st.sampled_from("12")), unique=True))
def test_folder_names_stay_within_one_folder_and_differ(keys):
    try:
        names = list(case_folder_names(keys).values())
    except ValueError:
        return
    assert len({name.casefold() for name in names}) == len(keys)
    assert not any(set(name) & set("/\\\0") or name in (".", "..") for name in names)
