"""One function over many cases."""

import logging

import pytest
from TACEResponseLib.batch import run_cases
from TACEResponseLib.cohort import Case, CaseKey

CASES = [Case(CaseKey(patient_id)) for patient_id in ("A", "McB", "C")]


def ignore(done, total, text):
    pass


def test_results_come_in_the_order_of_the_cases():
    results = run_cases(CASES, lambda case, progress: case.key.patient_id * 2, ignore)
    assert results.done == {case.key: case.key.patient_id * 2 for case in CASES}
    assert list(results.done) == [case.key for case in CASES]
    assert results.failed == ()


def test_a_bad_case_does_not_stop_the_others(caplog):
    def function(case, progress):
        if case.key.patient_id == "A":
            raise ValueError("Patient A, AP: the mask is empty.")
        if case.key.patient_id == "McB":
            raise KeyError("oops")
        return 1

    with caplog.at_level(logging.ERROR):
        results = run_cases(CASES, function, ignore)
    assert list(results.done) == [CaseKey("C")]
    assert [failure.key for failure in results.failed] == [CaseKey("A"), CaseKey("McB")]
    assert results.failed[0].text == "Patient A, AP: the mask is empty."
    assert results.failed[1].text.startswith("Patient McB: an unexpected error, KeyError")
    assert "Traceback" in caplog.text
    assert "mask is empty" not in caplog.text


def test_progress_rises_to_one_through_the_steps_of_each_case():
    fractions = []

    def function(case, progress):
        progress(1, 2, "half")

    run_cases(CASES, function, lambda done, total, text: fractions.append(done / total))
    assert fractions == pytest.approx([0, 1 / 6, 1 / 3, 1 / 2, 2 / 3, 5 / 6, 1])


def test_an_interruption_is_not_swallowed():
    def function(case, progress):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_cases(CASES, function, ignore)
