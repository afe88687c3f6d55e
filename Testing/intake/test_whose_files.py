"""Whose files an archive holds, how often, and which rows of tables fit: what must never be mixed or left unsaid."""

import csv
import os
import stat

import numpy as np
import pytest
import SimpleITK as sitk
from TACEResponseLib.cohort import read_manifest
from TACEResponseLib.intake.archive import read_archive
from TACEResponseLib.intake.pseudonyms import Pseudonyms, write_who_is_who

pydicom = pytest.importorskip("pydicom")

NOBODY = {"name": "", "PatientBirthDate": "", "PatientSex": ""}


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


def review_of(out):
    with (out / "manifest.review.csv").open(newline="", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


def sequences_of(out):
    return {row["sequence"]: row["description"] for row in review_of(out) if row["sequence"]}


@pytest.mark.parametrize(
    ("patient", "person"),
    [
        ("ANONYMOUS", {**NOBODY, "name": "ANONYMOUS"}),
        ("anonymized", {**NOBODY, "name": "Anonymous^Patient"}),
        ("0000", NOBODY),
        ("REMOVED", {**NOBODY, "PatientBirthDate": "19000101"}),
        ("XXXX", {**NOBODY, "PatientSex": "M"}),
        ("Unknown", {**NOBODY, "name": "no^name"}),
    ],
)
def test_an_id_that_anonymisers_give_to_everybody_is_no_patient(archive, intake, out, patient, person):
    archive.add_study(patient=patient, **person)
    archive.add_study(patient=patient, study="2", date="20210611", **person)
    archive.add_study(patient="good", study="3")
    code, said, complained = intake()
    assert code == 3
    assert "2 studies share a PatientID that anonymisers give to everybody" in complained
    assert "1 of 2 patients" in said


@pytest.mark.parametrize(
    ("patient", "person"),
    [
        ("ANON0001", NOBODY),
        ("ANONYMOUS", {}),
        ("17", NOBODY),
    ],
)
def test_an_id_of_its_own_or_a_birth_date_is_a_patient(archive, intake, patient, person):
    archive.add_study(patient=patient, **person)
    archive.add_study(patient=patient, study="2", date="20210611", **person)
    assert intake()[0] == 0


@pytest.mark.parametrize(
    ("one", "other", "differ"),
    [
        ({"PatientSize": "1.60"}, {"PatientSize": "1.85"}, "body height differs"),
        ({"PatientWeight": "52"}, {"PatientWeight": "104"}, "weight differs"),
        ({"IssuerOfPatientID": "North"}, {"IssuerOfPatientID": "South"}, "issuer of the ID differs"),
        ({"PatientBirthDate": "19600102"}, {"PatientBirthDate": "19610102"}, "birth date differs"),
    ],
)
def test_two_people_under_one_id(archive, intake, one, other, differ):
    archive.add("t2_tse_fs_tra", **one)
    archive.add("t2_tse_fs_tra", study="2", date="20210611", **other)
    code, _, complained = intake()
    assert code == 3
    assert f"two patients share this ID ({differ}" in complained


def test_two_complete_studies_of_one_day_need_a_name_or_a_birth_date(archive, intake, out, tmp_path):
    archive.add_study(patient="17", **NOBODY)
    archive.add_study(patient="17", study="2", **NOBODY)
    code, _, complained = intake()
    assert code == 3
    assert "two complete MR studies of one day share this ID" in complained
    archive.folder = tmp_path / "other"
    archive.add_study(patient="18")
    archive.add_study(patient="18", study="2")
    assert intake()[0] == 0
    assert {row["confidence"] for row in review_of(out) if row["sequence"] in ("AP", "PVP", "DP")} == {"low"}


@pytest.mark.parametrize("apart", ["T2", "DP"])
def test_a_sequence_in_another_study_of_that_day_is_taken_and_reported(archive, intake, out, tmp_path, apart):
    names = {"T2": "t2_tse_fs_tra", "AP": "t1_vibe_art", "PVP": "t1_vibe_pv", "DP": "t1_vibe_delayed"}
    for number, (sequence, name) in enumerate(names.items()):
        archive.add(name, study="2" if sequence == apart else "1", time=f"10{10 + number}00")
    archive.add("t2_tse_fs_tra old", study="0", date="20210203")
    dates = tmp_path / "tace.csv"
    dates.write_text("patient_id,tace_date\nAnna^7,2021-03-20\n")
    code, _, complained = intake("--tace-dates", dates)
    assert code == 0
    assert f"{apart} is from another study (StudyInstanceUID) of the same day" in complained
    assert sequences_of(out) == names
    confidence = {row["sequence"]: row["confidence"] for row in review_of(out) if row["sequence"]}
    assert confidence == {sequence: "medium" if sequence == apart else "high" for sequence in names}


def recopied(archive, files, change):
    """Write changed copies of files into the archive."""
    folder = archive.folder / "again"
    folder.mkdir()
    copies = []
    for number, path in enumerate(files):
        data = pydicom.dcmread(path)
        change(number, data)
        data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID
        data.save_as(folder / f"C{number}", enforce_file_format=True)
        copies.append(folder / f"C{number}")
    return copies


def other_series(number, data):
    data.SeriesInstanceUID = "1.2.3.77"


def other_series_and_instances(number, data):
    data.SeriesInstanceUID, data.SOPInstanceUID, data.SeriesNumber = "1.2.3.77", f"1.2.3.77.{number}", 77


def other_study(number, data):
    other_series_and_instances(number, data)
    data.StudyInstanceUID = "1.2.3.7"


def compressed(number, data):
    other_series_and_instances(number, data)
    data.compress(pydicom.uid.RLELossless, generate_instance_uid=False)


def without_times(number, data):
    other_series_and_instances(number, data)
    del data.AcquisitionTime


@pytest.mark.parametrize("change", [other_series, other_series_and_instances, other_study, compressed, without_times])
def test_a_series_exported_twice_is_taken_once_and_reported(archive, intake, out, tmp_path, change):
    arterial = archive.add_study()
    archive.add_study(patient="other", study="2")
    copies = recopied(archive, arterial, change)
    mask = np.zeros((10, 22, 26), bool)
    mask[3:7, 5:15, 5:15] = True
    # Drawn on the copy, which is as good.
    archive.add_seg(copies, mask)
    dates = tmp_path / "tace.csv"
    dates.write_text("patient_id,tace_date\nAnna^7,2021-03-20\nother,2021-03-20\n")
    code, said, complained = intake("--tace-dates", dates)
    assert code == 0, complained
    assert said.startswith("2 of 2 patients")
    assert "has the same images as series" in complained
    rows = [row for row in review_of(out) if row["description"] == "t1_vibe_dyn_art"]
    taken = [row for row in rows if row["sequence"]]
    assert len(taken) == 2
    assert {row["confidence"] for row in taken} == {"high"}
    assert next(row["reason"] for row in rows if not row["sequence"]).startswith("the same images as series")
    assert [row["voi"] for row in taken if row["voi_ml"]] == ["SEG"]


def test_files_copied_within_a_series_are_taken_once(archive, intake, out):
    files = archive.add("t1_vibe_art")
    recopied(archive, files[2:5], lambda number, data: setattr(data, "InstanceNumber", 77))
    code, _, complained = intake()
    assert code == 0
    assert "3 images are in the archive more than once" in complained
    assert sequences_of(out) == {"AP": "t1_vibe_art"}


def test_one_instance_uid_for_all_images_and_a_seg_on_one_series(archive, intake, out):
    def change(number, phase, data):
        data.SOPInstanceUID = data.file_meta.MediaStorageSOPInstanceUID = "1.2.3"

    arterial = archive.add_study(change=change)
    mask = np.zeros((10, 22, 26), bool)
    mask[3:7, 5:15, 5:15] = True
    archive.add_contours(arterial, [square(k) for k in (3, 4, 5)], refers_to="images")
    code, _, complained = intake()
    assert code == 0
    assert set(sequences_of(out)) == {"T2", "AP", "PVP", "DP"}
    # The RTSTRUCT names the one UID only: on which series it lies cannot be told.
    assert "nobody can tell on which of series" in complained
    archive.add_contours(arterial, [square(k) for k in (3, 4, 5)], refers_to="series")
    code, _, complained = intake()
    assert {row["sequence"]: row["voi"] for row in review_of(out) if row["sequence"]}["AP"] == "RTSTRUCT"


def square(k):
    x, y = -10.5 + 0.8 * np.array([4.5, 14.5, 14.5, 4.5]), 20.25 + 1.25 * np.array([4.5, 4.5, 14.5, 14.5])
    return np.column_stack([x, y, np.full(4, 3.0 * k)])


def test_files_without_preamble_and_a_directory_under_another_name(archive, intake, out):
    for path in archive.add("t1_vibe_art"):
        data = pydicom.dcmread(path)
        data.file_meta, data.preamble = pydicom.dataset.FileMetaDataset(), None
        with path.open("wb") as file:
            pydicom.dcmwrite(file, data, implicit_vr=True, little_endian=True, enforce_file_format=False)
    directory = pydicom.Dataset()
    directory.file_meta = pydicom.dataset.FileMetaDataset()
    directory.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.1"
    directory.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.1.3.10"
    directory.file_meta.MediaStorageSOPInstanceUID = "1.2.3.4"
    directory.FileSetID = "DISC"
    for name in ("DICOMDIR", "DICOMDIR.1", "index.dcm"):
        directory.save_as(archive.folder / name, enforce_file_format=True)
    code, _, complained = intake()
    assert "index" not in complained
    assert "DICOMDIR" not in complained
    assert sequences_of(out) == {"AP": "t1_vibe_art"}
    assert code == 0


def test_links_are_followed_once_and_a_pipe_is_left_alone(archive, tmp_path):
    archive.add("t1_vibe_art")
    (tmp_path / "disc").mkdir()
    archive.folder.rename(tmp_path / "disc" / "real")
    folder = tmp_path / "links"
    folder.mkdir()
    (folder / "disc").symlink_to(tmp_path / "disc")
    (folder / "again").symlink_to(tmp_path / "disc" / "real")
    (tmp_path / "disc" / "loop").symlink_to(folder)
    (folder / "gone").symlink_to(tmp_path / "nowhere")
    os.mkfifo(folder / "pipe")
    found = read_archive(folder)
    assert len(list(found.patients[0].images)) == 10
    assert [(path.name, reason) for path, reason in found.damaged] == [("gone", "a link to nothing")]


@pytest.mark.parametrize("row", ["123", "0123", " 000124", "anna"])
def test_a_row_of_the_tace_table_that_fits_nobody_is_named_and_nothing_is_done(archive, intake, out, tmp_path, row):
    archive.add_study(patient="000123")
    archive.add_study(patient="Anna", study="2")
    dates = tmp_path / "tace.csv"
    dates.write_text(f"patient_id;tace_date\n000123;2021-08-01\n{row};2020-12-01\nnobody;2020-12-01\n")
    code, _, complained = intake("--tace-dates", dates)
    assert code == 1
    assert f"2 rows fit no patient of the archive, so nothing was processed: row 3 ({row.strip()}), row 4 (nobody)" in (
        complained
    )
    assert ("differ from these only in leading zeros" in complained) == (row != " 000124")
    assert not out.exists()
    dates.write_text("patient_id\ttace_date\n000123\t2021-08-01\nAnna\t2021-08-01\n", "utf-16")
    assert intake("--tace-dates", dates)[0] == 0


def test_rows_of_a_review_table_that_fit_nothing_are_named_and_nothing_is_done(archive, intake, out, tmp_path):
    archive.add_study()
    archive.add_study(patient="Bob", study="2")
    assert intake()[0] == 0
    rows = review_of(out)
    changed = [dict(row) for row in rows]
    changed[1]["series"] = "0123456789"
    changed[2]["patient_id"] = changed[-1]["patient_id"]
    again = tmp_path / "again" / "manifest.csv"

    def reviewed(content):
        path = tmp_path / "reviewed.csv"
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, rows[0], delimiter="\t")
            writer.writeheader()
            writer.writerows(content)
        return path

    code, _, complained = intake(
        "--reviewed", reviewed([row for row in changed if row["sequence"] != "PVP"]), out=again
    )
    assert code == 1
    assert "1 row fits no series of this archive" in complained
    assert "row 3 (" in complained
    code, _, complained = intake("--reviewed", reviewed([dict(changed[2], sequence="T2")]), out=again)
    assert code == 1
    assert not again.parent.exists()
    assert intake("--reviewed", reviewed(rows), out=again)[0] == 0
    assert {row["confidence"] for row in review_of(again.parent)} == {"confirmed"}


