"""ICC against R's psych (gold_statistics.json), pingouin and formulas; who was drawn again; stable lists."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from TACEResponseLib.cohort import Case, CaseKey
from TACEResponseLib.features import FeatureTable
from TACEResponseLib.repeatability import (
    find_redrawn,
    icc,
    plan_redrawing,
    read_stable_features,
    repeatability,
    stable_names,
    write_stable_features,
)


def test_shrout_and_fleiss_as_r_gives_them(shared):
    gold = json.loads((shared / "reference" / "gold_statistics.json").read_text())["icc_shrout_fleiss"]
    ratings = np.array(gold["ratings"], float)[:, :, None]
    for form in ("1,1", "2,1", "3,1"):
        result, expected = icc(ratings, form), gold[f"ICC({form})"]
        assert result.value[0] == pytest.approx(expected["value"], abs=1e-6)
        assert [result.low[0], result.high[0]] == pytest.approx(expected["ci95"], abs=1e-6)


def test_the_readers_of_hcc_tace_seg_as_r_gives_them(shared):
    """Baseline mRECIST diameters of three readers, 93 patients measured by all."""
    import csv

    path = shared / "data" / "hcc-tace-seg" / "clinical.csv"
    if not path.exists():
        pytest.skip("no HCC-TACE-Seg here")
    gold = json.loads((shared / "reference" / "gold_statistics.json").read_text())
    gold = gold["icc_hcc_tace_seg_mRECIST_baseline_3_readers"]
    with path.open(encoding="utf-8-sig", newline="") as file:
        cells = [[row[f"{reader}_mRECIST_BL"].strip() for reader in "123"] for row in csv.DictReader(file)]
    measured = [[float(cell) for cell in row] for row in cells if all(cell.replace(".", "").isdigit() for cell in row)]
    ratings = np.array(measured)[:, :, None]
    assert len(ratings) == gold["n"]
    for form in ("2,1", "3,1"):
        result, expected = icc(ratings, form), gold[f"ICC({form})"]
        assert result.value[0] == pytest.approx(expected["value"], abs=1e-6)
        assert [result.low[0], result.high[0]] == pytest.approx(expected["ci95"], abs=1e-6)


@given(st.integers(0, 10_000), st.integers(4, 30), st.integers(2, 4))
def test_equals_pingouin(seed, cases, raters):
    pingouin = pytest.importorskip("pingouin")
    import pandas as pd

    random = np.random.default_rng(seed)
    ratings = random.standard_normal((cases, 1)) + 0.7 * random.standard_normal((cases, raters))
    ratings += random.standard_normal(raters)
    frame = pd.DataFrame(
        [(case, rater, ratings[case, rater]) for case in range(cases) for rater in range(raters)],
        columns=["case", "rater", "value"],
    )
    table = pingouin.intraclass_corr(frame, "case", "rater", "value").set_index("Type")
    column = "CI95" if "CI95" in table else "CI95%"
    names = {form: name for form in ("1,1", "2,1", "3,1") for name in table.index if name.endswith(f"({form})")}
    names |= {f"{number},1": f"ICC{number}" for number in (1, 2, 3) if f"ICC{number}" in table.index}
    names |= {"1,1": "ICC(1,1)", "2,1": "ICC(A,1)", "3,1": "ICC(C,1)"} if "ICC(A,1)" in table.index else {}
    for form, name in names.items():
        result, expected = icc(ratings[:, :, None], form), table.loc[name]
        assert result.value[0] == pytest.approx(expected["ICC"], abs=1e-9)
        # pingouin rounds intervals to two digits.
        assert [result.low[0], result.high[0]] == pytest.approx(list(expected[column]), abs=0.0051)


def test_many_features_at_once_are_those_one_by_one():
    random = np.random.default_rng(0)
    ratings = random.standard_normal((20, 2, 30)) + 2 * random.standard_normal((20, 1, 30))
    together = icc(ratings)
    for feature in range(30):
        alone = icc(ratings[:, :, [feature]])
        assert together.value[feature] == pytest.approx(alone.value[0], abs=1e-12)
        assert together.low[feature] == pytest.approx(alone.low[0], abs=1e-12)


def test_constant_is_undefined_and_equal_is_perfect():
    ratings = np.zeros((12, 2, 2))
    ratings[:, :, 1] = np.arange(12)[:, None]
    for form in ("1,1", "2,1", "3,1"):
        result = icc(ratings, form)
        assert np.isnan(result.value[0])
        assert result.value[1] == 1
        assert (result.low[1], result.high[1]) == (1, 1)


def test_rounding_is_no_variation_and_a_gap_leaves_the_others_alone():
    random = np.random.default_rng(2)
    ratings = random.standard_normal((12, 2, 3))
    ratings[:, :, 0] = 1e6 * (1 + 1e-15 * random.standard_normal((12, 2)))
    whole = icc(ratings)
    ratings[4, 1, 1] = np.nan
    result = icc(ratings)
    assert np.isnan(result.value[[0, 1]]).all()
    assert (result.value[2], result.low[2]) == (whole.value[2], whole.low[2])


@pytest.mark.parametrize("ratings", [np.zeros((1, 2, 3)), np.zeros((5, 1, 3))])
def test_what_has_no_icc_is_refused(ratings):
    with pytest.raises(ValueError, match="An ICC needs"):
        icc(ratings)


def keys(*rows):
    return [CaseKey(*row.split()) for row in rows]


def test_rows_tell_who_was_drawn_again():
    retest, observer = find_redrawn(keys("a 1 1 1", "b 1 1 1", "a 1 1 2", "a 1 2 1", "b 1 2 1", "c 1 1 10", "c 1 1 9"))
    assert retest.kind == "test-retest"
    assert retest.pairs == (
        (CaseKey("a", "1", "1", "1"), CaseKey("a", "1", "1", "2")),
        (CaseKey("c", "1", "1", "9"), CaseKey("c", "1", "1", "10")),
    )
    assert retest.drawn_once == (CaseKey("b"),)
    assert observer.pairs == ((CaseKey("a"), CaseKey("a", "1", "2")), (CaseKey("b"), CaseKey("b", "1", "2")))
    assert observer.drawn_once == (CaseKey("c", "1", "1", "9"),)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (("a 1 1 1", "b 1 1 1"), "All 2 cases were drawn once, by reader 1"),
        (("a 1 1 1", "b 1 2 1"), "Patient b, reader 2: reader 2 has no partner, as reader 1 did not draw"),
        (("a 1 1 1", "a 1 2 1", "a 1 3 1"), "There are 3 readers .1, 2, 3.; say with whom"),
        (("a 1 1 1", "a 1 1 2", "a 1 1 3"), "Patient a: reader 1 drew it 3 times"),
        (("a 1 2 1",), "There is no row of reader 1; there are rows of reader 2"),
    ],
)
def test_rows_that_make_no_pairs_are_refused(rows, words):
    with pytest.raises(ValueError, match=words):
        find_redrawn(keys(*rows))


def test_a_third_reader_can_be_chosen():
    rows = keys("a 1 1 1", "a 1 2 1", "a 1 3 1")
    (found,) = find_redrawn(rows, other_reader="3")
    assert found.pairs == ((rows[0], rows[2]),)


def table_of(pairs, features, noise, seed=0):
    """Both readers measure the same truth; column j with an error of ``noise[j]`` standard deviations."""
    random = np.random.default_rng(seed)
    truth = random.standard_normal((pairs, features))
    rows = [CaseKey(f"p{case}", "1", reader, "1") for reader in ("1", "2") for case in range(pairs)]
    values = np.vstack([truth + np.asarray(noise) * random.standard_normal(truth.shape) for _ in range(2)])
    return FeatureTable(tuple(rows), tuple(f"AP_shape_{number}" for number in range(features)), values)


def test_stable_are_those_above_the_threshold(tmp_path):
    noise = [0.1, 0.3, 1.0, 2.0]  # true ICC 1 / (1 + noise^2): .99, .92, .5, .2
    parts = repeatability(table_of(400, 4, noise))
    np.testing.assert_allclose(parts[0].icc.value, 1 / (1 + np.square(noise)), atol=0.05)
    names = stable_names(parts)
    assert names == ["AP_shape_0", "AP_shape_1"]
    assert set(stable_names(parts, on_lower_bound=True)) <= set(names)
    path = tmp_path / "stable.json"
    keys = [key for part in parts for pair in part.redrawn.pairs for key in pair]
    write_stable_features(path, names, keys, "ICC(2,1) > 0.75", phantoms=True)
    read = read_stable_features(path)
    assert list(read.names) == names
    assert read.patients == {f"p{case}" for case in range(400)}
    assert read.phantoms
    path.write_text("{}")
    with pytest.raises(ValueError, match="not a list of stable features"):
        read_stable_features(path)


def test_few_pairs_and_constant_features_are_warned_of():
    table = table_of(6, 3, [0.2, 0.2, 0.2])
    table.values[:, 1] = 4.0
    (part,) = repeatability(table)
    few, constant = part.warnings
    assert "only 6 pairs" in few
    widths = part.icc.high - part.icc.low
    assert f"{np.nanmedian(widths):.2f} wide in the median and up to {np.nanmax(widths):.2f}" in few
    assert "AP_shape_1 is the same in all cases" in constant
    assert stable_names((part,), threshold=-1) == ["AP_shape_0", "AP_shape_2"]


def test_an_undefined_feature_is_named():
    table = table_of(12, 3, [0.2, 0.2, 0.2])
    table.values[14, 2] = np.nan
    (part,) = repeatability(table)
    assert "AP_shape_2 has no value in some drawings, first in patient p2, reader 2" in part.warnings[0]
    assert np.isnan(part.icc.value[2])
    assert stable_names((part,)) == ["AP_shape_0", "AP_shape_1"]


def test_all_features_constant_is_no_crash():
    table = table_of(4, 2, [0.2, 0.2])
    table.values[:] = 1.0
    (part,) = repeatability(table)
    assert part.warnings[0] == "inter-observer: only 4 pairs."
    assert stable_names((part,)) == []


def test_a_case_drawn_once_is_told():
    table = table_of(12, 2, [0.2, 0.2])
    more = replace(table, keys=(*table.keys, CaseKey("alone")), values=np.vstack([table.values, [[0.0, 0.0]]]))
    (part,) = repeatability(more)
    assert any("Patient alone drawn once" in warning for warning in part.warnings)


def test_the_plan_is_a_seeded_quarter_of_patients():
    cases = [Case(CaseKey(f"p{number:02d}", str(1 + number % 2))) for number in range(1, 41)]
    rows = plan_redrawing(cases, 0.25, seed=3)
    assert rows == plan_redrawing(cases[::-1], 0.25, seed=3)
    drawn = {row["patient_id"] for row in rows}
    assert len(drawn) == 10
    assert {(row["reader"], row["session"]) for row in rows} == {("1", "2"), ("2", "1")}
    assert [row["patient_id"] for row in rows[:10]] != [row["patient_id"] for row in rows[10:]]
    assert drawn != {row["patient_id"] for row in plan_redrawing(cases, 0.25, seed=4)}
    with pytest.raises(ValueError, match="between 0 and 1"):
        plan_redrawing(cases, 25, seed=3)


@pytest.mark.parametrize("form", ["2,1", "3,1"])
def test_cases_that_no_rater_tells_apart_have_no_icc(form):
    """One rater says 5 of every case, the other 6: there is no variance between cases to have a share of."""
    found = icc(np.tile([5.0, 6.0], (7, 1))[:, :, None], form)
    assert np.isnan([found.value[0], found.low[0], found.high[0]]).all()
