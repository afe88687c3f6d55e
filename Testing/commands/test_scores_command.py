"""tace-response scores: tables, unknown facts, problems, and the evaluation on a real collection."""

import csv
import json

import numpy as np
import pytest
from TACEResponseLib.cli import main


@pytest.fixture
def manifest(tmp_path):
    def write(*rows):
        path = tmp_path / "cohort.csv"
        columns = list(dict.fromkeys(name for row in rows for name in row))
        with path.open("w", newline="", encoding="utf-8") as stream:
            writer = csv.DictWriter(stream, columns)
            writer.writeheader()
            writer.writerows(rows)
        return path

    return write


def scores(path, out, *more):
    return main(["scores", str(path), "--out", str(out), *more])


def rows_of(path):
    with path.open(encoding="utf-8", newline="") as stream:
        return {row["patient_id"]: row for row in csv.DictReader(stream)}


def test_a_row_a_patient_without_images_or_model(manifest, tmp_path):
    out = tmp_path / "scores.csv"
    path = manifest(
        # HAP by hand: albumin 30 < 36, bilirubin 20 > 17, AFP 500 > 400, size 8 > 7.
        {
            "patient_id": "A",
            "albumin_g_l": "30",
            "bilirubin_umol_l": "20",
            "afp_ng_ml": "500",
            "lesion_diameter_mm": "80",
            "number_of_tumours": "3",
        },
        {"patient_id": "B", "albumin_g_l": "40", "afp_ng_ml": "<20"},
        {"patient_id": "C"},
    )
    assert scores(path, out) == 0
    table = rows_of(out)
    assert (table["A"]["hap"], table["A"]["hap_group"]) == ("4", "D")
    assert (table["A"]["six_and_twelve"], table["A"]["six_and_twelve_group"]) == ("11.0", "middle group")
    assert table["B"]["hap_group"] == "A, B or C (Bilirubin and Largest diameter decide)"
    assert table["B"]["hap"] == ""
    assert not any(
        cell for name, cell in table["C"].items() if name not in ("patient_id", "lesion", "reader", "session")
    )


def test_contradictory_facts_are_told_and_cost_nobody_else(manifest, tmp_path, capsys):
    out = tmp_path / "scores.csv"
    path = manifest(
        {"patient_id": "A", "child_pugh": "A", "bilirubin_umol_l": "85.5", "albumin_g_l": "20"},
        {"patient_id": "B", "child_pugh": "B", "bilirubin_umol_l": "20", "albumin_g_l": "38"},
    )
    assert scores(path, out) == 3
    assert "Patient A: Child-Pugh class A contradicts bilirubin and albumin" in capsys.readouterr().err
    table = rows_of(out)
    assert "contradicts" in table["A"]["note"]
    assert table["B"]["albi_group"] == "grade 2"


@pytest.mark.parametrize(
    ("column", "cell", "message"),
    [
        ("albumin_g_l", "3.8", "is it in g/dL? Then write it times 10 (38 g/L)"),
        ("bilirubin_umol_l", "1.1", "is it in mg/dL? Then write it times 17.1"),
        ("platelets_10e9_l", "150000", "is it in 1/uL? Then write it times 0.001 (150 10^9/L)"),
        ("creatinine_mg_dl", "88", "is it in umol/L?"),
        ("number_of_tumours", "0", "too low"),
        ("number_of_tumours", "40", "too high"),
        ("number_of_tumours", "2.5", "not a whole number"),
        ("ecog", "5", "too high"),
        ("albumin_g_dl", "3.8", "if albumin_g_l is meant"),
    ],
)
def test_wrong_units_are_refused_with_the_row_and_the_other_unit(manifest, tmp_path, capsys, column, cell, message):
    out = tmp_path / "scores.csv"
    assert scores(manifest({"patient_id": "A", column: cell}), out) == 1
    printed = capsys.readouterr().err
    assert column in printed
    assert message in printed
    assert not out.exists()


def test_the_collections_clip(shared, tmp_path, capsys):
    """HCC-TACE-Seg: C .609 for overall survival on 105 patients with 93 deaths, AUC .621 for reader 1's response."""
    clinical = shared / "data/hcc-tace-seg/clinical.csv"
    assert main(["convert", "hcc-tace-seg", str(clinical), "--out", str(tmp_path / "hcc")]) == 0
    out = tmp_path / "scores.csv"
    assert scores(tmp_path / "hcc/cohort.csv", out, "--evaluate") == 0
    numbers = json.loads((tmp_path / "scores.evaluation/results.json").read_text(encoding="utf-8"))
    clip = numbers["scores"]["clip"]
    assert (clip["patients"], clip["harrell_c"]["deaths"]) == (105, 93)
    assert clip["harrell_c"]["value"] == pytest.approx(0.609, abs=0.001)
    assert clip["auc_response"]["value"] == pytest.approx(0.621, abs=0.001)
    assert clip["harrell_c"]["low"] < clip["harrell_c"]["value"] < clip["harrell_c"]["high"]
    assert sum(group["patients"] for group in clip["groups"]) == 105
    html = (tmp_path / "scores.evaluation/report.html").read_text(encoding="utf-8")
    assert "None was made to predict response to TACE" in html
    assert "At risk, 12 months" in html
    assert "7 scores judged on 105 patients with survival" in capsys.readouterr().out


def test_phantoms_are_called_so_in_the_evaluation(manifest, tmp_path):
    random = np.random.default_rng(0)
    rows = [
        {
            "patient_id": f"PHANTOM-{number:04}",
            "number_of_tumours": str(1 + number % 4),
            "lesion_diameter_mm": "45",
            "survival_months": f"{1 + 30 * random.random():.2f}",
            "died": "yes",
        }
        for number in range(24)
    ]
    assert scores(manifest(*rows), tmp_path / "scores.csv", "--evaluate") == 0
    assert "PHANTOM RESULTS" in (tmp_path / "scores.evaluation/report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"number_of_tumours": "2"}, "No patient has a follow-up"),
        ({"number_of_tumours": "2", "survival_months": "12"}, "survival_months and died go together"),
        ({"number_of_tumours": "2", "survival_months": "0", "died": "yes"}, "survival_months is 0"),
        ({"number_of_tumours": "2", "survival_months": "12", "died": "maybe"}, "neither yes nor no"),
        ({"response": "OR"}, "No score is known"),
    ],
)
def test_what_cannot_be_evaluated_is_refused(manifest, tmp_path, capsys, row, message):
    assert scores(manifest({"patient_id": "A", **row}), tmp_path / "scores.csv", "--evaluate") == 1
    assert message in capsys.readouterr().err


def test_few_deaths_are_a_reason_and_no_number(manifest, tmp_path):
    rows = [
        {
            "patient_id": f"P{number}",
            "number_of_tumours": str(1 + number % 3),
            "lesion_diameter_mm": "45",
            "survival_months": "12",
            "died": "yes" if number < 5 else "no",
        }
        for number in range(20)
    ]
    assert scores(manifest(*rows), tmp_path / "scores.csv", "--evaluate") == 0
    numbers = json.loads((tmp_path / "scores.evaluation/results.json").read_text(encoding="utf-8"))["scores"]
    assert numbers["up_to_seven"]["harrell_c"] is None
    assert "5 deaths, at least 10 are needed" in numbers["up_to_seven"]["reasons"][0]
