"""Tables as they are written: for spreadsheets harmless, for our reader the same text."""

import csv
import io
import stat

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from TACEResponseLib.cohort import named_and_more, table_bytes, table_lines, write_table
from TACEResponseLib.cohort.table_writing import readable_cell, safe_cell

TEXT = st.text(st.one_of(st.sampled_from("'=+-@\t\r\n; ,\"1.5eA"), st.characters(exclude_categories=["Cs"])))


@pytest.mark.parametrize(
    "text", ["=1+1", "+cmd|' /C calc'!A0", "-1+2", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1", "a;=1", "-", "x\n@y"]
)
def test_no_cell_is_executed(text):
    written = table_bytes(["a"], [[text]]).decode()
    # A German Excel begins cells at semicolons; quotation marks in the middle of a line protect nothing there.
    for cell in [*next(csv.reader(io.StringIO(written.split("\n", 1)[1]))), *written.split(";")]:
        assert cell.lstrip('" ')[:1] not in ("=", "+", "-", "@", "\t", "\r", "＝")
    assert readable_cell(safe_cell(text)) == text


@pytest.mark.parametrize("number", ["-1.5", "+3", "-.5", "-1e-07", "-2.5E+10", "-0"])
def test_numbers_stay_numbers(number):
    assert safe_cell(number) == number


@given(TEXT)
@example("'=1")
@example("''-1.5")
@example("  \n=")
@example(" '=1")
@example("' ' =1")
def test_every_text_comes_back(text):
    assert readable_cell(safe_cell(text)) == text


@given(st.lists(st.lists(TEXT, min_size=2, max_size=2)))
def test_another_reader_finds_the_same_cells(rows):
    written = table_bytes(["one", "two"], rows).decode("utf-8")
    found = list(csv.reader(io.StringIO(written, newline=""), strict=True))
    assert [[readable_cell(cell) for cell in row] for row in found[1:]] == rows


def test_rows_by_name_numbers_and_empty_cells():
    assert table_bytes(["b", "a"], [{"a": 1, "b": None, "c": "left out"}, [0.1, "x"]]) == b"b,a\n,1\n0.1,x\n"
    assert table_lines([["a;b", ""]]) == b'"a;b",\n'
    assert table_bytes(["a"], [[""]], bom=True) == b'\xef\xbb\xbfa\n""\n'
    assert table_bytes(["a"], [["\udcff"]]) == b"a\n\\udcff\n"


def test_a_private_table_is_private_from_its_first_byte(tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr("os.fsync", lambda number: seen.extend(path.stat().st_mode for path in tmp_path.iterdir()))
    write_table(tmp_path / "who.csv", ["a"], [["b"]], private=True)
    assert [stat.S_IMODE(mode) for mode in (*seen, (tmp_path / "who.csv").stat().st_mode)] == [0o600, 0o600]


def test_how_many_more():
    assert named_and_more(["a", "b"]) == "a, b"
    assert named_and_more("abc", 2) == "a, b and 1 more"
    assert named_and_more("abcd", 2, "; ") == "a; b; and 2 more"
    assert named_and_more([]) == ""