def test_a_phase_that_consists_of_other_images_is_not_what_was_confirmed(archive, intake, out, tmp_path):
    """Between two runs images came to the archive, so that phase 2 is another volume than the one confirmed."""
    archive.add("t1_vibe_dyn", phases=4, phase_tag=("AcquisitionTime", ["101400", "101530", "101610", "101810"]))
    assert intake()[0] == 0
    reviewed = tmp_path / "reviewed.csv"
    reviewed.write_bytes((out / "manifest.review.csv").read_bytes())
    archive.count -= 1
    archive.add("t1_vibe_dyn", time="101500", change=lambda n, phase, data: setattr(data, "SOPInstanceUID", f"1.9.{n}"))
    code, _, complained = intake("--reviewed", reviewed)
    assert code == 1
    assert "fit no series of this archive" in complained


@pytest.mark.parametrize(
    "key",
    ["00" * 32, "5a" * 32, "0123456789abcdef" * 4, bytes(range(32)).hex(), b"correct horse battery staple 123".hex()],
)
def test_a_weak_key_is_refused(archive, intake, out, tmp_path, key):
    archive.add("t2_tse_fs_tra")
    (tmp_path / "key").write_text(key)
    code, _, complained = intake(key=tmp_path / "key")
    assert code == 1
    assert "is weak" in complained
    assert not out.exists()


