"""The report of one patient: what it says, that it loads nothing, and that it escapes everything."""

import re
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest
from TACEResponseLib.cohort import AcquisitionTags, Case, CaseKey, CaseWarning, ClinicalRecord
from TACEResponseLib.imaging import read_case_images, volume_ml
from TACEResponseLib.models import published_clinical_bundle
from TACEResponseLib.prediction import plain_text
from TACEResponseLib.prediction.wording import contribution_text
from TACEResponseLib.reporting import patient_report, write_patient_report
from TACEResponseLib.workflow import predict_case

HOSTILE = '</style><script>alert("x")</script>\'&<img src=x onerror=y>'


@pytest.fixture(scope="module")
def bundle(make_formula_bundle):
    return make_formula_bundle()


@pytest.fixture(scope="module")
def prediction(case, bundle, images):
    return predict_case(case, bundle, images=images).prediction


@pytest.fixture(scope="module")
def report(prediction, bundle, images, case):
    return patient_report(prediction, bundle, images, case.clinical)


def _squeezed(text):
    return " ".join(text.split())


def test_it_says_what_must_be_said(report, parse, prediction, bundle, images):
    text = parse(report).text
    assert text.index("Research use only.") < text.index("HCC_07b")
    assert "reader 2" in text
    assert prediction.sentence in text
    assert _squeezed(plain_text(prediction)) in text
    assert "One lesion was measured; the outcome is that of the whole patient." in text
    assert "DNN radiomics score, 0-1" in text
    for warning in prediction.warnings:
        assert warning.text in text
    for contribution in prediction.contributions:
        assert contribution_text(contribution) in text
    for voi in images.vois.values():
        assert f"{volume_ml(voi):.1f}" in text
        assert voi.image_sha256[:16] in text
        assert voi.mask_sha256[:16] in text
    for fact in ("B (8 points)", "820 ng/mL", "37 U/L", "absent"):
        assert fact in text
    assert bundle.sha256 in text
    assert "56 of 115 patients" in text
    assert bundle.threshold_rule in text
    for hidden in ("PHANTOM", "DEMONSTRATION"):
        assert hidden not in text


def test_the_number_is_the_probability_of_100(report, prediction):
    (number,) = re.findall(r'<p class="value">(\d+)</p>', report)
    assert abs(int(number) - 100 * prediction.probability) <= 0.5


def test_it_is_well_formed_and_loads_nothing(report, parse):
    page = parse(report)
    assert not {"script", "link", "iframe", "object", "embed", "form", "base"} & set(page.elements)
    assert "http:" not in report
    assert "https:" not in report
    assert "url(" not in report
    assert "@import" not in report
    for _, name, value in page.attributes:
        assert not name.startswith("on")
        if name in ("src", "href", "xlink:href"):
            assert value.startswith("data:image/png;base64,")


def test_every_figure_is_valid_xml(report, images):
    figures = re.findall(r"<svg.*?</svg>", report, flags=re.DOTALL)
    for figure in figures:
        ElementTree.fromstring(figure)
    assert sum("<image" in figure for figure in figures) == len(images.vois)


def test_slices_are_drawn_in_true_proportions(report, images):
    """Width and height of each picture in mm are whole voxels of its sequence within one field."""
    found = re.findall(r'<image x="[\d.]+" y="[\d.]+" width="([\d.]+)" height="([\d.]+)"', report)
    for (width, height), voi in zip(found, images.vois.values(), strict=True):
        columns, rows = float(width) / voi.spacing_mm[0], float(height) / voi.spacing_mm[1]
        assert columns == pytest.approx(min(round(columns), voi.mask.shape[2]), abs=0.01)
        assert rows == pytest.approx(min(round(rows), voi.mask.shape[1]), abs=0.01)


def test_unknown_facts_show_a_range_and_the_score_alone(case, bundle, images, parse):
    unknown = replace(case, clinical=ClinicalRecord())
    prediction = predict_case(unknown, bundle, images=images).prediction
    html = patient_report(prediction, bundle, images, unknown.clinical)
    text = parse(html).text
    (edges,) = re.findall(r'<p class="value">(\d+)-(\d+)</p>', html)
    np.testing.assert_allclose([int(edge) for edge in edges], 100 * np.array(prediction.probability_range), atol=0.5)
    assert "By the score alone: " in text
    assert text.count("unknown, so without contribution") == 4
    assert "No class named" in text


@pytest.mark.parametrize("clinical", [None, ClinicalRecord()])
def test_a_demonstration_is_struck_through(case, make_formula_bundle, images, parse, clinical):
    bundle = make_formula_bundle(demonstration=True)
    patient = case if clinical is None else replace(case, clinical=clinical)
    prediction = predict_case(patient, bundle, images=images).prediction
    html = patient_report(prediction, bundle, images, patient.clinical)
    assert re.search(r'<p class="value"><s>\d+(-\d+)?</s></p>', html)
    page = parse(html)
    assert page.text.count("DEMONSTRATION") >= 3
    assert "chip" not in {value for _, name, value in page.attributes if name == "class"}
    assert "model uncertainty, of 100" not in html
    assert "What contributes" not in page.text
    assert "is higher than that of" not in page.text


def test_how_the_case_was_read_stands_in_the_provenance(prediction, bundle, images, case, parse):
    reading = {"Predictions for this patient": 2, "Number of tumours": "<b>3</b>"}
    html = patient_report(prediction, bundle, images, case.clinical, reading)
    assert "<b>3</b>" not in html
    text = parse(html).text
    assert "Predictions for this patient 2" in " ".join(text.split())
    assert text.index("Provenance") < text.rindex("Number of tumours")


