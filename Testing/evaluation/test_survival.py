"""Harrell's C, Kaplan-Meier and log-rank against their definitions, statsmodels and a real collection."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from statsmodels.duration.survfunc import SurvfuncRight, survdiff
from TACEResponseLib.evaluation.survival import harrell_c, kaplan_meier, log_rank_p, months_text


@pytest.fixture
def cohort() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Score (with ties), months and death of 90 patients, a third of them censored."""
    random = np.random.default_rng(3)
    score = random.integers(0, 5, 90).astype(float)
    death = random.exponential(30.0 / (1 + score))
    censoring = random.exponential(40.0, 90)
    return score, np.minimum(death, censoring) + 0.01, death < censoring


def _pairs(score: np.ndarray, months: np.ndarray, died: np.ndarray) -> float:
    """Harrell's definition, pair by pair."""
    good = counted = 0.0
    for one, other in combinations(range(len(score)), 2):
        first, second = (one, other) if months[one] < months[other] else (other, one)
        if died[first] and months[first] < months[second]:
            counted += 1
            good += 1.0 if score[first] > score[second] else 0.5 if score[first] == score[second] else 0.0
    return good / counted


def test_harrell_c_counts_pairs(cohort) -> None:
    result = harrell_c(*cohort, draws=200)
    assert result.value == pytest.approx(_pairs(*cohort), abs=1e-12)
    assert result.low < result.value < result.high
    assert (result.patients, result.events) == (90, int(cohort[2].sum()))
    assert harrell_c(*cohort, draws=200) == result


def test_the_interval_holds_one_half_for_a_score_that_says_nothing() -> None:
    held = 0
    for seed in range(40):
        random = np.random.default_rng(seed)
        result = harrell_c(random.normal(size=60), random.exponential(20, 60) + 0.1, random.random(60) < 0.8, draws=200)
        held += result.low <= 0.5 <= result.high
    assert held >= 34


def test_kaplan_meier_equals_statsmodels(cohort) -> None:
    score, months, died = cohort
    groups = ["low" if one < 2 else "high" for one in score]
    curves = kaplan_meier(groups, months, died, ("low", "middle", "high"), (0, 6, 12))
    assert [curve.group for curve in curves] == ["low", "high"]
    for curve in curves:
        chosen = np.array([one == curve.group for one in groups])
        theirs = SurvfuncRight(months[chosen], died[chosen].astype(int))
        ours = dict(zip(curve.times_months, curve.survival, strict=True))
        for time, survival in zip(theirs.surv_times, theirs.surv_prob, strict=True):
            assert ours[time] == pytest.approx(survival, abs=1e-12)
        assert curve.at_risk == tuple(int((months[chosen] >= month).sum()) for month in (0, 6, 12))
        assert curve.median_months == pytest.approx(theirs.quantile(0.5))
        bands = zip(curve.low, curve.survival, curve.high, strict=True)
        assert all(low <= middle <= high for low, middle, high in bands)


def test_log_rank_equals_statsmodels(cohort) -> None:
    score, months, died = cohort
    groups = np.array(["low" if one < 2 else "middle" if one < 3 else "high" for one in score])
    assert log_rank_p(groups, months, died) == pytest.approx(survdiff(months, died.astype(int), groups)[1], rel=1e-9)
    assert log_rank_p(["one"] * 90, months, died) is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"months": [0.0] * 12}, "longer than 0"),
        ({"risk": [float("nan")] * 12}, "finite"),
        ({"died": [True] * 9 + [False] * 3}, "9 deaths are too few"),
        ({"died": [True] * 11}, "not of one length"),
    ],
)
def test_what_cannot_be_judged_is_refused(change: dict[str, list[float]], message: str) -> None:
    given = {"risk": list(range(12)), "months": list(range(1, 13)), "died": [True] * 12} | change
    with pytest.raises(ValueError, match=message):
        harrell_c(**given)


def test_a_group_that_is_not_listed_is_refused() -> None:
    with pytest.raises(ValueError, match="'C' is not one of A, B"):
        kaplan_meier(["A"] * 11 + ["C"], range(1, 13), [True] * 12, ("A", "B"), (0,))


def test_a_median_that_is_not_reached_is_called_so() -> None:
    assert months_text(float("inf")) == "not reached"
    assert months_text(19.64) == "19.6 months"
