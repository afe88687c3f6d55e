"""An archive becomes a manifest: series, phases, studies and VOIs found, nobody named, faults told in one sentence."""

import csv
import os
import re
import shutil
import stat
import subprocess
import sys

import numpy as np
import pytest
import SimpleITK as sitk
from TACEResponseLib.cohort import read_manifest
from TACEResponseLib.imaging import read_case_images


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


def review_of(out):
    with (out / "manifest.review.csv").open(newline="", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


def sequences_by_description(out):
    return {row["description"]: row["sequence"] for row in review_of(out)}


def voxels_of(path):
    return sitk.GetArrayFromImage(sitk.ReadImage(str(path)))


def ball(shape=(10, 22, 26), centre=(5, 10, 13), radii=(3.2, 6, 8)):
    k, j, i = np.ogrid[tuple(slice(n) for n in shape)]
    return sum(((x - c) / r) ** 2 for x, c, r in zip((k, j, i), centre, radii, strict=True)) < 1


def test_a_mixed_folder_becomes_a_manifest_with_the_voxels_of_its_series(archive, intake, out):
    archive.add("localizer", shape=(3, 22, 26))
    archive.add("t1_vibe_pre", time="101400")
    rng = np.random.default_rng(8)
    arterial = rng.integers(0, 900, (1, 10, 22, 26))
    archive.add("t2_tse_fs_tra")
    archive.add("t1_vibe_art", voxels=arterial, time="101530")
    archive.add("t1_vibe_art_SUB")
    archive.add("t1_vibe_pv", time="101610")
    archive.add("t1_vibe_delayed", time="101800")
    (archive.folder / "letter.txt").write_text("Dear colleague")
    code, said, _ = intake()
    assert code == 0
    assert "1 of 1 patients" in said
    assert sequences_by_description(out) == {
        "localizer": "", "t1_vibe_pre": "", "t2_tse_fs_tra": "T2", "t1_vibe_art": "AP", "t1_vibe_art_SUB": "",
        "t1_vibe_pv": "PVP", "t1_vibe_delayed": "DP",
    }  # fmt: skip
    [case] = read_manifest(out / "manifest.csv")
    np.testing.assert_array_equal(voxels_of(case.sources["AP"].image_path), arterial[0])
    image = sitk.ReadImage(str(case.sources["AP"].image_path))
    assert image.GetSpacing() == pytest.approx((0.8, 1.25, 3.0))
    assert image.GetOrigin() == pytest.approx((-10.5, 20.25, 0.0))


@pytest.mark.parametrize(
    "phase_tag",
    [
        ("TemporalPositionIdentifier", ["1", "2", "3", "4"]),
        ("AcquisitionTime", ["101400", "101530", "101610", "101810"]),
        ("ContentTime", ["101400", "101530", "101610", "101810"]),
    ],
)
def test_phases_in_one_series_are_told_apart(archive, intake, out, phase_tag):
    voxels = np.random.default_rng(1).integers(0, 900, (4, 10, 22, 26))
    times = {} if phase_tag[0] == "AcquisitionTime" else {"time": ""}
    if phase_tag[0] == "ContentTime":
        # Only the order within the series is left then.
        times["TemporalPositionIdentifier"] = ""
    archive.add("t2_tse_fs_tra")
    archive.add("t1_vibe_fs_tra_dyn", voxels=voxels, phases=4, phase_tag=phase_tag, **times)
    code, *_ = intake()
    assert code == 0
    rows = [row for row in review_of(out) if row["description"] == "t1_vibe_fs_tra_dyn"]
    assert [row["phase"] for row in rows] == [f"{n} by {phase_tag[0]}" for n in (1, 2, 3, 4)]
    if phase_tag[0] == "ContentTime":
        return
    assert [row["sequence"] for row in rows] == ["", "AP", "PVP", "DP"]
    [case] = read_manifest(out / "manifest.csv")
    for phase, sequence in enumerate(("AP", "PVP", "DP"), start=1):
        np.testing.assert_array_equal(voxels_of(case.sources[sequence].image_path), voxels[phase])


def test_nobody_is_named_and_intervals_stay(archive, intake, out, tmp_path):
    archive.add_study()
    archive.add_study(study="2", date="20210611")
    dates = tmp_path / "tace.csv"
    dates.write_text("patient_id,tace_date\nAnna^7,2021-03-20\n")
    # A key of its own would now and then shift a date within its month, or make a pseudonym with 1960 in it.
    key = tmp_path / "secret" / "site.key"
    key.parent.mkdir()
    key.write_text("".join(f"{(37 * n * n + 90) % 251:02x}" for n in range(32)))
    code, said, complained = intake("--tace-dates", dates)
    assert code == 0
    content = b"".join(path.read_bytes() for path in out.rglob("*") if path.is_file())
    names = " ".join(str(path.relative_to(out)) for path in out.rglob("*")).encode()
    for secret in (b"Anna", b"Smith", b"1960", b"20210304", b"2021-03", b"1.2.826", b"Archiv"):
        assert secret not in content + names, secret
    assert "Anna" not in said + complained
    assert {row["study"] for row in review_of(out)} == {"before TACE", "after"}
    assert all((row["study"] == "before TACE") == bool(row["sequence"]) for row in review_of(out))
    # 7 weeks and so many days between the studies, 16 days to the TACE: as before the dates were shifted.
    shifted = sorted({np.datetime64(f"{d[:4]}-{d[4:6]}-{d[6:]}") for row in review_of(out) if (d := row["study_date"])})
    assert int((shifted[1] - shifted[0]).astype(int)) == 99
    [case] = read_manifest(out / "manifest.csv")
    assert int((np.datetime64(case.first_tace_date) - shifted[0]).astype(int)) == 16
    assert (tmp_path / "secret" / "site.patients.csv").read_text() == (
        f"patient_id,original_id\n{case.key.patient_id},Anna^7\n"
    )


def test_the_key_alone_decides_the_pseudonym(archive, intake, tmp_path):
    archive.add("t2_tse_fs_tra")
    pseudonyms = []
    for run, key in enumerate(("a", "a", "b")):
        assert intake(out=tmp_path / f"o{run}" / "m.csv", key=tmp_path / "keys" / key)[0] == 0
        pseudonyms.append(read_manifest(tmp_path / f"o{run}" / "m.csv")[0].key.patient_id)
    assert pseudonyms[0] == pseudonyms[1] != pseudonyms[2]
    assert {stat.S_IMODE((tmp_path / "keys" / key).stat().st_mode) for key in ("a", "b")} == {0o600}


def test_a_key_in_the_output_or_a_broken_one_is_refused(archive, intake, out, tmp_path):
    archive.add("t2_tse_fs_tra")
    code, _, complained = intake(key=out / "deep" / "key")
    assert code == 1
    assert "would lie in the output folder" in complained
    (tmp_path / "broken").write_text("abc")
    code, _, complained = intake(key=tmp_path / "broken")
    assert code == 1
    assert "is not a key of pseudonyms" in complained


@pytest.mark.parametrize("order", [1, -1])
def test_the_angiography_tells_before_from_after(archive, intake, out, order):
    studies = [("1", "20210304"), ("2", "20210601")]
    for study, date in studies[::order]:
        archive.add("t2_tse_fs_tra", study=study, date=date)
    archive.add("TACE", study="3", date="20210320", modality="XA")
    assert intake()[0] == 0
    chosen = [row for row in review_of(out) if row["sequence"]]
    assert [row["series_number"] for row in chosen] == ["1" if order == 1 else "2"]
    assert "angiography is taken for it" in chosen[0]["reason"]


def test_all_studies_after_tace_are_refused(archive, intake, tmp_path):
    archive.add("t2_tse_fs_tra")
    dates = tmp_path / "tace.csv"
    dates.write_text("patient_id,tace_date\nAnna^7,2021-03-01\n")
    code, said, complained = intake("--tace-dates", dates)
    assert code == 3
    assert "later than the first TACE" in complained
    assert "no manifest written" in said


def test_vois_of_seg_and_contours_lie_where_they_were_drawn(archive, intake, out):
    mask = ball()
    # A rectangle with a rectangular hole on slices 4 and 5: columns 6-15, rows 5-14, hole columns 9-11, rows 8-9.
    expected = np.zeros((10, 22, 26), np.uint8)
    expected[4:6, 5:15, 6:16] = 1
    expected[4:6, 8:10, 9:12] = 0

    def rectangle(k, left, right, top, bottom):
        x = [-10.5 + 0.8 * (i - 0.5) for i in (left, right, right, left)]
        y = [20.25 + 1.25 * (j - 0.5) for j in (top, top, bottom, bottom)]
        return np.column_stack([x, y, np.full(4, 3.0 * k)])

    contours = [rectangle(k, *edges) for k in (4, 5) for edges in ((6, 16, 5, 15), (9, 12, 8, 10))]
    archive.add_contours(archive.add("t2_tse_fs_tra"), contours, "GTV lesion 1")
    archive.add_seg(archive.add("t1_vibe_art"), np.stack([ball(centre=(5, 9, 9)), mask], -1), labels=["Liver", "HCC"])
    archive.add("t1_vibe_delayed")
    code, _, complained = intake()
    assert code == 0, complained
    assert "VOI to be drawn on DP" in complained
    assert {row["sequence"]: row["voi"] for row in review_of(out) if row["sequence"]} == {
        "T2": "RTSTRUCT",
        "AP": "SEG",
        "DP": "to be drawn",
    }
    [case] = read_manifest(out / "manifest.csv")
    np.testing.assert_array_equal(voxels_of(case.sources["T2"].mask_path), expected)
    # Through the input checks, which paste the SEG's own extent on the image.
    voi = read_case_images(case, ("AP",)).vois["AP"]
    np.testing.assert_array_equal(voi.mask, mask)


@pytest.mark.parametrize(
    ("labels", "fractional", "words"),
    [
        (["left", "right"], False, "holds left, right; which is the tumour cannot be told"),
        (["HCC"], True, "fractional"),
    ],
)
def test_a_voi_that_cannot_be_used_is_left_to_be_drawn(archive, intake, labels, fractional, words):
    mask = np.stack([ball(), ball(centre=(5, 10, 12))], -1)[..., : len(labels)]
    archive.add_seg(archive.add("t1_vibe_art"), mask, labels=labels, fractional=fractional)
    code, _, complained = intake()
    assert code == 0
    assert words in complained
    assert "VOI to be drawn on AP" in complained


def test_a_voi_drawn_by_hand_stays_and_is_used(archive, intake, out):
    archive.add("t1_vibe_art")
    assert intake()[0] == 0
    [case] = read_manifest(out / "manifest.csv")
    image = sitk.GetImageFromArray(ball().astype(np.uint8))
    image.CopyInformation(sitk.ReadImage(str(case.sources["AP"].image_path)))
    sitk.WriteImage(image, str(case.sources["AP"].mask_path))
    assert intake()[0] == 0
    [case] = read_manifest(out / "manifest.csv")
    np.testing.assert_array_equal(voxels_of(case.sources["AP"].mask_path), ball())
    assert review_of(out)[0]["voi"] == "drawn"


def test_what_a_person_confirms_is_done(archive, intake, out):
    archive.add("t1_vibe_art")
    archive.add("strange name")
    assert intake()[0] == 0
    path = out / "manifest.review.csv"
    rows = review_of(out)
    text = path.read_text("utf-8-sig").replace(
        rows[0]["series"] + ",1,t1_vibe_art,,10,AP", rows[0]["series"] + ",1,,,10,DP"
    )
    text = text.replace("strange name,,10,,", "strange name,,10,AP,")
    reviewed = out.parent / "reviewed.csv"
    reviewed.write_text(text, "utf-8-sig")
    code, _, complained = intake("--reviewed", reviewed)
    assert code == 0, complained
    assert sequences_by_description(out) == {"t1_vibe_art": "DP", "strange name": "AP"}
    assert read_manifest(out / "manifest.csv")[0].columns["intake_confidence"] == "confirmed"
    reviewed.write_text(text.replace("10,DP", "10,AP"), "utf-8-sig")
    code, _, complained = intake("--reviewed", reviewed)
    assert code == 1
    assert re.search(r"row 3: AP is there twice", complained)


def test_studies_without_patient_id_are_not_taken_for_one_patient(archive, intake, out):
    nobody = {"name": "", "PatientBirthDate": "", "PatientSex": ""}
    archive.add_study(patient="", **nobody)
    archive.add_study(patient=" ", study="2", **nobody)
    archive.add_study(patient="8", study="3")
    code, said, complained = intake()
    assert code == 3
    assert "2 studies have no PatientID (StudyInstanceUID 1.2.826.0.2.1 and 1 more)" in complained
    assert said.startswith("1 of 2 patients")
    [case] = read_manifest(out / "manifest.csv")
    assert set(case.sources) == {"T2", "AP", "PVP", "DP"}


def test_two_patients_with_one_id_are_not_mixed(archive, intake, out):
    archive.add("t2_tse_fs_tra", patient="7", name="Smith^Anna")
    archive.add("t2_tse_fs_tra", patient="7", study="2", name="Jones^Bob", PatientBirthDate="19400101", PatientSex="M")
    archive.add("t2_tse_fs_tra", patient="8", study="3", name="Miller^Eve")
    archive.add("t2_tse_fs_tra", patient="8", study="4", name="Eve Miller")
    code, said, complained = intake()
    assert code == 3
    assert "two patients share this ID (birth date and sex differ" in complained
    assert "1 of 2 patients" in said
    assert len(read_manifest(out / "manifest.csv")) == 1


def test_missing_slices_cut_off_files_and_strangers_are_told(archive, intake):
    files = archive.add("t2_tse_fs_tra", patient="gap")
    files[4].unlink()
    torn = archive.add("t2_tse_fs_tra", patient="torn", study="2")
    torn[3].write_bytes(torn[3].read_bytes()[:-400])
    archive.add("t2_tse_fs_tra", patient="good", study="3")
    head = archive.folder / "head.dcm"
    head.write_bytes(torn[0].read_bytes()[:300])
    (archive.folder / "notes.txt").write_text("x" * 500)
    code, said, complained = intake()
    assert code == 3
    assert "T2: the series in" in complained
    assert "lacks 1 slice:" in complained
    assert "damaged or cut off" in complained
    assert "head.dcm" in complained
    assert "1 of 3 patients" in said


def test_a_folder_without_dicom_is_refused(archive, intake):
    code, _, complained = intake()
    assert code == 1
    assert "does not exist" in complained
    archive.folder.mkdir()
    (archive.folder / "x.txt").write_text("x")
    code, _, complained = intake()
    assert code == 1
    assert "holds no DICOM files" in complained


@pytest.mark.parametrize("kind", ["a file in the way", "read-only"])
def test_an_output_that_cannot_be_written_is_told(archive, intake, tmp_path, kind):
    archive.add("t2_tse_fs_tra")
    closed = tmp_path / "closed"
    closed.write_text("a file") if kind != "read-only" else closed.mkdir(mode=0o500)
    out = closed / "o" / "m.csv"
    if kind == "read-only" and os.geteuid() == 0:
        code, complained = _without_superuser_rights("intake", archive.folder, "--out", out, "--key", tmp_path / "key")
    else:
        code, _, complained = intake(out=out)
    assert code in (1, 3)
    assert "cannot be written" in complained


def _without_superuser_rights(*arguments):
    """Exit code and complaints of the command in a process that may write only where its user may."""
    if shutil.which("setpriv") is None:
        pytest.skip("the superuser may write everywhere, and there is no setpriv to give that up")
    command = ["setpriv", "--bounding-set=-dac_override", sys.executable, "-m", "TACEResponseLib.cli", *arguments]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=120, check=False)
    return done.returncode, done.stderr


def test_a_phantom_through_seg_and_intake_has_its_own_features(archive, intake, out, tmp_path):
    """The long way round (DICOM slices, SEG, NRRD) changes no bit of image and mask."""
    from TACEResponseLib.phantom import write_cohort

    own = read_manifest(write_cohort(archive.folder / "phantom", 1, 3, dicom=True))[0]
    for sequence, source in own.sources.items():
        mask = voxels_of(source.mask_path)
        files = sorted(source.image_path.iterdir())
        if sequence in ("AP", "T2"):
            archive.add_seg(files, mask)
    code, _, complained = intake()
    assert code == 0, complained
    [case] = read_manifest(out / "manifest.csv")
    for sequence in ("T2", "AP"):
        theirs, ours = (read_case_images(one, (sequence,)).vois[sequence] for one in (own, case))
        assert (ours.image_sha256, ours.mask_sha256) == (theirs.image_sha256, theirs.mask_sha256)
        assert ours.tags.is_phantom
