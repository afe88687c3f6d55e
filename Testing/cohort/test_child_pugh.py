"""Child-Pugh by the table of clinical.md (Pugh 1973): every limit, both units, missing items."""

from itertools import product

import pytest
from TACEResponseLib.cohort import child_pugh_from_items
from TACEResponseLib.cohort.child_pugh import (
    ASCITES,
    ENCEPHALOPATHY,
    albumin_points,
    bilirubin_points,
    class_of,
    grade_points,
    inr_points,
    prothrombin_points,
)


@pytest.mark.parametrize(
    ("points", "function", "value", "unit"),
    [
        (1, bilirubin_points, 1.99, "mg/dL"),
        (2, bilirubin_points, 2.0, "mg/dL"),
        (2, bilirubin_points, 3.0, "mg/dL"),
        (3, bilirubin_points, 3.01, "mg/dL"),
        (1, bilirubin_points, 33.9, "umol/L"),
        (2, bilirubin_points, 34.0, "umol/L"),
        (2, bilirubin_points, 51.0, "umol/L"),
        (3, bilirubin_points, 51.1, "umol/L"),
        (1, albumin_points, 3.51, "g/dL"),
        (2, albumin_points, 3.5, "g/dL"),
        (2, albumin_points, 2.8, "g/dL"),
        (3, albumin_points, 2.79, "g/dL"),
        (1, albumin_points, 35.1, "g/L"),
        (2, albumin_points, 35.0, "g/L"),
        (2, albumin_points, 28.0, "g/L"),
        (3, albumin_points, 27.9, "g/L"),
    ],
)
def test_limits_with_units(points, function, value, unit):
    assert function(value, unit) == points


@pytest.mark.parametrize(("inr", "points"), [(1.0, 1), (1.69, 1), (1.7, 2), (2.3, 2), (2.31, 3)])
def test_inr(inr, points):
    assert inr_points(inr) == points


@pytest.mark.parametrize(("seconds", "points"), [(-1, 1), (0, 1), (3.9, 1), (4, 2), (6, 2), (6.1, 3)])
def test_prothrombin(seconds, points):
    assert prothrombin_points(seconds) == points


def test_grades():
    assert [grade_points(grade, ASCITES) for grade in ASCITES] == [1, 2, 3]
    assert [grade_points(grade, ENCEPHALOPATHY) for grade in ENCEPHALOPATHY] == [1, 2, 3]
    with pytest.raises(ValueError, match="some"):
        grade_points("some", ASCITES)


def test_every_sum_and_class():
    for items in product((1, 2, 3), repeat=5):
        result = child_pugh_from_items(*items)
        assert result.points == sum(items)
        assert result.child_pugh == ("A" if sum(items) <= 6 else "B" if sum(items) <= 9 else "C")


def test_a_missing_item_gives_the_range_never_a():
    result = child_pugh_from_items(1, 1, 1, 1)
    assert (result.points, result.child_pugh, result.classes) == (None, None, ("A", "B"))
    assert (result.lowest_points, result.highest_points) == (5, 7)
    assert child_pugh_from_items().classes == ("A", "B", "C")
    certain = child_pugh_from_items(3, 3, 3, 3, None)
    assert (certain.points, certain.child_pugh) == (None, "C")


def test_what_is_no_measurement_is_refused():
    with pytest.raises(ValueError, match="negative"):
        bilirubin_points(-1, "mg/dL")
    with pytest.raises(ValueError, match="not a number"):
        albumin_points(float("nan"), "g/L")
    with pytest.raises(ValueError, match="mmol"):
        bilirubin_points(1, "mmol/L")
    with pytest.raises(ValueError, match="1, 2 or 3"):
        child_pugh_from_items(0, 1, 1, 1, 1)
    with pytest.raises(ValueError, match="5 and 15"):
        class_of(4)