def test_keys_and_names_are_private_from_their_first_byte(archive, intake, tmp_path, monkeypatch):
    archive.add("t2_tse_fs_tra")
    modes = []
    real_open = os.open

    def watched(path, flags, mode=0o777, **rest):
        if flags & os.O_CREAT and "secret" in str(path):
            modes.append(mode & 0o077)
        return real_open(path, flags, mode, **rest)

    monkeypatch.setattr(os, "open", watched)
    old = os.umask(0)
    try:
        assert intake()[0] == 0
    finally:
        os.umask(old)
    assert modes
    assert not any(modes)
    for path in (tmp_path / "secret").iterdir():
        assert not stat.S_IMODE(path.stat().st_mode) & 0o077, path
    (tmp_path / "secret" / "site.key").chmod(0o644)
    _, _, complained = intake()
    assert "others could read the key" in complained
    assert not (tmp_path / "secret" / "site.key").stat().st_mode & 0o077


def test_ids_that_look_like_formulas_come_back_from_the_list_of_names(tmp_path):
    pseudonyms = Pseudonyms.from_file(tmp_path / "k" / "key", tmp_path / "out")
    for patient in ("=1+1", "@x", "000123"):
        path = write_who_is_who(tmp_path / "k" / "key", {pseudonyms.patient(patient): patient})
    assert "\n=" not in path.read_text().replace(",", "\n")
    assert write_who_is_who(tmp_path / "k" / "key", {}).read_text() == path.read_text()


