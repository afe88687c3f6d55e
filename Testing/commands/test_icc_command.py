"""``tace-response icc``: pairs found from a manifest's rows, what is written, and what is refused."""

import csv
import json

import numpy as np
import pytest
import SimpleITK as sitk
from TACEResponseLib.cohort import CaseKey
from TACEResponseLib.features import read_feature_table
from TACEResponseLib.phantom import write_cohort
from TACEResponseLib.repeatability import icc, read_stable_features

HEADER = "patient_id,reader,session"


@pytest.fixture(scope="module")
def phantoms(tmp_path_factory):
    """Manifest of 9 phantoms; 3 were drawn again, by reader 1 and by reader 2."""
    return write_cohort(tmp_path_factory.mktemp("phantoms") / "cohort", 9, seed=5, readers=True)


@pytest.fixture(scope="module")
def measured(phantoms, tmp_path_factory):
    """(results' folder, exit code, what was said, what was complained of) of one run on the AP of the phantoms."""
    import io

    from TACEResponseLib.cli import main
    from TACEResponseLib.commands.terminal import Terminal

    rows = list(csv.DictReader(phantoms.open(encoding="utf-8", newline="")))
    columns = [name for name in rows[0] if not name.startswith(("T2_", "PVP_", "DP_"))]
    manifest = phantoms.with_name("ap.csv")
    write_rows(manifest, columns, rows)
    out = tmp_path_factory.mktemp("icc") / "out"
    output, errors = io.StringIO(), io.StringIO()
    arguments = ["icc", manifest, "--out", out, "--bland-altman", "AP_firstorder_Mean"]
    code = main([str(one) for one in arguments], Terminal(output, errors))
    return manifest, out, code, output.getvalue(), errors.getvalue()


def write_rows(path, columns, rows):
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)


