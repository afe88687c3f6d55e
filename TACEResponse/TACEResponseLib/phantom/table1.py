"""Table 1 of the study (training set) as a population: clinical facts by outcome, independent of the images.

Source: doi 10.1186/s13244-023-01380-2, Table 1, 59 patients without (NOR) and 56 with objective response (OR).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

NOR_COUNT = 59
OR_COUNT = 56
PREVALENCE = OR_COUNT / (OR_COUNT + NOR_COUNT)

POSITIVE_COUNTS: Mapping[str, tuple[int, int]] = MappingProxyType(
    {
        "male": (50, 47),
        "hypertension": (9, 12),
        "diabetes": (6, 4),
        "hbsag_positive": (41, 42),
        "child_pugh_b_or_c": (20, 10),
        "bclc_b_or_c": (27, 17),
        "deb_tace": (22, 29),
        "afp_above_400_ng_ml": (17, 18),
        "cea_above_5_ng_ml": (7, 11),
        "ast_above_40_u_l": (32, 23),
        "alt_above_50_u_l": (17, 21),
        "albumin_above_40_g_l": (10, 12),
        "bilirubin_above_17_1_umol_l": (32, 26),
        "prothrombin_time_above_13_s": (23, 19),
        "platelets_below_125e9_l": (34, 28),
        "cirrhosis": (42, 33),
        "multiple_tumours": (22, 17),
        "non_smooth_margin": (22, 16),
        "portal_venous_invasion": (16, 6),
    }
)
"""Patients with the fact among `NOR_COUNT` and among `OR_COUNT`."""

_AGE_YEARS = ((59.42, 12.54), (61.29, 11.62))
_QUARTILES = {"nlr": ((2.27, 3.46, 5.4), (1.91, 3.0, 5.98)), "plr": ((70.0, 106.0, 160.0), (67.5, 97.5, 153.3))}
_DIAMETER_QUARTILES_CM = ((2.1, 4.7, 7.7), (1.7, 3.6, 6.12))
_DIAMETER_RANGE_CM = (1.5, 10.8)


@dataclass(frozen=True)
class Table1Draw:
    """One patient's facts: the columns of the manifest as text, and what the images need to know."""

    columns: Mapping[str, str]
    cirrhosis: bool
    non_smooth_margin: bool
    diameter_mm: float


def share(name: str, objective_response: bool) -> float:
    """Share of patients with the fact ``name`` among those with or without objective response."""
    nor, objective = POSITIVE_COUNTS[name]
    return objective / OR_COUNT if objective_response else nor / NOR_COUNT


