"""The one reader of tables: what spreadsheets of all countries leave, and one sentence for everything else."""

import codecs
import csv
import io
import os
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from TACEResponseLib.cohort import ManifestError, read_manifest, read_table, write_table
from TACEResponseLib.cohort.case_names import check_identifier, normal_identifier, probably_meant
from TACEResponseLib.cohort.table_numbers import with_decimal_point, with_decimal_points
from TACEResponseLib.cohort.table_text import decoded

PLAIN = "patient_id,scanner,mL\nMüller,3 T,1.5\nÅsa,Größe,2\n"
ROWS = [("Müller", "3 T", "1.5"), ("Åsa", "Größe", "2")]
INVISIBLE = "\ufeff\u200b\u200e\u200f\u2060"


def read(folder, raw, needed=("patient_id",)):
    path = folder / "table.csv"
    path.write_bytes(raw if isinstance(raw, bytes) else raw.encode())
    return read_table(path, needed)


@pytest.mark.parametrize(
    "raw",
    [
        PLAIN,
        PLAIN.encode("utf-8-sig"),
        PLAIN.encode("utf-16"),
        codecs.BOM_UTF16_BE + PLAIN.encode("utf-16-be"),
        PLAIN.encode("utf-16-le"),
        PLAIN.encode("utf-16-be"),
        PLAIN.encode("cp1252"),
        PLAIN.encode("mac-roman"),
        PLAIN.replace(",", "\t").encode("utf-16"),
        PLAIN.replace(",", ";"),
        PLAIN.replace(",", "|"),
        PLAIN.replace("\n", "\r\n"),
        PLAIN.replace("\n", "\r"),
        "sep=;\r\n" + PLAIN.replace(",", ";"),
        '"sep=,"\n' + PLAIN,
        "\ufeffSEP=;\r" + PLAIN.replace(",", ";").replace("\n", "\r"),
        "\n\n" + PLAIN + "\n\n",
        PLAIN.replace("\n", ",,,\n") + ",,,,,\n",
        '"patient_id","scanner","mL"\n"Müller","3 T","1.5"\n"Åsa","Größe","2"',
        PLAIN.replace("patient_id", "\u200bpatient_id\u00a0").replace("Müller", "\u00a0Müller\u200b "),
    ],
)
def test_one_table_in_many_forms(tmp_path, raw):
    table = read(tmp_path, raw)
    assert table.header == ("patient_id", "scanner", "mL")
    assert [row.cells for row in table.rows] == ROWS


def test_rows_count_as_in_a_spreadsheet(tmp_path):
    assert [row.number for row in read(tmp_path, 'patient_id,a\n\nP1,"two\nlines"\n\n\nP2,x\n').rows] == [3, 6]


@pytest.mark.parametrize(
    ("header", "separator"),
    [
        ("patient_id;AFP (ng/mL, serum, first)", ";"),
        ("AFP (ng/mL; serum; first),patient_id", ","),
        ('"a,b,c,d";patient_id', ";"),
        ("patient_id", ","),
    ],
)
def test_the_separator_is_that_of_the_needed_column(tmp_path, header, separator):
    assert read(tmp_path, f"{header}\nP1{separator}x\n").separator == separator


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"", "no row below the header"),
        (b"patient_id\n", "no row below the header"),
        (b"PK\x03\x04" + b"\0" * 200, "is a workbook .* not CSV; open it in a spreadsheet program and save it as CSV"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "is an Excel workbook"),
        (b"%PDF-1.7", "is a PDF"),
        (b"\x1f\x8b\x08\x00", "compressed"),
        (b"<html><table>", "web page"),
        (b"patient_id\nP1\0x\n", "damaged text or not text|zero bytes"),
        (b"patient_id" + b"x" * 300 + b"\nP1\0\n", "zero bytes"),
        ("patient_id\nПетров\n".encode("cp1251"), "encoding of the file is not clear"),
        ("patient_id\n王小明\n".encode("gbk"), "damaged UTF-8|encoding of the file is not clear"),
        ("patient_id\n田中太郎\n".encode("shift-jis"), "encoding of the file is not clear"),
        ("patient_id\nWałęsa\n".encode("cp1250"), "encoding of the file is not clear"),
        (b"patient_id\nP1\n\xff\xfe\xfd\xfc", "encoding of the file is not clear"),
        (codecs.BOM_UTF16_LE + b"p\0a", "damaged text"),
        (b'patient_id\n"P1\n', "not CSV .* check quotation marks"),
        (b'patient_id,a\n"P1"x,2\n', "not CSV .* check quotation marks"),
    ],
)
def test_what_is_no_table_is_refused_in_one_sentence(tmp_path, raw, text):
    with pytest.raises(ValueError, match=text) as caught:
        read(tmp_path, raw)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Hôpital François, état: à jeun, l’élève créée", "cp1252"),
        ("AFP > 400 µg/L – 37 °C", "cp1252"),
        ("Größe, Straße, Ärzte, naïve, Zoë, Ångström", "mac-roman"),
        ("> 400", "cp1252"),
        ("5 µg ± 2", "mac-roman"),
    ],
)
def test_western_european_words(text, encoding):
    assert decoded(text.encode(encoding)) == text


