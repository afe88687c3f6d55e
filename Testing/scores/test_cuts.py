"""Every cut of every score at the value and on both sides, from the printed rules (Docs/scores.md has the sources)."""

from __future__ import annotations

from math import inf, log, nextafter

import pytest
from TACEResponseLib.scores import FACTS, Known, Score, ScoreFacts, published_scores, score_result

SCORES = {score.name: score for score in published_scores()}

# Score, cut, group below, at and above.
CUTS_OF_THE_NUMBER = [
    ("albi", -2.60, "grade 1", "grade 1", "grade 2"),
    ("albi", -1.39, "grade 2", "grade 2", "grade 3"),
    ("palbi", -2.53, "grade 1", "grade 1", "grade 2"),
    ("palbi", -2.09, "grade 2", "grade 2", "grade 3"),
    ("meld", 10.0, "< 10", "10-14", "10-14"),
    ("meld", 14.0, "10-14", "10-14", "> 14"),
    ("six_and_twelve", 6.0, "low group", "low group", "middle group"),
    ("six_and_twelve", 12.0, "middle group", "middle group", "high group"),
    ("up_to_seven", 7.0, "within", "within", "beyond"),
    ("up_to_eleven", 11.0, "within", "within", "beyond"),
    ("seven_eleven", 7.0, "low burden", "low burden", "middle burden"),
    ("seven_eleven", 11.0, "middle burden", "middle burden", "high burden"),
    ("tumour_burden_score", 3.36, "low", "middle", "middle"),
    ("tumour_burden_score", 13.74, "middle", "middle", "high"),
]

# A patient without any point, and the points that each fact gives below, at and above its cut.
NO_POINTS = {
    "bilirubin_umol_l": 10.0,
    "albumin_g_l": 45.0,
    "afp_ng_ml": 5.0,
    "largest_diameter_cm": 3.0,
    "number_of_tumours": 1.0,
    "child_pugh_points": 5.0,
    "liver_involvement_above_half": False,
    "portal_venous_invasion": False,
}
CUTS_OF_FACTS = [
    ("hap", "albumin_g_l", 36.0, 1, 0, 0),
    ("hap", "bilirubin_umol_l", 17.0, 0, 0, 1),
    ("hap", "afp_ng_ml", 400.0, 0, 0, 1),
    ("hap", "largest_diameter_cm", 7.0, 0, 0, 1),
    ("modified_hap_2", "albumin_g_l", 36.0, 1, 0, 0),
    ("modified_hap_2", "bilirubin_umol_l", 17.0, 0, 0, 1),
    ("modified_hap_2", "afp_ng_ml", 400.0, 0, 0, 1),
    ("modified_hap_2", "largest_diameter_cm", 7.0, 0, 0, 1),
    ("albi_tae", "afp_ng_ml", 200.0, 0, 0, 1),
    # Size + number: 10 + 1 is 11.
    ("albi_tae", "largest_diameter_cm", 10.0, 0, 0, 1),
    ("clip", "afp_ng_ml", 400.0, 0, 1, 1),
]
WHOLE_NUMBERS = [
    ("modified_hap_2", "number_of_tumours", {1: 0, 2: 1, 3: 1}),
    ("clip", "number_of_tumours", {1: 0, 2: 1, 9: 1}),
    ("clip", "child_pugh_points", {5: 0, 6: 0, 7: 1, 9: 1, 10: 2, 15: 2}),
    ("clip", "liver_involvement_above_half", {False: 0, True: 2}),
    ("clip", "portal_venous_invasion", {False: 0, True: 1}),
]
GROUPS_OF_POINTS = {
    "hap": {0: "A", 1: "B", 2: "C", 3: "D", 4: "D"},
    "modified_hap_2": {0: "A", 1: "B", 2: "C", 3: "D", 4: "D", 5: "D"},
    "albi_tae": {0: "A", 1: "B", 2: "C", 3: "D"},
    "clip": {points: str(points) for points in range(7)},
}