def draw_table1(rng: np.random.Generator, objective_response: bool, margin_quantile: float) -> Table1Draw:
    """Draw one patient's facts given the outcome.

    The four facts of the merged models are independent of each other and of the images within outcome. Portal venous
    invasion makes BCLC C, BCLC B means several tumours; the shares of Table 1 hold for each column.
    ``margin_quantile`` (0-1, uniform within outcome) decides the margin, so that the images can follow it.
    """

    def has(name: str) -> bool:
        return bool(rng.random() < share(name, objective_response))

    child_pugh = _child_pugh(rng, has("child_pugh_b_or_c"))
    invasion = has("portal_venous_invasion")
    bclc, tumours = _stage(rng, objective_response, invasion)
    male, cirrhosis = has("male"), has("cirrhosis")
    non_smooth = margin_quantile > 1 - share("non_smooth_margin", objective_response)
    age_mean, age_sd = _AGE_YEARS[objective_response]
    diameter_cm = round(
        _from_quartiles(rng.random(), _DIAMETER_QUARTILES_CM[objective_response], _DIAMETER_RANGE_CM), 1
    )
    # Laboratory values fit the Child-Pugh points: A5 has none beside the five, A6 and B7 one or two.
    albumin_least = {"A5": 35.5, "A6": 28.0, "B7": 28.0}.get(child_pugh, 27.0)
    prothrombin_most_s = 15 if child_pugh == "A5" else 17
    bilirubin_most = 33.0 if child_pugh in ("A5", "A6") else 50.0
    columns = {
        "child_pugh": child_pugh,
        "portal_venous_invasion": _yes_no(invasion),
        "afp_ng_ml": _number(_split(rng, has("afp_above_400_ng_ml"), 400, (1.0, 12.0), (1.2, 1500.0), 60500)),
        "ast_u_l": f"{_uniform_split(rng, has('ast_above_40_u_l'), 15, 40, 160):.0f}",
        "age_years": f"{np.clip(rng.normal(age_mean, age_sd), 24, 90):.0f}",
        "sex": "M" if male else "F",
        "hypertension": _yes_no(has("hypertension")),
        "diabetes": _yes_no(has("diabetes")),
        "hbsag_positive": _yes_no(has("hbsag_positive")),
        "bclc": bclc,
        "tace_method": "DEB-TACE" if has("deb_tace") else "cTACE",
        "cea_ng_ml": _number(_split(rng, has("cea_above_5_ng_ml"), 5, (0.5, 2.0), (0.4, 8.0), 60)),
        "alt_u_l": f"{_uniform_split(rng, has('alt_above_50_u_l'), 10, 50, 180):.0f}",
        "albumin_g_l": f"{_uniform_split(rng, has('albumin_above_40_g_l'), albumin_least, 40, 48):.1f}",
        "bilirubin_umol_l": (f"{_uniform_split(rng, has('bilirubin_above_17_1_umol_l'), 5, 17.1, bilirubin_most):.1f}"),
        "prothrombin_time_s": (
            f"{_uniform_split(rng, has('prothrombin_time_above_13_s'), 10.2, 13, prothrombin_most_s):.1f}"
        ),
        "platelets_10e9_l": f"{_uniform_split(rng, not has('platelets_below_125e9_l'), 35, 124, 320):.0f}",
        "nlr": f"{_from_quartiles(rng.random(), _QUARTILES['nlr'][objective_response], (0.6, 16)):.2f}",
        "plr": f"{_from_quartiles(rng.random(), _QUARTILES['plr'][objective_response], (20, 420)):.0f}",
        "cirrhosis": _yes_no(cirrhosis),
        "number_of_tumours": str(tumours),
        "tumour_diameter_cm": f"{diameter_cm:.1f}",
        "margin": "non-smooth" if non_smooth else "smooth",
    }
    return Table1Draw(MappingProxyType(columns), cirrhosis, bool(non_smooth), 10 * diameter_cm)


def _child_pugh(rng: np.random.Generator, b_or_c: bool) -> str:
    if b_or_c:
        return str(rng.choice(["B7", "B8", "B9", "C10"], p=[0.6, 0.2, 0.15, 0.05]))
    return str(rng.choice(["A5", "A6"], p=[0.65, 0.35]))


def _stage(rng: np.random.Generator, objective_response: bool, invasion: bool) -> tuple[str, int]:
    """BCLC stage and number of tumours, with the shares of both columns kept."""
    p_invasion = share("portal_venous_invasion", objective_response)
    p_stage_b = share("bclc_b_or_c", objective_response) - p_invasion
    p_several = share("multiple_tumours", objective_response)
    stage_b = not invasion and rng.random() < p_stage_b / (1 - p_invasion)
    several = stage_b or rng.random() < (p_several - p_stage_b) / (1 - p_stage_b)
    bclc = "C" if invasion else "B" if stage_b else "A"
    return bclc, int(rng.integers(2, 4 if bclc == "A" else 6)) if several else 1


def _split(
    rng: np.random.Generator,
    above: bool,
    cut: float,
    low: tuple[float, float],
    high: tuple[float, float],
    most: float,
) -> float:
    """A log-normal value (log sd, median) at most ``cut`` or above it, below ``most``."""
    log_sd, median = high if above else low
    while True:
        value = median * math.exp(log_sd * rng.standard_normal())
        value = round(value, 1) if value < 100 else round(value)
        if (cut < value < most) if above else (0.4 < value <= cut):
            return value


def _uniform_split(rng: np.random.Generator, above: bool, least: float, cut: float, most: float) -> float:
    """A value in (``cut``, ``most``) or [``least``, ``cut``], still so after rounding to one digit or whole numbers."""
    if above:
        return float(cut + 1 + (most - cut - 1) * rng.random() ** 1.6)
    return float(least + (cut - least) * rng.random())


def _from_quartiles(quantile: float, quartiles: tuple[float, float, float], limits: tuple[float, float]) -> float:
    """Value at ``quantile`` of the distribution that is log-linear between its limits and quartiles."""
    values = np.log([limits[0], *quartiles, limits[1]])
    return float(np.exp(np.interp(quantile, (0, 0.25, 0.5, 0.75, 1), values)))


def _number(value: float) -> str:
    return f"{value:.1f}" if value < 100 else f"{value:.0f}"


def _yes_no(value: bool) -> str:
    return "yes" if value else "no"
