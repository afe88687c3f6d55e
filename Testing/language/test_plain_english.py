"""Phrases that no text for a person holds: translated English, and words that the glossary replaced."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "TACEResponse"

# A pattern and what to write instead.
BANNED = {
    r"(?<!there )\b(is|are) no (number|date|csv|child-pugh|valid|whole number|folder|file|image|manifest|bundle|table|"
    r"copy|color|response|category|fact|feature|model|mask|volume|case|command|probability|share)\b": "is not a ...",
    r"\bin hand\b": "selected; running",
    r"\bwhat is so\b|\bif it is so\b|\bsaid to be so\b": "confirm that each statement applies",
    r"\btoo much for\b": "most optimistic for",
    r"\bwould know (him|her|them)\b": "is not independent",
    r"\bcomplain(s|ed|ing|ts?)?\b": "warn",
    r"\b(he|his|him|himself)\b": "the patient; the reader; they",
    r"\bfaults?\b": "error",
    r"\bnothing was done\b": "nothing was processed",
    r"\bby an own\b|\ban own\b|\bown names\b|\bof an own\b": "its own; a ... of its own",
    r"\bit fits\b": "confirm",
    r"\b(waited for|is waited)\b": "waiting for",
    r"\btick what\b": "confirm",
    r"\bis told\b|\bare told\b|\btells of\b|\bsays so\b|\bsaid so\b|\btold with\b": "is reported; states this",
    r"\bput out of the way\b|\bby hand of\b|\bin order that\b": "plain words",
    r"\b(one|a) (row|column|matrix) an? (patient|case|lesion|feature|score|drawing|axis)\b": "one row per patient",
    r"\b\d+ (MB )?an? (sequence|worker)\b|\blesions a patient\b": "110 per sequence",
    r"\bif it were another\b": "what if",
    r"\bleak audit\b": "optimism",
    r"\bkept parts?\b": "checkpoint",
    r"\bthe (gate|lattice)\b": "input checks; image geometry",
    r"\bhonest protocol\b": "nested-cv protocol",
}
_BANNED = {re.compile(pattern, re.IGNORECASE): instead for pattern, instead in BANNED.items()}


def _python_texts(path: Path) -> Iterator[tuple[int, str]]:
    """String literals of a file, docstrings and the fixed parts of f-strings among them."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.JoinedStr):
            yield node.lineno, "{}".join(part.value for part in node.values if isinstance(part, ast.Constant))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value


def _ui_texts(path: Path) -> Iterator[tuple[int, str]]:
    for number, element in enumerate(ElementTree.parse(path).iter("string"), start=1):
        yield number, element.text or ""


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    yield from enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)


def texts(path: Path) -> Iterator[tuple[int, str]]:
    """Number and text of everything in a file that a person may read."""
    read = {".py": _python_texts, ".ui": _ui_texts}.get(path.suffix, _lines)
    return read(path)


def _files() -> list[Path]:
    found = [path for suffix in ("py", "ui") for path in PACKAGE.rglob(f"*.{suffix}")]
    found += [path for folder in ("Docs", "trained_models") for path in (ROOT / folder).rglob("*.md")]
    found += [*ROOT.glob("*.md")]
    return sorted(path for path in found if "build" not in path.parts)


def banned_phrases(text: str) -> list[str]:
    """What the list finds in a text, each with what to write instead."""
    return [
        f"{match.group(0)!r} ({instead})" for pattern, instead in _BANNED.items() for match in pattern.finditer(text)
    ]


@pytest.mark.parametrize("path", _files(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_banned_phrase(path: Path) -> None:
    found = [f"{path.name}:{number}: {one}" for number, text in texts(path) for one in banned_phrases(text)]
    assert not found, "\n".join(found)


def test_the_list_finds_what_it_is_for() -> None:
    """The examples of the glossary are found, their better forms are not."""
    worse = [
        "'x' is no number",
        "The VOI in hand is no unchecked copy.",
        "or the test would know him",
        "2 faults; nothing was done",
    ]
    better = ["'x' is not a number", "The selected VOI is not an unconfirmed copy.", "2 errors; nothing was processed"]
    assert all(banned_phrases(text) for text in worse)
    assert not any(banned_phrases(text) for text in better)