@pytest.mark.parametrize("word", [b"J\x9ahn", b"\x8aimon", b"\xb3400"])
def test_bytes_that_are_words_of_both_encodings_are_refused(word):
    """0x9A is š in Windows and ö in Mac Roman, 0xB3 a small three or "at least"."""
    with pytest.raises(ValueError, match="not clear; save it as CSV UTF-8"):
        decoded(word)


def test_files_that_are_none(tmp_path):
    with pytest.raises(ValueError, match="is not a file"):
        read_table(tmp_path)
    with pytest.raises(ValueError, match=r"cannot be read .*nowhere\.csv"):
        read_table(tmp_path / "nowhere.csv")
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
        with pytest.raises(ValueError, match="is not a file"):
            read_table(tmp_path / "pipe")


def test_a_file_too_large_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr("TACEResponseLib.cohort.table_text.LARGEST_BYTES", 10)
    with pytest.raises(ValueError, match="check the path"):
        read(tmp_path, PLAIN)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("Table of patients,\npatient_id,a\nP1,2\n", "names are in row 2, delete the rows above it"),
        ('"patient_id,a"\n"P1,2"\n', "each row is one cell"),
        ("name,a\nP1,2\n", "the columns are 'name', 'a'"),
        ("patient_id,a,a\nP1,2,3\n", "column a is there more than once"),
        ("patient_id,a\nP1,2,3\n", "more than once|row 2: 3 cells where the header has 2"),
        ("patient_id,a\nP1\n", "row 2: 1 cells where the header has 2; check decimal commas"),
    ],
)
def test_records_or_what_to_do(tmp_path, text, problem):
    with pytest.raises(ValueError, match=problem):
        read(tmp_path, text).records(("patient_id",))


def test_records(tmp_path):
    assert read(tmp_path, "a;patient_id\n1;P1\n\n2;P2\n").records(("patient_id",)) == [
        (2, {"a": "1", "patient_id": "P1"}),
        (4, {"a": "2", "patient_id": "P2"}),
    ]


def stripped(cell):
    """The cell without blanks and invisible signs at its ends."""
    while cell and (cell[0].isspace() or cell[0] in INVISIBLE):
        cell = cell[1:]
    while cell and (cell[-1].isspace() or cell[-1] in INVISIBLE):
        cell = cell[:-1]
    return cell


TEXT = st.text(st.one_of(st.sampled_from("'=+-@;,\"\t\r\n 1.5aü"), st.characters(exclude_categories=["Cs", "Cc"])))


@given(st.lists(st.tuples(TEXT, TEXT), min_size=1), st.booleans())
@example([("", "\r")], False)
@example([("'=1", "\u200b-")], False)
@example([("", "\u200b'=1")], False)
def test_what_is_written_is_read(tmp_path_factory, rows, bom):
    path = tmp_path_factory.mktemp("table") / "table.csv"
    write_table(path, ["patient_id", "text"], [("P1" + a, b) for a, b in rows], bom)
    expected = [tuple(stripped(cell) for cell in ("P1" + a, b)) for a, b in rows]
    assert [row.cells for row in read_table(path).rows] == expected


def outcome(function, *arguments):
    """(result, None) or (None, the ValueError)."""
    try:
        return function(*arguments), None
    except ValueError as error:
        return None, error


