"""Names, signals and parameters used in code against the .ui files and what PythonQt offers (slicer_api.json)."""

import ast
import json
import xml.etree.ElementTree as ElementTree
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest
from TACEResponseLib.cohort import SEQUENCES

MODULE = Path(__file__).resolve().parents[2] / "TACEResponse"
UI_FILES = sorted((MODULE / "Resources" / "UI").glob("*.ui"))
PANEL_FILES = sorted((MODULE / "TACEResponseLib" / "panel").glob("*.py"))
HOST_FILES = [*PANEL_FILES, *(MODULE / "TACEResponseLib" / "scene").glob("*.py"), MODULE / "TACEResponse.py"]
LAYOUTS = ("QVBoxLayout", "QHBoxLayout", "QFormLayout", "QGridLayout")
PASSIVE = ("qMRMLWidget", "QFrame")
PARAMETER_VALUES = {
    "QCheckBox": bool,
    "QLineEdit": str,
    "QSpinBox": int,
    "QDoubleSpinBox": float,
    "QComboBox": str,
    "ctkPathLineEdit": str,
}


@dataclass
class UiFile:
    """Widgets of a .ui file: class and properties by name."""

    classes: dict
    properties: dict


def read_ui(path):
    widgets = list(ElementTree.parse(path).iter("widget"))
    classes = {widget.get("name"): widget.get("class") for widget in widgets}
    assert len(classes) == len(widgets), f"a name is there twice in {path.name}"
    properties = {
        widget.get("name"): {p.get("name"): "".join(p.itertext()) for p in widget.findall("property")}
        for widget in widgets
    }
    return UiFile(classes, properties)


def step_files():
    """(.py file, .ui file) of each part of the panel."""
    pairs = []
    for path in PANEL_FILES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "uiFile" and node.value.value:
                pairs.append(pytest.param(path, MODULE / "Resources" / "UI" / node.value.value, id=path.stem))
    return pairs


def chain(node):
    """The names of an attribute chain, e.g. ["self", "ui", "predictButton", "clicked"]; empty if it is none."""
    names = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    return [node.id, *reversed(names)] if isinstance(node, ast.Name) else []


def chains(path):
    found = [chain(node) for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))]
    return [names for names in found if names]


@pytest.fixture(scope="module")
def api(shared):
    return json.loads((shared / "reference" / "slicer_api.json").read_text(encoding="utf-8"))


def members(api, class_name):
    """Everything that PythonQt offers on a widget of this class."""
    key = next((f"{prefix}.{class_name}" for prefix in ("qt", "ctk", "slicer") if f"{prefix}.{class_name}" in api), "")
    offered = set()
    for part in (api["every QWidget"], api.get(key, {"attributes": (), "signals": (), "properties": ()})):
        offered |= set(part["attributes"]) | set(part["properties"])
        offered |= {signal.split("(")[0] for signal in part["signals"]}
    return offered


@pytest.mark.parametrize(("path", "ui_path"), step_files())
def test_every_widget_used_is_in_its_ui_file(path, ui_path):
    ui = read_ui(ui_path)
    used = {names[2] for names in chains(path) if names[:2] == ["self", "ui"] and len(names) > 2}
    used |= {names[1] for names in chains(path) if names[0] == "ui" and len(names) > 1}
    assert used
    assert used <= set(ui.classes)


@pytest.mark.parametrize(("path", "ui_path"), step_files())
def test_every_member_used_on_a_widget_is_offered(path, ui_path, api):
    ui = read_ui(ui_path)
    checked = 0
    for names in chains(path):
        rest = names[2:] if names[:2] == ["self", "ui"] else names[1:] if names[0] == "ui" else []
        if len(rest) > 1:
            class_name = ui.classes[rest[0]]
            assert rest[1] in members(api, class_name), f"{path.name}: {class_name} {'.'.join(rest)}"
            checked += 1
    assert checked


@pytest.mark.parametrize(
    ("path", "owner", "class_name"),
    [("voi_editor.py", "widget", "qMRMLSegmentEditorWidget"), ("result_step.py", "plotView", "qMRMLPlotView")],
)
def test_every_member_of_widgets_made_in_code_is_offered(path, owner, class_name, api):
    used = {n[2] for n in chains(MODULE / "TACEResponseLib" / "panel" / path) if n[:2] == ["self", owner] and n[2:]}
    assert used
    assert used <= members(api, class_name)


