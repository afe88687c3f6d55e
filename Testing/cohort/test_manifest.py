"""Manifests: the contract's columns, every error with its place, and the round trip."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from TACEResponseLib.cohort import (
    AFP,
    AST,
    CHILD_PUGH,
    Case,
    CaseKey,
    ClinicalRecord,
    FileSource,
    ManifestError,
    read_manifest,
    write_manifest,
)


@pytest.fixture
def write(tmp_path):
    """Write text as manifest.csv; returns its path."""

    def write_text(text, encoding="utf-8"):
        path = tmp_path / "manifest.csv"
        path.write_bytes(text.encode(encoding))
        return path

    return write_text


def problems_of(path):
    with pytest.raises(ManifestError) as caught:
        read_manifest(path)
    assert all(str(problem) in str(caught.value) for problem in caught.value.problems)
    return [(problem.row, problem.column, problem.text) for problem in caught.value.problems]


def test_every_column_of_the_contract(write, tmp_path):
    path = write(
        "patient_id,lesion,reader,session,set,mrecist,mrecist_2,AP_image,AP_mask,AP_label,T2_image,T2_mask,"
        "child_pugh,portal_venous_invasion,afp_ng_ml,ast_u_l,tace_date,scanner\n"
        "P1,2,1,1,train,PR,SD,AP.nrrd,AP.seg.nrrd,Tumour,sub/T2.nii.gz,sub/T2_mask.nii.gz,"
        "B7,yes,<20,55,2021-08-31,3 T\n"
    )
    (case,) = read_manifest(path)
    assert case.key == CaseKey("P1", "2")
    assert dict(case.sources) == {
        "T2": FileSource(tmp_path / "sub/T2.nii.gz", tmp_path / "sub/T2_mask.nii.gz"),
        "AP": FileSource(tmp_path / "AP.nrrd", tmp_path / "AP.seg.nrrd", "Tumour"),
    }
    assert case.clinical == ClinicalRecord.from_cells(
        child_pugh="B7", portal_venous_invasion="yes", afp_ng_ml="<20", ast_u_l="55"
    )
    assert case.objective_response is True
    assert dict(case.mrecist) == {"": "PR", "2": "SD"}
    assert case.first_tace_date == date(2021, 8, 31)
    assert dict(case.columns) == {"set": "train", "tace_date": "2021-08-31", "scanner": "3 T"}


def test_a_cohort_table_needs_only_identifiers(write):
    cases = read_manifest(write("patient_id\nP1\nP2\n"))
    assert [case.key for case in cases] == [CaseKey("P1"), CaseKey("P2")]
    assert cases[0].clinical == ClinicalRecord()
    assert cases[0].objective_response is None


@pytest.mark.parametrize(
    ("columns", "cells", "expected"),
    [
        ("response", "OR", True),
        ("response", "nor", False),
        ("mrecist", "CR", True),
        ("mrecist", "pd", False),
        ("mrecist", "NE", None),
        ("baseline_mm,follow_up_mm", "50,20", True),
        ("baseline_mm,follow_up_mm,new_lesion", "50,20,yes", False),
        ("baseline_mm,follow_up_mm", "50,", None),
        ("mrecist_1,mrecist_2", "PR,PD", True),
        ("mrecist_2,mrecist_3", "PR,PD", None),
        ("response,mrecist_1", "NOR,PR", False),
        ("response,mrecist", "OR,PR", True),
    ],
)
def test_the_outcome(write, columns, cells, expected):
    (case,) = read_manifest(write(f"patient_id,{columns}\nP1,{cells}\n"))
    assert case.objective_response is expected


@pytest.mark.parametrize(
    ("header", "cells", "column", "words"),
    [
        ("child_pugh", "D", "child_pugh", "A, B or C"),
        ("child_pugh", "A9", "child_pugh", "fit together"),
        ("afp_ng_ml", "<500", "afp_ng_ml", "above 400"),
        ("afp_ng_ml", '"1,200"', "afp_ng_ml", "ambiguous"),
        ("ast_u_l", "0.6", "ast_u_l", "ukat/L"),
        ("ast_u_l", "-40", "ast_u_l", "negative"),
        ("portal_venous_invasion", "bland", "portal_venous_invasion", "yes or no"),
        ("response", "SD", "response", "OR .* NOR"),
        ("response", "2", "response", "OR .* NOR"),
        ("mrecist", "good", "mrecist", "CR, PR, SD, PD"),
        ("mrecist_2", "good", "mrecist_2", "CR, PR, SD, PD"),
        ("response,mrecist", "OR,SD", "response", "contradict"),
        ("mrecist,baseline_mm,follow_up_mm", "PR,50,50", "mrecist", "contradict"),
        ("baseline_mm,follow_up_mm", "0,20", "baseline_mm", "above 0"),
        ("tace_date", "31.08.2021", "tace_date", "year-month-day"),
        ("lesion_diameter_mm", "3 cm", "lesion_diameter_mm", "not a number"),
        ("AP_image,AP_mask", "AP.nrrd,", "AP_mask", "needs image and mask"),
        ("AP_image,AP_mask,AP_label", ",,2", "AP_label", "without image"),
    ],
)
def test_bad_cells_are_reported_with_row_and_column(write, header, cells, column, words):
    path = write(f"patient_id,{header}\nP1{',' * (header.count(',') + 1)}\nP2,{cells}\n")
    ((row, found, text),) = problems_of(path)
    assert (row, found) == (3, column)
    import re

    assert re.search(words, text), text


@pytest.mark.parametrize(
    "identifier",
    ["../x", "a/b", "<script>", "a\\b", 'a"b', "a:b", "what?", "*", "tab\tbed", ".hidden", "..", "CON", "x" * 65],
)
def test_identifiers_that_cannot_name_a_folder(write, identifier):
    quoted = '"' + identifier.replace('"', '""') + '"'
    ((row, column, _),) = problems_of(write(f"patient_id,scanner\n{quoted},3 T\n"))
    assert (row, column) == (2, "patient_id")


def test_identifiers_that_clean_to_one_name(write):
    for one, two in (("P 1", "P_1"), ("p1", "P1"), ("Müller", "müller")):
        ((_, column, text),) = problems_of(write(f"patient_id\n{one}\n{two}\n"))
        assert column == "patient_id"
        assert one in text
        assert two in text


def test_all_errors_are_reported_at_once_in_the_order_of_the_rows(write):
    path = write("patient_id,child_pugh,ast_u_l\nP1,D,0.6\n\nP2,A,30\n,B,30\nP2,A,30\nP3,A\n")
    found = [(row, column) for row, column, _ in problems_of(path)]
    assert found == [(2, "child_pugh"), (2, "ast_u_l"), (5, "patient_id"), (6, "patient_id"), (7, None)]


def test_rows_of_one_patient_must_agree_on_the_outcome(write):
    ((row, column, text),) = problems_of(write("patient_id,lesion,response\nP1,1,OR\nP1,2,NOR\n"))
    assert (row, column) == (3, "response")
    assert "row 2" in text


@pytest.mark.parametrize(
    ("column", "meant"),
    [
        ("AP_imge", "AP_image"),
        ("afp", "afp_ng_ml"),
        ("Child-Pugh", "child_pugh"),
        ("AST", "ast_u_l"),
        ("Session", "session"),
        ("portal_vein_invasion", "portal_venous_invasion"),
        ("responses", "response"),
        ("SGOT", "ast_u_l"),
        ("AFP (ng/mL)", "afp_ng_ml"),
    ],
)
def test_misspelt_columns_are_not_ignored(write, column, meant):
    problems = problems_of(write(f"patient_id,{column}\nP1,x\n"))
    assert any(found == column and meant in text for _, found, text in problems)


def test_a_column_in_another_unit_is_not_ignored(write):
    text = "patient_id,afp_iu_ml,ast_ukat_l,afp_ug_l\nP1,1,1,1\n"
    assert [(column, problem) for _, column, problem in problems_of(write(text))] == [
        ("afp_iu_ml", "this column is in IU/mL; write the values times 1.21 into a column afp_ng_ml."),
        ("ast_ukat_l", "this column is in ukat/L; write the values times 60 into a column ast_u_l."),
        ("afp_ug_l", "this column is in ug/L; write them into a column afp_ng_ml."),
    ]


@pytest.mark.parametrize(
    ("text", "column", "words"),
    [
        ("Table of patients,,\npatient_id,a,b\nP1,2,3\n", "patient_id", "row 2, delete the rows above it"),
        ("Patient ID,Child-Pugh\nP1,A5\n", "Patient ID", "if patient_id is meant, rename it"),
    ],
)
def test_a_header_that_is_none_costs_one_error(write, text, column, words):
    problems = problems_of(write(text))
    assert (problems[0][1], words in problems[0][2]) == (column, True)
    assert not [problem for problem in problems if problem[0] is not None]


OTHER_COLUMNS = ("age_years", "bilirubin_mg_dl", "alt_u_l", "sex", "tumour_diameter_cm", "bclc", "nlr", "Remarks")


@pytest.mark.parametrize("column", OTHER_COLUMNS)
def test_other_columns_are_kept(write, column):
    (case,) = read_manifest(write(f"patient_id,{column}\nP1,12\n"))
    assert case.columns[column] == "12"


def test_columns_missing_or_twice(write):
    assert ("patient_id" in str(problems_of(write("name,age\nP1,3\n")))) is True
    assert [column for _, column, _ in problems_of(write("patient_id,age,age\nP1,3,4\n"))] == ["age"]
    assert [column for _, column, _ in problems_of(write("patient_id,AP_image\nP1,a.nrrd\n"))] == ["AP_mask"]


@pytest.mark.parametrize(
    ("text", "encoding", "words"),
    [
        ("", "utf-8", "no row"),
        ("patient_id\n", "utf-8", "no row"),
        ("patient_id\nПетров\n", "cp1251", "encoding of the file is not clear; save it as CSV UTF-8"),
        ('patient_id,a\nP1,"x\n', "utf-8", "not CSV"),
    ],
)
def test_files_that_are_no_manifest(write, text, encoding, words):
    ((_, _, told),) = problems_of(write(text, encoding))
    assert words in told


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ManifestError, match=r"nowhere\.csv"):
        read_manifest(tmp_path / "nowhere.csv")


def test_spreadsheets_with_semicolons_and_byte_order_mark(write):
    (case,) = read_manifest(write("\ufeffpatient_id;ast_u_l;scanner\r\nP1;41;a,b\r\n"))
    assert (case.clinical.get(AST), case.columns["scanner"]) == (41.0, "a,b")


_FACTS = st.builds(
    ClinicalRecord.from_cells,
    child_pugh=st.sampled_from(["", "A", "B", "C", "A6"]),
    portal_venous_invasion=st.sampled_from(["", "yes", "no"]),
    afp_ng_ml=st.sampled_from(["", "<20", ">400", "12.5", "2000", "1234567.25", "0.1"]),
    ast_u_l=st.just("") | st.floats(5, 3000).map(repr),
)


@given(
    clinical=_FACTS,
    response=st.sampled_from([None, True, False]),
    label=st.sampled_from([None, 3, "Tumour, large"]),
    site=st.text(st.characters(codec="utf-8", categories=("L", "N", "P")), max_size=12),
)
def test_round_trip(tmp_path_factory, clinical, response, label, site):
    folder = tmp_path_factory.mktemp("cohort")
    case = Case(
        CaseKey("Ünal 7", "1", "2", "1"),
        {"AP": FileSource(folder / "AP image.nrrd", folder.parent / "mask.seg.nrrd", label)},
        clinical,
        response,
        {"": "NE", "2": "SD"} if response is None else {"3": "SD"},
        columns={"site": site} if site else {},
    )
    write_manifest(folder / "manifest.csv", [case])
    (read,) = read_manifest(folder / "manifest.csv")
    assert (read.key, read.clinical, read.objective_response) == (case.key, case.clinical, case.objective_response)
    assert dict(read.mrecist) == dict(case.mrecist)
    assert dict(read.columns) == dict(case.columns)
    source = read.sources["AP"]
    assert source.label == label
    assert source.image_path.resolve() == folder / "AP image.nrrd"
    assert source.mask_path.resolve() == Path(folder.parent / "mask.seg.nrrd").resolve()
    assert str(folder) not in (folder / "manifest.csv").read_text()


SPREADSHEET = "patient_id,child_pugh,afp_ng_ml\nP1,A5,12\n"


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (SPREADSHEET, "utf-8-sig"),
        (SPREADSHEET.replace("\n", "\r\n"), "utf-8"),
        (SPREADSHEET.replace("\n", "\r"), "utf-8"),
        (SPREADSHEET.replace(",", ";"), "utf-8-sig"),
        (SPREADSHEET.replace(",", "\t"), "utf-8"),
        ("sep=;\r\n" + SPREADSHEET.replace(",", ";"), "utf-8-sig"),
        (SPREADSHEET.replace("\n", ",,\n") + ",,,,\n", "utf-8"),
        (SPREADSHEET.replace("12\n", "12,,\n"), "utf-8"),
        ('"patient_id";"child_pugh";"afp_ng_ml";"remarks, free"\n"P1";"A5";"12";"a;b"\n', "utf-8"),
    ],
    ids=["BOM", "CRLF", "CR", "semicolon", "tab", "sep=", "empty columns", "longer row", "quoted comma"],
)
def test_what_spreadsheets_write(write, text, encoding):
    (case,) = read_manifest(write(text, encoding))
    assert (case.key, case.clinical.get(CHILD_PUGH).points, case.clinical.get(AFP)) == (CaseKey("P1"), 5, 12)


def test_a_column_with_cells_but_no_name(write):
    ((row, column, text),) = problems_of(write("patient_id,,child_pugh\nP1,x,A5\n"))
    assert (row, column) == (None, "number 2")
    assert "no name" in text


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32", "latin-1", "mac-roman"])
def test_the_encodings_of_spreadsheets(write, encoding):
    (case,) = read_manifest(write("patient_id,scanner\nMüller,Größe à la façade 3 T\n", encoding))
    assert (case.key.patient_id, case.columns["scanner"]) == ("Müller", "Größe à la façade 3 T")


def test_problems_of_columns_do_not_hide_those_of_cells(write):
    header = "patient_id,Child Pugh,afp,ast_u_l,ast_u_l,portal_venous_invasion"
    found = [(row, column) for row, column, _ in problems_of(write(f"{header}\nP1,D,<500,-1,-1,maybe\n"))]
    assert found[:3] == [(None, "ast_u_l"), (None, "Child Pugh"), (None, "afp")]
    assert found[3:] == [(2, "child_pugh"), (2, "afp_ng_ml"), (2, "portal_venous_invasion")]


def test_problems_of_cells_without_identifiers(write):
    found = [(row, column) for row, column, _ in problems_of(write("child_pugh\nD\nA\nE\n"))]
    assert found == [(None, "patient_id"), (2, "child_pugh"), (4, "child_pugh")]


def test_every_clash_of_folders_is_told_with_its_row(write):
    found = [(row, column) for row, column, _ in problems_of(write("patient_id\nP 1\nP_1\nQ 1\nR\nQ_1\n"))]
    assert found == [(3, "patient_id"), (6, "patient_id")]
