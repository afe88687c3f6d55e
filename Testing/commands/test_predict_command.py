"""``tace-response predict``: results, bad patients, exit codes, and what is left after a failure."""

import csv
import json
import re
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import SimpleITK as sitk
from TACEResponseLib.cohort import read_manifest
from TACEResponseLib.models import load_bundle
from TACEResponseLib.workflow import predict_case


def rows_of(path):
    with path.open(newline="", encoding="utf-8") as file:
        return {row["patient_id"]: row for row in csv.DictReader(file)}


def test_command_and_library_give_the_same_number(run, write_manifest_file, bundle_folder, tmp_path):
    manifest = write_manifest_file({"patient_id": "P1"})
    code, said, complained = run("predict", manifest, "--model", bundle_folder, "--out", tmp_path / "out")
    assert code == 0, complained
    case = read_manifest(manifest)[0]
    expected = predict_case(case, load_bundle(bundle_folder)).prediction
    result = json.loads((tmp_path / "out" / "P1" / "prediction.json").read_text())
    assert result["probability"] == pytest.approx(expected.probability, rel=1e-9)
    assert result["scores"]["dnn"] == pytest.approx(expected.scores["dnn"], rel=1e-9)
    assert f"{round(100 * expected.probability)} of 100" in said
    assert str(tmp_path / "out" / "P1" / "report.html") in said
    assert float(rows_of(tmp_path / "out" / "predictions.csv")["P1"]["probability"]) == pytest.approx(
        expected.probability, abs=1e-6
    )
    assert expected.sentence in (tmp_path / "out" / "P1" / "sentence.txt").read_text()
    assert sorted(file.name for file in (tmp_path / "out" / "P1").iterdir()) == [
        "prediction.json",
        "report.html",
        "sentence.txt",
    ]


def test_results_hold_no_paths_dates_or_hosts(run, write_manifest_file, bundle_folder, tmp_path):
    manifest = write_manifest_file({"patient_id": "P1"}, {"patient_id": "P2", "AP_mask": "Smith_John.nrrd"})
    assert run("predict", manifest, "--model", bundle_folder, "--out", tmp_path / "out")[0] == 3
    # run.json and the batch's logs are local: what is handed on is the rest.
    files = [
        file for file in (tmp_path / "out").rglob("*.*") if file.name != "run.json" and file.parent.name != "batch"
    ]
    assert len(files) == 4
    text = "".join(file.read_text() for file in files)
    assert str(tmp_path) not in text
    assert "Smith_John" not in text
    assert "<AP_mask>" in rows_of(tmp_path / "out" / "predictions.csv")["P2"]["error"]
    record = json.loads((tmp_path / "out" / "run.json").read_text())
    assert (record["done"], record["failed"]) == (1, 1)


def test_a_model_without_images_asks_for_none(run, tmp_path):
    manifest = tmp_path / "facts.csv"
    manifest.write_text("patient_id,child_pugh,portal_venous_invasion,afp_ng_ml,ast_u_l\nP1,A5,no,12,30\nP2,B,,>400,\n")
    code, _, complained = run("predict", manifest, "--model", "published-clinical", "--out", tmp_path / "out")
    assert code == 0, complained
    rows = rows_of(tmp_path / "out" / "predictions.csv")
    assert float(rows["P1"]["probability"]) == pytest.approx(1 / (1 + np.exp(-0.573)), abs=2e-3)
    assert rows["P2"]["unknown_facts"] == "portal_venous_invasion ast_above_40_u_l"


@pytest.mark.parametrize("workers", [(), ("--workers", "1")])
def test_one_case_a_patient_and_which(run, tmp_path, workers):
    manifest = tmp_path / "facts.csv"
    facts = "child_pugh,portal_venous_invasion,afp_ng_ml,ast_u_l"
    manifest.write_text(f"patient_id,reader,lesion,{facts}\nP1,1,1,A,no,9,9\nP1,1,2,C,no,9,9\nP2,2,1,A,no,9,9\n")
    arguments = ("predict", manifest, "--model", "published-clinical", *workers)
    code, _, complained = run(*arguments, "--out", tmp_path / "none")
    assert code == 3
    assert "Patient P1: 2 lesions" in complained
    assert "Patient P2: no row of reader 1" in complained
    assert {row["error"] != "" for row in rows_of(tmp_path / "none" / "predictions.csv").values()} == {True}
    code, _, complained = run(*arguments, "--out", tmp_path / "some", "--lesion", "2")
    assert code == 3
    rows = rows_of(tmp_path / "some" / "predictions.csv")
    assert (rows["P1"]["lesion"], rows["P1"]["error"]) == ("2", "")
    assert "no row of reader 1" in rows["P2"]["error"]
    assert run(*arguments, "--out", tmp_path / "x", "--lesion", "2", "--all-rows")[0] == 1