def _points(score: Score, **facts: float) -> float:
    chosen = {name: (NO_POINTS | facts)[name] for name in score.facts}
    result = score_result(score, ScoreFacts(**chosen))
    assert result is not None
    assert result.value is not None
    assert result.group == GROUPS_OF_POINTS[score.name][int(result.value)]
    return result.value


@pytest.mark.parametrize(("name", "cut", "below", "at", "above"), CUTS_OF_THE_NUMBER)
def test_cut_of_the_number(name: str, cut: float, below: str, at: str, above: str) -> None:
    group = SCORES[name].group
    assert [group(Known(), value) for value in (nextafter(cut, -inf), cut, nextafter(cut, inf))] == [below, at, above]


@pytest.mark.parametrize(("name", "fact", "cut", "below", "at", "above"), CUTS_OF_FACTS)
def test_cut_of_a_fact(name: str, fact: str, cut: float, below: int, at: int, above: int) -> None:
    values = (nextafter(cut, -inf), cut, nextafter(cut, inf))
    # One unit in the last place is lost in size + number.
    values = (cut - 1e-9, cut, cut + 1e-9) if name == "albi_tae" else values
    assert [_points(SCORES[name], **{fact: value}) for value in values] == [below, at, above]


@pytest.mark.parametrize(("name", "fact", "points"), WHOLE_NUMBERS)
def test_whole_numbers(name: str, fact: str, points: dict[float, int]) -> None:
    assert {value: _points(SCORES[name], **{fact: value}) for value in points} == points


@pytest.mark.parametrize("name", ["hap", "modified_hap_2", "albi_tae", "clip"])
def test_all_points_together(name: str) -> None:
    worst = {
        "bilirubin_umol_l": 60.0,
        "albumin_g_l": 20.0,
        "afp_ng_ml": 5000.0,
        "largest_diameter_cm": 12.0,
        "number_of_tumours": 4.0,
        "child_pugh_points": 11.0,
        "liver_involvement_above_half": True,
        "portal_venous_invasion": True,
    }
    assert _points(SCORES[name], **worst) == max(GROUPS_OF_POINTS[name])


@pytest.mark.parametrize(
    ("afp", "low", "middle"),
    [
        (1.0, 8, 14), (100.0, 8, 14), (100.1, 7, 13), (400.0, 7, 13), (400.1, 6, 12), (2000.0, 6, 12), (2000.1, 5, 11),
        (10000.0, 5, 11), (10000.1, 4, 10), (40000.0, 4, 10),
    ],
)  # fmt: skip
def test_six_and_twelve_2_cuts_depend_on_afp(afp: float, low: int, middle: int) -> None:
    def group(burden: float) -> str | None:
        facts = ScoreFacts(largest_diameter_cm=burden - 1, number_of_tumours=1, afp_ng_ml=afp)
        result = score_result(SCORES["six_and_twelve_2"], facts)
        return result and result.group

    assert group(low) == "low group"
    assert group(low + 1e-6) == group(middle) == "middle group"
    assert group(middle + 1e-6) == "high group"


def test_six_and_twelve_2_above_the_highest_afp() -> None:
    facts = ScoreFacts(largest_diameter_cm=1.0, number_of_tumours=1, afp_ng_ml=40000.1)
    assert score_result(SCORES["six_and_twelve_2"], facts).group == "high group"
    # 1 + 1 + 1.5 log10 40,000 = 2 + 1.5 x 4.60206
    exact = ScoreFacts(largest_diameter_cm=1.0, number_of_tumours=1, afp_ng_ml=40000.0)
    assert score_result(SCORES["six_and_twelve_2"], exact).value == pytest.approx(8.90309, abs=1e-5)


