"""Write the lists of scripts and resources in TACEResponse/CMakeLists.txt from what is in the folder.

Run it after adding, renaming or removing a file of the module; a file that is not listed is missing from the package.

    python Testing/tools/update_cmake_lists.py
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

MODULE = Path(__file__).resolve().parents[2] / "TACEResponse"

CMAKE_FILE = MODULE / "CMakeLists.txt"

RESOURCE_FOLDERS = ("Resources", "TACEResponseLib")

NO_RESOURCES = (".py", ".pyc")


def scripts() -> list[str]:
    """Python files of the module and its library, relative to the module."""
    found = [MODULE / "TACEResponse.py", *(MODULE / "TACEResponseLib").rglob("*.py")]
    return sorted(path.relative_to(MODULE).as_posix() for path in found)


def resources() -> list[str]:
    """Every other file that the module needs while it runs."""
    found = [path for folder in RESOURCE_FOLDERS for path in (MODULE / folder).rglob("*") if path.is_file()]
    return sorted(path.relative_to(MODULE).as_posix() for path in found if path.suffix not in NO_RESOURCES)


def updated(text: str) -> str:
    """The file's text with the present lists."""
    for name, files in (("MODULE_PYTHON_SCRIPTS", scripts()), ("MODULE_PYTHON_RESOURCES", resources())):
        lines = "".join(f"  {file}\n" for file in files)
        text, count = re.subn(
            rf"set\({name}\n.*?^  \)\n", f"set({name}\n{lines}  )\n", text, flags=re.DOTALL | re.MULTILINE
        )
        if count != 1:
            sys.exit(f"{CMAKE_FILE} has no list {name}.")
    return text


if __name__ == "__main__":
    CMAKE_FILE.write_text(updated(CMAKE_FILE.read_text(encoding="utf-8")), encoding="utf-8", newline="\n")
