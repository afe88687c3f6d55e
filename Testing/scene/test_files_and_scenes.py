"""Files loaded as Slicer loads them: features as from the files; scenes saved and opened again."""

import json
from pathlib import Path

import numpy as np
import pytest
import slicer
from TACEResponseLib.cohort import SEQUENCES, Case, CaseKey, FileSource, read_manifest
from TACEResponseLib.features import extract_features
from TACEResponseLib.imaging import read_case_images
from TACEResponseLib.scene import cases, results
from TACEResponseLib.scene.batch import openScene, predictScenes
from TACEResponseLib.scene.clinical_entry import entryOf
from TACEResponseLib.scene.logic import TACEResponseLogic
from TACEResponseLib.scene.roles import CHECKLIST, CLINICAL_PARAMETERS, MODULE_NAME, SEGMENTATION_ROLES, VOLUME_ROLES
from TACEResponseLib.scene.segmentations import READER_TAG, confirmVoi, copyVoi, setTag, voiDigest
from TACEResponseLib.scene.volumes import rememberTags, volumeDigest, volumeTags
from TACEResponseLib.workflow import predict_case

NAMES = tuple(map(str, SEQUENCES))


@pytest.fixture
def load_case(load_volume, load_segmentation):
    """Load a case's files: volumes and segmentations by sequence."""

    def load(case):
        volumes = {name: load_volume(source.image_path, name) for name, source in case.sources.items()}
        loaded = {name: load_segmentation(source.mask_path, f"VOI {name}") for name, source in case.sources.items()}
        return volumes, loaded

    return load


@pytest.fixture
def saved_scene(scene, phantom_cohort, load_case, tmp_path):
    """The first phantom patient with everything chosen and entered, saved as the module saves it."""
    case = read_manifest(phantom_cohort)[0]
    volumes, segmentations = load_case(case)
    node = scene.AddNewNodeByClass("vtkMRMLScriptedModuleNode", MODULE_NAME)
    node.SetAttribute("ModuleName", MODULE_NAME)
    node.SetParameter("patientId", case.key.patient_id)
    for name in NAMES:
        rememberTags(volumes[name])
        node.SetNodeReferenceID(VOLUME_ROLES[name], volumes[name].GetID())
        node.SetNodeReferenceID(SEGMENTATION_ROLES[name], segmentations[name].GetID())
    entry = entryOf(case.clinical)
    for field in CLINICAL_PARAMETERS:
        node.SetParameter(field, str(getattr(entry, field)))
    return case, node, tmp_path / "case.mrb"


def save(path):
    assert slicer.mrmlScene.WriteToMRB(str(path))
    assert path.is_file()


def test_features_of_loaded_files_equal_those_of_the_files(phantom_cohort, load_case):
    for case in read_manifest(phantom_cohort):
        from_nodes = TACEResponseLogic().extract(*load_case(case), key=case.key)
        from_files = extract_features(read_case_images(case, NAMES), NAMES)
        assert from_nodes.names == from_files.names
        assert np.array_equal(from_nodes.values, from_files.values, equal_nan=True)
        assert from_nodes.input_sha256 == from_files.input_sha256
        assert from_nodes.is_phantom


def test_left_handed_real_mr_gives_the_same_numbers_as_its_file(shared, load_volume, scene):
    folder = shared / "data" / "mr-brain"
    key = CaseKey("brain1")
    from_files = Case(key, {"T2": FileSource(folder / "brain1_image.nrrd", folder / "brain1_label.nrrd")})
    volume = load_volume(folder / "brain1_image.nrrd", "brain1")
    logic = slicer.modules.segmentations.logic()
    label = slicer.modules.volumes.logic().AddArchetypeVolume(str(folder / "brain1_label.nrrd"), "label", 1)
    segmentation = scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "VOI")
    segmentation.SetReferenceImageGeometryParameterFromVolumeNode(volume)
    assert logic.ImportLabelmapToSegmentationNode(label, segmentation)
    from_nodes = cases.caseOfNodes(key, {"T2": volume}, {"T2": segmentation})
    one, other = (extract_features(read_case_images(case, ("T2",)), ("T2",)) for case in (from_files, from_nodes))
    assert np.array_equal(one.values, other.values, equal_nan=True)
    assert one.input_sha256 == other.input_sha256