@given(st.one_of(st.binary(), st.text().map(str.encode), st.text().map(lambda text: text.encode("utf-16", "replace"))))
@example(b"\xff\xfe\x00\xd8")
@example(b"sep=\xff\n")
def test_any_bytes_are_a_table_or_one_sentence(tmp_path_factory, raw):
    path = tmp_path_factory.mktemp("table") / "table.csv"
    for content in (raw, b"patient_id,a\n" + raw):
        path.write_bytes(content)
        table, problem = outcome(read_table, path)
        assert table is None or (table.header and table.rows)
        assert problem is None or (str(problem).endswith(".") and "\n" not in str(problem))
        _, problem = outcome(read_manifest, path)
        assert problem is None or all(str(one).endswith(".") for one in problem.problems)


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        ("12,5", "12.5"),
        ("12.5", "12.5"),
        ("1.200,5", "1200.5"),
        ("1,200.5", "1200.5"),
        ("1.234.567", "1234567"),
        ("1.234.567,89", "1234567.89"),
        ("0,123", "0.123"),
        ("0.123", "0.123"),
        ("1,2345", "1.2345"),
        ("1200,500", "1200.500"),
        ("<0,5", "<0.5"),
        ("> 1.200,5", "> 1200.5"),
        ("-1,5", "-1.5"),
        ("1,2E3", "1.2E3"),
        ("400", "400"),
        ("31.08.2021", "31.08.2021"),
        ("1,2,3", "1,2,3"),
        ("B7", "B7"),
        ("a,b", "a,b"),
        ("", ""),
    ],
)
def test_numbers_of_tables_with_decimal_commas(cell, number):
    assert with_decimal_point(cell) == number


@pytest.mark.parametrize(
    ("cell", "advice"),
    [
        ("1.200", "Write 1200 or 1,2."),
        ("1,200", "Write 1200 or 1,2."),
        ("<1.200", "Write 1200 or 1,2."),
        ("20.125", "Write 20125 or 20,1250."),
        ("1.000", "Write 1000 or 1."),
    ],
)
def test_what_can_be_read_in_two_ways_is_refused_with_advice_that_can_be_followed(cell, advice):
    with pytest.raises(ValueError, match=r"ambiguous") as caught:
        with_decimal_point(cell)
    assert str(caught.value).endswith(advice)
    for written in advice.removeprefix("Write ").removesuffix(".").split(" or "):
        with_decimal_point(written)


@given(st.floats(-1e6, 1e6))
def test_decimal_commas_lose_nothing(value):
    cell = repr(value).replace(".", ",")
    number, problem = outcome(with_decimal_point, cell)
    assert "ambiguous" in str(problem) if problem else float(number) == value
    assert with_decimal_points([cell, "0,5"]) == [repr(value), "0.5"]


def test_a_column_has_one_notation():
    assert with_decimal_points(["3,5", "1,200", "", "1.200"]) == ["3.5", "1.200", "", "1200"]
    assert with_decimal_points(["3.5", "1,200", "1.200"]) == ["3.5", "1200", "1.200"]
    assert with_decimal_points(["1,200", "low"]) == ["1,200", "low"]
    assert with_decimal_points(["1,5", "2.5"]) == ["1.5", "2.5"]
    for cells in (["1,200", "7"], ["1,5", "2.5", "1.200"]):
        with pytest.raises(ValueError, match="ambiguous"):
            with_decimal_points(cells)


def manifest(tmp_path, text):
    (tmp_path / "manifest.csv").write_text(text, encoding="utf-8")
    return read_manifest(tmp_path / "manifest.csv")


def test_a_manifest_with_decimal_commas(tmp_path):
    (case,) = manifest(tmp_path, "patient_id;ast_u_l;lesion_diameter_mm;cea;note\nP1;35,5;41,25;1.200,5;a,b\n")
    assert case.clinical.cells()["ast_u_l"] == "35.5"
    assert dict(case.columns) == {"lesion_diameter_mm": "41.25", "cea": "1200.5", "note": "a,b"}


