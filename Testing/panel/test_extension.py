"""CMake lists against the folder, metadata, the catalog entry, and the installed tree."""

import importlib.util
import json
import re
import shutil
import subprocess
import sys

import pytest


@pytest.fixture(scope="module")
def lists_tool(repository):
    """Testing/tools/update_cmake_lists.py as a module."""
    path = repository / "Testing" / "tools" / "update_cmake_lists.py"
    specification = importlib.util.spec_from_file_location("update_cmake_lists", path)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def metadata(repository):
    """``set(NAME "value")`` of the root's CMakeLists.txt."""
    text = (repository / "CMakeLists.txt").read_text(encoding="utf-8")
    return dict(re.findall(r'^set\((EXTENSION_\w+) "([^"]*)"\)$', text, flags=re.MULTILINE))


def cmake_list(text, name):
    [body] = re.findall(rf"set\({name}\n(.*?)^  \)", text, flags=re.DOTALL | re.MULTILINE)
    return body.split()


def tracked(repository, folder):
    """Files of a folder that belong to the repository; another's file in the making does not."""
    listed = subprocess.run(
        ["git", "ls-files", folder], cwd=repository, capture_output=True, text=True, check=False
    ).stdout.split("\n")
    return {name.removeprefix("TACEResponse/") for name in listed if name and (repository / name).is_file()}


def test_every_file_of_the_module_is_listed_and_every_listed_file_is_there(repository, lists_tool):
    text = lists_tool.CMAKE_FILE.read_text(encoding="utf-8")
    scripts, resources = (cmake_list(text, f"MODULE_PYTHON_{kind}") for kind in ("SCRIPTS", "RESOURCES"))
    assert scripts == sorted(set(scripts))
    assert resources == sorted(set(resources))
    missing = [name for name in (*scripts, *resources) if not (lists_tool.MODULE / name).is_file()]
    assert not missing
    files = tracked(repository, "TACEResponse") or {*lists_tool.scripts(), *lists_tool.resources()}
    files = {name for name in files if not name.startswith(("Scripts/", "CMakeLists.txt"))}
    unlisted = files - {*scripts, *resources}
    assert not unlisted, "run Testing/tools/update_cmake_lists.py"


def test_the_tool_that_writes_the_lists_is_needed_only_once(lists_tool):
    once = lists_tool.updated(lists_tool.CMAKE_FILE.read_text(encoding="utf-8"))
    assert lists_tool.updated(once) == once
    assert cmake_list(once, "MODULE_PYTHON_SCRIPTS")[0] == "TACEResponse.py"


def test_the_metadata_is_complete_and_names_files_that_exist(repository, metadata):
    for name in ("HOMEPAGE", "CATEGORY", "CONTRIBUTORS", "DESCRIPTION", "ICONURL", "SCREENSHOTURLS", "DEPENDS"):
        assert metadata[f"EXTENSION_{name}"]
    for url in (metadata["EXTENSION_ICONURL"], *metadata["EXTENSION_SCREENSHOTURLS"].split()):
        assert (repository / url.split("/main/")[1]).is_file(), url


def test_the_catalog_entry_has_no_unknown_key_and_fits_the_metadata(repository, metadata):
    entry = json.loads((repository / "TACEResponse.json").read_text(encoding="utf-8"))
    required = {"$schema", "category", "scm_url"}
    assert required <= set(entry) <= required | {"build_dependencies", "build_subdirectory", "scm_revision", "tier"}
    assert entry["category"] == metadata["EXTENSION_CATEGORY"]
    assert entry["scm_url"].removesuffix(".git") == metadata["EXTENSION_HOMEPAGE"]


def test_the_icon_is_a_128_pixel_png(repository):
    for path in ("Resources/TACEResponse.png", "TACEResponse/Resources/Icons/TACEResponse.png"):
        content = (repository / path).read_bytes()
        assert content[:8] == b"\x89PNG\r\n\x1a\n"
        assert [int.from_bytes(content[start : start + 4], "big") for start in (16, 20)] == [128, 128]


def test_the_module_file_is_short_and_imports_no_panel(repository):
    source = (repository / "TACEResponse" / "TACEResponse.py").read_text(encoding="utf-8")
    assert len(source.splitlines()) <= 100
    at_file_scope = [line for line in source.splitlines() if re.match(r"(from|import) ", line)]
    assert not [line for line in at_file_scope if "TACEResponseLib" in line]


def test_the_installed_tree_finds_its_models(repository, tmp_path):
    """CMake's own install step, with a stand-in for Slicer's configuration; then Python from the installed folder."""
    cmake = shutil.which("cmake")
    if cmake is None:
        pytest.skip("cmake is not here")
    stub = repository / "Testing" / "panel" / "slicer_stub"
    build, prefix = tmp_path / "build", tmp_path / "installed"
    for step in (
        [cmake, "-S", str(repository), "-B", str(build), f"-DSlicer_DIR={stub}", "-DBUILD_TESTING=ON"],
        [cmake, "--build", str(build)],
        [cmake, "--install", str(build), "--prefix", str(prefix)],
    ):
        done = subprocess.run(step, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    folder = prefix / "lib" / "Slicer-5.12" / "qt-scripted-modules"
    for name in ("TACEResponse.py", "Scripts/predict.py", "Resources/UI/PredictStep.ui"):
        assert (folder / name).is_file()
    assert (build / "lib/Slicer-5.12/qt-scripted-modules/trained_models/published-clinical/model.json").is_file()
    program = (
        "import TACEResponseLib; from TACEResponseLib.models import find_bundle, load_bundle, shipped_bundles; "
        "print(TACEResponseLib.__file__); print(*shipped_bundles()); "
        "print(load_bundle(find_bundle('published-clinical')).name)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env={"PYTHONPATH": str(folder), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    where, shipped, loaded = done.stdout.splitlines()
    assert where.startswith(str(folder))
    assert set(shipped.split()) == {path.parent.name for path in repository.glob("trained_models/*/model.json")}
    assert loaded == "published-clinical"