def test_free_text_of_the_scanner_names_nobody_in_the_results(archive, intake, out):
    agent = "Primovist 10 ml Smith A9"
    archive.add("Smith^Anna t1_vibe_art 19600102 Anna^7 A9", ContrastBolusAgent=agent)
    archive.add("SMITH t1_vibe_pv 04.03.2021", ContrastBolusAgent=agent)
    mask = np.zeros((10, 22, 26), bool)
    mask[3:7, 5:15, 5:15] = True
    archive.add_seg(archive.add("t1_vibe_delayed", ContrastBolusAgent=agent), mask, name="HCC of Anna Smith")
    code, said, complained = intake()
    assert code == 0
    content = b"".join(path.read_bytes() for path in out.rglob("*") if path.is_file())
    for secret in ("Smith", "SMITH", "Anna", "19600102", "04.03.2021", "10 ml"):
        assert secret.encode() not in content, secret
        assert secret not in said + complained, secret
    image = sitk.ReadImage(str(read_manifest(out / "manifest.csv")[0].sources["AP"].image_path))
    assert image.GetMetaData("ContrastBolusAgent") == "primovist"
    assert "HCC of" in (out / "manifest.review.csv").read_text("utf-8-sig")


@pytest.mark.parametrize("how", ["tag", "syntax"])
def test_lossy_images_are_warned_of_and_never_of_high_confidence(archive, intake, out, tmp_path, how):
    def change(number, phase, data):
        if how == "tag":
            data.LossyImageCompression = "01"

    files = [*archive.add("t2_tse_fs_tra"), *archive.add("t1_vibe_art", change=change)]
    if how == "syntax":
        for path in files[10:]:
            data = pydicom.dcmread(path)
            data.compress(pydicom.uid.JPEGLSNearLossless, jls_error=4, generate_instance_uid=False)
            assert "LossyImageCompression" not in data
            data.save_as(path, enforce_file_format=True)
    dates = tmp_path / "tace.csv"
    dates.write_text("patient_id,tace_date\nAnna^7,2021-03-20\n")
    code, _, complained = intake("--tace-dates", dates)
    assert code == 0
    assert "the images of AP were compressed with loss" in complained
    assert {row["sequence"]: row["confidence"] for row in review_of(out)} == {"T2": "high", "AP": "low"}
