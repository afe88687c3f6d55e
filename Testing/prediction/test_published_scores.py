"""Published scores beside a prediction: from facts and VOI, through its files, and never in its probability."""

from dataclasses import replace

import pytest
from TACEResponseLib.cohort import Case, CaseKey, ClinicalRecord
from TACEResponseLib.models import find_bundle, load_bundle
from TACEResponseLib.prediction import plain_text, read_prediction, write_prediction
from TACEResponseLib.prediction.serialisation import prediction_row
from TACEResponseLib.reporting.patient_report import patient_report
from TACEResponseLib.workflow import predict_case
from TACEResponseLib.workflow.published_scores import facts_with_size

FACTS = {"child_pugh": "A5", "portal_venous_invasion": "no", "afp_ng_ml": "500", "ast_u_l": "30"}


@pytest.fixture(scope="module")
def bundle():
    return load_bundle(find_bundle("published-clinical"))


def case_of(columns=None, **facts):
    return Case(CaseKey("P1"), clinical=ClinicalRecord.from_cells(**{**FACTS, **facts}), columns=columns or {})


def test_scores_go_with_the_prediction_and_change_nothing_of_it(bundle, tmp_path):
    plain = predict_case(case_of(), bundle).prediction
    more = predict_case(
        case_of(
            {"lesion_diameter_mm": "63"},
            child_pugh="A6",
            number_of_tumours="3",
            bilirubin_umol_l="20",
            albumin_g_l="30",
        ),
        bundle,
    ).prediction
    assert more.probability == plain.probability
    by_name = {one.score.name: one for one in more.published.results}
    assert (by_name["hap"].value, by_name["hap"].group) == (3.0, "D")
    assert by_name["six_and_twelve"].text == "Six-and-twelve 9.3, middle group"
    path = tmp_path / "prediction.json"
    write_prediction(path, more)
    assert read_prediction(path) == more
    assert "HAP 3, D" in prediction_row(more)["published_scores"]
    text = plain_text(more)
    assert "they predict survival, not response" in text
    assert "Six-and-twelve 9.3, middle group" in text
    assert "CLIP" not in text  # open: liver involvement is unknown
    html = patient_report(more, bundle, None, ClinicalRecord.from_cells(**FACTS))
    assert "None was made to predict response to TACE" in html
    assert "Liver involvement over 50 % decides" in html


def test_contradictory_facts_stop_no_prediction(bundle):
    result = predict_case(case_of(bilirubin_umol_l="90", albumin_g_l="20"), bundle).prediction
    assert result.probability is not None
    assert result.published.results == ()
    assert "contradicts" in result.published.note
    assert "Not computed" in patient_report(result, bundle, None, ClinicalRecord.from_cells(**FACTS))
    assert "contradicts" in prediction_row(result)["published_scores"]


def test_a_result_of_an_earlier_version_is_read(bundle, tmp_path):
    import json

    path = tmp_path / "prediction.json"
    prediction = predict_case(case_of(), bundle).prediction
    write_prediction(path, prediction)
    fields = json.loads(path.read_text(encoding="utf-8"))
    del fields["published_scores"], fields["published_scores_note"]
    path.write_text(json.dumps(fields), encoding="utf-8")
    read = read_prediction(path)
    assert read.published.results == ()
    assert read == replace(prediction, published=read.published)


def test_the_size_comes_from_the_voi_unless_entered(make_lesion_source):
    from TACEResponseLib.imaging import largest_in_plane_diameter_mm, read_case_images

    source = make_lesion_source()
    case = Case(CaseKey("P1"), {"AP": source}, case_of().clinical)
    images = read_case_images(case, ("AP",), (1.0, 1.0, 1.0), 25.0)
    facts = facts_with_size(case, images)
    assert 10 * facts.largest_diameter_cm == pytest.approx(largest_in_plane_diameter_mm(images.vois["AP"]))
    assert "in-plane diameter of the VOI on AP" in facts.diameter_source
    entered = facts_with_size(replace(case, columns={"lesion_diameter_mm": "31"}), images)
    assert (entered.largest_diameter_cm, entered.diameter_source) == (3.1, "entered")