@pytest.mark.parametrize("module", ["util", "app"])
def test_every_member_of_slicer_itself_is_offered(module, api):
    used = {names[2] for path in HOST_FILES for names in chains(path) if names[:2] == ["slicer", module] and names[2:]}
    assert used
    assert used - {"connect"} <= set(api[f"slicer.{module}"])


def test_names_made_of_a_sequence_are_in_the_ui_files():
    study, vois = (read_ui(MODULE / "Resources" / "UI" / f"{name}Step.ui").classes for name in ("Study", "Voi"))
    for sequence in SEQUENCES:
        assert study[f"volume{sequence}Selector"] == "qMRMLNodeComboBox"
        assert study[f"volume{sequence}Label"] == "QLabel"
        assert vois[f"segmentation{sequence}Selector"] == "qMRMLNodeComboBox"
        assert vois[f"voi{sequence}Button"] == "QPushButton"
        assert vois[f"voi{sequence}Label"] == "QLabel"


def test_names_made_of_a_field_are_in_the_ui_files():
    from TACEResponseLib.panel.what_if import LEVELS

    clinical, result = (
        read_ui(MODULE / "Resources" / "UI" / f"{name}Step.ui").classes for name in ("Clinical", "Result")
    )
    for field in LEVELS:
        assert clinical[f"{field}Label"] == "QLabel"
        assert result[f"whatIf{field[0].upper()}{field[1:]}Selector"] == "QComboBox"


def test_every_parameter_of_the_ui_files_exists_once_and_fits_its_widget():
    source = (MODULE / "TACEResponseLib" / "scene" / "parameters.py").read_text(encoding="utf-8")
    defaults, node_roles = parameters_without_slicer(source)
    found = Counter()
    for path in UI_FILES:
        ui = read_ui(path)
        for name, properties in ui.properties.items():
            parameter = properties.get("SlicerParameterName")
            if parameter is None:
                continue
            found[parameter] += 1
            if ui.classes[name] == "qMRMLNodeComboBox":
                assert parameter in node_roles
            else:
                assert type(defaults[parameter]) is PARAMETER_VALUES[ui.classes[name]], parameter
    assert set(found.values()) == {1}
    # The lesion is always "1" in the panel; the model is chosen by a selector of its own; a button begins blinding;
    # further facts are one parameter of many fields.
    assert {*defaults, *node_roles} - set(found) == {"lesion", "model", "blinded", "moreFacts"}


def parameters_without_slicer(source):
    """DEFAULTS and NODE_ROLES of scene/parameters.py, which itself needs Slicer to be imported."""
    from TACEResponseLib.scene import clinical_entry, roles

    tree = ast.parse(source)
    wanted = ("DEFAULTS", "NODE_ROLES")
    kept = [node for node in tree.body if isinstance(node, ast.AnnAssign) and node.target.id in wanted]
    names = {**vars(roles), "ClinicalEntry": clinical_entry.ClinicalEntry}
    exec(compile(ast.Module(kept, []), "parameters", "exec", flags=annotations()), names)
    return names["DEFAULTS"], names["NODE_ROLES"]


def annotations():
    """The compiler's flag for annotations that are not evaluated."""
    import __future__

    return __future__.annotations.compiler_flag


@pytest.mark.parametrize("path", UI_FILES, ids=lambda path: path.stem)
def test_every_control_has_a_tooltip_and_every_label_of_a_field_its_buddy(path):
    ui = read_ui(path)
    for name, class_name in ui.classes.items():
        properties = ui.properties[name]
        if class_name not in PASSIVE and not name.startswith("label") and name != "ngPerMlPerIuLabel":
            assert properties.get("toolTip"), name
        if "buddy" in properties:
            assert properties["buddy"] in ui.classes, name
    assert ui.classes["stepButton"] == "ctkCollapsibleButton"


@pytest.mark.parametrize("path", HOST_FILES, ids=lambda path: path.name)
def test_texts_are_translated_as_they_stand(path):
    """Slicer's tools find ``_("...")`` only: no f-string and nothing computed in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "_":
            assert isinstance(node.args[0], ast.Constant), f"line {node.lineno}"
