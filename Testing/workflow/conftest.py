"""One phantom patient, drawn twice, and every command in a process whose calls are noted."""

import csv
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Calls:
    """The noted calls: of each the functions on the stack, as ``file:function``, from the innermost outwards."""

    stacks: tuple[tuple[str, ...], ...]

    def of(self, function: str) -> list[tuple[str, ...]]:
        """The stacks of the calls of a function."""
        return [stack for stack in self.stacks if stack[0].endswith(f":{function}")]

    def callers_of(self, function: str) -> set[tuple[str, str]]:
        """(the function's file, who called it)."""
        return {(stack[0].partition(":")[0], stack[1] if len(stack) > 1 else "") for stack in self.of(function)}


@pytest.fixture(scope="session")
def manifest(tmp_path_factory):
    """Manifest of one phantom patient, whom reader 1 drew in two sessions."""
    from TACEResponseLib.phantom import write_cohort

    path = write_cohort(tmp_path_factory.mktemp("workflow") / "cohort", 2, seed=3)
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    rows += [{**row, "session": "2"} for row in rows]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(dict.fromkeys(("patient_id", "session", *rows[0]))))
        writer.writeheader()
        writer.writerows(rows)
    return path


@pytest.fixture
def noted(tmp_path):
    """Run Python with these arguments; the calls that were noted in it and in the processes that it started."""

    def run(*arguments):
        log = tmp_path / "calls"
        log.unlink(missing_ok=True)
        path = os.pathsep.join([str(HERE / "call_trace"), os.environ.get("PYTHONPATH", "")])
        environment = {**os.environ, "PYTHONPATH": path, "TACE_CALL_TRACE": str(log)}
        done = subprocess.run(
            [sys.executable, *map(str, arguments)],
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return Calls(tuple(tuple(line.split()) for line in log.read_text(encoding="utf-8").splitlines()))

    return run
