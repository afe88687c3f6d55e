"""Cases with files, and jobs that worker processes can import."""

import sys
from pathlib import Path

import pytest
from TACEResponseLib.cohort import Case, CaseKey, FileSource

# Worker processes inherit this path and find `batch_jobs` by name.
sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture
def cases(tmp_path):
    """Ten cases, each with a small file, in a folder with a space and a letter that is not ASCII."""
    folder = tmp_path / "Bilder für Köln"
    folder.mkdir()
    made = []
    for number in range(10):
        path = folder / f"{number}.nrrd"
        path.write_text(str(number))
        made.append(Case(CaseKey(f"P{number}"), {"AP": FileSource(path, path, None)}))
    return made
