"""Tables, plots, summaries, the sample patient and the follow-up, as nodes."""

import numpy as np
import pytest
import slicer
from TACEResponseLib.cohort import CaseKey, ClinicalRecord, read_manifest
from TACEResponseLib.features import read_feature_table
from TACEResponseLib.models import published_clinical_bundle
from TACEResponseLib.prediction import predict_from_features
from TACEResponseLib.scene import follow_up, plots, summaries
from TACEResponseLib.scene.logic import TACEResponseLogic
from TACEResponseLib.scene.sample_patient import loadSamplePatient
from TACEResponseLib.scene.segmentations import createVoi, setVoiArray, shiftVoi
from TACEResponseLib.scene.tables import featureTable, newTable

KNOWN = ClinicalRecord.from_cells(child_pugh="B7", portal_venous_invasion="no", afp_ng_ml="12", ast_u_l="55")


@pytest.fixture
def two_sequences(make_lesion_source, make_nodes):
    """T2 and AP of one lesion as nodes by sequence."""
    pairs = {name: make_nodes(make_lesion_source(seed=number), name) for number, name in enumerate(("T2", "AP"))}
    return {name: pair[0] for name, pair in pairs.items()}, {name: pair[1] for name, pair in pairs.items()}


def column(table, title):
    array = table.GetTable().GetColumnByName(title)
    return [array.GetValue(number) for number in range(array.GetNumberOfValues())]


def test_the_feature_table_holds_every_value(two_sequences):
    features = TACEResponseLogic().extract(*two_sequences)
    table = featureTable(features)
    names = column(table, "Feature")
    assert len(names) == 110
    values = dict(zip(features.names, features.values, strict=True))
    for sequence in ("T2", "AP"):
        expected = [values[f"{sequence}_{name}"] for name in names]
        assert np.array_equal(column(table, sequence), expected, equal_nan=True)


def test_a_table_is_used_again(scene):
    table = newTable("one", {"a": np.array([1.0, 2.0]), "b": ["x", "y"]})
    assert newTable("one", {"c": np.array([3.0])}, table) is table
    assert table.GetNumberOfColumns() == 1
    assert column(table, "c") == [3.0]


def test_bars_count_every_training_patient_and_the_line_stands_at_the_score(two_sequences, make_formula_bundle):
    bundle = make_formula_bundle()
    prediction = TACEResponseLogic().predict(*two_sequences, KNOWN, bundle)
    edges, response, no_response = plots.scoreCounts(bundle)
    assert (response.sum(), no_response.sum()) == (40, 60)
    assert edges[0] == bundle.training_scores["NOR"].min()
    chart = plots.scoreChart(prediction, bundle)
    assert chart.GetNumberOfPlotSeriesNodes() == 3
    for role, outcome in (("responseSeries", "OR"), ("noResponseSeries", "NOR")):
        series = chart.GetNodeReference(role)
        centres = column(series.GetTableNode(), series.GetXColumnName())
        heights = column(series.GetTableNode(), series.GetYColumnName())
        edges_of_all = np.histogram_bin_edges(np.concatenate(list(bundle.training_scores.values())), plots.BIN_COUNT)
        assert centres == pytest.approx(np.convolve(edges_of_all, (0.5, 0.5), "valid"))
        assert heights == np.histogram(bundle.training_scores[outcome], edges_of_all)[0].tolist()
    line = chart.GetNodeReference("patientSeries")
    assert column(line.GetTableNode(), "score") == [prediction.scores["dnn"]] * 2
    nodes = slicer.mrmlScene.GetNumberOfNodes()
    assert plots.scoreChart(prediction, bundle, chart) is chart
    assert slicer.mrmlScene.GetNumberOfNodes() == nodes
    plots.removeScoreChart(chart)
    for name in ("vtkMRMLPlotChartNode", "vtkMRMLPlotSeriesNode", "vtkMRMLTableNode"):
        assert slicer.mrmlScene.GetNumberOfNodesByClass(name) == 0


def test_no_chart_where_no_number_is_stated(scene, two_sequences, make_formula_bundle):
    demonstration = make_formula_bundle(demonstration=True)
    prediction = TACEResponseLogic().predict(*two_sequences, KNOWN, demonstration)
    assert prediction.demonstration_only
    assert plots.scoreChart(prediction, demonstration) is None
    clinical = published_clinical_bundle(refit_count=100)
    without_images = predict_from_features(CaseKey("P"), None, KNOWN, clinical)
    assert plots.scoreChart(without_images, clinical) is None


