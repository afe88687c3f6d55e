"""The words of the result step."""

import itertools
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from TACEResponseLib.cohort import CaseWarning
from TACEResponseLib.models import published_clinical_bundle
from TACEResponseLib.panel.result_text import (
    barCells,
    comparisonText,
    estimateWords,
    headlineHtml,
    numberHtml,
    numberWords,
    pageHtml,
    resultHtml,
    whatIfHtml,
)
from TACEResponseLib.scores import PublishedScores, ScoreFacts, all_scores


def text_of(html):
    parts = []
    parser = HTMLParser()
    parser.handle_data = parts.append
    parser.feed(html)
    return " ".join("".join(parts).split())


@pytest.fixture(scope="module")
def bundle():
    return published_clinical_bundle(refit_count=100)


def test_the_sentence_stands_there_word_for_word(some_prediction, bundle):
    assert some_prediction.sentence in text_of(resultHtml(some_prediction, bundle, False))
    assert "Out of date" not in resultHtml(some_prediction, bundle, False)


def test_a_stale_result_says_so_and_is_grey(some_prediction, bundle):
    html = resultHtml(some_prediction, bundle, True)
    assert "Out of date" in html
    assert "color:#808080" in html


def test_a_demonstration_number_is_struck_through_and_nothing_else_states_it(some_prediction, bundle):
    demonstration = replace(some_prediction, bundle_demonstration=True, is_phantom=False, sentence="DEMONSTRATION.")
    html = resultHtml(demonstration, bundle, False)
    number = numberWords(some_prediction)
    assert f"<s>{number}</s>" in html
    assert html.count(number) == 1
    assert "What contributes" not in html
    assert "<s>" in whatIfHtml(demonstration)


def test_a_phantoms_number_is_marked_wherever_it_stands(some_prediction, bundle):
    phantom = replace(some_prediction, bundle_demonstration=True, is_phantom=True)
    number = numberWords(phantom)
    assert f"{number} of 100 respond" in text_of(numberHtml(phantom))
    assert "PHANTOM" in numberHtml(phantom)
    assert "PHANTOM" in estimateWords(phantom)
    page = text_of(pageHtml(phantom, bundle, {}))
    assert page.index("PHANTOM Synthetic images") < page.index("DEMONSTRATION MODEL") < page.index("of 100 respond")
    for words in (numberHtml(some_prediction), estimateWords(some_prediction), pageHtml(some_prediction, bundle, {})):
        assert "PHANTOM" not in words
        assert "DEMONSTRATION" not in words


def test_a_what_if_is_marked(some_prediction):
    words = text_of(whatIfHtml(some_prediction))
    assert words.startswith("Not this patient’s")
    assert "Not saved and not reported" in words


def test_texts_of_files_are_escaped(some_prediction, bundle):
    evil = replace(some_prediction, warnings=(CaseWarning("x", "<script>alert(1)</script>", "AP"),))
    html = pageHtml(evil, bundle, {"predictions": 2, "voi_edits_after_result": 1})
    assert "<script>" not in html
    assert "Predictions for this patient: 2; VOI edits after a result: 1." in text_of(html)
    assert "Research use only" in html


def test_a_second_run_is_compared(some_prediction):
    assert "identical" in comparisonText(some_prediction, some_prediction)
    other = replace(some_prediction, probability=some_prediction.probability + 1e-7)
    assert "1.0e-07" in comparisonText(some_prediction, other)
    assert "versions differ" in comparisonText(some_prediction, replace(other, provenance={}))


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_the_bar_is_as_long_as_its_interval(one, other, estimate, threshold):
    low, high = sorted((one, other))
    cells = barCells(low, high, estimate, threshold)
    assert sum(width for _colour, width in cells) == 100
    assert all(first[0] != second[0] for first, second in itertools.pairwise(cells))
    inside = sum(width for colour, width in cells if colour == "#0072b2")
    # Estimate and threshold each take one percent of it, where they lie inside.
    assert abs(inside - 100 * (high - low)) <= 3.01
    assert sum(width for colour, width in cells if colour == "#d55e00") == 1


def test_the_headline_has_number_bar_and_first_warning(some_prediction):
    warnings = (CaseWarning("a", "The first."), CaseWarning("b", "The second."))
    html = headlineHtml(replace(some_prediction, warnings=warnings), None)
    assert numberWords(some_prediction) in html
    assert html.count("<td") == len(
        barCells(
            some_prediction.probability_low,
            some_prediction.probability_high,
            some_prediction.probability,
            some_prediction.threshold,
        )
    )
    assert "The first. (1 more below)" in html
    assert "The second" not in html


def test_a_demonstration_on_a_patient_has_no_bar(some_prediction):
    html = headlineHtml(replace(some_prediction, bundle_demonstration=True, is_phantom=False), None)
    assert "<s>" in html
    assert "<td" not in html


def test_published_scores_stand_beside_the_number_and_say_what_they_predict(some_prediction, bundle):
    facts = ScoreFacts(largest_diameter_cm=6.3, number_of_tumours=3)
    result = replace(some_prediction, published=PublishedScores(tuple(all_scores(facts))))
    headline = text_of(headlineHtml(result, bundle))
    assert "Published scores (survival, not response):" in headline
    assert "Six-and-twelve 9.3, middle group" in headline
    assert "CLIP" not in headline
    details = text_of(resultHtml(result, bundle, False))
    assert "they predict survival, not response" in details
    assert "decide" in details[details.index("CLIP") :]
    refused = replace(some_prediction, published=PublishedScores(note="Albumin <3.8> is next to impossible."))
    assert "Published scores" not in headlineHtml(refused, bundle)
    assert "&lt;3.8&gt;" in resultHtml(refused, bundle, False)