@pytest.mark.parametrize("workers", [(), ("--workers", "1")])
def test_another_share_of_responders(run, tmp_path, workers):
    manifest = tmp_path / "facts.csv"
    manifest.write_text("patient_id,child_pugh,portal_venous_invasion,afp_ng_ml,ast_u_l\nP1,A5,no,12,30\n")
    odds = []
    for prevalence in ((), ("--prevalence", "0.3")):
        out = tmp_path / f"out{len(prevalence)}"
        arguments = ("--model", "published-clinical", "--out", out, *prevalence, *workers)
        assert run("predict", manifest, *arguments)[0] == 0
        result = json.loads((out / "P1" / "prediction.json").read_text())
        odds.append(result["probability"] / (1 - result["probability"]))
    # By Bayes' rule the odds change by the factor of the prior odds; Table 1 has 56 with response, 59 without.
    assert odds[1] / odds[0] == pytest.approx((0.3 / 0.7) / (56 / 59), rel=1e-9)
    assert "Share of responders assumed here: 30." in result["sentence"]
    assert result["provenance"]["prevalence"] == 0.3


def test_a_share_of_responders_that_is_none(run, tmp_path):
    code, _, complained = run(
        "predict", "x.csv", "--model", "published-clinical", "--out", tmp_path, "--prevalence", "40"
    )
    assert code == 1
    assert "between 0 and 1" in complained


@pytest.fixture(scope="module")
def bad_files(image_files, tmp_path_factory):
    """Files that must be refused, by what is wrong with them."""
    folder = tmp_path_factory.mktemp("bad")
    good = sitk.ReadImage(str(image_files["AP_image"]))
    mask = sitk.ReadImage(str(image_files["AP_mask"]))
    voxels, drawn = sitk.GetArrayFromImage(good), sitk.GetArrayFromImage(mask)

    def write(name, array, like=good, vector=False):
        image = sitk.GetImageFromArray(array, isVector=vector)
        if array.ndim - vector == 3:
            image.CopyInformation(like)
        sitk.WriteImage(image, str(folder / f"{name}.nrrd"))
        return folder / f"{name}.nrrd"

    one = np.zeros_like(drawn)
    one[tuple(axis[0] for axis in np.nonzero(drawn))] = 1
    with_nan = voxels.astype(np.float32)
    with_nan[tuple(axis[5] for axis in np.nonzero(drawn))] = np.nan
    shifted = sitk.Image(mask)
    shifted.SetOrigin([value + 0.4 for value in mask.GetOrigin()])
    sitk.WriteImage(shifted, str(folder / "shifted.nrrd"))
    (folder / "torn.nrrd").write_bytes(image_files["AP_image"].read_bytes()[:2000])
    (folder / "words.nrrd").write_text("This is a letter.")
    return {
        "missing": folder / "nowhere.nrrd",
        "torn": folder / "torn.nrrd",
        "words": folder / "words.nrrd",
        "four_d": write("four_d", np.stack([voxels, voxels])),
        "rgb": write("rgb", np.stack([voxels] * 3, axis=-1).astype(np.uint8), vector=True),
        "empty": write("empty", np.zeros_like(drawn)),
        "fractional": write("fractional", drawn * np.float32(0.4)),
        "shifted": folder / "shifted.nrrd",
        "one_voxel": write("one_voxel", one),
        "constant": write("constant", np.full_like(voxels, 7)),
        "nan": write("nan", with_nan),
        "many_bins": write("many_bins", voxels.astype(np.int32) * 1000),
    }