def test_tags_come_from_the_file_and_stay_with_the_node(phantom_cohort, load_volume, tmp_path):
    case = read_manifest(phantom_cohort)[0]
    volume = load_volume(case.sources["AP"].image_path, "AP")
    tags = volumeTags(volume)
    assert tags.patient_id == case.key.patient_id
    assert tags.study_date == "20210104"
    assert tags.is_phantom
    rememberTags(volume)
    volume.GetStorageNode().SetFileName(str(tmp_path / "gone.nrrd"))
    assert volumeTags(volume) == tags


def test_a_plain_volume_says_nothing_and_is_no_phantom(make_lesion_source, make_nodes):
    volume, _ = make_nodes(make_lesion_source(), "PHANTOM")
    tags = rememberTags(volume)
    assert tags.patient_id is None
    assert not tags.is_phantom


def test_a_saved_scene_gives_the_same_case(saved_scene):
    case, node, path = saved_scene
    before = cases.caseOfScene(node)
    digests = [
        (volumeDigest(node.GetNodeReference(VOLUME_ROLES[name])), voiDigest(node.GetNodeReference(role)))
        for name, role in SEGMENTATION_ROLES.items()
    ]
    save(path)
    openScene(path)
    again = cases.findParameterNode()
    after = cases.caseOfScene(again)
    assert after.key == case.key
    assert after.clinical == before.clinical == case.clinical
    one, other = (read_case_images(each, NAMES) for each in (before, after))
    for name in NAMES:
        assert one.vois[name].image_sha256 == other.vois[name].image_sha256
        assert one.vois[name].mask_sha256 == other.vois[name].mask_sha256
        assert other.vois[name].tags == one.vois[name].tags
    assert digests == [
        (volumeDigest(again.GetNodeReference(VOLUME_ROLES[name])), voiDigest(again.GetNodeReference(role)))
        for name, role in SEGMENTATION_ROLES.items()
    ]


def test_a_result_is_kept_in_the_scene(saved_scene, phantom_bundle):
    _, node, path = saved_scene
    prediction, _, features = TACEResponseLogic().predictCase(cases.caseOfScene(node), phantom_bundle)
    assert features.is_phantom
    results.storeResult(node, prediction, ("a", 'ü × ≤ "quoted" % ;'), {"predictions": 2})
    save(path)
    openScene(path)
    assert results.storedResult(cases.findParameterNode()) == (
        prediction,
        ("a", 'ü × ≤ "quoted" % ;'),
        {"predictions": 2},
    )
    results.removeResult(cases.findParameterNode())
    assert results.storedResult(cases.findParameterNode()) is None


def test_a_damaged_result_is_refused_in_words(scene):
    node = scene.AddNewNodeByClass("vtkMRMLScriptedModuleNode")
    node.SetParameter("result", json.dumps({"schema": 99}))
    with pytest.raises(ValueError, match=r"cannot be read .*schema 99.*predict again"):
        results.storedResult(node)


def test_scenes_are_predicted_as_their_files_are(saved_scene, phantom_bundle, tmp_path, monkeypatch):
    case, node, path = saved_scene
    save(path)
    node.SetParameter("ast", "many")
    save(tmp_path / "wrong.mrb")
    said = []
    out = tmp_path / "out"
    model = phantom_bundle
    code = predictScenes([path, tmp_path / "wrong.mrb", tmp_path / "none.mrb"], model, out, said.append)
    assert code == 3
    expected = predict_case(case, phantom_bundle).prediction
    fields = json.loads((out / case.key.patient_id / "prediction.json").read_text())
    assert fields["probability"] == expected.probability
    assert fields["sentence"] == expected.sentence
    assert (out / case.key.patient_id / "report.html").is_file()
    table = (out / "predictions.csv").read_text()
    assert "AST" in table
    assert str(tmp_path) not in table
    assert [sentence.startswith("failed") for sentence in said] == [False, True, True]
    assert predictScenes([path], model, tmp_path / "out2", said.append) == 0
    monkeypatch.chdir(tmp_path)
    assert predictScenes([path.relative_to(tmp_path)], model, Path("out3"), said.append) == 0, said
    assert Path("out3/predictions.csv").read_bytes() == (tmp_path / "out2" / "predictions.csv").read_bytes()


