"""Unit traps, contradictions, unknown facts and the order of every rule."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from TACEResponseLib.scores import FACTS, Between, Score, ScoreFacts, all_scores, published_scores, score_result

SCORES = {score.name: score for score in published_scores()}
WORSE = {
    "bilirubin_umol_l": 1,
    "albumin_g_l": -1,
    "platelets_10e9_l": 0,
    "inr": 1,
    "creatinine_mg_dl": 1,
    "afp_ng_ml": 1,
    "child_pugh_points": 1,
    "ecog": 1,
    "portal_venous_invasion": 1,
    "liver_involvement_above_half": 1,
    "number_of_tumours": 1,
    "largest_diameter_cm": 1,
}
"""The direction in which each fact makes the prognosis worse; 0 where the rules do not agree."""


def _value(name: str) -> st.SearchStrategy[float]:
    fact = FACTS[name]
    if fact.whole or fact.most == 1:
        return st.integers(int(fact.least), int(fact.most)).map(float)
    return st.floats(fact.least, fact.most)


def _facts(names: tuple[str, ...]) -> st.SearchStrategy[dict[str, float]]:
    return st.fixed_dictionaries({name: _value(name) for name in names})


def _consistent(values: dict[str, float]) -> ScoreFacts | None:
    try:
        return ScoreFacts(**values)
    except ValueError:
        # Child-Pugh points that contradict bilirubin, albumin or INR.
        return None


@pytest.mark.parametrize("score", SCORES.values(), ids=SCORES)
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_what_remains_holds_the_truth(score: Score, data: st.DataObject) -> None:
    """Whatever is left out, the group for all facts is among those that remain, and where one remains it is that."""
    values = data.draw(_facts(score.facts))
    full = _consistent(values)
    if full is None:
        return
    truth = score_result(score, full)
    assert truth is not None
    kept = data.draw(st.sets(st.sampled_from(score.facts), min_size=1))
    part = score_result(score, ScoreFacts(**{name: values[name] for name in kept}))
    assert part is not None
    assert set(truth.groups) <= set(part.groups)
    if len(part.groups) > 1:
        assert part.deciding
        assert not set(part.deciding) & kept
    assert part.value is None or part.value == truth.value


@pytest.mark.parametrize("score", SCORES.values(), ids=SCORES)
@given(data=st.data())
@settings(max_examples=100, deadline=None)
def test_monotone_in_every_fact(score: Score, data: st.DataObject) -> None:
    """A worse fact never gives a better group; PALBI's squares bend back, and Bolondi covers only some patients."""
    if score.name in ("palbi", "bolondi"):
        return
    values = data.draw(_facts(score.facts))
    name = data.draw(st.sampled_from(score.facts))
    other = data.draw(_value(name))
    worse = max(values[name], other) if WORSE[name] > 0 else min(values[name], other)
    better, worst = _consistent(values), _consistent(values | {name: worse})
    if better is None or worst is None:
        return
    before, after = score_result(score, better), score_result(score, worst)
    assert before is not None
    assert after is not None
    assert after.value >= before.value
    order = [group.name for group in score.groups]
    if order:
        assert order.index(after.group) >= order.index(before.group)


