"""A VOI drawn again, over real nodes: agreement, features that moved, blinding, the ICC of a cohort."""

from dataclasses import replace

import numpy as np
import pytest
import slicer
from TACEResponseLib.cohort import CaseKey
from TACEResponseLib.models import find_bundle, load_bundle
from TACEResponseLib.repeatability import icc
from TACEResponseLib.scene.cases import arraySource, caseOfNodes
from TACEResponseLib.scene.display import BLINDED, showHidden
from TACEResponseLib.scene.logic import TACEResponseLogic
from TACEResponseLib.scene.repeatability_nodes import iccChart, iccTable, iccWords
from TACEResponseLib.scene.sample_patient import loadSamplePatient
from TACEResponseLib.scene.second_reading import (
    MOVED_SD,
    beginSecondReading,
    compareReadings,
    hideOtherVois,
    showOutlines,
    trainingDeviations,
)
from TACEResponseLib.scene.segmentations import segmentArray, setVoiArray, tag


@pytest.fixture
def sample(scene):
    return loadSamplePatient(withVois=True)


@pytest.fixture
def second_voi(sample):
    """Reader 2 leaves out the outermost slices of the lesion on AP."""
    volume = sample.volumes["AP"]
    mask, _geometry = segmentArray(sample.segmentations["AP"])
    full = slicer.util.arrayFromSegmentBinaryLabelmap(sample.segmentations["AP"], "Tumour", volume) > 0
    slices = np.flatnonzero(full.any(axis=(1, 2)))
    smaller = full.copy()
    smaller[[slices[0], slices[-1]]] = False
    node = beginSecondReading(volume, "AP", "2", "1")
    setVoiArray(node, volume, smaller)
    assert mask.sum() == full.sum()
    return node, full, smaller


def test_a_second_reading_is_compared_with_the_first(sample, second_voi):
    node, full, smaller = second_voi
    bundle = load_bundle(find_bundle("phantom-cd"))
    logic = TACEResponseLogic()
    case = caseOfNodes(CaseKey("Abc"), sample.volumes, sample.segmentations, sample.clinical)
    other = replace(case, sources={**case.sources, "AP": arraySource(sample.volumes["AP"], node)})
    first, second = (logic.predictCase(one, bundle) for one in (case, other))
    reading = compareReadings("AP", first, second, bundle)
    expected_dice = 2 * (full & smaller).sum() / (full.sum() + smaller.sum())
    assert reading.overlap.dice == pytest.approx(expected_dice)
    assert reading.overlap.volume_difference_ml < 0
    assert (reading.first.probability, reading.second.probability) == (first[0].probability, second[0].probability)
    deviations = trainingDeviations(bundle)
    values, others = (dict(zip(one[2].names, one[2].values, strict=True)) for one in (first, second))
    judged = [name for name in values if name.startswith("AP_") and name in deviations]
    moved = {name for name in judged if abs(others[name] - values[name]) > MOVED_SD * deviations[name]}
    assert reading.judged == len(judged)
    assert {name for name, _shift in reading.moved} == moved
    assert [abs(shift) for _name, shift in reading.moved] == sorted((abs(s) for _n, s in reading.moved), reverse=True)


def test_the_same_voi_moves_nothing(sample):
    bundle = load_bundle(find_bundle("phantom-cd"))
    case = caseOfNodes(CaseKey("Abc"), sample.volumes, sample.segmentations, sample.clinical)
    first = TACEResponseLogic().predictCase(case, bundle)
    reading = compareReadings("DP", first, first, bundle)
    assert (reading.overlap.dice, reading.overlap.hausdorff_95_mm, reading.moved) == (1.0, 0.0, ())


def test_the_second_reader_sees_no_voi_of_the_first(sample, second_voi):
    node, _full, _smaller = second_voi
    hideOtherVois(node)
    displays = {name: one.GetDisplayNode() for name, one in sample.segmentations.items()}
    assert not any(display.GetVisibility() for display in displays.values())
    assert node.GetDisplayNode().GetVisibility()
    assert (tag(node, "Reader"), tag(node, "Session")) == ("2", "1")
    slicer.mrmlScene.RemoveNode(displays.pop("T2"))
    showHidden(BLINDED)
    assert all(display.GetVisibility() for display in displays.values())
    showOutlines([sample.segmentations["AP"], node])
    assert not node.GetDisplayNode().GetVisibility2DFill()
    assert node.GetDisplayNode().GetVisibility2DOutline()


def test_the_icc_of_a_cohort_as_table_and_plot(scene, tmp_path):
    random = np.random.default_rng(5)
    names = ("T2_firstorder_Mean", "AP_firstorder_Mean", "AP_shape_Volume")
    truth, keys, rows = random.normal(size=(12, 3)), [], []
    for patient in range(12):
        for reader in ("1", "2"):
            keys.append(CaseKey(f"P{patient:02}", "1", reader, "1"))
            rows.append(truth[patient] + random.normal(scale=[0.1, 0.5, 3.0]))
    lines = [",".join(["patient_id", "lesion", "reader", "session", *names])]
    lines += [",".join([*key, *map(repr, map(float, row))]) for key, row in zip(keys, rows, strict=True)]
    (tmp_path / "features.csv").write_text("\n".join(lines) + "\n")
    parts = TACEResponseLogic().icc(tmp_path / "features.csv")
    table = iccTable(parts)
    ratings = np.reshape(rows, (12, 2, 3))
    expected = icc(ratings)
    assert [table.GetTable().GetValueByName(row, "Feature").ToString() for row in range(3)] == list(names)
    for row in range(3):
        assert table.GetTable().GetValueByName(row, "ICC").ToDouble() == pytest.approx(expected.value[row])
        assert table.GetTable().GetValueByName(row, "low").ToDouble() == pytest.approx(expected.low[row])
        stable = table.GetTable().GetValueByName(row, "stable").ToString()
        assert stable == ("yes" if expected.value[row] > 0.75 else "no")
    chart = iccChart(parts)
    series = [chart.GetNthPlotSeriesNode(number).GetName() for number in range(chart.GetNumberOfPlotSeriesNodes())]
    assert series == ["T2, inter-observer", "AP, inter-observer", "0.75"]
    assert "readers 1 and 2" in iccWords(parts)


def test_a_folder_without_features_says_so(scene, tmp_path):
    with pytest.raises(ValueError, match=r"features\.csv: the file cannot be read"):
        TACEResponseLogic().icc(tmp_path / "features.csv")
