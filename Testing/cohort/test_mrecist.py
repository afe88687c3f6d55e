"""mRECIST against 287 reads of real patients, and its rules."""

import csv

import pytest
from hypothesis import given
from hypothesis import strategies as st
from TACEResponseLib.cohort import is_objective_response, mrecist_category

_NAMES = {"1": "CR", "2": "PR", "3": "SD", "4": "PD"}


def test_all_reads_of_hcc_tace_seg(shared):
    reads = 0
    with (shared / "data" / "hcc-tace-seg" / "clinical.csv").open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            for reader in "123":
                cells = [row[f"{reader}_mRECIST{part}"].strip() for part in ("_BL", "_FU", "")]
                if cells[2] not in _NAMES or not cells[0] or not cells[1]:
                    continue
                assert mrecist_category(float(cells[0]), float(cells[1])) == _NAMES[cells[2]], (row["TCIA_ID"], reader)
                reads += 1
    assert reads == 287


@pytest.mark.parametrize(
    ("baseline", "follow_up", "category"),
    [(50, 0, "CR"), (50, 35, "PR"), (50, 35.001, "SD"), (50, 59.999, "SD"), (50, 60, "PD"), (3.0, 0.7 * 3.0, "PR")],
)
def test_limits(baseline, follow_up, category):
    assert mrecist_category(baseline, follow_up) == category


def test_the_baseline_belongs_to_the_smallest_sum_so_far():
    assert mrecist_category(30, 40, smallest_mm=50) == "PD"
    assert mrecist_category(30, 35, smallest_mm=50) == "SD"


def test_tumour_after_a_complete_response_is_progression():
    assert mrecist_category(50, 5, smallest_mm=0) == "PD"
    assert mrecist_category(50, 0, smallest_mm=0) == "CR"


def test_progression_is_measured_from_the_smallest_sum():
    assert mrecist_category(100, 60, smallest_mm=50) == "PD"
    assert mrecist_category(100, 59, smallest_mm=50) == "PR"


def test_other_lesions():
    assert mrecist_category(50, 0, new_lesion=True) == "PD"
    assert mrecist_category(50, 0, non_target="progressing") == "PD"
    assert mrecist_category(50, 0, non_target="persisting") == "PR"
    assert mrecist_category(50, 0, non_target="gone") == "CR"
    assert mrecist_category(50, 45, non_target="persisting") == "SD"


@given(st.floats(1, 300), st.floats(0, 400), st.floats(0, 50))
def test_more_tumour_is_never_a_better_category(baseline, follow_up, more):
    order = ["CR", "PR", "SD", "PD"]
    first, second = (order.index(mrecist_category(baseline, value)) for value in (follow_up, follow_up + more))
    assert second >= first


def test_outcome():
    assert [is_objective_response(name) for name in ("CR", "PR", "SD", "PD", "NE")] == [True, True, False, False, None]
    with pytest.raises(ValueError, match="MR"):
        is_objective_response("MR")


@pytest.mark.parametrize(("baseline", "follow_up"), [(0, 10), (-1, 3), (50, -1), (float("nan"), 1), (50, float("inf"))])
def test_impossible_sums_are_refused(baseline, follow_up):
    with pytest.raises(ValueError, match="viable"):
        mrecist_category(baseline, follow_up)
    with pytest.raises(ValueError, match="unclear"):
        mrecist_category(50, 40, non_target="unclear")
