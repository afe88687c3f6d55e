"""A whole patient in a cold process: our prediction, and with its report, beside PyRadiomics' features alone.

    python Testing/benchmarks/bench_patient.py [--model phantom-cd] [--repeats N] [--lesion 30]

All begin with the same eight files (four sequences, images and masks) and end with the process; imports count. Ours is
``predict`` of the library (reading, checks, 440 features, the model with its bootstrap refits), and ``tace-response
predict``, which writes prediction.json, table and report besides.
PyRadiomics' is four default calls of its extractor (107 features each), nothing else. Runs alternate;
the best and the median of the repeats are shown.
"""

from __future__ import annotations

import argparse
import compileall
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import SimpleITK as sitk
import TACEResponseLib

SEQUENCES = {  # spacing (I, J, K) in mm, size
    "T2": ((2.0, 2.0, 8.0), (200, 195, 32)),
    "AP": ((1.79, 1.89, 2.5), (224, 166, 88)),
    "PVP": ((1.79, 1.89, 2.5), (224, 166, 88)),
    "DP": ((1.79, 1.89, 2.5), (224, 166, 88)),
}
PYRADIOMICS = """
import sys
import logging
logging.getLogger("radiomics").setLevel(logging.ERROR)
from radiomics import featureextractor
settings = {"resampledPixelSpacing": [1, 1, 1], "interpolator": "sitkBSpline", "binWidth": 25}
extractor = featureextractor.RadiomicsFeatureExtractor(**settings)
for sequence in ("T2", "AP", "PVP", "DP"):
    extractor.execute(f"{sys.argv[1]}/{sequence}_image.nrrd", f"{sys.argv[1]}/{sequence}_mask.nrrd")
"""
OURS = """
import sys
from pathlib import Path
from TACEResponseLib.cohort import read_manifest
from TACEResponseLib.models import find_bundle, load_bundle
from TACEResponseLib.workflow import predict_case
[case] = read_manifest(Path(sys.argv[1]) / "manifest.csv")
print(predict_case(case, load_bundle(find_bundle(sys.argv[2]))).prediction.sentence)
"""


def main() -> None:
    """Run all and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="phantom-cd")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--lesion", type=float, default=30.0, help="diameter in mm")
    arguments = parser.parse_args()
    # pip compiles what it installs, PyRadiomics among it; this checkout may not have been.
    compileall.compile_dir(Path(TACEResponseLib.__file__).parent, quiet=1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_patient(folder, arguments.lesion)
        commands = {
            "PyRadiomics, features only": [sys.executable, "-c", PYRADIOMICS, name],
            "predict": [sys.executable, "-c", OURS, name, arguments.model],
            "tace-response predict, with report": [
                *(sys.executable, "-m", "TACEResponseLib.cli", "predict", str(folder / "manifest.csv")),
                *("--model", arguments.model, "--out", str(folder / "out")),
            ],
        }
        seconds = {title: [] for title in commands}
        for _ in range(arguments.repeats):
            for title, command in commands.items():
                seconds[title].append(cold_s(command))
    print(f"Four sequences, lesion {arguments.lesion:.0f} mm, cold process, {os.cpu_count()} cores.\n")
    print("| | best, s | median, s |\n|---|---|---|")
    for title, times in seconds.items():
        print(f"| {title} | {min(times):.2f} | {np.median(times):.2f} |")
    theirs, *others = seconds.items()
    for title, times in others:
        ratios = [f"{statistic(theirs[1]) / statistic(times):.1f}" for statistic in (min, np.median)]
        print(f"| {title}: times faster | {ratios[0]} | {ratios[1]} |")


def cold_s(command: list[str]) -> float:
    """Wall time of a process, in seconds."""
    started = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - started


def write_patient(folder: Path, lesion_mm: float) -> None:
    """Images and masks of four sequences with a textured ball, and the manifest."""
    columns = ["patient_id", "child_pugh", "portal_venous_invasion", "afp_ng_ml", "ast_u_l"]
    cells = ["bench", "A5", "no", "12", "30"]
    for seed, (sequence, (spacing_mm, size)) in enumerate(SEQUENCES.items()):
        axes = np.ogrid[tuple(slice(length) for length in size[::-1])]
        squares = (
            ((axis - length // 2) * step) ** 2
            for axis, length, step in zip(axes, size[::-1], spacing_mm[::-1], strict=True)
        )
        ball = sum(squares) <= (lesion_mm / 2) ** 2
        noise = np.random.default_rng(seed).normal(size=ball.shape)
        smooth = noise + np.roll(noise, 1, 2) + np.roll(noise, 1, 1)
        voxels = np.round(np.where(ball, 520, 300) + 60 * smooth).astype(np.int16)
        for kind, array in (("image", voxels), ("mask", ball.astype(np.uint8))):
            image = sitk.GetImageFromArray(array)
            image.SetSpacing(spacing_mm)
            sitk.WriteImage(image, str(folder / f"{sequence}_{kind}.nrrd"))
            columns.append(f"{sequence}_{kind}")
            cells.append(f"{sequence}_{kind}.nrrd")
    (folder / "manifest.csv").write_text(f"{','.join(columns)}\n{','.join(cells)}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
