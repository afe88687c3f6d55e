"""The words of a result, as clinical.md prints them."""

import re
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from TACEResponseLib.cohort import ClinicalRecord
from TACEResponseLib.models import published_clinical_bundle
from TACEResponseLib.prediction import Contribution, plain_text, predict_from_features
from TACEResponseLib.prediction.wording import (
    contribution_text,
    level_text,
    outcome_text,
    per_hundred,
    position_text,
    result_sentence,
)


@pytest.fixture
def result(make_formula_bundle, make_features, all_known, key):
    """A prediction of 62, 44-77 and its bundle."""
    bundle = make_formula_bundle()
    prediction = predict_from_features(key, make_features(bundle), all_known, bundle)
    return replace(prediction, probability=0.62, probability_low=0.44, probability_high=0.77), bundle


def test_the_sentence_of_the_clinical_rules(result):
    prediction, bundle = result
    assert result_sentence(prediction, bundle) == (
        "Of 100 patients with this score and these facts, about 62 had an objective response (mRECIST CR or PR, MR "
        "about 3 months after the first TACE). Model uncertainty 44-77. In the training cohort: 49. "
        "No class is named: the uncertainty includes the threshold of 45.0 %. "
        "Does not judge whether TACE is indicated."
    )


@pytest.mark.parametrize(
    ("predicted", "words"),
    [("OR", "Class: objective response (OR)"), ("NOR", "Class: no objective response (NOR)")],
)
def test_a_class_that_is_named(result, predicted, words):
    prediction, bundle = result
    assert words in result_sentence(replace(prediction, predicted_class=predicted), bundle)


def test_outcome_and_time_are_those_of_the_bundle(result):
    prediction, bundle = result
    other = replace(bundle, outcome="complete response", time_horizon="CT after 6 weeks", cohort_responders=30)
    assert outcome_text(other) == "complete response (CT after 6 weeks)"
    assert "about 62 had a complete response (CT after 6 weeks)." in result_sentence(prediction, other)
    assert "In the training cohort: 26." in result_sentence(prediction, other)


def test_another_share_of_responders_is_said(result):
    prediction, bundle = result
    words = result_sentence(prediction, bundle.with_prevalence(0.3))
    assert "In the training cohort: 49. Share of responders assumed here: 30." in words


def test_unknown_facts_in_words(make_formula_bundle, make_features, key):
    bundle = make_formula_bundle()
    clinical = ClinicalRecord.from_cells(child_pugh="A5", afp_ng_ml="12")
    prediction = predict_from_features(key, make_features(bundle), clinical, bundle)
    prediction = replace(prediction, probability_range=(0.31, 0.62), probability_low=0.2, probability_high=0.7)
    words = result_sentence(prediction, bundle)
    assert words.startswith(
        "Unknown: portal venous invasion and AST. Of 100 patients with this score and these known facts, about 31 to "
        "62 had an objective response (mRECIST CR or PR, MR about 3 months after the first TACE), depending on the "
        "unknown facts. Model uncertainty 20-70."
    )
    same = replace(prediction, probability_range=(0.311, 0.314), unknown_facts=("ast_above_40_u_l",))
    assert "about 31 had" in result_sentence(same, bundle)
    assert "whatever the unknown fact." in result_sentence(same, bundle)


def test_all_facts_unknown_adds_the_score_alone(make_formula_bundle, make_features, key):
    bundle = make_formula_bundle()
    prediction = predict_from_features(key, make_features(bundle), ClinicalRecord(), bundle)
    prediction = replace(prediction, score_only_probability=0.55, score_only_low=0.4, score_only_high=0.71)
    words = result_sentence(prediction, bundle)
    assert "Of 100 patients with this score, about" in words
    assert "By the score alone: about 55, model uncertainty 40-71." in words


def test_dropped_facts_in_words(key):
    bundle = published_clinical_bundle(refit_count=200)
    one_known = predict_from_features(key, None, ClinicalRecord.from_cells(ast_u_l="20"), bundle).sentence
    assert one_known.startswith("Unknown: Child-Pugh class, portal venous invasion and AFP, left out of the model.")
    assert "Of 100 patients with these known facts, about" in one_known
    assert "Of 100 patients, about 49 had" in predict_from_features(key, None, ClinicalRecord(), bundle).sentence


def test_a_demonstration_states_no_number(make_formula_bundle, make_features, all_known, key):
    bundle = make_formula_bundle(demonstration=True)
    prediction = predict_from_features(key, make_features(bundle), all_known, bundle)
    assert prediction.sentence.startswith("DEMONSTRATION")
    assert not re.search(r"\d", prediction.sentence)
    phantom = predict_from_features(key, make_features(bundle, is_phantom=True), all_known, bundle)
    assert phantom.sentence.startswith("PHANTOM: synthetic images, not a patient. Of 100 patients")


@example(0.0)
@example(0.0049)
@example(0.005)
@example(0.9949)
@example(0.995)
@given(st.floats(0, 1))
def test_rounding_never_shows_0_or_100(probability):
    shown = per_hundred(probability)
    number = int(shown.strip("<>"))
    assert 1 <= number <= 99
    if shown.isdigit():
        assert abs(number - 100 * probability) <= 0.5 + 1e-9
    else:
        assert probability < 0.005 if shown == "<1" else probability >= 0.995


def test_extreme_estimates_in_words(result):
    prediction, bundle = result
    assert "fewer than 1 had" in result_sentence(replace(prediction, probability=0.001, probability_low=0.0), bundle)
    surest = replace(prediction, probability=0.999, probability_high=1.0)
    assert "more than 99 had" in result_sentence(surest, bundle)
    assert "Model uncertainty 44 to >99." in result_sentence(surest, bundle)


def test_contributions_in_words():
    """AFP > 400 ng/mL in the paper: odds ratio 1.17, 0.53-2.59."""
    afp = Contribution("afp_above_400_ng_ml", "AFP", 1.0, 0.157, -0.635, 0.952)
    assert (contribution_text(afp), level_text(afp)) == ("not distinguishable from no effect", "> 400 ng/mL")
    lower = Contribution("portal_venous_invasion", "Portal venous invasion", 1.0, -0.6931, -1.3863, -0.1054)
    assert contribution_text(lower) == "lowers the odds, × 0.50 (0.25-0.90)"
    unknown = Contribution("child_pugh_b_or_c", "Child-Pugh class", None, None, None, None)
    assert level_text(unknown) == "unknown"
    assert "unknown" in contribution_text(unknown)


def test_a_score_is_never_called_a_probability(result):
    prediction, bundle = result
    words = position_text(prediction, bundle)
    assert words.startswith("The radiomics score, 0.65, is higher than that of ")
    assert "probability" not in words + prediction.contributions[0].label
    assert prediction.contributions[0].label == "DNN radiomics score, 0-1"


def test_plain_text_carries_all_that_must_not_be_left_out(make_formula_bundle, make_features, key):
    bundle = make_formula_bundle()
    clinical = ClinicalRecord.from_cells(child_pugh="C11", portal_venous_invasion="yes", afp_ng_ml="12", ast_u_l="55")
    prediction = predict_from_features(key, make_features(bundle), clinical, bundle)
    words = plain_text(prediction)
    assert "Research use only." in words.splitlines()[0]
    assert prediction.sentence in words
    assert "One lesion was measured; the outcome is that of the whole patient." in words
    assert all(warning.text in words for warning in prediction.warnings)
    assert len(prediction.warnings) == 2
    assert "formula-cd" in words
    assert "<" not in words