def test_a_scene_is_refused_and_warned_of_as_in_the_panel(saved_scene, phantom_bundle, tmp_path):
    case, node, path = saved_scene
    volumes, segmentations = cases.nodesOfParameterNode(node)
    for name in CHECKLIST:
        node.SetParameter(name, "True")
    save(path)
    assert predictScenes([path], phantom_bundle, tmp_path / "ticked", print) == 0
    openScene(path)
    node = cases.findParameterNode()
    node.SetParameter("firstTace", "False")
    save(path)
    assert predictScenes([path], phantom_bundle, tmp_path / "unticked", print) == 0
    ticked, unticked = (
        json.loads((tmp_path / folder / case.key.patient_id / "prediction.json").read_text())
        for folder in ("ticked", "unticked")
    )
    assert [w["text"] for w in unticked["warnings"] if w not in ticked["warnings"]] == [
        "Not ticked in the scene: study before the first TACE. The model was made for such patients only."
    ]
    assert unticked["probability"] == ticked["probability"]
    openScene(path)
    node = cases.findParameterNode()
    volumes, segmentations = cases.nodesOfParameterNode(node)
    copyVoi(segmentations["T2"], segmentations["AP"], volumes["AP"], "T2")
    with pytest.raises(ValueError, match="AP: its VOI was copied and not checked"):
        cases.checkVois(node, ("T2", "AP"))
    cases.checkVois(node, ("T2", "PVP"))
    confirmVoi(segmentations["AP"])
    cases.checkVois(node, ("T2", "AP"))
    setTag(segmentations["AP"], READER_TAG, "JS")
    with pytest.raises(ValueError, match="AP: its VOI was drawn by reader JS, session 1, the case is of reader 1"):
        cases.checkVois(node, ("T2", "AP"))
    node.SetParameter("extracellularAgent", "False")
    node.SetParameter("firstTace", "True")
    assert cases.checklistWarning(node, needsImages=False) is None
    assert "extracellular" in cases.checklistWarning(node, needsImages=True).text
    node.SetNodeReferenceID(SEGMENTATION_ROLES["AP"], segmentations["T2"].GetID())
    with pytest.raises(ValueError, match="T2: its VOI is chosen for AP too"):
        cases.checkVois(node, ("T2", "AP"))
    save(path)
    said = []
    assert predictScenes([path], phantom_bundle, tmp_path / "shared", said.append) == 3
    assert "chosen for AP too" in said[0]


def test_a_scene_without_the_module_says_so(scene, tmp_path):
    scene.AddNewNodeByClass("vtkMRMLTextNode")
    save(tmp_path / "other.mrb")
    with pytest.raises(ValueError, match="holds nothing of TACEResponse"):
        openScene(tmp_path / "other.mrb")
    with pytest.raises(ValueError, match="holds nothing of TACEResponse"):
        cases.findParameterNode()
    (tmp_path / "case.txt").write_text("no scene")
    with pytest.raises(ValueError, match="neither"):
        openScene(tmp_path / "case.txt")


def test_a_scene_without_patient_or_with_a_deleted_volume(saved_scene, phantom_bundle, scene):
    _, node, _ = saved_scene
    scene.RemoveNode(node.GetNodeReference(VOLUME_ROLES["AP"]))
    with pytest.raises(ValueError, match="no image and mask for AP"):
        TACEResponseLogic().predictCase(cases.caseOfScene(node), phantom_bundle)
    node.SetParameter("patientId", " ")
    with pytest.raises(ValueError, match="no patient identifier"):
        cases.caseOfScene(node)
