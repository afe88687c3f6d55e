"""Which drawing of an archive is the tumour, on which images, and its voxels; what is passed over is named."""

import csv

import numpy as np
import pytest
import SimpleITK as sitk
from TACEResponseLib.cohort import ImageGeometry, read_manifest
from TACEResponseLib.imaging import read_case_images
from TACEResponseLib.intake.contours import filled_contours
from TACEResponseLib.intake.tumour_names import judge_name, number_in

SHAPE = (10, 22, 26)
GEOMETRY = ImageGeometry((0.8, 1.25, 3.0), (-10.5, 20.25, 0.0))


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


def review_of(out):
    with (out / "manifest.review.csv").open(newline="", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


def row_of(out, sequence):
    return next(row for row in review_of(out) if row["sequence"] == sequence)


def voxels_of(path):
    return sitk.GetArrayFromImage(sitk.ReadImage(str(path)))


def ball(centre=(5, 10, 13), radii=(3.2, 6, 8)):
    k, j, i = np.ogrid[tuple(slice(n) for n in SHAPE)]
    return sum(((x - c) / r) ** 2 for x, c, r in zip((k, j, i), centre, radii, strict=True)) < 1


def millilitres(mask):
    return f"{np.count_nonzero(mask) * 0.8 * 1.25 * 3 / 1000:.1f}"


def in_patient(points, k):
    """Points (i, j) on slice k in the patient."""
    points = np.asarray(points, float)
    return np.column_stack([points * GEOMETRY.spacing_mm[:2] + GEOMETRY.origin_mm[:2], np.full(len(points), 3.0 * k)])


def circle(i, j, radius, k=None, turn=1):
    angles = turn * np.linspace(0, 2 * np.pi, 90, endpoint=False)
    points = np.column_stack([i + radius * np.cos(angles), j + radius * np.sin(angles)])
    return points if k is None else in_patient(points, k)


def moved(points, i):
    return np.add(points, (i, 0))


def inside(points):
    """Matplotlib's point-in-polygon test at the pixels' centres."""
    path = pytest.importorskip("matplotlib.path")
    columns, rows = np.meshgrid(np.arange(SHAPE[2]), np.arange(SHAPE[1]))
    return path.Path(points).contains_points(np.column_stack([columns.ravel(), rows.ravel()])).reshape(SHAPE[1:])


TUMOURS = (
    "Tumour", "HCC", "HCC_1", "lesion2", "Läsion", "lésion", "GTV", "iGTV", "GTVp", "Target 1", "Liver tumor",
    "hepatic lesion", "HCC liver segment 8", "LebertumorS8", "LiverTumor", "肝肿瘤", "опухоль печени",
    "Tumeur hépatique", "Neoplasm, Primary", "index lesion", "TUMOR (R1)",
)  # fmt: skip
NOT_TUMOURS = (
    "Liver", "Leber", "foie", "Liver without tumor", "Liver w/o tumor", "Liver minus tumour", "Liver - HCC",
    "liver + tumor", "Liver with tumor", "Leber ohne Tumor", "foie sans tumeur", "Hígado sin tumor", "tumor-free liver",
    "non-tumour liver", "nontumoral liver", "Liver excluding lesions", "peritumoral", "Peri-tumoral 10 mm",
    "Tumor_margin_5mm", "tumour rim", "perilesional", "vessel near tumour", "tumor necrosis", "PVTT",
    "Portal vein tumor thrombus", "cyst", "Hemangioma", "PTV", "CTV tumour", "whole liver", "Background", "spleen",
    "Aorta", "无肿瘤肝", "BODY", "not tumor",
)  # fmt: skip


@pytest.mark.parametrize(
    ("name", "is_tumour"),
    [
        *((name, True) for name in TUMOURS),
        *((name, False) for name in NOT_TUMOURS),
        ("Segment_1", None),
        ("ROI 1", None),
    ],
)
def test_a_name_says_whether_it_is_the_tumour(name, is_tumour):
    assert judge_name(name).is_tumour is is_tumour, judge_name(name)


def test_an_anatomical_code_says_that_a_neutral_name_is_not_the_tumour():
    assert judge_name("Segment_1", "123037004").is_tumour is False
    assert judge_name("Segment_1", "49755003").is_tumour is None
    assert [number_in(name) for name in ("Lesion 2", "lesion", "HCC 2 S8", "GTV03")] == [2, None, None, 3]


@pytest.mark.parametrize("label", ["Liver", "Liver without tumor", "peritumoral", "Portal vein thrombus"])
@pytest.mark.parametrize("modality", ["SEG", "RTSTRUCT"])
def test_what_is_not_the_tumour_is_left_to_be_drawn_and_named(archive, intake, out, label, modality):
    files = archive.add("t1_vibe_art")
    if modality == "SEG":
        archive.add_seg(files, ball(), name=label)
    else:
        archive.add_contours(files, [circle(12, 10, 6, k) for k in (4, 5, 6)], label)
    code, _, complained = intake()
    assert code == 0
    assert f"AP: {modality} of series 2 holds {label} (" in complained
    assert row_of(out, "AP")["voi"] == "to be drawn"
    assert "passed over" in next(row["reason"] for row in review_of(out) if row["voi"] == modality)


@pytest.mark.parametrize("labels", [["Liver without tumor", "Target 1"], ["Leber", "HCC"], ["peritumoral", "tumour"]])
@pytest.mark.parametrize("kind", ["BINARY", "LABELMAP"])
def test_the_tumour_among_others_with_its_name_and_millilitres(archive, intake, out, labels, kind):
    tumour = ball(radii=(2.2, 3, 4))
    mask = np.stack([ball(radii=(4, 9, 11)) & ~tumour, tumour], -1)
    archive.add_seg(archive.add("t1_vibe_art"), mask, labels=labels, kind=kind)
    assert intake()[0] == 0
    row = row_of(out, "AP")
    assert (row["voi"], row["voi_name"], row["voi_ml"]) == ("SEG", labels[1], millilitres(tumour))
    [case] = read_manifest(out / "manifest.csv")
    np.testing.assert_array_equal(voxels_of(case.sources["AP"].mask_path), tumour)


def test_a_single_neutral_name_is_taken_with_a_warning(archive, intake, out):
    archive.add_seg(archive.add("t1_vibe_art"), ball(), name="Segment_1")
    code, _, complained = intake()
    assert code == 0
    assert 'holds only "Segment_1", which is taken for the tumour; check that.' in complained
    assert row_of(out, "AP")["voi_name"] == "Segment_1"


@pytest.mark.parametrize("kind", ["BINARY", "LABELMAP"])
def test_lesions_of_one_segmentation_are_lesions_of_the_manifest(archive, intake, out, kind):
    one, two = ball((5, 6, 6), (2.5, 4, 4)), ball((4, 15, 19), (2, 3, 3))
    archive.add_seg(archive.add("t1_vibe_art"), np.stack([two, one], -1), labels=["Lesion 2", "Lesion 1"], kind=kind)
    archive.add_seg(archive.add("t1_vibe_pv"), two, name="lesion_2", kind=kind)
    code, _, complained = intake()
    assert code == 0
    assert "VOI to be drawn on PVP" in complained
    first, second = read_manifest(out / "manifest.csv")
    assert (first.key.lesion, second.key.lesion) == ("1", "2")
    np.testing.assert_array_equal(voxels_of(first.sources["AP"].mask_path), one)
    for sequence in ("AP", "PVP"):
        np.testing.assert_array_equal(voxels_of(second.sources[sequence].mask_path), two)
    assert not first.sources["PVP"].mask_path.exists()
    assert row_of(out, "AP")["voi_name"] == "1: Lesion 1; 2: Lesion 2"
    assert row_of(out, "AP")["voi_ml"] == f"1: {millilitres(one)}; 2: {millilitres(two)}"
    # Their diameters, by which the largest is chosen: the extent along the columns, 0.8 mm each, is not the largest.
    points = np.argwhere(one) * (3.0, 1.25, 0.8)
    widest = max(np.linalg.norm(points - point, axis=1).max() for point in points)
    assert first.columns["lesion_diameter_mm"] == f"{widest:.1f}"


def test_lesions_without_numbers_are_matched_by_place(archive, intake, out):
    large, small = ball((5, 6, 6), (3, 5, 5)), ball((4, 15, 19), (2, 3, 3))
    archive.add_seg(archive.add("t1_vibe_art"), np.stack([small, large], -1), labels=["HCC left", "HCC right"])
    archive.add_seg(archive.add("t1_vibe_pv"), np.roll(small, 1, 2), name="Tumour")
    assert intake()[0] == 0
    first, second = read_manifest(out / "manifest.csv")
    np.testing.assert_array_equal(voxels_of(first.sources["AP"].mask_path), large)
    np.testing.assert_array_equal(voxels_of(second.sources["PVP"].mask_path), np.roll(small, 1, 2))
    assert not first.sources["PVP"].mask_path.exists()


def test_a_part_of_a_lesion_is_no_second_lesion(archive, intake, out):
    mask = np.stack([ball(), ball(radii=(2.2, 3, 4))], -1)
    archive.add_seg(archive.add("t1_vibe_art"), mask, labels=["Tumour", "Tumour reader 2"])
    code, _, complained = intake()
    assert code == 0
    assert '"Tumour reader 2"' in complained
    assert "overlap, so that nobody can tell which is right" in complained
    assert row_of(out, "AP")["voi"] == "to be drawn"


def test_an_object_saved_twice_is_taken_once_and_two_versions_are_not(archive, intake, out):
    files = archive.add("t1_vibe_art")
    archive.add_seg(files, ball())
    archive.add_seg(files, ball())
    code, _, complained = intake()
    assert code == 0
    assert "AP: the same VOI is in the archive 2 times; it was taken once" in complained
    assert row_of(out, "AP")["voi"] == "SEG"
    archive.add_seg(files, ball((5, 12, 13)))
    _, _, complained = intake()
    assert "overlap, so that nobody can tell which is right" in complained
    assert row_of(out, "AP")["voi"] == "to be drawn"
    assert not list(out.rglob("AP_voi.nrrd"))


@pytest.mark.parametrize("refers_to", ["series", "other images"])
def test_contours_that_name_the_series_only(archive, intake, out, refers_to):
    files = archive.add("t1_vibe_art")
    archive.add("t1_vibe_pv")
    archive.add_contours(files, [circle(12, 10, 6, k) for k in (4, 5, 6)], refers_to=refers_to)
    code, _, complained = intake()
    assert code == 0
    assert "AP: RTSTRUCT of series 3 names the series but not these images" in complained
    row = row_of(out, "AP")
    expected = np.count_nonzero(inside(circle(12, 10, 6))) * 3 * 0.003
    assert (row["voi"], row["voi_ml"]) == ("RTSTRUCT", f"{expected:.1f}")
    assert row_of(out, "PVP")["voi"] == "to be drawn"


def test_contours_that_name_the_frame_of_reference_only(archive, intake, out):
    # T2's slices lie between those of the others: only there the contours fit.
    files = archive.add("t2_tse_fs_tra", change=lambda number, phase, data: setattr(
        data, "ImagePositionPatient", [-10.5, 20.25, 3.0 * number + 1.5]))  # fmt: skip
    archive.add("t1_vibe_art")
    archive.add("t1_vibe_pv")
    contours = [circle(12, 10, 6, k + 0.5) for k in (4, 5, 6)]
    archive.add_contours(files, contours, refers_to="frame")
    code, _, complained = intake()
    assert code == 0
    assert "T2: RTSTRUCT of series 4 names only the frame of reference" in complained
    assert row_of(out, "T2")["voi"] == "RTSTRUCT"
    archive.add_contours(files, [circle(12, 10, 6, k) for k in (4, 5, 6)], refers_to="frame")
    _, _, complained = intake()
    assert "RTSTRUCT of series 5 names only the frame of reference, so that nobody can tell on which of" in complained
    assert row_of(out, "AP")["voi"] == "to be drawn"


def test_contours_that_name_a_series_of_several_phases_only(archive, intake, out):
    times = ("TemporalPositionIdentifier", ["1", "2", "3", "4"])
    files = archive.add("t1_vibe_fs_tra_dyn", phases=4, phase_tag=times, change=_with_time)
    archive.add_contours(files[10:], [circle(12, 10, 6, k) for k in (4, 5, 6)], "by series", refers_to="series")
    archive.add_contours(files[10:], [circle(12, 10, 6, k) for k in (4, 5, 6)], "Tumour")
    code, _, complained = intake()
    assert code == 0
    assert (
        "RTSTRUCT of series 2 names the series but not these images, so that nobody can tell on which of" in complained
    )
    assert [row_of(out, sequence)["voi"] for sequence in ("AP", "PVP")] == ["RTSTRUCT", "to be drawn"]


def _with_time(number, phase, data):
    data.AcquisitionTime = ("101400", "101530", "101610", "101810")[phase]


def test_a_voi_on_what_was_not_chosen_or_is_not_there_is_named(archive, intake, out, tmp_path):
    plain = archive.add("t1_vibe_pre")
    archive.add("t1_vibe_art")
    archive.add_seg(plain, ball())
    gone = archive.add("t1_vibe_pv", study="9")
    archive.add_seg(gone, ball())
    archive.add("t2_tse_fs_tra")
    for path in gone:
        path.unlink()
    (archive.folder / "torn.dcm").write_bytes(archive.add_seg(plain, ball()).read_bytes()[:-2000])
    _, _, complained = intake()
    assert "SEG of series 3 was drawn on series 1, which is none of the chosen sequences" in complained
    assert "SEG of series 5 refers to no series of this patient in the archive" in complained
    assert {row["series_number"] for row in review_of(out) if row["voi"] == "SEG"} == {"3", "5", "7"}


def test_undrawn_slices_are_reported(archive, intake):
    mask = ball()
    mask[5] = False
    archive.add_seg(archive.add("t1_vibe_art"), mask)
    _, _, complained = intake()
    assert "has 1 slice without the VOI between others that have it" in complained


def test_an_enhanced_image_and_the_seg_drawn_on_its_frames(archive, intake, out):
    files = archive.add("t1_vibe_fs_tra_dyn", phases=4, change=_with_time)
    path = archive.add_enhanced(files)
    archive.add_contours([path], [circle(12, 10, 6, k) for k in (4, 5, 6)], refers_to="series")
    code, _, complained = intake()
    assert code == 0
    assert "nobody can tell on which of series 1, phase" in complained
    pydicom = pytest.importorskip("pydicom")
    whole = pydicom.dcmread(path)
    for item in whole.PerFrameFunctionalGroupsSequence:
        assert item.PlanePositionSequence
    structure = pydicom.dcmread(next(archive.folder.glob("rt*.dcm")))
    second = [
        number for number, item in enumerate(whole.PerFrameFunctionalGroupsSequence, start=1)
        if item.FrameContentSequence[0].FrameAcquisitionDateTime.endswith("101530")
    ]  # fmt: skip
    image = pydicom.Dataset()
    image.ReferencedSOPClassUID, image.ReferencedSOPInstanceUID = whole.SOPClassUID, whole.SOPInstanceUID
    image.ReferencedFrameNumber = second
    for contour in structure.ROIContourSequence[0].ContourSequence:
        contour.ContourImageSequence = [image]
    structure.save_as(next(archive.folder.glob("rt*.dcm")))
    assert intake()[0] == 0
    assert [row_of(out, sequence)["voi"] for sequence in ("AP", "PVP")] == ["RTSTRUCT", "to be drawn"]
    [case] = read_manifest(out / "manifest.csv")
    np.testing.assert_array_equal(voxels_of(case.sources["AP"].mask_path)[5], inside(circle(12, 10, 6)))
    assert read_case_images(case, ("AP",)).vois["AP"].mask.sum() == 3 * inside(circle(12, 10, 6)).sum()


def keyhole(turn):
    """A ring drawn in one line: around, along a bridge to the hole, around it, and back along the bridge."""
    outer, inner = circle(12.3, 10.2, 8.1), circle(12.3, 10.2, 3.1, turn=turn)
    return np.concatenate([outer, outer[:1], inner, inner[:1]])


LEFT, RIGHT, INNER, ISLAND = (
    circle(9.2, 10.3, 5.1),
    circle(14.4, 10.3, 5.1),
    circle(12.1, 10.4, 3.2),
    circle(12, 10, 1.2),
)
OUTER = circle(12.3, 10.2, 8.1)


@pytest.mark.parametrize(
    ("contours", "expected"),
    [
        ([LEFT, RIGHT], lambda: inside(LEFT) | inside(RIGHT)),
        ([OUTER, INNER], lambda: inside(OUTER) & ~inside(INNER)),
        ([OUTER, INNER, ISLAND], lambda: inside(OUTER) & ~inside(INNER) | inside(ISLAND)),
        ([INNER, OUTER[::-1]], lambda: inside(OUTER) & ~inside(INNER)),
        ([OUTER, OUTER], lambda: inside(OUTER)),
        ([OUTER, INNER, INNER], lambda: inside(OUTER) & ~inside(INNER)),
        ([LEFT, RIGHT, moved(ISLAND, 2.4)], lambda: (inside(LEFT) | inside(RIGHT)) & ~inside(moved(ISLAND, 2.4))),
        ([moved(LEFT, -4), moved(RIGHT, 5)], lambda: inside(moved(LEFT, -4)) | inside(moved(RIGHT, 5))),
        ([keyhole(1)], lambda: inside(OUTER) & ~inside(circle(12.3, 10.2, 3.1))),
        ([keyhole(-1)], lambda: inside(OUTER) & ~inside(circle(12.3, 10.2, 3.1))),
        ([np.concatenate([OUTER, OUTER])], lambda: inside(OUTER)),
        ([np.concatenate([OUTER, OUTER[:45]])], lambda: inside(OUTER)),
        ([OUTER, [[3, 3], [4, 4]], [[5, 5]]], lambda: inside(OUTER)),
    ],
)  # fmt: skip
def test_contours_of_one_slice(contours, expected):
    mask = filled_contours([in_patient(points, 4) for points in contours], GEOMETRY, SHAPE)
    np.testing.assert_array_equal(mask[4], expected())


def test_a_contour_that_crosses_itself_encloses_all_that_it_runs_around():
    """A line drawn one and a half times around, a little larger the second time."""
    angles = np.linspace(0, 3 * np.pi, 200)
    radii = np.linspace(5, 8, 200)
    spiral = np.column_stack([12.3 + radii * np.cos(angles), 10.2 + radii * np.sin(angles)])
    mask = filled_contours([in_patient(spiral, 4)], GEOMETRY, SHAPE)[4]
    assert mask[inside(circle(12.3, 10.2, 4.9))].all()
    assert not mask[~inside(circle(12.3, 10.2, 8.1))].any()


def test_contours_of_which_nobody_knows_are_refused_and_exclusive_ones_combine():
    sloppy = circle(12.3 + 6.2, 10.2, 3.2)
    with pytest.raises(ValueError, match="nobody can tell whether the smaller is a hole in the larger or an addition"):
        filled_contours([in_patient(points, 4) for points in (OUTER, sloppy)], GEOMETRY, SHAPE)
    mask = filled_contours([], GEOMETRY, SHAPE, [in_patient(points, 4) for points in (LEFT, RIGHT)])
    np.testing.assert_array_equal(mask[4], inside(LEFT) ^ inside(RIGHT))
