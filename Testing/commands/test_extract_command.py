"""``tace-response extract``: the table of the cases that worked, and the exit code."""

import json

import numpy as np
import pytest
from TACEResponseLib.cohort import CaseKey
from TACEResponseLib.features import read_feature_table


def test_engines_give_the_same_table(run, write_manifest_file, tmp_path):
    pytest.importorskip("radiomics")
    manifest = write_manifest_file({"patient_id": "P1"}, {"patient_id": "P2", "lesion": "2"})
    tables = []
    for engine in ("native", "pyradiomics"):
        path = tmp_path / f"{engine}.csv"
        code, said, complained = run("extract", manifest, "--out", path, "--engine", engine)
        assert code == 0, complained
        assert "2 of 2 cases, 440 features each" in said
        tables.append(read_feature_table(path))
    native, reference = tables
    assert native.keys == reference.keys == (CaseKey("P1"), CaseKey("P2", "2"))
    assert native.names == reference.names
    np.testing.assert_allclose(native.values, reference.values, rtol=1e-6, atol=1e-9)
    assert reference.engine.startswith("pyradiomics 3.0.1")


def test_brain1_from_its_files_as_the_reference(run, shared, tmp_path):
    """The real MR of ../shared as a manifest with one sequence: PyRadiomics' values of the canonical form."""
    folder = shared / "data" / "mr-brain"
    manifest = tmp_path / "manifest.csv"
    image, mask = folder / "brain1_image.nrrd", folder / "brain1_label.nrrd"
    manifest.write_text(f"patient_id,AP_image,AP_mask,AP_label\nbrain1,{image},{mask},1\n")
    code, _, complained = run("extract", manifest, "--out", tmp_path / "f.csv", "--sequences", "AP")
    assert code == 0, complained
    table = read_feature_table(tmp_path / "f.csv")
    reference = json.loads((shared / "reference" / "features_brain1_canonical.json").read_text())["features"]
    assert len(reference) == len(table.names) == 110
    for name, value in zip(table.names, table.values[0], strict=True):
        assert value == pytest.approx(reference[name.removeprefix("AP_")], rel=1e-9, abs=1e-12), name


def test_one_bad_case_costs_one_row(run, write_manifest_file, tmp_path):
    manifest = write_manifest_file({"patient_id": "P1"}, {"patient_id": "P2", "DP_image": "nowhere.nrrd"})
    code, said, complained = run("extract", manifest, "--out", tmp_path / "f.csv")
    assert code == 3
    assert "1 of 2 cases" in said
    assert "Patient P2, DP" in complained
    assert read_feature_table(tmp_path / "f.csv").keys == (CaseKey("P1"),)
    record = json.loads((tmp_path / "f.run.json").read_text())
    assert (record["done"], record["failed"]) == (1, 1)


def test_nothing_is_written_when_nothing_worked(run, write_manifest_file, tmp_path):
    manifest = write_manifest_file({"patient_id": "P2", "DP_image": "nowhere.nrrd"})
    code, said, _ = run("extract", manifest, "--out", tmp_path / "f.csv")
    assert code == 3
    assert "was not written" in said
    assert sorted(path.name for path in tmp_path.iterdir()) == ["f.csv.batch", "manifest.csv"]
    assert sorted(path.name for path in (tmp_path / "f.csv.batch").iterdir()) == ["P2.log", "batch.log"]