def test_predict_needs_no_more_than_nodes_and_facts(two_sequences, make_formula_bundle):
    steps = []
    logic = TACEResponseLogic()
    bundle = make_formula_bundle()
    prediction = logic.predict(*two_sequences, KNOWN, bundle, progress=lambda *step: steps.append(step))
    case = logic.case(*two_sequences, KNOWN)
    again, images, features = logic.predictCase(case, bundle, lambda *step: steps.append(step))
    assert again == prediction
    assert set(images.vois) == {"T2", "AP"}
    assert logic.whatIf(case.key, features, KNOWN, bundle).probability == prediction.probability
    assert steps[-1][:2] == (5, 5)
    assert [done for done, _, _ in steps] == sorted(done for done, _, _ in steps[: len(steps) // 2]) * 2


def test_a_summary_measures_what_was_drawn(make_lesion_source, make_nodes):
    volume, segmentation = make_nodes(make_lesion_source(spacing_mm=(1.0, 1.0, 2.0), shape=(24, 60, 60)))
    summary = summaries.summariseVoi("AP", volume, segmentation)
    assert summary.problem is None
    assert summary.volumeMl == pytest.approx(4 / 3 * np.pi * 12 * 11 * 13 / 1000, rel=0.02)
    assert summary.diameterMm == pytest.approx(24, abs=1)
    assert summary.warnings == ()


def test_a_summary_says_what_is_wrong(make_lesion_source, make_nodes):
    source = make_lesion_source()
    volume, segmentation = make_nodes(source)
    assert "draw the lesion" in summaries.summariseVoi("AP", volume, createVoi(volume, "AP")).problem
    _, other = make_nodes(make_lesion_source(spacing_mm=(1.5, 1.9, 2.5)), "other")
    assert "another voxel grid" in summaries.summariseVoi("AP", volume, other).problem
    thin = np.zeros(source.voxels.shape, bool)
    thin[0:2, 10:20, 10:20] = True
    setVoiArray(segmentation, volume, thin)
    summary = summaries.summariseVoi("AP", volume, segmentation)
    assert summary.problem is None
    assert "drawn on 2 slices only" in summary.warnings[0]
    assert "touches the border" in summary.warnings[1]
    thin[1] = False
    setVoiArray(segmentation, volume, thin)
    assert "lies in a single slice" in summaries.summariseVoi("AP", volume, segmentation).problem
    thin[5:10, 10:20, 10:20] = True
    setVoiArray(segmentation, volume, thin)
    summary = summaries.summariseVoi("AP", volume, segmentation)
    assert summary.problem is None
    assert "2 separate parts" in summary.warnings[0]


def test_warnings_between_sequences_come_while_drawing(two_sequences):
    volumes, segmentations = two_sequences

    def between():
        return summaries.summariseBetween(
            {name: summaries.summariseVoi(name, volumes[name], segmentations[name]) for name in volumes}
        )

    assert any("identical shapes" in text for text in between())
    shiftVoi(segmentations["T2"], volumes["T2"], (18.0, 0.0, 0.0))
    assert any("centres of the VOIs" in text for text in between())
    assert not any("same image" in text for text in between())


def test_the_sample_patient_is_a_phantom_that_can_be_predicted(scene, make_formula_bundle):
    sample = loadSamplePatient(withVois=True)
    prediction = TACEResponseLogic().predict(
        sample.volumes, sample.segmentations, sample.clinical, make_formula_bundle(demonstration=True)
    )
    assert prediction.is_phantom
    assert not prediction.demonstration_only
    assert not loadSamplePatient().segmentations


def line(scene, name, *points):
    node = follow_up.addLine(name)
    for point in points:
        node.AddControlPoint(*point)
    return node


def test_diameters_add_up_and_an_unfinished_line_is_named(scene):
    lines = [line(scene, "a", (0, 0, 0), (30, 0, 0)), line(scene, "b", (0, 0, 0), (0, 3, 4))]
    assert follow_up.sumOfDiametersMm(lines) == pytest.approx(35)
    assert follow_up.sumOfDiametersMm([]) == 0
    with pytest.raises(ValueError, match="The line c has no second end"):
        follow_up.sumOfDiametersMm([*lines, line(scene, "c", (0, 0, 0))])


def test_an_end_that_was_unset_a_line_of_no_length_and_one_under_a_transform_are_named(scene):
    unset = line(scene, "d", (0, 0, 0), (30, 0, 0))
    unset.UnsetNthControlPointPosition(1)
    with pytest.raises(ValueError, match="The line d has no second end"):
        follow_up.sumOfDiametersMm([unset])
    with pytest.raises(ValueError, match="The line e has no second end"):
        follow_up.sumOfDiametersMm([line(scene, "e", (1, 2, 3), (1, 2, 3))])
    moved = line(scene, "f", (0, 0, 0), (30, 0, 0))
    moved.SetAndObserveTransformNodeID(scene.AddNewNodeByClass("vtkMRMLLinearTransformNode", "scaled").GetID())
    with pytest.raises(ValueError, match="the line f is under the transform scaled"):
        follow_up.sumOfDiametersMm([moved])


def test_no_diameter_after_tace_is_a_response_only_if_the_reader_says_so(scene):
    with pytest.raises(ValueError, match="or tick that no viable tumour is left"):
        follow_up.followUpSumMm([], nothingViable=False)
    assert follow_up.followUpSumMm([], nothingViable=True) == 0
    measured = [line(scene, "a", (0, 0, 0), (30, 0, 0))]
    assert follow_up.followUpSumMm(measured, nothingViable=False) == pytest.approx(30)
    with pytest.raises(ValueError, match="untick"):
        follow_up.followUpSumMm(measured, nothingViable=True)


@pytest.mark.parametrize(
    ("baseline", "followed", "category", "response"),
    [(50, 0, "CR", True), (30, 21, "PR", True), (50, 35.1, "SD", False), (50, 60, "PD", False)],
)
def test_the_row_of_the_cohort_reads_back(scene, tmp_path, two_sequences, baseline, followed, category, response):
    row = follow_up.responseRow(CaseKey("Abc"), KNOWN, baseline, followed)
    features = TACEResponseLogic().extract(*two_sequences, key=CaseKey("Abc"))
    assert follow_up.addToCohort(tmp_path, row, features) == 1
    [case] = read_manifest(tmp_path / follow_up.COHORT_FILE)
    assert case.mrecist == {"": category}
    assert case.objective_response is response
    assert case.clinical == KNOWN
    table = read_feature_table(tmp_path / follow_up.FEATURES_FILE)
    assert table.keys == (case.key,)
    assert np.array_equal(table.values[0], features.values, equal_nan=True)


def test_one_drawing_is_not_taken_for_two_readers(scene, tmp_path, two_sequences):
    for reader in ("1", "2"):
        key = CaseKey("P1", reader=reader)
        row = follow_up.responseRow(key, KNOWN, 50, 20, tumourCount=3, lesionDiameterMm=31.25)
        features = TACEResponseLogic().extract(*two_sequences, key=key)
        if reader == "1":
            follow_up.addToCohort(tmp_path, row, features)
            continue
        with pytest.raises(ValueError, match="Patient P1, reader 2: its VOIs are voxel for voxel those of reader 1"):
            follow_up.addToCohort(tmp_path, row, features)
    [case] = read_manifest(tmp_path / follow_up.COHORT_FILE)
    assert (case.columns["tumour_count"], case.columns["lesion_diameter_mm"]) == ("3", "31.2")
    assert read_feature_table(tmp_path / follow_up.FEATURES_FILE).keys == (CaseKey("P1"),)


def test_the_cohort_grows_and_takes_nobody_twice(scene, tmp_path, two_sequences):
    for count, patient in enumerate(("P1", "P2"), start=1):
        key = CaseKey(patient)
        features = TACEResponseLogic().extract(*two_sequences, key=key)
        row = follow_up.responseRow(key, KNOWN, 50, 20, smallestMm=25, nonTarget="persisting")
        assert follow_up.addToCohort(tmp_path, row, features) == count
    with pytest.raises(ValueError, match=r"Patient P2 is in cohort\.csv already"):
        follow_up.addToCohort(tmp_path, row, features)
    assert [case.columns["non_target"] for case in read_manifest(tmp_path / "cohort.csv")] == ["persisting"] * 2


def test_a_cohort_that_cannot_be_written_stays_as_it_was(scene, tmp_path, two_sequences, monkeypatch):
    rows = {}
    for patient in ("P1", "P2"):
        features = TACEResponseLogic().extract(*two_sequences, key=CaseKey(patient))
        rows[patient] = follow_up.responseRow(CaseKey(patient), KNOWN, 50, 20), features
    with pytest.raises(ValueError, match="of patient P2, the row is of patient P1"):
        follow_up.addToCohort(tmp_path, rows["P1"][0], rows["P2"][1])
    assert not list(tmp_path.iterdir())
    follow_up.addToCohort(tmp_path, *rows["P1"])
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}

    def full_disk(path, cases):
        raise ValueError("cohort.csv cannot be written: no space left.")

    with monkeypatch.context() as broken:
        broken.setattr(follow_up, "write_manifest", full_disk)
        with pytest.raises(ValueError, match="no space left"):
            follow_up.addToCohort(tmp_path, *rows["P2"])
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before
    assert follow_up.addToCohort(tmp_path, *rows["P2"]) == 2
