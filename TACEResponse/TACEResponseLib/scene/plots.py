"""Where the patient stands among the training patients, as plot nodes."""

from __future__ import annotations

import numpy as np
import slicer

from ..models import ModelBundle
from ..prediction import Prediction
from ..prediction.wording import score_label, training_subjects
from .tables import newTable

BIN_COUNT = 20

RESPONSE_COLOUR = (0.13, 0.47, 0.71)
NO_RESPONSE_COLOUR = (0.90, 0.56, 0.13)
PATIENT_COLOUR = (0.85, 0.1, 0.35)

LEGEND_FONT_SIZE = 10

BARS_SHARE = 0.65
"""The highest bar reaches so far up; the legend stands above."""

_CHART_NAME = "TACEResponse scores"


def scoreChart(
    prediction: Prediction, bundle: ModelBundle, chart: slicer.vtkMRMLPlotChartNode | None = None
) -> slicer.vtkMRMLPlotChartNode | None:
    """Bars of the training scores with and without response, and the patient's line.

    The nodes of ``chart`` are used again. None if the bundle has no training scores, or the patient's own number is not
    known or, with a demonstration model on a patient, not stated.
    """
    score = prediction.scores.get(bundle.position_score, prediction.probability)
    counts = scoreCounts(bundle)
    if counts is None or score is None or prediction.demonstration_only:
        return None
    edges, response, noResponse = counts
    centres, width = (edges[:-1] + edges[1:]) / 2, edges[1] - edges[0]
    top = 1.05 * max(response.max(), noResponse.max())
    chart = chart or slicer.mrmlScene.AddNewNodeByClass("vtkMRMLPlotChartNode", _CHART_NAME)
    # A series must not be shown while its table has no columns.
    chart.RemoveAllPlotSeriesNodeIDs()
    bars = newTable(
        f"{_CHART_NAME}: training",
        {
            "score": centres,
            "with response": response,
            "without": noResponse,
        },
        chart.GetNodeReference("bars"),
    )
    line = newTable(
        f"{_CHART_NAME}: this patient",
        {"score": np.array([score, score]), "line": np.array([0.0, top])},
        chart.GetNodeReference("line"),
    )
    chart.SetNodeReferenceID("bars", bars.GetID())
    chart.SetNodeReferenceID("line", line.GetID())
    series = [
        # Of one bin VTK draws the bars side by side.
        _series(chart, "responseSeries", "With response", bars, "score", "with response", RESPONSE_COLOUR),
        _series(chart, "noResponseSeries", "Without", bars, "score", "without", NO_RESPONSE_COLOUR),
        _series(chart, "patientSeries", "This patient", line, "score", "line", PATIENT_COLOUR, isLine=True),
    ]
    for node in series:
        chart.AddAndObservePlotSeriesNodeID(node.GetID())
    isProbability = bundle.position_score == "probability"
    chart.SetXAxisTitle("estimated probability" if isProbability else score_label(bundle.position_score))
    chart.SetYAxisTitle(training_subjects(bundle.demonstration))
    chart.SetTitle("")
    chart.SetLegendVisibility(True)
    chart.SetLegendFontSize(LEGEND_FONT_SIZE)
    chart.SetXAxisRangeAuto(False)
    chart.SetXAxisRange(min(edges[0], score) - width, max(edges[-1], score) + width)
    # The legend lies over the upper part of the view; no bar may reach there.
    chart.SetYAxisRangeAuto(False)
    chart.SetYAxisRange(0.0, top / BARS_SHARE)
    return chart


def scoreCounts(bundle: ModelBundle) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
    """Edges of equal bins over all training scores, and the numbers of OR and of NOR in each; None without scores."""
    scores = [np.asarray(bundle.training_scores.get(outcome, ()), float) for outcome in ("OR", "NOR")]
    if not all(len(values) for values in scores):
        return None
    edges = np.histogram_bin_edges(np.concatenate(scores), BIN_COUNT)
    return edges, *(np.histogram(values, edges)[0].astype(float) for values in scores)


def _series(
    chart: slicer.vtkMRMLPlotChartNode,
    role: str,
    name: str,
    table: slicer.vtkMRMLTableNode,
    xColumn: str,
    yColumn: str,
    colour: tuple[float, float, float],
    isLine: bool = False,
) -> slicer.vtkMRMLPlotSeriesNode:
    node = chart.GetNodeReference(role)
    if node is None:
        node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLPlotSeriesNode", name)
        chart.SetNodeReferenceID(role, node.GetID())
    node.SetAndObserveTableNodeID(table.GetID())
    node.SetXColumnName(xColumn)
    node.SetYColumnName(yColumn)
    node.SetColor(*colour)
    if isLine:
        node.SetPlotType(slicer.vtkMRMLPlotSeriesNode.PlotTypeScatter)
        node.SetMarkerStyle(slicer.vtkMRMLPlotSeriesNode.MarkerStyleNone)
        node.SetLineWidth(3)
    else:
        node.SetPlotType(slicer.vtkMRMLPlotSeriesNode.PlotTypeScatterBar)
    return node


def removeScoreChart(chart: slicer.vtkMRMLPlotChartNode) -> None:
    """Take away the chart with its series and tables."""
    for role in ("responseSeries", "noResponseSeries", "patientSeries", "bars", "line"):
        node = chart.GetNodeReference(role)
        if node is not None:
            slicer.mrmlScene.RemoveNode(node)
    slicer.mrmlScene.RemoveNode(chart)
