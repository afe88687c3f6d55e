"""Feature tables: round trip, provenance, and what is refused."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from TACEResponseLib.cohort import CaseKey
from TACEResponseLib.features import (
    PAPER_SETTINGS,
    FeatureVector,
    append_to_feature_table,
    provenance_path,
    read_feature_table,
    write_feature_table,
)

NAMES = ("AP_firstorder_Mean", "AP_glcm_Contrast", "T2_shape_Sphericity")


def vector(patient_id="P1", values=(1.0, 2.0, 3.0), **changes):
    fields = {
        "key": CaseKey(patient_id),
        "names": NAMES,
        "values": np.array(values, dtype=float),
        "settings": PAPER_SETTINGS,
        "feature_set": "paper110",
        "engine": "native 1",
        "is_phantom": False,
        "undefined": {},
        "input_sha256": {"AP": ("a" * 64, "b" * 64)},
    }
    return FeatureVector(**{**fields, **changes})


@given(arrays(float, (4, 3), elements=st.floats(allow_nan=True, allow_infinity=False)))
def test_round_trip_is_exact(tmp_path_factory, values):
    path = tmp_path_factory.mktemp("table") / "features.csv"
    keys = [CaseKey("P1"), CaseKey("P1", "2"), CaseKey("P1", "1", "2"), CaseKey("Ünal, J.", "1", "1", "2")]
    write_feature_table(path, [vector(values=row, key=key) for row, key in zip(values, keys, strict=True)])
    table = read_feature_table(path)
    assert table.keys == tuple(keys)
    assert table.names == NAMES
    assert np.array_equal(table.values, values, equal_nan=True)
    assert table.settings == PAPER_SETTINGS
    assert table.feature_set == "paper110"


def test_phantoms_and_undefined_features_are_kept(tmp_path):
    path = tmp_path / "features.csv"
    undefined = {"AP_glcm_Contrast": "No two voxels of the VOI are neighbours."}
    write_feature_table(path, [vector("P1", is_phantom=True), vector("P2", (1.0, np.nan, 2.0), undefined=undefined)])
    table = read_feature_table(path)
    assert table.phantoms == {CaseKey("P1")}
    assert table.undefined[CaseKey("P2")] == undefined
    provenance = json.loads(provenance_path(path).read_text())
    assert provenance["cases"][0]["input_sha256"] == {"AP": {"image": "a" * 64, "mask": "b" * 64}}


def test_rows_come_in_the_order_asked_for(tmp_path):
    path = tmp_path / "features.csv"
    write_feature_table(path, [vector("P1", (1, 2, 3)), vector("P2", (4, 5, 6))])
    table = read_feature_table(path)
    assert np.array_equal(table.rows_of([CaseKey("P2"), CaseKey("P1")]), [[4, 5, 6], [1, 2, 3]])
    with pytest.raises(ValueError, match="no row for patient P3"):
        table.rows_of([CaseKey("P3")])


def test_a_table_from_elsewhere_needs_no_provenance(tmp_path):
    path = tmp_path / "ct.csv"
    path.write_text("\ufeffpatient_id,CT_firstorder_Mean\r\nHCC_001,12.5\r\nHCC_002,\r\n", encoding="utf-8")
    table = read_feature_table(path)
    assert table.keys == (CaseKey("HCC_001"), CaseKey("HCC_002"))
    assert table.settings is None
    assert table.values[0, 0] == 12.5
    assert np.isnan(table.values[1, 0])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no row below the header"),
        ("patient_id,a\n", "no row below the header"),
        ("name,a\nP1,2\n", "the column patient_id is missing; the columns are"),
        ("patient_id,a,a\nP1,2,3\n", "column a is there more than once"),
        ("patient_id,a\nP1,2\nP1,3\n", r"row 3: patient P1 is there twice"),
        ("patient_id,a\nP1,2,3\n", r"row 2: 3 cells where the header has 2"),
        ("patient_id,a\nP1,1;5\n", r"row 2, column a: '1;5' is not a number"),
        ("patient_id,a\nP1,inf\n", r"not a finite number"),
    ],
)
def test_damaged_tables_are_refused_with_the_place(tmp_path, text, words):
    path = tmp_path / "features.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=words):
        read_feature_table(path)


def test_a_table_that_was_changed_is_noticed(tmp_path):
    path = tmp_path / "features.csv"
    write_feature_table(path, [vector("P1")])
    path.write_text(path.read_text().replace("2.0", "2.5"))
    with pytest.raises(ValueError, match="changed after it was written"):
        read_feature_table(path)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda p: p | {"schema": 99}, "newer TACEResponse"),
        (lambda p: {"schema": 1}, "damaged"),
        (lambda p: [1, 2], "damaged"),
    ],
)
def test_a_damaged_provenance_is_noticed(tmp_path, change, words):
    path = tmp_path / "features.csv"
    write_feature_table(path, [vector("P1")])
    beside = provenance_path(path)
    beside.write_text(json.dumps(change(json.loads(beside.read_text()))))
    with pytest.raises(ValueError, match=words):
        read_feature_table(path)


def test_unlike_vectors_are_not_mixed(tmp_path):
    with pytest.raises(ValueError, match=r"^Patient McD: its features were made with other settings"):
        write_feature_table(tmp_path / "f.csv", [vector("P1"), vector("McD", feature_set="default107")])
    with pytest.raises(ValueError, match="no case"):
        write_feature_table(tmp_path / "f.csv", [])
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_says_so(tmp_path):
    blocked = tmp_path / "blocked"
    blocked.write_text("a file where a folder is needed")
    with pytest.raises(ValueError, match="cannot be written"):
        write_feature_table(blocked / "features.csv", [vector("P1")])


def test_appended_cases_read_like_cases_written_together(tmp_path):
    one, other = vector("P1"), vector("P2", (4.0, np.nan, 6.0), undefined={"AP_glcm_Contrast": "flat"}, is_phantom=True)
    together, appended = tmp_path / "together.csv", tmp_path / "appended.csv"
    write_feature_table(together, [one, other])
    append_to_feature_table(appended, one)
    append_to_feature_table(appended, other)
    assert appended.read_bytes() == together.read_bytes()
    assert provenance_path(appended).read_bytes() == provenance_path(together).read_bytes()


def test_a_case_is_appended_only_once_and_only_where_it_fits(tmp_path):
    path = tmp_path / "features.csv"
    append_to_feature_table(path, vector("P1"))
    with pytest.raises(ValueError, match=r"Patient P1 is in the feature table features\.csv already"):
        append_to_feature_table(path, vector("P1"))
    with pytest.raises(ValueError, match="other settings or another feature set"):
        append_to_feature_table(path, vector("P2", feature_set="default107"))
    before = path.read_bytes()
    again = replace(vector("P1"), key=CaseKey("P1", reader="2"))
    with pytest.raises(ValueError, match=r"Patient P1, reader 2: its VOIs are voxel for voxel those of reader 1, sess"):
        append_to_feature_table(path, again)
    assert path.read_bytes() == before
    append_to_feature_table(path, replace(again, input_sha256={"AP": ("a" * 64, "c" * 64)}))
    provenance_path(path).unlink()
    with pytest.raises(ValueError, match="no provenance file"):
        append_to_feature_table(path, vector("P2"))


def resaved(path, separator=",", decimal=".", encoding="utf-8", digits=17):
    """The table as a spreadsheet program saves it."""
    rows = [row.split(",") for row in path.read_text(encoding="utf-8").splitlines()]
    rows[1:] = [
        [*row[:4], *(cell and f"{float(cell):.{digits}g}".replace(".", decimal) for cell in row[4:])]
        for row in rows[1:]
    ]
    path.write_bytes(("\r\n".join(separator.join(row) for row in rows) + "\r\n").encode(encoding))


@pytest.mark.parametrize(
    "form",
    [
        {"separator": ";"},
        {"separator": ";", "decimal": ","},
        {"separator": "\t", "decimal": ",", "encoding": "utf-16"},
        {"separator": ";", "decimal": ",", "encoding": "utf-8-sig", "digits": 15},
    ],
)
@pytest.mark.parametrize("keep_provenance", [True, False])
def test_a_table_that_a_spreadsheet_saved_again(tmp_path, form, keep_provenance):
    path = tmp_path / "features.csv"
    vectors = [vector("Ünal", (0.1 + 0.2, -1e-7 / 3, 12345.678)), vector("P2", (1.5, np.nan, 100.125))]
    write_feature_table(path, vectors)
    resaved(path, **form)
    if not keep_provenance:
        provenance_path(path).unlink()
    table = read_feature_table(path)
    expected = np.array([v.values for v in vectors])
    np.testing.assert_allclose(table.values, expected, rtol=1e-15 if form.get("digits") == 15 else 0)
    assert table.settings == (PAPER_SETTINGS if keep_provenance else None)
    if keep_provenance:
        append_to_feature_table(path, vector("P3"))
        assert read_feature_table(path).keys == (CaseKey("Ünal"), CaseKey("P2"), CaseKey("P3"))


def test_digits_that_a_spreadsheet_dropped_are_noticed(tmp_path):
    path = tmp_path / "features.csv"
    write_feature_table(path, [vector("P1", (0.1 + 0.2, 1 / 3, 2.0))])
    resaved(path, digits=9)
    with pytest.raises(ValueError, match="changed after it was written"):
        read_feature_table(path)


def test_points_and_commas_in_one_table_are_refused(tmp_path):
    path = tmp_path / "features.csv"
    path.write_text("patient_id;a;b\nP1;1,25;1.200\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"row 2, column b: '1\.200' is .* other cells have decimal commas"):
        read_feature_table(path)


def test_leading_zeros_that_a_spreadsheet_dropped_are_named(tmp_path):
    path = tmp_path / "features.csv"
    path.write_text("patient_id,a\n1,2\nP2,3\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"no row for patient 001\. It has 1 for 001: .* leading zeros\?"):
        read_feature_table(path).rows_of([CaseKey("001")])


def test_composed_and_decomposed_letters_are_one_patient(tmp_path):
    path = tmp_path / "features.csv"
    path.write_text("patient_id,a\nMu\u0308ller,2\n", encoding="utf-8")
    assert read_feature_table(path).rows_of([CaseKey("Müller")]) == [[2.0]]


def test_a_provenance_of_other_cases_is_noticed(tmp_path):
    path = tmp_path / "features.csv"
    write_feature_table(path, [vector("P1"), vector("P2")])
    beside = provenance_path(path)
    provenance = json.loads(beside.read_text())
    beside.write_text(json.dumps({**provenance, "cases": provenance["cases"][:1]}))
    with pytest.raises(ValueError, match="does not fit its provenance"):
        read_feature_table(path)
    beside.write_text("[" * 100000)
    with pytest.raises(ValueError, match="is damaged"):
        read_feature_table(path)
