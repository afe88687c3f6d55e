"""prediction.json and predictions.csv."""

import csv
import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from TACEResponseLib.cohort import CaseKey, CaseWarning, ClinicalRecord, private
from TACEResponseLib.prediction import (
    PREDICTION_COLUMNS,
    Contribution,
    Position,
    Prediction,
    predict_from_features,
    prediction_from_dict,
    prediction_row,
    prediction_to_dict,
    read_prediction,
    write_prediction,
    write_predictions_table,
)

_text = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
_unit = st.floats(0, 1)
_finite = st.floats(-50, 50)
_contribution = st.one_of(
    st.builds(Contribution, _text, _text, _finite, _finite, _finite, _finite),
    st.builds(Contribution, _text, _text, st.none(), st.none(), st.none(), st.none()),
)
_predictions = st.builds(
    Prediction,
    key=st.builds(CaseKey, _text, _text, _text, _text),
    bundle_name=_text,
    bundle_sha256=_text,
    bundle_demonstration=st.booleans(),
    is_phantom=st.booleans(),
    probability=st.none() | _unit,
    probability_low=_unit,
    probability_high=_unit,
    probability_range=st.none() | st.tuples(_unit, _unit),
    predicted_class=st.sampled_from(["OR", "NOR", "undecided"]),
    threshold=_unit,
    scores=st.dictionaries(_text, _finite, max_size=2),
    contributions=st.lists(_contribution, max_size=3).map(tuple),
    position=st.none() | st.builds(Position, _finite, _finite),
    warnings=st.lists(st.builds(CaseWarning, _text, _text, st.none() | _text), max_size=3).map(tuple),
    sentence=_text,
    provenance=st.dictionaries(_text, _text | _finite | st.lists(_text, max_size=2), max_size=3),
    unknown_facts=st.lists(_text, max_size=2).map(tuple),
    out_of_range_count=st.none() | st.integers(0, 440),
)


def _refuse(name):
    raise AssertionError(f"{name} is not JSON")


@pytest.fixture
def predictions(make_formula_bundle, make_features, all_known, key):
    """A known, an unknown and a demonstration result of one patient."""
    bundle = make_formula_bundle()
    demonstration = make_formula_bundle(demonstration=True)
    return {
        "known": predict_from_features(key, make_features(bundle), all_known, bundle),
        "unknown": predict_from_features(key, make_features(bundle), ClinicalRecord(), bundle),
        "demonstration": predict_from_features(key, make_features(bundle), all_known, demonstration),
        "demonstration range": predict_from_features(key, make_features(bundle), ClinicalRecord(), demonstration),
    }


@settings(max_examples=150, deadline=None)
@given(_predictions)
def test_any_prediction_comes_back_equal(prediction):
    text = json.dumps(prediction_to_dict(prediction), allow_nan=False)
    assert prediction_from_dict(json.loads(text)) == prediction


@pytest.mark.parametrize("kind", ["known", "unknown", "demonstration", "demonstration range"])
def test_a_prediction_written_is_read_back_equal(predictions, tmp_path, kind):
    path = tmp_path / "prediction.json"
    write_prediction(path, predictions[kind])
    assert read_prediction(path) == predictions[kind]
    json.loads(path.read_text(encoding="utf-8"), parse_constant=_refuse)


def test_the_fields_of_the_architecture(predictions):
    fields = prediction_to_dict(predictions["known"])
    named = (
        "schema patient_id bundle probability probability_low probability_high probability_range class threshold "
        "scores contributions position warnings provenance sentence"
    ).split()
    assert set(named) <= set(fields)
    assert fields["patient_id"] == "HCC_07b"
    assert fields["bundle"] == {"name": "formula-cd", "sha256": "ab" * 32, "demonstration": False}
    assert set(fields["position"]) == {"or_percentile", "nor_percentile"}


