"""Figures drawn without a library: every point stands where its number says."""

import re
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from TACEResponseLib.cohort import CaseKey
from TACEResponseLib.repeatability import Icc, Redrawn, Repeatability
from TACEResponseLib.reporting.repeatability_figures import agreement, bland_altman_figure, icc_figure
from TACEResponseLib.reporting.svg import ticks

NAMES = ("T2_glcm_A", "T2_glcm_B", "T2_shape_A", "AP_glcm_A", "AP_glcm_B", "AP_shape_A")


def icc_of(values):
    values = np.array(values, float)
    return Icc("2,1", values, values - 0.1, values + 0.1, 12, 2)


def circles(svg):
    """(x, y, colour) of each dot, without those of the legend."""
    root = ElementTree.fromstring(svg)
    dots = [(float(one.get("cx")), float(one.get("cy")), one.get("fill")) for one in root.iter() if "cx" in one.attrib]
    return dots[len({colour for *_place, colour in dots}) :]


def texts(svg):
    return [one.text for one in ElementTree.fromstring(svg).iter() if one.tag.endswith("text")]


def test_each_defined_icc_is_a_point_in_its_place():
    values = (0.0, 0.5, 1.0, -3.0, float("nan"), 0.75)
    drawing = icc_figure(NAMES, {"test-retest": icc_of(values)}, 0.75)
    dots = circles(drawing.svg)
    assert len(dots) == 5
    t2, ap = dots[:3], dots[3:]
    # On one axis equal steps of the ICC are equal distances; far below 0 stands at -0.1.
    assert t2[1][0] - t2[0][0] == pytest.approx(t2[2][0] - t2[1][0], abs=0.02)
    scale = (t2[2][0] - t2[0][0]) / 1.0
    assert ap[1][0] - ap[0][0] == pytest.approx(0.85 * scale, abs=0.02)
    # The two classes are rows of their own, the same in every panel.
    assert t2[2][1] - t2[0][1] > 20
    assert t2[2][1] == pytest.approx(ap[1][1])
    assert {"T2", "AP", "glcm", "shape", "test-retest"} <= set(texts(drawing.svg))


def repeated(first, second):
    pairs = tuple((CaseKey(f"p{n}"), CaseKey(f"p{n}", session="2")) for n in range(len(first)))
    redrawn = Redrawn("test-retest", pairs, ())
    ratings = np.stack([first, second], axis=1)[:, :, None].astype(float)
    return Repeatability(redrawn, ("AP_glcm_A",), ratings, icc_of([0.9]))


def test_the_bland_altman_plot_shows_every_pair_and_its_limits():
    random = np.random.default_rng(4)
    first = random.normal(100, 10, 15)
    second = first + random.normal(2, 3, 15)
    part = repeated(first, second)
    drawing = bland_altman_figure([part], "AP_glcm_A")
    root = ElementTree.fromstring(drawing.svg)
    dots = [(float(one.get("cx")), float(one.get("cy"))) for one in root.iter() if "cx" in one.attrib]
    assert len(dots) == 15
    # Pixels are a straight function of mean and difference, upwards for larger differences.
    x, y = np.array(dots).T
    assert np.corrcoef(x, (first + second) / 2)[0, 1] == pytest.approx(1, abs=1e-4)
    assert np.corrcoef(y, second - first)[0, 1] == pytest.approx(-1, abs=1e-4)
    slope, start = np.polyfit(second - first, y, 1)
    levels = [
        float(one.get("y1")) for one in root.iter() if one.tag.endswith("line") and one.get("stroke") == "#1d2a33"
    ]
    limits = agreement(part, "AP_glcm_A")
    assert sorted(levels) == pytest.approx(
        sorted(start + slope * value for value in (limits.bias, limits.low, limits.high)), abs=0.05
    )
    assert "second minus first" in texts(drawing.svg)


def test_a_plot_of_fewer_than_two_pairs_has_no_limits():
    drawing = bland_altman_figure([repeated(np.array([1.0]), np.array([2.0]))], "AP_glcm_A")
    assert "nan" not in re.sub(r"\(?[+-]?nan[^<]*", "", " ".join(texts(drawing.svg)))
    assert "NaN" not in drawing.svg.split(">", 1)[1].split("<text")[0]


def test_a_file_of_its_own_names_its_language():
    content = icc_figure(NAMES, {"perturbation": icc_of([0.5] * 6)}, 0.75).file()
    assert ElementTree.fromstring(content).tag == "{http://www.w3.org/2000/svg}svg"


@given(st.floats(-1e6, 1e6), st.floats(1e-6, 1e6))
def test_ticks_are_few_round_and_inside(low, width):
    high = low + width
    if high <= low:
        return
    at = ticks(low, high)
    assert 1 <= len(at) <= 7
    assert all(low - 1e-6 * width <= one <= high + 1e-6 * width for one in at)