@pytest.mark.parametrize(
    ("cell", "fault", "words"),
    [
        ("AP_image", "missing", "not there|no file|missing|does not exist"),
        ("AP_image", "torn", "read|cut|damaged|incomplete"),
        ("AP_image", "words", "read"),
        ("AP_image", "four_d", "4|dimension|time"),
        ("AP_image", "rgb", "RGB|colou?r|component"),
        ("AP_mask", "empty", "empty|no voxel"),
        ("AP_mask", "fractional", "fraction|whole"),
        ("AP_mask", "shifted", "beside the image"),
        ("AP_mask", "one_voxel", "voxel"),
        ("AP_image", "constant", "one grey level|same intensity|constant|single"),
        ("AP_image", "nan", "NaN"),
        ("AP_image", "many_bins", r"1.?000"),
        ("AP_label", "Tumour", "Tumour"),
    ],
)
def test_a_bad_patient_is_named_and_does_not_stop_the_others(
    run, write_manifest_file, bundle_folder, bad_files, tmp_path, cell, fault, words
):
    bad = {"patient_id": "McBad", cell: str(bad_files.get(fault, fault))}
    manifest = write_manifest_file(bad, {"patient_id": "Good"})
    out = tmp_path / "out"
    code, said, complained = run("predict", manifest, "--model", bundle_folder, "--out", out)
    assert code == 3
    assert sorted(path.name for path in out.iterdir()) == ["Good", "batch", "predictions.csv", "run.json"]
    line = next(line for line in complained.splitlines() if line.startswith("failed: "))
    assert line.startswith("failed: Patient McBad, AP")
    assert re.search(words, line), line
    rows = rows_of(out / "predictions.csv")
    assert rows["Good"]["probability"]
    assert not rows["McBad"]["probability"]
    assert rows["McBad"]["error"].startswith("Patient McBad, AP")
    assert "1 of 2" in said


def test_all_sequences_from_one_file_are_warned_of(run, write_manifest_file, bundle_folder, image_files, tmp_path):
    one = {"T2_image": str(image_files["AP_image"]), "T2_mask": str(image_files["AP_mask"])}
    manifest = write_manifest_file({"patient_id": "P1", **one})
    assert run("predict", manifest, "--model", bundle_folder, "--out", tmp_path / "out")[0] == 0
    assert "same_image" in rows_of(tmp_path / "out" / "predictions.csv")["P1"]["warnings"]
    assert "same image" in (tmp_path / "out" / "P1" / "report.html").read_text()


def test_an_earlier_result_of_a_patient_who_fails_now_is_kept_and_called_so(
    run, write_manifest_file, bundle_folder, bad_files, tmp_path
):
    """Only a new result takes the place of an earlier one; the table of this run has none."""
    out = tmp_path / "out"
    assert run("predict", write_manifest_file({"patient_id": "P1"}), "--model", bundle_folder, "--out", out)[0] == 0
    before = {path.name: path.read_bytes() for path in (out / "P1").iterdir()}
    manifest = write_manifest_file({"patient_id": "P1", "AP_mask": str(bad_files["empty"])})
    code, _, complained = run("predict", manifest, "--model", bundle_folder, "--out", out)
    assert code == 3
    assert {path.name: path.read_bytes() for path in (out / "P1").iterdir()} == before
    assert f"kept: {out / 'P1'}, the result of an earlier run of patient P1" in complained
    row = rows_of(out / "predictions.csv")["P1"]
    assert not row["probability"]
    assert row["error"].endswith("The folder P1 holds the result of an earlier run.")
    # The same images and facts as in the first run: its result is still right, and found by its content.
    again = write_manifest_file({"patient_id": "P1"})
    assert "0 done, 1 skipped" in run("predict", again, "--model", bundle_folder, "--out", out, "--resume")[1]
    assert rows_of(out / "predictions.csv")["P1"]["probability"]


def test_a_second_run_replaces_the_first(run, write_manifest_file, bundle_folder, tmp_path):
    out = tmp_path / "out"
    probabilities = []
    for invasion in ("no", "yes"):
        manifest = write_manifest_file({"patient_id": "P1", "portal_venous_invasion": invasion})
        assert run("predict", manifest, "--model", bundle_folder, "--out", out)[0] == 0
        probabilities.append(json.loads((out / "P1" / "prediction.json").read_text())["probability"])
    assert probabilities[0] > probabilities[1]
    assert sorted(path.name for path in out.iterdir()) == ["P1", "batch", "predictions.csv", "run.json"]


