"""The ICC of a cohort as table and plot nodes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import slicer

from ..cohort import SEQUENCES
from ..repeatability import GOOD_ICC, Repeatability, stable_names
from .i18n import _
from .tables import newTable

CHART_NAME = "TACEResponse ICC"

_COLOURS = {"T2": (0.29, 0.31, 0.78), "AP": (0.88, 0.44, 0.07), "PVP": (0.18, 0.49, 0.23), "DP": (0.55, 0.23, 0.55)}
_LINE_STYLES = (slicer.vtkMRMLPlotSeriesNode.LineStyleSolid, slicer.vtkMRMLPlotSeriesNode.LineStyleDash)
"""Of the two repetitions: test-retest and inter-observer."""


def iccTable(parts: Sequence[Repeatability]) -> slicer.vtkMRMLTableNode:
    """A row for each repetition and feature: the ICC, its 95 % interval, and whether the feature passes everywhere."""
    stable = set(stable_names(parts))
    names = [name for part in parts for name in part.names]
    return newTable(
        CHART_NAME,
        {
            "Repetition": [part.redrawn.kind for part in parts for _name in part.names],
            "Feature": names,
            "ICC": np.concatenate([part.icc.value for part in parts]),
            "low": np.concatenate([part.icc.low for part in parts]),
            "high": np.concatenate([part.icc.high for part in parts]),
            "stable": ["yes" if name in stable else "no" for name in names],
        },
    )


def iccChart(parts: Sequence[Repeatability]) -> slicer.vtkMRMLPlotChartNode:
    """The ICCs of each sequence from the largest to the smallest, with the line of 0.75, for every repetition."""
    chart = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLPlotChartNode", CHART_NAME)
    longest = 1
    for part, lineStyle in zip(parts, _LINE_STYLES[: len(parts)], strict=True):
        for sequence in map(str, SEQUENCES):
            values = [value for name, value in zip(part.names, part.icc.value, strict=True) if _is(name, sequence)]
            values = np.sort([value for value in values if np.isfinite(value)])[::-1]
            if len(values):
                longest = max(longest, len(values))
                _addSeries(
                    chart,
                    f"{sequence}, {part.redrawn.kind}",
                    np.arange(1.0, len(values) + 1),
                    values,
                    _COLOURS[sequence],
                    lineStyle,
                )
    _addSeries(chart, f"{GOOD_ICC:g}", np.array([1.0, longest]), np.array([GOOD_ICC, GOOD_ICC]), (0.4, 0.4, 0.4))
    chart.SetXAxisTitle(_("features, from the most to the least repeatable"))
    chart.SetYAxisTitle("ICC")
    chart.SetTitle("")
    # Few pairs give ICCs far below 0, which would flatten all others.
    chart.SetYAxisRangeAuto(False)
    chart.SetYAxisRange(-0.1, 1.05)
    chart.SetXAxisRangeAuto(False)
    chart.SetXAxisRange(0, 1.9 * longest)  # room for the legend
    chart.SetLegendFontSize(9)
    chart.SetAxisTitleFontSize(12)
    chart.SetAxisLabelFontSize(10)
    return chart


def iccWords(parts: Sequence[Repeatability]) -> str:
    """How many features pass, by repetition, and what a reader must know."""
    lines = []
    for part in parts:
        good = int((part.icc.value > GOOD_ICC).sum())
        words = _("{kind} ({names}): {pairs} pairs, {good} of {count} features with ICC > 0.75.")
        lines.append(
            words.format(
                kind=part.redrawn.kind,
                names=part.redrawn.names,
                pairs=len(part.redrawn.pairs),
                good=good,
                count=len(part.names),
            )
        )
        lines += part.warnings
    return "\n".join(lines)


def _is(name: str, sequence: str) -> bool:
    return name.startswith(f"{sequence}_")


def _addSeries(
    chart: slicer.vtkMRMLPlotChartNode,
    name: str,
    x: np.ndarray,
    y: np.ndarray,
    colour: tuple[float, float, float],
    lineStyle: int = slicer.vtkMRMLPlotSeriesNode.LineStyleSolid,
) -> None:
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLPlotSeriesNode", name)
    node.SetAndObserveTableNodeID(newTable(f"{CHART_NAME}: {name}", {"feature": x, "ICC": y}).GetID())
    node.SetXColumnName("feature")
    node.SetYColumnName("ICC")
    node.SetColor(*colour)
    node.SetPlotType(slicer.vtkMRMLPlotSeriesNode.PlotTypeScatter)
    node.SetMarkerStyle(slicer.vtkMRMLPlotSeriesNode.MarkerStyleNone)
    node.SetLineWidth(2)
    node.SetLineStyle(lineStyle)
    chart.AddAndObservePlotSeriesNodeID(node.GetID())
