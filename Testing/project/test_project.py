"""What surrounds the code: one version, documents that exist, workflows by their schema."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML
from TACEResponseLib import __version__

ROOT = Path(__file__).resolve().parents[2]
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))


def _tracked(*patterns: str) -> list[Path]:
    listed = subprocess.run(["git", "ls-files", *patterns], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [ROOT / name for name in listed.splitlines() if (ROOT / name).is_file()]


def _headings(document: Path) -> set[str]:
    if document.suffix != ".md" or not document.is_file():
        return set()
    return {
        line.lstrip("#").strip().strip("`").lower()
        for line in document.read_text(encoding="utf-8").splitlines()
        if line.startswith("#")
    }


def _documents(name: str) -> list[Path]:
    """Where a document that the code names may stand."""
    folders = ("", "Docs", "Docs/design", "Docs/design/decisions")
    return [ROOT / folder / name for folder in folders if (ROOT / folder / name).is_file()]


def test_one_version() -> None:
    citation = YAML(typ="safe").load(ROOT / "CITATION.cff")
    assert citation["version"] == __version__
    assert f"## {__version__} - {citation['date-released']}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_documents_that_the_code_names_exist() -> None:
    """A file name in a comment or docstring leads somewhere, and so does the quoted section behind it."""
    dangling = []
    for path in _tracked("*.py", "*.toml", "Makefile", "*.ui"):
        text = path.read_text(encoding="utf-8")
        for match in re.finditer(r'(?:Docs/(?:\w+/)*)?\b([a-z_0-9-]+\.md)\b(?:,? "([^"\n]+)")?', text):
            found = _documents(match[1])
            if not found and match[1] not in ("name.md",):
                dangling.append(f"{path.relative_to(ROOT)}: {match[0]}")
            elif match[2] and not any(match[2].lower() in heading for one in found for heading in _headings(one)):
                dangling.append(f"{path.relative_to(ROOT)}: {match[0]} has no such section")
    assert not dangling, "\n".join(dangling)


def test_links_between_documents_lead_somewhere() -> None:
    broken = []
    for path in _tracked("*.md"):
        for target in re.findall(r"\]\(([^)\s]+)\)", path.read_text(encoding="utf-8")):
            file, _, anchor = target.partition("#")
            if "://" in target or target.startswith("mailto:"):
                continue
            aim = path if not file else (path.parent / file)
            anchors = {re.sub(r"[^\w\- ]", "", one).replace(" ", "-") for one in _headings(aim)}
            if not aim.exists() or (anchor and anchor not in anchors):
                broken.append(f"{path.relative_to(ROOT)}: {target}")
    assert not broken, "\n".join(broken)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_workflows_follow_their_schema(path: Path) -> None:
    checked = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows", str(path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_workflows_call_what_is_there() -> None:
    """Every `make` target, script and folder that a workflow names exists in the repository."""
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE))
    for path in WORKFLOWS:
        text = path.read_text(encoding="utf-8")
        assert set(re.findall(r"\bmake ([\w-]+)", text)) <= targets, path.name
        named = re.findall(r"\b(Testing/\w+|requirements\.lock)\b", text)
        assert all((ROOT / name).exists() for name in named), path.name


def test_no_large_binary() -> None:
    """Nothing over 1 MB is committed but the one model that is shipped."""
    large = {path.relative_to(ROOT).as_posix() for path in _tracked() if path.stat().st_size > 1_000_000}
    assert large <= {"trained_models/phantom-cd/arrays.npz"}
