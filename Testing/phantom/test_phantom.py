"""Phantoms: the same for the same seed, true to Table 1, and images that show what the truth says."""

import csv

import numpy as np
import pytest
import SimpleITK as sitk
from TACEResponseLib.cohort import CaseKey, read_manifest
from TACEResponseLib.features import extract_features
from TACEResponseLib.features.native import NativeEngine
from TACEResponseLib.imaging import read_case_images
from TACEResponseLib.phantom import (
    LATENT_SHIFT,
    ORACLE_AUC,
    attainable_auc,
    make_patient,
    simulate_cohort,
    write_cohort,
)
from TACEResponseLib.phantom.table1 import NOR_COUNT, OR_COUNT, POSITIVE_COUNTS
from TACEResponseLib.phantom.truth import draw_truth

SEQUENCES = ("T2", "AP", "PVP", "DP")


def auc(score, outcome):
    positive, negative = score[outcome], score[~outcome]
    return np.mean(positive[:, None] > negative[None])


def dice(first, second):
    return 2 * (first & second).sum() / (first.sum() + second.sum())


@pytest.fixture(scope="module")
def truths():
    return [draw_truth(3, index) for index in range(4000)]


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    """Manifest of five phantoms as NRRD, two of them drawn again."""
    return write_cohort(tmp_path_factory.mktemp("phantoms") / "cohort", 5, 7, readers=True, external_count=1)


def test_the_latent_response_has_the_stated_auc(truths):
    outcome = np.array([truth.objective_response for truth in truths])
    latent = np.array([truth.latent_response for truth in truths])
    assert auc(latent, outcome) == pytest.approx(ORACLE_AUC, abs=0.02)
    assert latent[outcome].mean() - latent[~outcome].mean() == pytest.approx(LATENT_SHIFT, abs=0.1)


def _holds(cells, fact):
    number = {name: float(cells[name]) for name in cells if name.endswith(("_l", "_ml", "_s", "_10e9_l"))}
    return {
        "male": lambda: cells["sex"] == "M",
        "child_pugh_b_or_c": lambda: cells["child_pugh"][0] in "BC",
        "bclc_b_or_c": lambda: cells["bclc"] in "BC",
        "deb_tace": lambda: cells["tace_method"] == "DEB-TACE",
        "afp_above_400_ng_ml": lambda: number["afp_ng_ml"] > 400,
        "cea_above_5_ng_ml": lambda: number["cea_ng_ml"] > 5,
        "ast_above_40_u_l": lambda: number["ast_u_l"] > 40,
        "alt_above_50_u_l": lambda: number["alt_u_l"] > 50,
        "albumin_above_40_g_l": lambda: number["albumin_g_l"] > 40,
        "bilirubin_above_17_1_umol_l": lambda: number["bilirubin_umol_l"] > 17.1,
        "prothrombin_time_above_13_s": lambda: number["prothrombin_time_s"] > 13,
        "platelets_below_125e9_l": lambda: number["platelets_10e9_l"] < 125,
        "multiple_tumours": lambda: cells["number_of_tumours"] != "1",
        "non_smooth_margin": lambda: cells["margin"] == "non-smooth",
    }.get(fact, lambda: cells[fact] == "yes")()


@pytest.mark.parametrize("fact", list(POSITIVE_COUNTS))
def test_marginals_of_table_1(truths, fact):
    """Shares in each outcome within four standard errors of the published ones."""
    for response, size, count in (
        (False, NOR_COUNT, POSITIVE_COUNTS[fact][0]),
        (True, OR_COUNT, POSITIVE_COUNTS[fact][1]),
    ):
        drawn = [_holds(truth.facts.columns, fact) for truth in truths if truth.objective_response is response]
        share = count / size
        assert np.mean(drawn) == pytest.approx(share, abs=4 * np.sqrt(share * (1 - share) / len(drawn)))


def test_medians_of_table_1(truths):
    for response, median in ((False, 4.7), (True, 3.6)):
        drawn = [float(t.facts.columns["tumour_diameter_cm"]) for t in truths if t.objective_response is response]
        assert np.median(drawn) == pytest.approx(median, abs=0.35)


def test_a_patient_is_the_same_in_every_cohort_of_a_seed(cohort, tmp_path):
    smaller = write_cohort(tmp_path / "cohort", 2, 7)
    for name in ("PHANTOM-0002/AP.nrrd", "PHANTOM-0002/T2_reader-1_session-1.seg.nrrd"):
        first, second = (sitk.ReadImage(str(manifest.parent / name)) for manifest in (cohort, smaller))
        np.testing.assert_array_equal(sitk.GetArrayFromImage(first), sitk.GetArrayFromImage(second))
    assert not np.array_equal(make_patient(8, 1).image("T2"), make_patient(7, 1).image("T2"))


def test_manifest_and_truth(cohort):
    cases = {case.key: case for case in read_manifest(cohort)}
    assert set(cases) == {
        *(CaseKey(f"PHANTOM-000{number}") for number in range(1, 6)),
        *(
            CaseKey(f"PHANTOM-000{n}", "1", reader, session)
            for n in (1, 5)
            for reader, session in (("1", "2"), ("2", "1"))
        ),
    }
    with (cohort.parent / "truth.csv").open(newline="") as file:
        truth = {row["patient_id"]: row for row in csv.DictReader(file)}
    for key, case in cases.items():
        assert case.objective_response is (truth[key.patient_id]["objective_response"] == "OR")
        assert (case.mrecist[""] in ("CR", "PR")) is case.objective_response
        assert case.columns["set"] == ("external" if key.patient_id == "PHANTOM-0005" else "development")
        assert all(value is not None for value in case.clinical.facts().values())