def test_palbi_is_not_monotone() -> None:
    def palbi(**facts: float) -> float:
        return score_result(SCORES["palbi"], ScoreFacts(albumin_g_l=40, **facts)).value

    # Minimum at log10 platelets = 3.48 / 2.02, maximum at log10 bilirubin = 2.02 / 0.74 = 537 umol/L.
    at = [palbi(bilirubin_umol_l=20, platelets_10e9_l=value) for value in (20, 10 ** (3.48 / 2.02), 300)]
    assert at[0] > at[1] < at[2]
    at = [palbi(bilirubin_umol_l=value, platelets_10e9_l=100) for value in (300, 10 ** (2.02 / 0.74), 1000)]
    assert at[0] < at[1] > at[2]


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ({"albumin_g_l": 3.8}, "is it in g/dL"),
        ({"bilirubin_umol_l": 1.0}, "is it in mg/dL"),
        ({"platelets_10e9_l": 150000}, "is it per uL"),
        ({"creatinine_mg_dl": 88}, "is it in umol/L"),
        ({"inr": 85}, "Quick"),
        ({"largest_diameter_cm": 47}, "is it in mm"),
        ({"largest_diameter_cm": 0}, "next to impossible"),
        ({"number_of_tumours": 0}, "1 to 30"),
        ({"number_of_tumours": 40}, "not a size"),
        ({"number_of_tumours": 2.5}, "whole number"),
        ({"afp_ng_ml": 0}, "detection limit"),
        ({"afp_ng_ml": -3}, "next to impossible"),
        ({"ecog": 5}, "between 0 and 4"),
        ({"child_pugh_points": 4}, "between 5 and 15"),
        ({"albumin_g_l": float("nan")}, "next to impossible"),
        ({"bilirubin_umol_l": float("inf")}, "next to impossible"),
        ({"child_pugh_points": Between(5, 6), "bilirubin_umol_l": 85.5, "albumin_g_l": 20}, "class A contradicts"),
        ({"child_pugh_points": 13, "bilirubin_umol_l": 10, "albumin_g_l": 45, "inr": 1.0}, "at most 9 points"),
    ],
)
def test_impossible_values_are_refused(facts: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ScoreFacts(**facts)


def test_consistent_child_pugh_is_accepted() -> None:
    ScoreFacts(child_pugh_points=Between(7, 9), bilirubin_umol_l=85.5, albumin_g_l=30)


def test_nothing_known_gives_nothing() -> None:
    assert all_scores(ScoreFacts()) == []
    assert {result.score.name for result in all_scores(ScoreFacts(inr=1.1))} == {"meld"}


def test_an_afp_below_a_limit_decides_what_it_can() -> None:
    facts = ScoreFacts(bilirubin_umol_l=10, albumin_g_l=40, largest_diameter_cm=8, afp_ng_ml=Between.below(20))
    assert score_result(SCORES["hap"], facts).group == "B"
    above = replace(facts, afp_ng_ml=Between.above(300))
    hap = score_result(SCORES["hap"], above)
    assert hap.groups == ("B", "C")
    assert hap.deciding == ("afp_ng_ml",)
    assert "B or C (AFP decides)" in hap.sentence
    assert score_result(SCORES["hap"], replace(facts, afp_ng_ml=Between.above(400))).group == "C"


def test_a_decided_group_needs_no_further_fact() -> None:
    """Three points are D, whatever AFP is."""
    facts = ScoreFacts(bilirubin_umol_l=40, albumin_g_l=30, largest_diameter_cm=8)
    result = score_result(SCORES["hap"], facts)
    assert (result.group, result.value, result.deciding) == ("D", None, ())


def test_remarks_name_values_within_rounding_of_a_cut_and_the_source_of_the_size() -> None:
    facts = ScoreFacts(bilirubin_umol_l=17.1, largest_diameter_cm=5.0, diameter_source="VOI on AP, in-plane")
    remarks = " ".join(score_result(SCORES["hap"], facts).remarks)
    assert "Bilirubin 17.1 umol/L lies within rounding of the cut of HAP at 17 umol/L." in remarks
    assert "VOI on AP, in-plane" in remarks
    far = score_result(SCORES["hap"], ScoreFacts(bilirubin_umol_l=30.0))
    assert not any("rounding" in remark for remark in far.remarks)


def test_the_sentence_says_what_is_predicted() -> None:
    result = score_result(SCORES["six_and_twelve"], ScoreFacts(largest_diameter_cm=6.3, number_of_tumours=3))
    assert result.sentence == (
        "Six-and-twelve 9.3, middle group: median survival 32 months in the cohort that it comes from (n 1,604). "
        "Predicts survival, not response."
    )


def test_clip_equals_the_collections_own(shared: Path) -> None:
    """HCC-TACE-Seg prints CLIP for 105 patients, computed by somebody else."""
    with (shared / "data/hcc-tace-seg/clinical.csv").open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    points = {"A": Between(5, 6), "B": Between(7, 9), "C": Between(10, 15)}
    ours = [
        score_result(
            SCORES["clip"],
            ScoreFacts(
                child_pugh_points=points[row["CPS"]],
                number_of_tumours=1 if row["tumor_nodul"] == "uninodular" else Between(2, 30),
                liver_involvement_above_half=row["T_involvment"] != "< or = 50%",
                afp_ng_ml=float(row["AFP"]),
                portal_venous_invasion=row["Portal Vein Thrombosis"] == "1",
            ),
        ).value
        for row in rows
    ]
    theirs = [float(row["CLIP_Score"].removeprefix("Stage_")) for row in rows]
    assert len(rows) == 105
    assert ours == theirs
