"""Tables of several centres as one cohort, refused where they were not made the same way."""

import json
import shutil

import numpy as np
import pytest
from TACEResponseLib.cohort import CaseKey, read_manifest
from TACEResponseLib.features import PAPER_SETTINGS, FeatureSettings, FeatureVector, get_feature_set, read_feature_table
from TACEResponseLib.features.table import write_feature_table

NAMES = get_feature_set("default107").column_names(("AP",))


@pytest.fixture
def site(tmp_path):
    """Write a centre's folder: two patients, P1 and P2."""

    def write(name, settings=PAPER_SETTINGS, engine="native 1", names=NAMES, feature_set="default107", image="", **row):
        folder = tmp_path / name
        folder.mkdir()
        rng = np.random.default_rng(len(name) + ord(name[0]))
        vectors = [
            FeatureVector(
                CaseKey(patient),
                names,
                rng.normal(size=len(names)),
                settings,
                feature_set,
                engine,
                undefined={names[3]: "flat"} if patient == "P2" else {},
                input_sha256={"AP": (image or f"{name}{patient}", "m")},
            )
            for patient in ("P1", "P2")
        ]
        vectors[1].values[3] = np.nan
        write_feature_table(folder / "features.csv", vectors)
        cells = {
            "response": "OR",
            "child_pugh": "A5",
            "AP_image": "/secret/Smith.nrrd",
            "AP_mask": "/secret/m.nrrd",
            **row,
        }
        lines = [",".join(["patient_id", *cells])]
        lines += [",".join([patient, *cells.values()]) for patient in ("P1", "P2", "P3")]
        (folder / "manifest.csv").write_text("\n".join(lines) + "\n")
        (folder / "features.run.json").write_text(json.dumps({"versions": {"TACEResponse": "0.1.0", "numpy": "2.0"}}))
        return folder

    return write


def test_two_centres_become_one_cohort(run, site, tmp_path):
    berlin, lyon = site("berlin"), site("lyon", site="Lyon-Sud")
    code, said, complained = run("pool", berlin, lyon, "--out", tmp_path / "all")
    assert (code, complained) == (0, "")
    assert "4 cases of 2 centres" in said
    pooled = read_feature_table(tmp_path / "all" / "features.csv")
    names = ["berlin_P1", "berlin_P2", "lyon_P1", "lyon_P2"]
    assert [key.patient_id for key in pooled.keys] == names
    separate = [read_feature_table(folder / "features.csv").values for folder in (berlin, lyon)]
    np.testing.assert_array_equal(pooled.values, np.concatenate(separate))
    assert pooled.settings == PAPER_SETTINGS
    assert pooled.undefined[CaseKey("lyon_P2")] == {NAMES[3]: "flat"}
    cases = read_manifest(tmp_path / "all" / "cohort.csv")
    assert [case.key.patient_id for case in cases] == names
    assert [case.columns["site"] for case in cases] == ["berlin", "berlin", "lyon", "lyon"]
    assert cases[2].columns["own_site"] == "Lyon-Sud"
    assert cases[0].objective_response
    assert "secret" not in (tmp_path / "all" / "cohort.csv").read_text()


@pytest.mark.parametrize(
    ("differing", "words"),
    [
        ({"settings": FeatureSettings(bin_width=10.0)}, r"other settings \(bin_width 25.0 and 10.0\)"),
        ({"engine": "native 2"}, "berlin used version 1 of the engine native, lyon version 2"),
        ({"names": NAMES[::-1]}, "another order"),
        ({"names": tuple(name.replace("AP_", "PVP_") for name in NAMES)}, "other columns .214"),
        ({"feature_set": "paper110"}, "feature set default107, lyon paper110"),
        ({"image": "berlinP1"}, "patient P1 of berlin have the same images"),
    ],
)
def test_tables_that_were_not_made_the_same_way_are_refused(run, site, tmp_path, differing, words):
    import re

    code, _, complained = run("pool", site("berlin"), site("lyon", **differing), "--out", tmp_path / "all")
    assert code == 1
    assert re.search(words, complained), complained
    assert not (tmp_path / "all").exists()


def test_what_is_missing_or_doubtful_is_told(run, site, tmp_path):
    berlin, lyon = site("berlin"), site("lyon")
    (lyon / "features.run.json").unlink()
    (berlin / "features.run.json").write_text("{}")
    assert run("pool", berlin, lyon, "--out", tmp_path / "a")[2].count("its versions are unknown") == 2
    (lyon / "features.run.json").write_text('{"versions": {"numpy": "1.26"}}')
    (berlin / "features.run.json").write_text('{"versions": {"numpy": "2.4"}}')
    assert "different versions of numpy: berlin 2.4, lyon 1.26" in run("pool", berlin, lyon, "--out", tmp_path / "b")[2]
    shutil.copytree(lyon, tmp_path / "x" / "lyon")
    for folders, words in (
        ((berlin,), "at least two"),
        ((lyon, tmp_path / "x" / "lyon"), "Two folders are named lyon"),
    ):
        code, _, complained = run("pool", *folders, "--out", tmp_path / "c")
        assert code == 1
        assert words in complained
    (lyon / "manifest.csv").write_text("patient_id,response\nP1,OR\n")
    assert "has no row for patient P2" in run("pool", berlin, lyon, "--out", tmp_path / "c")[2]
    (lyon / "manifest.csv").unlink()
    assert "neither manifest.csv nor cohort.csv" in run("pool", berlin, lyon, "--out", tmp_path / "c")[2]
    (lyon / "features.csv.json").write_text('{"settings": {}}')
    assert "lyon: " in run("pool", berlin, lyon, "--out", tmp_path / "c")[2]
    (lyon / "features.csv.json").unlink()
    assert "no provenance file" in run("pool", berlin, lyon, "--out", tmp_path / "c")[2]
    (lyon / "features.csv").unlink()
    complained = run("pool", berlin, lyon, "--out", tmp_path / "c")[2]
    assert "lyon: The feature table features.csv: the file cannot be read" in complained