def test_images_pass_the_gate_and_say_that_they_are_phantoms(cohort):
    for case in read_manifest(cohort):
        images = read_case_images(case, SEQUENCES)
        assert all(voi.tags.is_phantom for voi in images.vois.values())
        assert {warning.code for warning in images.warnings} <= {"few_slices", "volume_ratio"}


def test_the_lesion_enhances_washes_out_and_is_bright_on_t2():
    patient = make_patient(1, 2)
    ratios = {}
    for sequence in SEQUENCES:
        image, lesion = patient.image(sequence).astype(float), patient.mask(sequence)
        x, y, z = patient.grid(sequence).coordinates_mm()
        near = np.zeros_like(lesion)
        distance = sum(
            np.expand_dims((places - centre) ** 2, tuple(axis for axis in range(3) if axis != position))
            for position, (places, centre) in enumerate(zip((z, y, x), patient.lesion.centre_mm[::-1], strict=True))
        )
        near = (distance < (patient.lesion.radius_mm * 1.6) ** 2) & ~lesion
        ratios[sequence] = np.median(image[lesion]) / np.median(image[near])
    assert ratios["AP"] > 1.25
    assert ratios["PVP"] < 0.97
    assert ratios["DP"] < 0.97
    assert ratios["T2"] > 1.3


def test_heterogeneity_follows_the_latent_response():
    """Spread over mean within the VOI against the truth: what the images are to show."""
    patients = [make_patient(5, index) for index in range(24)]
    measured = []
    for patient in patients:
        values = patient.image("PVP")[patient.mask("PVP")].astype(float)
        low, high = np.percentile(values, (20, 80))
        measured.append((high - low) / np.median(values))
    truth = [patient.truth.heterogeneity for patient in patients]
    assert np.corrcoef(measured, truth)[0, 1] > 0.6


def test_readers_agree_as_readers_do():
    patient = make_patient(1, 1)
    first = patient.mask("AP")
    for other in (patient.mask("AP", session="2"), patient.mask("AP", reader="2")):
        assert 0.8 < dice(first, other) < 0.99
    np.testing.assert_array_equal(first, make_patient(1, 1).mask("AP"))


def test_breathing_moves_the_lesion_between_phases():
    patient = make_patient(1, 1)
    shifts = np.array(list(patient.acquisition.shift_mm.values()))
    assert 0.5 < np.abs(shifts[:, 2]).max() <= 4
    centres = []
    for sequence in ("AP", "DP"):
        mask = patient.mask(sequence)
        places = patient.grid(sequence).coordinates_mm()[::-1]
        centres.append(
            [np.average(axis, weights=mask.sum(tuple(o for o in range(3) if o != n))) for n, axis in enumerate(places)]
        )
    expected = np.subtract(patient.acquisition.shift_mm["DP"], patient.acquisition.shift_mm["AP"])[::-1]
    np.testing.assert_allclose(np.subtract(centres[1], centres[0]), expected, atol=1.5)


def test_dicom_gives_the_numbers_of_nrrd(cohort, tmp_path):
    pydicom = pytest.importorskip("pydicom")
    dicom = write_cohort(tmp_path / "dicom", 2, 7, dicom=True)
    key = CaseKey("PHANTOM-0002")
    vectors = []
    for manifest in (cohort, dicom):
        (case,) = (case for case in read_manifest(manifest) if case.key == key)
        vectors.append(extract_features(read_case_images(case, ("AP",)), ("AP",), engine=NativeEngine()))
    np.testing.assert_array_equal(vectors[0].values, vectors[1].values)
    assert vectors[1].is_phantom
    header = pydicom.dcmread(tmp_path / "dicom/PHANTOM-0002/AP/IM0003.dcm")
    assert header.ImageComments.startswith("PHANTOM")
    assert header.PatientID == "PHANTOM-0002"
    assert float(header.SliceThickness) <= float(header.SpacingBetweenSlices)


def test_a_cohort_appears_whole_or_not_at_all(tmp_path):
    def cancel(done, total, text):
        if done == 1:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        write_cohort(tmp_path / "cohort", 3, 7, progress=cancel)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(ValueError, match="at least one patient"):
        write_cohort(tmp_path / "cohort", 0, 7)


def test_a_simulated_cohort_has_the_attainable_auc():
    """A linear discriminant fitted on many patients comes as close as sampling allows to the formula."""
    discriminant = pytest.importorskip("sklearn.discriminant_analysis").LinearDiscriminantAnalysis()
    train, test = (simulate_cohort(20_000, np.random.default_rng(seed), 30) for seed in (1, 2))
    discriminant.fit(train.features, train.outcome)
    assert auc(discriminant.decision_function(test.features[:4000]), test.outcome[:4000]) == pytest.approx(
        attainable_auc(), abs=0.02
    )
    assert test.outcome.mean() == pytest.approx(OR_COUNT / (OR_COUNT + NOR_COUNT), abs=0.015)
    noise = simulate_cohort(5000, np.random.default_rng(3), 30, latent_shift=0.0)
    assert auc(noise.features[:, 0], noise.outcome) == pytest.approx(0.5, abs=0.04)


def test_segments_are_named_as_slicer_names_them(cohort):
    image = sitk.ReadImage(str(cohort.parent / "PHANTOM-0001/AP_reader-1_session-1.seg.nrrd"))
    assert image.GetMetaData("Segment0_Name") == "Tumour"
    assert "Neoplasm" in image.GetMetaData("Segment0_Tags")
    assert image.GetMetaData("Segment0_LabelValue") == "1"