def table(path, *rows, spread=1.0):
    """A feature table of these "patient reader session"; two features that repeat and one that is constant."""
    lines = ["patient_id,reader,session,AP_shape_A,AP_shape_B,AP_glcm_C"]
    random = np.random.default_rng(0)
    for row in rows:
        patient, reader, session = row.split()
        truth = 10.0 * int(patient.strip("p"))
        noise = spread * random.standard_normal(2)
        lines.append(f"{patient},{reader},{session},{truth + noise[0]},{-truth + noise[1]},4")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def manifest(path, *rows):
    lines = [HEADER, *(",".join(row.split()) for row in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def cohort(tmp_path, *rows, **options):
    return manifest(tmp_path / "m.csv", *rows), "--features", table(tmp_path / "f.csv", *rows, **options)


def test_phantom_readers_end_to_end(measured):
    _, out, code, said, complained = measured
    assert code == 0
    assert "(phantom results)" in said
    assert "test-retest (reader 1, sessions 1 and 2): 3 pairs" in said
    assert "inter-observer (readers 1 and 2): 3 pairs" in said
    assert "test-retest: only 3 pairs; the 95 % intervals of the ICCs are" in complained
    assert "Patient PHANTOM-0002 and 5 more drawn once, not used" in complained
    with (out / "icc.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 2 * 110
    assert {row["repetition"] for row in rows} == {"test-retest", "inter-observer"}
    assert all(float(row["low"]) <= float(row["icc"]) <= float(row["high"]) for row in rows if row["icc"])
    stable = read_stable_features(out / "stable.json")
    assert stable.phantoms
    assert stable.patients == {"PHANTOM-0001", "PHANTOM-0005", "PHANTOM-0009"}
    passed = [{row["feature"] for row in rows[part : part + 110] if float(row["icc"] or 0) > 0.75} for part in (0, 110)]
    assert set(stable.names) == passed[0] & passed[1]
    numbers = json.loads((out / "results.json").read_text(encoding="utf-8"))
    assert numbers["phantoms"] is True
    assert len(numbers["provenance"]["cases"]) == 9
    assert numbers["provenance"]["settings"]["bin_width"] == 25
    page = (out / "report.html").read_text(encoding="utf-8")
    for words in ("PHANTOM RESULTS", "Bland-Altman of AP_firstorder_Mean", "Overlap of the VOIs", "only 3 pairs"):
        assert words in page


def test_phantom_readers_overlap_as_they_were_drawn(measured):
    """Reader 2 of the phantoms draws 0.5 mm wider; errors are smooth, with a standard deviation of 0.8 mm."""
    _, out, *_ = measured
    with (out / "overlap.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 6
    assert all(0.8 < float(row["dice"]) < 1 for row in rows)
    assert all(float(row["mean_surface_distance_mm"]) < 2.5 for row in rows)
    wider = [float(row["volume_difference_ml"]) for row in rows if row["second"].startswith("reader 2")]
    again = [float(row["volume_difference_ml"]) for row in rows if row["second"].startswith("reader 1")]
    assert np.mean(wider) > np.mean(again)


def test_a_feature_table_gives_the_same_numbers(measured, run, tmp_path):
    manifest_path, out, *_ = measured
    assert run("extract", manifest_path, "--sequences", "AP", "--out", tmp_path / "f.csv")[0] == 0
    assert run("icc", manifest_path, "--features", tmp_path / "f.csv", "--out", tmp_path / "out")[0] == 0
    assert (tmp_path / "out" / "icc.csv").read_bytes() == (out / "icc.csv").read_bytes()
    features = read_feature_table(tmp_path / "f.csv")
    keys = [CaseKey(f"PHANTOM-{number:04d}") for number in (1, 5, 9)]
    ratings = np.stack([features.rows_of(keys), features.rows_of(key._replace(session="2") for key in keys)], axis=1)
    with (out / "icc.csv").open(encoding="utf-8") as file:
        written = {row["feature"]: row["icc"] for row in csv.DictReader(file) if row["repetition"] == "test-retest"}
    expected = icc(ratings).value
    assert [float(written[name]) for name in features.names] == pytest.approx(list(expected), abs=1e-6)


def test_bland_altman_is_the_formula(run, tmp_path):
    rows = [f"p{number} 1 {session}" for session in (1, 2) for number in range(1, 13)]
    arguments = cohort(tmp_path, *rows)
    assert run("icc", *arguments, "--bland-altman", "AP_shape_A", "--out", tmp_path / "out")[0] == 0
    values = read_feature_table(tmp_path / "f.csv").values[:, 0]
    difference = values[12:] - values[:12]
    numbers = json.loads((tmp_path / "out" / "results.json").read_text(encoding="utf-8"))
    written = numbers["bland_altman"]["AP_shape_A"]["test-retest"]
    assert written["bias"] == pytest.approx(difference.mean())
    assert written["high"] - written["low"] == pytest.approx(2 * 1.96 * difference.std(ddof=1))


def test_a_folder_used_again_holds_the_figures_of_the_last_run_only(run, tmp_path):
    arguments = cohort(tmp_path, *(f"p{number} 1 {session}" for session in (1, 2) for number in range(1, 13)))
    assert run("icc", *arguments, "--bland-altman", "AP_shape_A", "--out", tmp_path / "out")[0] == 0
    assert run("icc", *arguments, "--bland-altman", "AP_shape_B", "--out", tmp_path / "out")[0] == 0
    figures = {path.name for path in (tmp_path / "out" / "figures").iterdir()}
    assert figures == {f"{stem}.svg" for stem in ("icc", "bland_altman_AP_shape_B")}


def test_the_lower_bound_is_stricter_and_a_constant_feature_is_told(run, tmp_path):
    rows = [f"p{number} 1 {session}" for session in (1, 2) for number in range(1, 13)]
    arguments = cohort(tmp_path, *rows, spread=14.0)
    code, _, complained = run("icc", *arguments, "--out", tmp_path / "a")
    assert code == 0
    assert "AP_glcm_C is the same in all cases; its ICC is undefined" in complained
    run("icc", *arguments, "--on-lower-bound", "--out", tmp_path / "b")
    point, bound = (read_stable_features(tmp_path / name / "stable.json") for name in ("a", "b"))
    assert point.names == ("AP_shape_A", "AP_shape_B")
    assert not set(bound.names) - set(point.names)
    assert len(bound.names) < len(point.names)
    assert bound.rule.startswith("lower bound of the 95 % interval of ICC(2,1)")


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (("p1 1 1", "p2 1 1"), "All 2 cases were drawn once"),
        (("p1 1 1", "p1 1 2"), "1 case was drawn twice; an ICC needs at least 2"),
        (("p1 1 1", "p2 1 1", "p1 2 1", "p2 2 1", "p3 2 1"), "Patient p3, reader 2: reader 2 has no partner"),
        (("p1 1 1", "p1 2 1", "p1 3 1"), "There are 3 readers (1, 2, 3); say with whom reader 1 is compared"),
        (("p1 1 1", "p1 1 2", "p1 1 3"), "Patient p1: reader 1 drew it 3 times"),
    ],
)
def test_rows_that_make_no_pairs_are_refused(run, tmp_path, rows, words):
    code, _, complained = run("icc", *cohort(tmp_path, *rows), "--out", tmp_path / "out")
    assert code == 1
    assert words in complained
    assert not (tmp_path / "out").exists()


def test_an_unknown_feature_is_refused_before_anything_is_read(phantoms, run, tmp_path):
    code, _, complained = run("icc", phantoms, "--bland-altman", "AP_Mean", "--out", tmp_path / "out")
    assert code == 1
    assert "There is no feature AP_Mean to plot; an example of a name is T2_firstorder_10Percentile" in complained


def test_readers_on_different_geometries_cost_their_pair(image_files, write_manifest_file, run, tmp_path):
    """Reader 2 of patient c drew on a coarser image; a and b go on."""
    coarse = {}
    for kind in ("image", "mask"):
        image = sitk.ReadImage(str(image_files[f"AP_{kind}"]))
        image.SetSpacing([step * 1.2 for step in image.GetSpacing()])
        coarse[f"AP_{kind}"] = tmp_path / f"coarse_{kind}.nrrd"
        sitk.WriteImage(image, str(coarse[f"AP_{kind}"]))
    others = {f"{name}_{kind}": "" for name in ("T2", "PVP", "DP") for kind in ("image", "mask")}
    rows = [{"patient_id": patient, "reader": reader, **others} for reader in "12" for patient in "abc"]
    rows[-1] |= {name: str(path) for name, path in coarse.items()}
    code, said, complained = run("icc", write_manifest_file(*rows), "--out", tmp_path / "out")
    assert code == 3
    assert "Patient c and patient c, reader 2, AP: the VOIs lie on different voxel grids" in complained
    assert "inter-observer (readers 1 and 2): 2 pairs" in said
    assert read_stable_features(tmp_path / "out" / "stable.json").patients == {"a", "b"}


def test_perturbations_need_no_second_reader(image_files, write_manifest_file, run, tmp_path):
    others = {f"{name}_{kind}": "" for name in ("T2", "PVP", "DP") for kind in ("image", "mask")}
    source = sitk.GetArrayFromImage(sitk.ReadImage(str(image_files["AP_image"]))).astype(float)
    rows = []
    for number, patient in enumerate("abc"):
        image = sitk.GetImageFromArray((source * (1 + 0.5 * number)).astype(np.int16))
        image.CopyInformation(sitk.ReadImage(str(image_files["AP_image"])))
        sitk.WriteImage(image, str(tmp_path / f"{patient}.nrrd"))
        rows.append({"patient_id": patient, **others, "AP_image": str(tmp_path / f"{patient}.nrrd")})
    path = write_manifest_file(*rows)
    code, said, _ = run("icc", path, "--perturbations", 2, "--out", tmp_path / "a")
    assert code == 0
    assert "3 cases, 2 perturbations each" in said
    run("icc", path, "--perturbations", 2, "--out", tmp_path / "b")
    assert (tmp_path / "a" / "icc.csv").read_bytes() == (tmp_path / "b" / "icc.csv").read_bytes()
    # The mean of images that are 1, 1.5 and 2 times as bright repeats, whatever the edge.
    assert "AP_firstorder_Mean" in read_stable_features(tmp_path / "a" / "stable.json").names
    still = ("--margin-mm", 0, "--shift-mm", 0, "--edge-mm", 0)
    run("icc", path, "--perturbations", 2, *still, "--out", tmp_path / "c")
    with (tmp_path / "c" / "icc.csv").open(encoding="utf-8") as file:
        assert {row["icc"] for row in csv.DictReader(file)} <= {"1.000000", ""}
    code, _, complained = run("icc", path, "--perturbations", 1, "--out", tmp_path / "d")
    assert code == 1
    assert "needs at least 2" in complained


def test_the_plan_is_a_work_list(phantoms, run, tmp_path):
    code, said, _ = run("icc", phantoms, "--plan", 0.25, "--seed", 7, "--out", tmp_path)
    assert code == 0
    assert "3 patients to draw again, 6 drawings" in said
    with (tmp_path / "work_list.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert sorted((row["reader"], row["session"]) for row in rows) == [("1", "2")] * 3 + [("2", "1")] * 3
    assert "without seeing those of reader 1" in next(row["instruction"] for row in rows if row["reader"] == "2")


def test_a_single_pair_of_one_kind_does_not_cost_the_other(run, tmp_path):
    rows = [f"p{number} 1 {session}" for session in (1, 2) for number in range(1, 13)]
    code, said, complained = run("icc", *cohort(tmp_path, *rows, "p3 2 1"), "--out", tmp_path / "out")
    assert code == 0
    assert "inter-observer: 1 case was drawn twice; an ICC needs at least 2" in complained
    assert "test-retest (reader 1, sessions 1 and 2): 12 pairs" in said
    assert read_stable_features(tmp_path / "out" / "stable.json").rule.endswith("test-retest")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--seed", "-1"), "The seed is a whole number from 0 on, not -1"),
        (("--threshold", "nan"), "lies between -1 and 1"),
        (("--perturbations", "3", "--margin-mm", "nan"), "finite and not negative"),
        (("--perturbations", "3", "--wave-mm", "0"), "the length of waves is positive"),
        (("--perturbations", "3", "--features", "f.csv"), "leave out --features"),
    ],
)
def test_numbers_that_mean_nothing_are_refused(phantoms, run, tmp_path, words, message):
    code, _, complained = run("icc", phantoms, *words, "--out", tmp_path / "out")
    assert code == 1
    assert message in complained
    assert not (tmp_path / "out").exists()


def test_drawings_of_other_sequences_are_refused_before_the_work(phantoms, run, tmp_path):
    rows = list(csv.DictReader(phantoms.open(encoding="utf-8", newline="")))
    rows[1] |= {"DP_image": "", "DP_mask": "", "DP_label": ""}
    path = phantoms.with_name("gap.csv")
    write_rows(path, list(rows[0]), rows)
    code, _, complained = run("icc", path, "--out", tmp_path / "out")
    assert code == 1
    assert "session 2 has T2, AP, PVP, patient PHANTOM-0001 has T2, AP, PVP, DP" in complained
    assert not (tmp_path / "out").exists()


def test_the_drawings_features_are_kept_for_further_plots(measured, run, tmp_path):
    """No second extraction for another Bland-Altman plot: the table of the first run is taken."""
    manifest_path, out, *_ = measured
    words = ("--features", out / "features.csv", "--bland-altman", "AP_shape_Sphericity")
    assert run("icc", manifest_path, *words, "--out", tmp_path)[0] == 0
    assert (tmp_path / "icc.csv").read_bytes() == (out / "icc.csv").read_bytes()
    assert (tmp_path / "figures" / "bland_altman_AP_shape_Sphericity.svg").is_file()


def test_perturbations_do_not_depend_on_the_order_of_rows(measured, run, tmp_path):
    manifest_path, *_ = measured
    rows = [
        row for row in csv.DictReader(manifest_path.open(encoding="utf-8")) if row["session"] == row["reader"] == "1"
    ]
    found = {}
    for name, own in (("a", rows[:3]), ("b", rows[2::-1])):
        write_rows(manifest_path.with_name(f"{name}.csv"), list(rows[0]), own)
        words = ("--perturbations", 2, "--on-lower-bound", "--out", tmp_path / name)
        code, _, complained = run("icc", manifest_path.with_name(f"{name}.csv"), *words)
        assert code == 0
        assert "perturbation: only 3 cases; the 95 % intervals of the ICCs are" in complained
        with (tmp_path / name / "icc.csv").open(encoding="utf-8") as file:
            found[name] = list(csv.DictReader(file))
        passed = {row["feature"] for row in found[name] if row["low"] and float(row["low"]) > 0.75}
        assert set(read_stable_features(tmp_path / name / "stable.json").names) == passed
    a, b = ([float(row["icc"] or 0) for row in found[name]] for name in "ab")
    assert a == pytest.approx(b, abs=2e-6)


def test_bland_altman_leaves_out_pairs_without_a_value(run, tmp_path):
    rows = [f"p{number} 1 {session}" for session in (1, 2) for number in range(1, 13)]
    arguments = cohort(tmp_path, *rows)
    lines = (tmp_path / "f.csv").read_text(encoding="utf-8").splitlines()
    key, _, rest = lines[1].partition(",1,1,")
    lines[1] = f"{key},1,1,,{rest.partition(',')[2]}"
    (tmp_path / "f.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    code, _, complained = run("icc", *arguments, "--bland-altman", "AP_shape_A", "--out", tmp_path / "out")
    assert code == 0
    assert "AP_shape_A has no value in some drawings, first in patient p1" in complained
    values = read_feature_table(tmp_path / "f.csv").values[:, 0]
    numbers = json.loads((tmp_path / "out" / "results.json").read_text(encoding="utf-8"))
    expected = (values[13:] - values[1:12]).mean()
    assert numbers["bland_altman"]["AP_shape_A"]["test-retest"]["bias"] == pytest.approx(expected)


def tables_of(out):
    return {name: (out / name).read_bytes() for name in ("icc.csv", "overlap.csv", "stable.json", "features.csv")}


def test_workers_give_the_same_tables_and_resume_does_only_what_changed(measured, run, tmp_path):
    manifest_path, out, *_ = measured
    code, _, _ = run("icc", manifest_path, "--out", tmp_path / "out", "--workers", 2)
    assert code == 0
    assert tables_of(tmp_path / "out") == tables_of(out)
    with manifest_path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    # The second drawing of one lesion changes: its lesion alone is read again, not the other two.
    again = next(row for row in rows if row["session"] == "2")
    mask = sitk.ReadImage(str(manifest_path.parent / again["AP_mask"]))
    smaller = sitk.BinaryErode(mask == 1, [1, 1, 0])
    sitk.WriteImage(sitk.Cast(smaller, sitk.sitkUInt8), str(manifest_path.parent / "smaller.nrrd"))
    again |= {"AP_mask": "smaller.nrrd", "AP_label": "1"}
    changed = manifest_path.with_name("changed.csv")
    write_rows(changed, list(rows[0]), rows)
    code, _, complained = run("icc", changed, "--out", tmp_path / "out", "--resume")
    assert code == 0, complained
    log = (tmp_path / "out" / "batch" / "batch.log").read_text().splitlines()
    assert [line.split()[1] for line in log] == ["done"] * 3 + ["done", "skipped", "skipped"]
    assert tables_of(tmp_path / "out") != tables_of(out)
    fresh = tmp_path / "fresh"
    assert run("icc", changed, "--out", fresh)[0] == 0
    assert tables_of(tmp_path / "out") == tables_of(fresh)


def test_perturbations_by_workers_and_resumed(measured, run, tmp_path):
    manifest_path, *_ = measured
    words = ("icc", manifest_path, "--perturbations", 2, "--out")
    assert run(*words, tmp_path / "a")[0] == 0
    assert run(*words, tmp_path / "b", "--workers", 2)[0] == 0
    before = (tmp_path / "a" / "icc.csv").read_bytes()
    assert (tmp_path / "b" / "icc.csv").read_bytes() == before
    assert run(*words, tmp_path / "b", "--resume")[0] == 0
    assert (tmp_path / "b" / "icc.csv").read_bytes() == before
    log = (tmp_path / "b" / "batch" / "batch.log").read_text().splitlines()
    assert [line.split()[1] for line in log] == ["done"] * 9 + ["skipped"] * 9


def test_a_failure_is_reported_again_when_its_lesion_is_skipped(image_files, write_manifest_file, run, tmp_path):
    others = {f"{name}_{kind}": "" for name in ("T2", "PVP", "DP") for kind in ("image", "mask")}
    rows = [{"patient_id": patient, "reader": reader, **others} for reader in "12" for patient in "abc"]
    rows[-1]["AP_mask"] = "nowhere.nrrd"
    path = write_manifest_file(*rows)
    for further in ((), ("--resume",)):
        code, _, complained = run("icc", path, "--out", tmp_path / "out", *further)
        assert code == 3
        assert complained.count("failed: Patient c, reader 2, AP") == 1
