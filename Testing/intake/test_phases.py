"""Phases of one dynamic series as scanners and anonymisers leave their times, orders and positions."""

import csv

import numpy as np
import pytest
import SimpleITK as sitk
from TACEResponseLib.cohort import read_manifest
from TACEResponseLib.intake.series_facts import moments_s

SHAPE = (10, 22, 26)
VOXELS = np.random.default_rng(1).integers(0, 900, (4, *SHAPE))
"""Pre-contrast, AP, PVP and DP of one dynamic series."""

TIMES = ("101400", "101530", "101610", "101810")


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


def review_of(out):
    with (out / "manifest.review.csv").open(newline="", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


def assert_phases(out, voxels=VOXELS):
    """AP, PVP and DP are the second, third and fourth phase, whole, at their place and with their spacing."""
    [case] = read_manifest(out / "manifest.csv")
    for phase, sequence in enumerate(("AP", "PVP", "DP"), start=1):
        image = sitk.ReadImage(str(case.sources[sequence].image_path))
        np.testing.assert_array_equal(sitk.GetArrayFromImage(image), voxels[phase], err_msg=sequence)
        assert image.GetSpacing() == pytest.approx((0.8, 1.25, 3.0), abs=0.02)


def equal_times_with_positions(number, phase, data):
    # Philips: each phase has the time at which the dynamic scan began; instance numbers run through the positions.
    data.AcquisitionTime, data.TemporalPositionIdentifier, data.InstanceNumber = "101400", phase + 1, 4 * number + phase


def two_equal_times_with_positions(number, phase, data):
    data.AcquisitionTime = ("101400", "101530", "101530", "101810")[phase]
    data.TemporalPositionIdentifier = phase + 1


def zeroed_times_with_positions(number, phase, data):
    data.AcquisitionTime, data.TemporalPositionIdentifier = "000000.000000", phase + 1


def trigger_times(number, phase, data):
    # GE: one acquisition time, the delay of each phase in TriggerTime, in ms.
    data.AcquisitionTime, data.TriggerTime = "101400", (0, 90_000, 130_000, 250_000)[phase]


def across_midnight(number, phase, data):
    data.AcquisitionTime = ("235830", "000000", "000040", "000240")[phase]


def across_midnight_later(number, phase, data):
    data.AcquisitionTime = ("235730", "235900.5", "235940.25", "000140")[phase]


def across_midnight_within_a_phase(number, phase, data):
    seconds = (23 * 3600 + 58 * 60 + (0, 90, 150, 290)[phase] + 4 * number) % 86_400
    data.AcquisitionTime = f"{seconds // 3600:02d}{seconds % 3600 // 60:02d}{seconds % 60:02d}"


def a_new_second_within_a_pass(number, phase, data):
    # As in the GE breast study that was cut into 52 + 8 + 60 + 60 slices.
    data.AcquisitionTime = str(int(TIMES[phase]) + (phase == 1 and number >= 8))


def a_new_second_within_every_pass(number, phase, data):
    data.AcquisitionTime = str(int(TIMES[phase]) + (number >= (8, 3, 9, 1)[phase]))


def a_time_for_every_slice(number, phase, data):
    data.AcquisitionTime = f"{int(TIMES[phase])}.{number:02d}"


def new_trigger_time_within_a_pass(number, phase, data):
    data.AcquisitionTime = "101400"
    data.TriggerTime = (0, 90_000, 130_000, 250_000)[phase] + 400 * (number >= 6)


def odd_and_even_slices(number, phase, data):
    data.AcquisitionNumber = 2 * phase + number % 2 + 1
    data.AcquisitionTime = str(int(TIMES[phase]) + 9 * (number % 2))


def odd_and_even_slices_by_time(number, phase, data):
    data.AcquisitionTime = str(int(TIMES[phase]) + 9 * (1 - number % 2))


def thirds_as_temporal_positions(number, phase, data):
    data.TemporalPositionIdentifier, data.AcquisitionTime = 3 * phase + number % 3 + 1, TIMES[phase]


def a_hair_apart(number, phase, data):
    data.AcquisitionTime = TIMES[phase]
    x, y, z = data.ImagePositionPatient
    data.ImagePositionPatient = [f"{x + 1e-4 * phase:.6f}", f"{y:.6f}", f"{z:.6f}"]


def a_hair_apart_along_the_normal(number, phase, data):
    data.AcquisitionTime = TIMES[phase]
    data.ImagePositionPatient = [-10.5, 20.25, f"{3.0 * number + 0.03 * phase:.6f}"]


def positions_rounded_by_phase(number, phase, data):
    data.AcquisitionTime = TIMES[phase]
    data.ImagePositionPatient = [-10.5, 20.25, f"{3.0 * number + (0.004999 if phase % 2 else 0):.{2 + phase}f}"]


def one_uid_for_all_images(number, phase, data):
    data.AcquisitionTime = TIMES[phase]
    data.SOPInstanceUID = data.file_meta.MediaStorageSOPInstanceUID = "1.2.3"


def date_and_time_in_one(number, phase, data):
    del data.AcquisitionTime
    data.AcquisitionDateTime = f"20210304{TIMES[phase]}.5+0100"


@pytest.mark.parametrize(
    "change",
    [
        equal_times_with_positions,
        two_equal_times_with_positions,
        zeroed_times_with_positions,
        trigger_times,
        across_midnight,
        across_midnight_later,
        across_midnight_within_a_phase,
        a_new_second_within_a_pass,
        a_new_second_within_every_pass,
        a_time_for_every_slice,
        new_trigger_time_within_a_pass,
        odd_and_even_slices,
        odd_and_even_slices_by_time,
        thirds_as_temporal_positions,
        a_hair_apart,
        a_hair_apart_along_the_normal,
        positions_rounded_by_phase,
        one_uid_for_all_images,
        date_and_time_in_one,
    ],
)
def test_whole_phases_in_their_order(archive, intake, out, change):
    archive.add("t2_tse_fs_tra")
    archive.add("t1_vibe_fs_tra_dyn", voxels=VOXELS, phases=4, change=change)
    code, _, complained = intake()
    assert code == 0, complained
    rows = [row for row in review_of(out) if row["description"] == "t1_vibe_fs_tra_dyn"]
    assert [row["sequence"] for row in rows] == ["", "AP", "PVP", "DP"]
    assert {row["slices"] for row in rows} == {"10"}
    assert_phases(out)


@pytest.mark.parametrize(
    "change",
    [
        lambda number, phase, data: setattr(data, "TemporalPositionIdentifier", phase + 1),
        lambda number, phase, data: setattr(data, "AcquisitionTime", TIMES[phase]),
        equal_times_with_positions,
        across_midnight,
        a_new_second_within_a_pass,
    ],
)
@pytest.mark.parametrize("phases", [1, 4])
def test_an_enhanced_object_is_taken_in_like_its_single_images(archive, intake, out, change, phases):
    archive.add("t2_tse_fs_tra")
    name = "t1_vibe_art" if phases == 1 else "t1_vibe_fs_tra_dyn"
    archive.add_enhanced(archive.add(name, voxels=VOXELS[-phases:], phases=phases, change=change))
    code, _, complained = intake()
    assert code == 0, complained
    if phases == 1:
        [case] = read_manifest(out / "manifest.csv")
        image = sitk.GetArrayFromImage(sitk.ReadImage(str(case.sources["AP"].image_path)))
        np.testing.assert_array_equal(image, VOXELS[3])
    else:
        assert_phases(out)


def test_series_of_their_own_are_ordered_across_midnight(archive, intake, out):
    archive.add("t2_tse_fs_tra", time="235000")
    for voxels, time in zip(VOXELS, ("235830", "000000", "000040", "000240"), strict=True):
        archive.add("t1_vibe_fs_tra_dyn", voxels=voxels[np.newaxis], time=time)
    assert intake()[0] == 0
    assert_phases(out)


def test_equal_times_contradict_no_names(archive, intake, out, tmp_path):
    for name in ("t2_tse_fs_tra", "t1_vibe_art", "t1_vibe_pv", "t1_vibe_delayed"):
        archive.add(name, time="120000")
    dates = tmp_path / "tace.csv"
    dates.write_text("patient_id,tace_date\nAnna^7,2021-03-20\n")
    assert intake("--tace-dates", dates)[0] == 0
    assert {row["confidence"] for row in review_of(out)} == {"high"}


def test_without_times_and_positions_nothing_is_guessed(archive, intake, out):
    archive.add("t2_tse_fs_tra")
    for number in (1, 2, 3):
        archive.add(f"t1_vibe_dyn_{number}", time="120000", ContrastBolusAgent="Gd")
    assert intake()[0] == 0
    assert [row["sequence"] for row in review_of(out)] == ["T2", "", "", ""]
    assert "its time is not known" in review_of(out)[1]["reason"]


@pytest.mark.parametrize("lost", [[4], [0, 1], [9]])
def test_a_phase_that_lacks_slices_costs_only_itself_even_if_confirmed(archive, intake, out, tmp_path, lost):
    archive.add("t2_tse_fs_tra")
    files = archive.add(
        "t1_vibe_fs_tra_dyn", voxels=VOXELS, phases=4,
        change=lambda number, phase, data: setattr(data, "AcquisitionTime", TIMES[phase]),
    )  # fmt: skip
    for number in lost:
        files[10 + number].unlink()
    archive.add("t2_tse_fs_tra", patient="good", study="2")
    code, said, complained = intake()
    assert code == 3
    assert said.startswith("2 of 2 patients")
    assert f"AP: series 2, phase 2 lacks {len(lost)} of 10 slices that other volumes of its kind have" in complained
    by_phase = {row["phase"][:1]: row for row in review_of(out) if row["phase"]}
    assert [by_phase[phase]["sequence"] for phase in "1234"] == ["", "", "PVP", "DP"]
    assert "would be AP" in by_phase["2"]["reason"]
    case = read_manifest(out / "manifest.csv")[0]
    assert set(case.sources) == {"T2", "PVP", "DP"}
    rows = review_of(out)
    reviewed = tmp_path / "reviewed.csv"
    with reviewed.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows({**row, "sequence": "AP" if row["phase"].startswith("2") else ""} for row in rows)
    code, _, complained = intake("--reviewed", reviewed, out=tmp_path / "again" / "manifest.csv")
    assert code == 3
    assert "AP: series 2, phase 2 lacks" in complained
    assert not list((tmp_path / "again").rglob("AP.nrrd"))


def test_a_phase_of_another_matrix_is_no_part_of_another_one(archive, intake, out):
    """One UID for a whole study: T2 has another matrix and other positions, the phases have other names."""
    names = {"t2_tse_fs_tra": (9, 30, 28), "t1_vibe_art": SHAPE, "t1_vibe_pv": SHAPE, "t1_vibe_delayed": SHAPE}
    for number, (name, shape) in enumerate(names.items()):
        archive.add(name, shape=shape, time=f"10{15 + number}00", SeriesInstanceUID="1.2.3.4")
    assert intake()[0] == 0
    assert {row["description"]: row["sequence"] for row in review_of(out)} == dict(
        zip(names, ("T2", "AP", "PVP", "DP"), strict=True)
    )


def test_images_that_nothing_tells_apart_are_refused_and_cost_no_other_series(archive, intake, out):
    archive.add("t2_tse_fs_tra")
    archive.add("t1_vibe_art", phases=2, change=lambda number, phase, data: setattr(data, "InstanceNumber", 1))
    archive.add("t1_vibe_pv")
    assert intake()[0] == 0
    reasons = {row["description"]: row["reason"] for row in review_of(out)}
    assert (
        "in series 2 several images lie at one position and no tag tells which belong together"
        in (reasons["t1_vibe_art"])
    )
    assert set(read_manifest(out / "manifest.csv")[0].sources) == {"T2", "PVP"}


def test_odd_and_even_slices_in_two_series_are_no_volumes(archive, intake, out):
    archive.add("t2_tse_fs_tra")
    for half, time in enumerate(("101530", "101539")):
        archive.add("t1_vibe_art", time=time, change=lambda number, phase, data, half=half: setattr(
            data, "ImagePositionPatient", [-10.5, 20.25, 3.0 * (2 * number + half)]))  # fmt: skip
    archive.add("t1_vibe_pv", time="101610")
    code, _, complained = intake()
    assert code == 3
    assert "AP: series 3 lacks 10 of 20 slices that other volumes of its kind have" in complained
    assert set(read_manifest(out / "manifest.csv")[0].sources) == {"T2", "PVP"}


def test_times_that_mix_the_phases_are_no_times(archive, intake, out):
    """Every image has a time of its own at random: nothing but the names of the series could tell the phases."""
    random = np.random.default_rng(5)
    archive.add("t2_tse_fs_tra")

    def change(number, phase, data):
        data.AcquisitionTime = f"10{random.integers(10, 50)}{random.integers(10, 60)}"

    archive.add("t1_vibe_fs_tra_dyn", phases=4, voxels=VOXELS, ContrastBolusAgent="Gd", change=change)
    assert intake()[0] == 0
    assert [row["sequence"] for row in review_of(out)] == ["T2", "", "", "", ""]


def test_a_phase_in_a_series_of_its_own_that_is_shorter_than_another_is_warned_of(archive, intake, out, tmp_path):
    archive.add("t1_vibe_art", time="101530")
    for path in archive.add("t1_vibe_pv", time="101610")[8:]:
        path.unlink()
    dates = tmp_path / "tace.csv"
    dates.write_text("patient_id,tace_date\nAnna^7,2021-03-20\n")
    code, _, complained = intake("--tace-dates", dates)
    assert code == 0
    assert "PVP: series 2 has 8 slices where AP has 10; check that none is missing" in complained
    assert {row["sequence"]: row["confidence"] for row in review_of(out)} == {"AP": "high", "PVP": "low"}


def test_times_go_on_after_midnight():
    day = 86_400.0
    assert moments_s([36_000, 36_100, None]) == [36_000, 36_100, None]
    assert moments_s([day - 60, 30, 90]) == [day - 60, day + 30, day + 90]
    assert moments_s([day - 60, 0, 90]) == [day - 60, day, day + 90]
    assert moments_s([0, 36_000]) == [None, 36_000]
    assert moments_s([0, 0]) == [None, None]
    # Already on the clock of the day before.
    assert moments_s([day - 60, day + 30, 90]) == [day - 60, day + 30, day + 90]
