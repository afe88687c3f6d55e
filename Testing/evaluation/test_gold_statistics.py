"""R's values (pROC, rms) of ../shared/reference/gold_statistics.json, to 1e-6 or to their digits."""

import csv
import json

import numpy as np
import pytest
from scipy import stats
from TACEResponseLib.evaluation import (
    at_threshold,
    auc,
    auc_interval,
    calibration,
    compare_auc,
    delong_auc,
    odds_ratios,
    youden_threshold,
)


@pytest.fixture(scope="module")
def gold(shared):
    return json.loads((shared / "reference" / "gold_statistics.json").read_text())["roc_aSAH"]


@pytest.fixture(scope="module")
def patients(shared):
    with (shared / "reference" / "roc_aSAH.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    scores = {name: np.array([float(row[name]) for row in rows]) for name in ("s100b", "wfns", "ndka")}
    return scores, np.array([row["outcome"] == "Poor" for row in rows])


@pytest.mark.parametrize("name", ["s100b", "wfns", "ndka"])
def test_delong(gold, patients, name):
    scores, outcome = patients
    result = delong_auc(scores[name], outcome)
    assert result.value == pytest.approx(gold["auc"][name], abs=1e-6)
    assert result.standard_error**2 == pytest.approx(gold["delong_variance"][name], abs=1e-6)
    assert (result.low, result.high) == pytest.approx(gold["delong_ci95"][name], abs=1e-6)
    assert auc(scores[name], outcome) == result.value


@pytest.mark.parametrize("name", ["s100b", "wfns", "ndka"])
def test_auc_interval_from_r(gold, patients, name):
    # The logit interval is made here from R's AUC and variance; Newcombe's is scanned for where its inequality holds.
    scores, outcome = patients
    result = auc_interval(scores[name], outcome)
    area, error = gold["auc"][name], np.sqrt(gold["delong_variance"][name])
    half = stats.t.ppf(0.975, len(outcome) - 2) * error / (area * (1 - area))
    logit_ends = 1 / (1 + np.exp(-np.log(area / (1 - area)) - half * np.array([-1, 1])))
    inside = newcombe_inside(area, outcome.sum(), (~outcome).sum())
    assert result.value == pytest.approx(area, abs=1e-6)
    assert result.low == pytest.approx(min(logit_ends[0], inside[0]), abs=1e-5)
    assert result.high == pytest.approx(max(logit_ends[1], inside[-1]), abs=1e-5)


def newcombe_inside(area, positive, negative):
    """AUCs that Newcombe's method 5 does not reject, on a grid of 1e-6; Hanley and McNeil's Q1 and Q2, mean size."""
    truth = np.linspace(0, 1, 1_000_001)
    q1, q2 = truth / (2 - truth), 2 * truth**2 / (1 + truth)
    others = (positive + negative) / 2 - 1
    variance = truth * (1 - truth) + others * (q1 - truth**2) + others * (q2 - truth**2)
    return truth[(area - truth) ** 2 <= 1.959963984540054**2 * variance / (positive * negative)]


@pytest.mark.parametrize("pair", ["s100b-wfns", "s100b-ndka"])
def test_delong_paired(gold, patients, pair):
    scores, outcome = patients
    first, second = pair.split("-")
    result = compare_auc(scores[first], scores[second], outcome)
    assert result.z == pytest.approx(gold["delong_paired"][pair]["z"], abs=1e-6)
    assert result.p == pytest.approx(gold["delong_paired"][pair]["p"], abs=1e-6)


def test_youden(gold, patients):
    scores, outcome = patients
    threshold = youden_threshold(scores["s100b"], outcome)
    expected = gold["youden_s100b"]
    assert threshold == pytest.approx(expected["threshold"], abs=1e-6)
    result = at_threshold(scores["s100b"], outcome, threshold)
    assert result.sensitivity == pytest.approx(expected["sensitivity"], abs=1e-6)
    assert result.specificity == pytest.approx(expected["specificity"], abs=1e-6)


def test_logistic_regression_and_brier(gold, patients):
    scores, outcome = patients
    expected = gold["logistic_s100b_wfns"]
    values = np.column_stack([scores["s100b"], scores["wfns"]])
    ratios = odds_ratios(values, outcome, ("s100b", "wfns"))
    assert [np.log(ratio.odds_ratio) for ratio in ratios] == pytest.approx(expected["coef"][1:], abs=1e-6)
    errors = [np.log(ratio.high / ratio.low) / (2 * 1.959963985) for ratio in ratios]
    assert errors == pytest.approx(expected["se"][1:], abs=1e-6)
    log_odds = expected["coef"][0] + values @ np.array(expected["coef"][1:])
    probability = 1 / (1 + np.exp(-log_odds))
    assert auc(probability, outcome) == pytest.approx(expected["c"], abs=1e-6)
    result = calibration(probability, outcome)
    assert result.brier == pytest.approx(expected["brier"], abs=1e-6)
    assert result.slope == pytest.approx(1.0, abs=1e-5)
    assert result.intercept == pytest.approx(0.0, abs=1e-5)