@pytest.mark.parametrize(
    ("columns", "cells"),
    [("afp_ng_ml", "1.200"), ("cea", "1.200"), ("baseline_mm;follow_up_mm", "1,200;3"), ("ast_u_l;x", "1,200;3,5")],
)
def test_an_ambiguous_number_of_a_manifest_is_refused_with_its_place(tmp_path, columns, cells):
    with pytest.raises(ManifestError, match=rf"row 2, column {columns.split(';')[0]}: .* Write 1200 or 1,2\."):
        manifest(tmp_path, f"patient_id;{columns}\nP1;{cells}\n")


def test_identifiers_are_text(tmp_path):
    cases = manifest(tmp_path, "patient_id;lesion\n000123;1\n1.200;1\n1,5;1\nMu\u0308ller;1\nA\u00a01;1\n")
    assert [case.key.patient_id for case in cases] == ["000123", "1.200", "1,5", "Müller", "A 1"]
    with pytest.raises(ManifestError, match="already in row 2"):
        manifest(tmp_path, "patient_id\nMu\u0308ller\nMüller\n")


@pytest.mark.parametrize(
    "name",
    ["batch", "BATCH", "run.json", "predictions.csv", "CON", "con.1", "COM¹", "LPT0", "CONIN$", "nul .x", "ＮＵＬ"],
)
def test_names_of_results_and_devices_are_refused(tmp_path, name):
    with pytest.raises(ValueError, match=r"results|device"):
        check_identifier(name)
    with pytest.raises(ManifestError, match="row 2, column patient_id"):
        manifest(tmp_path, f"patient_id,a\n{name},1\n")


@pytest.mark.parametrize("name", ["batch1", "P.run.json", "Conrad", "console", "Nul-1", "COM10", "Müller", "王小明"])
def test_other_names_are_not(name):
    check_identifier(name)


def test_what_a_spreadsheet_made_of_an_identifier():
    known = ["000123", "P_01", "7", "Mu\u0308ller", "A1", "0A1"]
    assert probably_meant(["123", "p 01", "7.0", "Müller", "a1", "unknown"], known) == {
        "123": "000123",
        "p 01": "P_01",
        "7.0": "7",
        "Müller": "Mu\u0308ller",
    }
    assert normal_identifier(" Mu\u0308ller\u00a01 ") == "Müller 1"
    assert normal_identifier("P\x0b1") == "P\x0b1"


def test_five_thousand_rows_are_read_in_two_seconds(tmp_path):
    columns = [f"{name}_{kind}" for name in ("T2", "AP", "PVP", "DP") for kind in ("image", "mask", "label")]
    header = ["patient_id", *columns, "child_pugh", "portal_venous_invasion", "afp_ng_ml", "ast_u_l", "response"]
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";")
    writer.writerow([*header, *(f"lab_{number}" for number in range(20))])
    for number in range(5000):
        files = [cell for name in ("T2", "AP", "PVP", "DP") for cell in (f"{name}.nrrd", f"{name}.seg.nrrd", "1")]
        writer.writerow([f"P{number:05d}", *files, "B7", "no", "12,5", "41", "OR", *["3,25"] * 20])
    (tmp_path / "manifest.csv").write_text(text.getvalue(), encoding="utf-8")
    started_s = time.process_time()
    cases = read_manifest(tmp_path / "manifest.csv")
    assert time.process_time() - started_s < 2
    assert len(cases) == 5000
    assert cases[-1].columns["lab_0"] == "3.25"


def test_a_file_cut_in_the_middle_of_a_letter_is_not_taken_for_another_encoding(tmp_path):
    raw = "patient_id\nMü".encode()[:-1]
    for damaged in (raw, "patient_id\nÅsa\n".encode() + b"M\xfcller\n"):
        with pytest.raises(ValueError, match="damaged UTF-8; export it again"):
            read(tmp_path, damaged)


def test_a_columns_name_with_control_characters_is_shown_with_escapes(tmp_path):
    with pytest.raises(ManifestError) as caught:
        manifest(tmp_path, '"patient_id","child\x1b_pugh","ast_u\n_l"\nP1,A,41\n')
    assert r"column child\x1b_pugh: " in str(caught.value)
    assert "this column is not known; if ast_u_l is meant, rename it." in str(caught.value)
    assert r"column ast_u\n_l: " in str(caught.value)