def test_unknown_facts_leave_the_probability_null(predictions):
    fields = prediction_to_dict(predictions["unknown"])
    assert fields["probability"] is None
    assert len(fields["probability_range"]) == 2
    assert set(fields["score_only"]) == {"probability", "probability_low", "probability_high"}


@pytest.mark.parametrize("kind", ["demonstration", "demonstration range"])
def test_a_demonstration_number_cannot_be_taken_for_a_probability(predictions, kind):
    prediction = predictions[kind]
    fields = prediction_to_dict(prediction)
    for name in ("probability", "probability_low", "probability_high", "probability_range", "score_only"):
        assert fields[name] is None
    assert fields["class"] == "undecided"
    assert fields["demonstration_only"] is True
    assert fields["demonstration_numbers"]["probability"] == prediction.probability
    row = prediction_row(prediction)
    for name in ("probability", "probability_low", "probability_high", "range_low", "range_high"):
        assert row[name] == ""
    assert row["score_only_probability"] == ""
    estimates = prediction.probability_range or (prediction.probability,)
    assert row["demonstration_number"] == "DEMONSTRATION " + " to ".join(f"{value:.2f}" for value in estimates)


def test_the_table_has_an_empty_probability_for_unknown_facts(predictions, tmp_path):
    path = tmp_path / "predictions.csv"
    hostile = replace(predictions["known"], key=CaseKey('a,"b'))
    write_predictions_table(path, [predictions["known"], predictions["unknown"], hostile])
    with path.open(encoding="utf-8", newline="") as file:
        known, unknown, quoted = csv.DictReader(file)
    assert tuple(known) == PREDICTION_COLUMNS
    assert float(known["probability"]) == pytest.approx(predictions["known"].probability, abs=1e-6)
    assert known["range_low"] == known["demonstration_number"] == ""
    assert unknown["probability"] == ""
    assert float(unknown["range_low"]) == pytest.approx(predictions["unknown"].probability_range[0], abs=1e-6)
    assert unknown["warnings"] == "facts_unknown"
    assert len(unknown["unknown_facts"].split()) == 4
    assert quoted["patient_id"] == 'a,"b'


def test_a_number_that_is_none_leaves_the_old_file_whole(predictions, tmp_path):
    path = tmp_path / "prediction.json"
    write_prediction(path, predictions["known"])
    before = path.read_bytes()
    with pytest.raises(ValueError, match="JSON"):
        write_prediction(path, replace(predictions["known"], probability=float("nan")))
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["prediction.json"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda fields: {**fields, "schema": 2}, "schema 2"),
        (lambda fields: {name: value for name, value in fields.items() if name != "threshold"}, "threshold"),
        (lambda fields: {**fields, "position": {"or": 1}}, "field"),
        (lambda fields: [fields], "no JSON object"),
    ],
)
def test_files_that_are_no_predictions_are_refused(predictions, tmp_path, change, reason):
    path = tmp_path / "prediction.json"
    path.write_text(json.dumps(change(prediction_to_dict(predictions["known"]))), encoding="utf-8")
    with pytest.raises(ValueError, match=reason) as error:
        read_prediction(path)
    assert str(path) in str(error.value)


@pytest.mark.parametrize("content", [b"{", b"\xff\xfe", b'{"schema": 1, "probability": NaN}'])
def test_damaged_files_are_refused(tmp_path, content):
    path = tmp_path / "prediction.json"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"prediction\.json cannot be read as a prediction"):
        read_prediction(path)


def test_the_table_holds_no_original_identifier_of_a_failed_case(tmp_path):
    error = f"The images have 2 PatientIDs ({private('DOE^JOHN')}); give one patient."
    write_predictions_table(tmp_path / "predictions.csv", [], {CaseKey("P1"): error})
    text = (tmp_path / "predictions.csv").read_text(encoding="utf-8")
    assert "DOE" not in text
    assert "The images have 2 PatientIDs (...); give one patient." in text
