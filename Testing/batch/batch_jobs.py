"""Jobs for tests: what they do to a case is told by the case's file."""

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from TACEResponseLib.batch import JobOutput
from TACEResponseLib.cohort import replace_file


@dataclass(frozen=True)
class FileJob:
    """Squares the number in the file; words in it say how to misbehave. Every call leaves a line in ``calls``."""

    folder: Path
    factor: int = 1
    seconds: float = 0.0
    record_is_result: bool = True

    @property
    def folders(self):
        return (self.folder,)

    @property
    def settings(self):
        return {"factor": self.factor}

    def others(self, case):
        return ()

    def is_there(self, case, record):
        return (self.folder / f"{case.key.patient_id}.txt").is_file()

    def run(self, case, progress=None, one_thread=False):
        if progress is not None:
            progress(1, 2, "half")
        self.folder.mkdir(exist_ok=True)
        with (self.folder / "calls").open("a") as calls:
            calls.write(f"{case.key.patient_id} {os.getpid()}\n")
        time.sleep(self.seconds)
        text = case.sources["AP"].image_path.read_text()
        if text == "bad":
            raise ValueError(f"{case.key.label}: the image is bad.")
        if text == "fault":
            raise KeyError("oops")
        if text == "memory":
            raise MemoryError
        if text.startswith("kill"):
            # As a process that is killed in the middle of writing.
            (self.folder / f".{case.key.patient_id}.{os.getpid()}.part").write_text("half")
            if text == "kill" or len(calls_of(self.folder, case.key.patient_id)) == 1:
                os.kill(os.getpid(), signal.SIGKILL)
        if text == "exit":
            os._exit(7)
        number = int(text.removeprefix("kill once "))
        replace_file(self.folder / f"{case.key.patient_id}.txt", str(number**2 * self.factor).encode())
        return JobOutput({"square": number**2 * self.factor}, lines=(f"{case.key.patient_id} done",))


def calls_of(folder, patient_id):
    """Process IDs of the calls for one patient."""
    lines = (folder / "calls").read_text().splitlines() if (folder / "calls").exists() else []
    return [int(line.split()[1]) for line in lines if line.split()[0] == patient_id]
