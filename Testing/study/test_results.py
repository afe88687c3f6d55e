"""Results are dataclasses: no dictionary of anything crosses a function's border."""

import ast

import pytest

ROOMS = ("study", "evaluation", "reporting", "commands")
UNTYPED = {f"{kind}[str, {value}]" for kind in ("dict", "Mapping") for value in ("object", "Any")}


def signatures(path):
    """(line, annotation) of every parameter and return value in a file."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef):
            arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
            for annotation in (node.returns, *(one.annotation for one in arguments)):
                if annotation is not None:
                    yield node.lineno, ast.unparse(annotation)


def untyped_in(path):
    return [(path.name, line) for line, one in signatures(path) if any(name in one for name in UNTYPED)]


@pytest.mark.parametrize("room", ROOMS)
def test_no_dictionary_of_anything_crosses_a_border(repository, room):
    files = sorted((repository / "TACEResponse" / "TACEResponseLib" / room).glob("*.py"))
    assert files
    assert [found for path in files for found in untyped_in(path)] == []


def test_the_search_finds_them(tmp_path):
    path = tmp_path / "one.py"
    path.write_text(
        "def f(numbers: list[Mapping[str, object]], *, other: int) -> dict[str, Any]: ...\n", encoding="utf-8"
    )
    assert untyped_in(path) == [("one.py", 1)] * 2
