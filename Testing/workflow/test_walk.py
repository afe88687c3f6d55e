"""The walk from the manifest to the report is short, and the one that the documentation lists."""

import re


def test_the_documented_walk_is_the_one_taken(noted, manifest, bundle_folder, repository, tmp_path):
    text = (repository / "Docs" / "design" / "walk.md").read_text(encoding="utf-8")
    documented = re.findall(r"^\| \d+ \| `([\w/]+\.py)` \|", text, re.MULTILINE)
    assert len(documented) <= 14
    calls = noted("-m", "TACEResponseLib.cli", "predict", manifest, "--model", bundle_folder, "--out", tmp_path / "out")
    walked = dict.fromkeys(call.partition(":")[0] for stack in calls.stacks for call in reversed(stack))
    assert list(walked) == documented


def test_the_longest_command_of_once_only_parses_and_prints(repository):
    """200 lines of work with drawings stood in it before there was a workflow."""
    source = (repository / "TACEResponse" / "TACEResponseLib" / "commands" / "icc.py").read_text(encoding="utf-8")
    assert len(source.splitlines()) <= 120
    assert not re.search(r"import .*(numpy|read_case_images|extract_features|extract_case)", source)