@pytest.mark.parametrize(
    ("points", "size", "count", "ecog", "invasion", "group"),
    [
        (5, 4.0, 3, 0, False, "B1"), (7, 4.0, 3, 0, False, "B1"), (7, 4.1, 3, 0, False, "B3"),
        (6, 4.1, 3, 0, False, "B2"), (5, 4.1, 3, 0, False, "B2"), (8, 4.1, 3, 0, False, "B4"),
        (8, 4.0, 3, 1, False, "B4"), (9, 9.0, 1, 1, False, "B4"), (9, 9.0, 1, 2, False, "not covered"),
        (10, 9.0, 1, 0, False, "not covered"), (7, 4.0, 3, 1, False, "not covered"),
        (5, 4.0, 3, 0, True, "not covered"), (5, 2.0, 1, 0, False, "not covered"),
        (5, 5.0, 1, 0, False, "not covered"), (5, 5.1, 1, 0, False, "B1"), (5, 3.0, 3, 0, False, "not covered"),
        (5, 3.1, 3, 0, False, "B1"), (5, 3.0, 4, 0, False, "B1"),
    ],
)  # fmt: skip
def test_bolondi(points: int, size: float, count: int, ecog: int, invasion: bool, group: str) -> None:
    facts = ScoreFacts(
        child_pugh_points=points,
        largest_diameter_cm=size,
        number_of_tumours=count,
        ecog=ecog,
        portal_venous_invasion=invasion,
    )
    assert score_result(SCORES["bolondi"], facts).group == group


def test_numbers_by_hand() -> None:
    """Worked with a pocket calculator from the printed formulas."""
    facts = ScoreFacts(
        bilirubin_umol_l=17.1, albumin_g_l=40.0, platelets_10e9_l=100.0, inr=1.2, creatinine_mg_dl=0.8,
        largest_diameter_cm=3.0, number_of_tumours=4,
    )  # fmt: skip
    values = {name: score_result(score, facts).value for name, score in SCORES.items() if score_result(score, facts)}
    # log10 17.1 = 1.232996
    assert values["albi"] == pytest.approx(0.66 * 1.232996 - 3.408, abs=1e-6)
    assert values["ez_albi"] == pytest.approx(1.0 - 36.0, abs=1e-12)
    assert values["palbi"] == pytest.approx(2.490652 - 0.562501 - 1.6 - 6.96 + 4.04, abs=1e-5)
    # ln 1 = 0, ln 1.2 = 0.182322, creatinine counts as 1.
    assert values["meld"] == pytest.approx(11.20 * 0.1823216 + 6.43, abs=1e-5)
    assert values["tumour_burden_score"] == 5.0
    assert values["six_and_twelve"] == 7.0


@pytest.mark.parametrize(
    ("bilirubin_mg_dl", "inr", "creatinine", "expected"),
    [
        (0.3, 0.8, 0.5, 6.43),  # all count as 1
        (2.0, 1.0, 4.0, 3.78 * log(2) + 9.57 * log(4) + 6.43),
        (2.0, 1.0, 9.0, 3.78 * log(2) + 9.57 * log(4) + 6.43),
        (50.0, 9.0, 4.0, 40.0),
    ],
)
def test_meld_limits(bilirubin_mg_dl: float, inr: float, creatinine: float, expected: float) -> None:
    facts = ScoreFacts(bilirubin_umol_l=17.1 * bilirubin_mg_dl, inr=inr, creatinine_mg_dl=creatinine)
    assert score_result(SCORES["meld"], facts).value == pytest.approx(expected, abs=1e-9)


def test_every_score_and_every_cut_is_here() -> None:
    """Fifteen scores; each cut of a number or a fact that a score declares is in the tables above."""
    assert len(SCORES) == 15
    numbers = {(name, cut) for name, cut, *_ in CUTS_OF_THE_NUMBER}
    assert numbers == {(score.name, cut) for score in SCORES.values() for cut in score.value_cuts}
    facts = {(name, fact) for name, fact, *_ in (*CUTS_OF_FACTS, *WHOLE_NUMBERS)}
    declared = {(score.name, fact) for score in SCORES.values() for fact in score.cuts}
    assert declared - facts == {("six_and_twelve_2", "afp_ng_ml"), ("bolondi", "largest_diameter_cm")}
    assert all(set(score.facts) <= set(FACTS) for score in SCORES.values())
    assert all(score.source and score.population and score.performance and score.rule for score in SCORES.values())
