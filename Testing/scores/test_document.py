"""Docs/scores.md holds the table of the scores as they are, and its example runs."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / "Docs/scores.md"


def test_the_table_is_that_of_the_code() -> None:
    specification = importlib.util.spec_from_file_location("scores_table", ROOT / "Testing/tools/scores_table.py")
    tool = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(tool)
    text = DOCUMENT.read_text(encoding="utf-8")
    assert text.count("0.66 log10 bilirubin") == 1
    assert tool.with_table(text) == text, "run Testing/tools/scores_table.py"


def test_the_example_runs(capsys: pytest.CaptureFixture[str]) -> None:
    [example] = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), flags=re.DOTALL)
    exec(example, {})
    assert "Six-and-twelve 9.3, middle group" in capsys.readouterr().out
