"""What a batch costs: memory of a worker over many cases, two workers against one, the coordinator's time a case.

python Testing/benchmarks/bench_batch.py [--soak 2000] [--patients 24]
"""

from __future__ import annotations

import argparse
import os
import resource
import tempfile
import time
from collections import defaultdict
from pathlib import Path

import numpy as np
from TACEResponseLib.batch import run_batch
from TACEResponseLib.batch.local_workers import LocalWorkers
from TACEResponseLib.cohort import Case, CaseKey, FileSource, read_manifest
from TACEResponseLib.workflow import ExtractJob

JOB = ExtractJob(("T2", "AP", "PVP", "DP"), "paper110", "native")


def small_cases(folder: Path, count: int) -> list[Case]:
    """Cases of four small phantom volumes; 25 different ones take turns."""
    import SimpleITK as sitk

    rng = np.random.default_rng(0)
    k, j, i = np.ogrid[:14, :26, :26]
    ball = ((k - 7) / 5) ** 2 + ((j - 13) / 7) ** 2 + ((i - 13) / 7) ** 2 < 1
    sources = []
    for number in range(25):
        own = {}
        for sequence in JOB.sequences:
            image = sitk.GetImageFromArray(rng.normal(500, 90, ball.shape).astype(np.float32))
            mask = sitk.GetImageFromArray(ball.astype(np.uint8))
            for kind, volume in (("image", image), ("mask", mask)):
                volume.SetSpacing((1.5, 1.5, 2.0))
                sitk.WriteImage(volume, str(folder / f"{number}_{sequence}_{kind}.nrrd"))
            own[sequence] = FileSource(*(folder / f"{number}_{sequence}_{kind}.nrrd" for kind in ("image", "mask")))
        sources.append(own)
    return [Case(CaseKey(f"P{number:05d}"), sources[number % len(sources)]) for number in range(count)]


def run(cases: list[Case], folder: Path, workers: int) -> tuple[float, float, float, list]:
    """(seconds in all, seconds a case once all workers have started, the coordinator's seconds of CPU, outcomes)."""
    outcomes, ended_s = [], []

    def tell(outcome) -> None:
        outcomes.append(outcome)
        ended_s.append(time.monotonic())

    started_s, cpu_s = time.monotonic(), time.process_time()
    summary = run_batch(cases, JOB, folder, LocalWorkers(workers), lambda *_: None, tell)
    if summary.failed:
        raise SystemExit(summary.failed[0].text)
    # Workers start together, so their first outcomes come together too: only the cases after these are counted.
    steady_s = (ended_s[-1] - ended_s[workers - 1]) / (len(cases) - workers)
    return time.monotonic() - started_s, steady_s, time.process_time() - cpu_s, outcomes


def soak(folder: Path, count: int) -> None:
    cases = small_cases(folder, count)
    _, steady_s, cpu_s, outcomes = run(cases, folder / "soak", 2)
    peaks = [outcome.memory_mb for outcome in outcomes]
    print(f"soak: {count} small cases, 2 workers, {steady_s * 1000:.0f} ms a case")
    for at in sorted({0, count // 20, count // 4, count // 2, count * 3 // 4, count - 1}):
        print(f"  most memory of a worker up to case {at + 1:6}: {max(peaks[: at + 1]):6.1f} MB")
    print(f"  coordinator: {cpu_s / count * 1000:.2f} ms of CPU a case")


def speed(folder: Path, patients: int) -> None:
    from TACEResponseLib.phantom import write_cohort

    cases = read_manifest(write_cohort(folder / "cohort", patients, 3))
    for case in cases:
        for source in case.sources.values():
            source.image_path.read_bytes()
    whole_s, steady_s, workers_cpu_s = defaultdict(list), defaultdict(list), defaultdict(list)
    for turn in range(3):
        for workers in (1, 2):
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            elapsed_s, case_s, _, _ = run(cases, folder / f"speed{workers}{turn}", workers)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            whole_s[workers].append(elapsed_s)
            steady_s[workers].append(case_s)
            workers_cpu_s[workers].append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    print(f"speed: {patients} phantom patients, 440 features each, best of 3 (load now {os.getloadavg()[0]:.1f})")
    for workers in whole_s:
        print(
            f"  {workers} worker(s): {min(whole_s[workers]):.1f} s in all, {min(steady_s[workers]):.2f} s a case after"
            f" the start; {min(workers_cpu_s[workers]) / patients:.2f} s of CPU a case with the start of the workers"
        )
    print(
        f"  two against one: {min(whole_s[1]) / min(whole_s[2]):.2f} times in all,"
        f" {min(steady_s[1]) / min(steady_s[2]):.2f} times after the start; on a busy machine the CPU a case says more"
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--soak", type=int, default=2000, help="how many small cases")
    parser.add_argument("--patients", type=int, default=24, help="phantom patients for the speed")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        soak(Path(folder), arguments.soak)
        speed(Path(folder), arguments.patients)


if __name__ == "__main__":
    main()