def test_a_bundle_with_a_changed_byte_is_refused(run, write_manifest_file, bundle_folder, tmp_path):
    import shutil

    damaged = tmp_path / "damaged"
    shutil.copytree(bundle_folder, damaged)
    content = bytearray((damaged / "arrays.npz").read_bytes())
    content[len(content) // 2] ^= 1
    (damaged / "arrays.npz").write_bytes(content)
    out = tmp_path / "out"
    code, _, complained = run("predict", write_manifest_file({"patient_id": "P1"}), "--model", damaged, "--out", out)
    assert code == 1
    assert "damaged" in complained
    assert not out.exists()


def test_an_unknown_model_is_refused_with_the_known_ones(run, write_manifest_file, tmp_path):
    manifest = write_manifest_file({"patient_id": "P1"})
    code, _, complained = run("predict", manifest, "--model", "nonsense", "--out", tmp_path / "out")
    assert code == 1
    assert "nonsense" in complained
    assert "published-clinical" in complained


_LIMITED = """
import resource, sys
from TACEResponseLib.cli import main
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), int(sys.argv[1])))
sys.exit(main(sys.argv[2:]))
"""


@pytest.mark.parametrize("bytes_left", [0, 3000, 30_000])
def test_a_disk_that_fills_up_leaves_nothing_half_written(write_manifest_file, bundle_folder, tmp_path, bytes_left):
    """No file may grow beyond the limit, as on a full disk: some of a case's files fit, others do not."""
    out = tmp_path / "out"
    arguments = ["predict", write_manifest_file({"patient_id": "P1"}), "--model", bundle_folder, "--out", out]
    done = subprocess.run(
        [sys.executable, "-c", _LIMITED, str(bytes_left), *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode in (1, 3)
    assert "cannot be written" in done.stderr
    left = {path.name for path in out.rglob("*")} if out.exists() else set()
    logs = {"batch", "batch.log", "P1.log"}
    assert left - logs <= {"predictions.csv", "run.json"}


def test_a_killed_run_leaves_only_whole_results(write_manifest_file, bundle_folder, tmp_path):
    manifest = write_manifest_file(*({"patient_id": f"P{number}"} for number in range(200)))
    out = tmp_path / "out"
    command = [sys.executable, "-m", "TACEResponseLib.cli", "predict", manifest, "--model", bundle_folder, "--out", out]
    running = subprocess.Popen([str(part) for part in command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and len(list(out.glob("P*"))) < 7:
        time.sleep(0.003)
    running.send_signal(signal.SIGKILL)
    assert running.wait() == -signal.SIGKILL
    folders = list(out.glob("P*"))
    assert 7 <= len(folders) < 200
    for folder in folders:
        assert json.loads((folder / "prediction.json").read_text())["patient_id"] == folder.name
        assert (folder / "report.html").read_text().rstrip().endswith("</html>")
        assert (folder / "sentence.txt").exists()
    assert not (out / "predictions.csv").exists()


def test_the_real_mr_as_all_four_sequences(run, shared, tmp_path):
    """One image for all sequences of a model that learnt from phantoms: every warning is there, and no number."""
    folder = shared / "data" / "mr-brain"
    columns, cells = ["patient_id"], ["brain1"]
    for sequence in ("T2", "AP", "PVP", "DP"):
        columns += [f"{sequence}_image", f"{sequence}_mask", f"{sequence}_label"]
        cells += [str(folder / "brain1_image.nrrd"), str(folder / "brain1_label.nrrd"), "1"]
    manifest = tmp_path / "manifest.csv"
    manifest.write_text(f"{','.join(columns)}\n{','.join(cells)}\n")
    assert run("extract", manifest, "--out", tmp_path / "features.csv")[0] == 0
    code, said, complained = run("predict", manifest, "--model", "phantom-cd", "--out", tmp_path / "out")
    assert code == 0, complained
    assert "DEMONSTRATION model, no number is stated" in said
    result = json.loads((tmp_path / "out/brain1/prediction.json").read_text())
    codes = {warning["code"] for warning in result["warnings"]}
    assert {"demonstration_model", "same_image", "identical_masks", "facts_unknown"} <= codes
    assert result["probability"] is None
    assert "<s>" in (tmp_path / "out/brain1/report.html").read_text()
    assert not rows_of(tmp_path / "out/predictions.csv")["brain1"]["probability"]