def test_phantoms_are_marked(case, make_formula_bundle, parse):
    phantom = AcquisitionTags(is_phantom=True)
    sources = {sequence: replace(source, tags=phantom) for sequence, source in case.sources.items()}
    case = replace(case, sources=sources)
    images = read_case_images(case, ("T2", "AP"))
    bundle = make_formula_bundle(demonstration=True)
    html = patient_report(predict_case(case, bundle, images=images).prediction, bundle, images, case.clinical)
    text = parse(html).text
    assert "PHANTOM Synthetic images, not a patient." in text
    assert "DEMONSTRATION MODEL" in text
    assert "training phantoms" in text
    assert "training patient" not in text
    assert "<s>" not in html


def test_a_model_without_images_needs_none(case, parse):
    bundle = published_clinical_bundle(refit_count=200)
    clinical = ClinicalRecord.from_cells(child_pugh="A5", afp_ng_ml="12", ast_u_l="30")
    prediction = predict_case(Case(case.key, {}, clinical), bundle).prediction
    page = parse(patient_report(prediction, bundle, None, clinical))
    assert prediction.sentence in page.text
    assert "Images and VOIs" not in page.text
    assert "One lesion was measured" not in page.text
    assert "figure" not in page.elements


def test_everything_that_comes_from_a_file_is_escaped(case, make_formula_bundle, parse):
    """A script in every text field of manifest, bundle, images and result stays text."""
    bundle = make_formula_bundle()
    bundle = replace(
        bundle,
        name=HOSTILE,
        kind=HOSTILE,
        sha256=HOSTILE,
        outcome=HOSTILE,
        time_horizon=HOSTILE,
        threshold_rule=HOSTILE,
        card=HOSTILE,
        provenance={HOSTILE: {HOSTILE: [HOSTILE]}},
        clinical_coding=dict.fromkeys(bundle.required_facts, HOSTILE),
        required_sequences=(HOSTILE, "AP"),
    )
    hostile_case = Case(
        CaseKey(HOSTILE, HOSTILE, HOSTILE, HOSTILE),
        {HOSTILE: case.sources["T2"], "AP": case.sources["AP"]},
        ClinicalRecord.from_cells(child_pugh="B8", portal_venous_invasion="yes", afp_ng_ml="5", ast_u_l="30"),
    )
    images = read_case_images(hostile_case, bundle.required_sequences)
    prediction = predict_case(case, make_formula_bundle()).prediction
    prediction = replace(
        prediction,
        key=hostile_case.key,
        bundle_name=HOSTILE,
        bundle_sha256=HOSTILE,
        sentence=HOSTILE,
        contributions=tuple(replace(c, label=HOSTILE) for c in prediction.contributions),
        warnings=(CaseWarning(HOSTILE, HOSTILE, HOSTILE),),
        provenance={
            HOSTILE: HOSTILE,
            "inputs": {HOSTILE: {"image_sha256": HOSTILE, "mask_sha256": HOSTILE}},
            "versions": {HOSTILE: HOSTILE},
        },
    )
    html = patient_report(prediction, bundle, images, hostile_case.clinical)
    page = parse(html)
    assert "script" not in page.elements
    assert "img" not in page.elements
    assert page.elements.count("style") == 1
    assert not any(name.startswith("on") for _, name, _ in page.attributes)
    assert page.text.count("alert(") >= 15
    for figure in re.findall(r"<svg.*?</svg>", html, flags=re.DOTALL):
        ElementTree.fromstring(figure)


def test_extreme_values_do_not_break_the_figures(prediction, bundle, images, case, parse):
    contribution = replace(prediction.contributions[0], log_odds=30.0, log_odds_low=-40.0, log_odds_high=200.0)
    extreme = replace(
        prediction,
        probability=1.0,
        probability_low=0.0,
        probability_high=1.0,
        threshold=0.0,
        scores={"dnn": 1.0},
        contributions=(contribution,),
    )
    flat = replace(bundle, training_scores={"OR": np.ones(3), "NOR": np.ones(1)})
    html = patient_report(extreme, flat, images, case.clinical)
    assert ">&gt;99<" in html
    numbers = [value for _, name, value in parse(html).attributes if name in ("x", "y", "x1", "x2", "width", "cx", "d")]
    assert not any(bad in value for value in numbers for bad in ("nan", "inf"))


def test_bundle_and_images_must_be_those_of_the_prediction(prediction, bundle, images, case):
    with pytest.raises(ValueError, match="made by the model formula-cd"):
        patient_report(prediction, replace(bundle, sha256="0" * 64), images, case.clinical)
    with pytest.raises(ValueError, match="give those of one case"):
        patient_report(prediction, bundle, replace(images, key=CaseKey("other")), case.clinical)


def test_it_is_written_whole_or_not_at_all(prediction, bundle, images, case, report, tmp_path):
    path = tmp_path / "P1" / "report.html"
    write_patient_report(path, prediction, bundle, images, case.clinical)
    assert path.read_text(encoding="utf-8") == report
    assert [file.name for file in path.parent.iterdir()] == ["report.html"]
    occupied = tmp_path / "report.html"
    occupied.mkdir()
    with pytest.raises(ValueError, match="cannot be written"):
        write_patient_report(occupied, prediction, bundle, images, case.clinical)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["P1", "report.html"]
