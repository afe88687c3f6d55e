"""Time, memory and agreement of the feature engines, one thread each.

    python Testing/benchmarks/bench_features.py [--grids 2x2x8 ...] [--lesions 20 30 ...] [--repeats N]

Each figure comes from a process of its own, in which the same canonical image and mask are in memory before the clock
starts; imports and a first small extraction are not counted. Time is the best of the repeats. Memory is how far the
process's peak rises above what it held before the extraction.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
GRIDS = {  # spacing (I, J, K) in mm, field in mm, slices
    "2x2x8": ((2.0, 2.0, 8.0), 400, 32),
    "3 T 1.79x1.89x2.5": ((1.79, 1.89, 2.5), 380, 88),
    "1.5 T 1.19x1.19x5": ((1.19, 1.19, 5.0), 380, 50),
}
LESIONS_MM = (20, 30, 50, 100)
ENGINES = ("default call", "without diagnostics", "native")


def main() -> None:
    """Measure every row and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--grids", nargs="+", choices=GRIDS, default=list(GRIDS))
    parser.add_argument("--lesions", nargs="+", type=int, default=list(LESIONS_MM), help="diameters in mm")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--child", nargs=3, metavar=("ENGINE", "FOLDER", "SPACING"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        print(json.dumps(measure(*arguments.child, arguments.repeats)))
        return
    print("| grid | lesion | PyRadiomics default, s | without diagnostics, s | native, s | faster | | largest", end="")
    print(" difference | MB default | MB without | MB native |")
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    for grid in arguments.grids:
        for lesion_mm in arguments.lesions:
            print_row(grid, lesion_mm, arguments.repeats)


def print_row(grid: str, lesion_mm: int, repeats: int) -> None:
    """Measure the engines on one volume and print their row."""
    spacing_mm = GRIDS[grid][0]
    with tempfile.TemporaryDirectory() as folder:
        voxels, mask = make_volume(grid, lesion_mm)
        np.save(Path(folder) / "voxels.npy", voxels)
        np.save(Path(folder) / "mask.npy", mask)
        results = [in_child(engine, folder, spacing_mm, repeats) for engine in ENGINES]
    default, without, native = (result["seconds"] for result in results)
    reference, ours = results[1]["values"], results[2]["values"]
    difference = max(abs(ours[name] - reference[name]) / max(abs(reference[name]), 1e-3) for name in reference)
    memory = " | ".join(f"{result['megabytes']:.0f}" for result in results)
    print(
        f"| {grid} | {lesion_mm} mm | {default:.3f} | {without:.3f} | {native:.4f} | {default / native:.1f}x "
        f"| {without / native:.1f}x | {difference:.0e} | {memory} |",
        flush=True,
    )


def make_volume(grid: str, lesion_mm: float) -> tuple[np.ndarray, np.ndarray]:
    """A whole volume of smooth noise, in whole numbers as a scanner writes them, and a ball of a lesion in it."""
    from scipy.ndimage import gaussian_filter

    spacing_mm, field_mm, n_slices = GRIDS[grid]
    shape = (n_slices, int(field_mm / spacing_mm[1]), int(field_mm / spacing_mm[0]))
    noise = gaussian_filter(np.random.default_rng(0).normal(size=shape).astype(np.float32), 1)
    voxels = np.round(500 + 150 * noise / noise.std()).astype(np.float32)
    axes = np.ogrid[tuple(slice(length) for length in shape)]
    millimetres = zip(axes, shape, spacing_mm[::-1], strict=True)
    mask = sum(((axis - n / 2.2) * mm / (lesion_mm / 2)) ** 2 for axis, n, mm in millimetres) <= 1
    return voxels, mask


def in_child(engine: str, folder: str, spacing_mm: tuple[float, ...], repeats: int) -> dict:
    """Measure one engine in a process of its own."""
    command = [sys.executable, __file__, "--repeats", str(repeats), "--child", engine, folder, json.dumps(spacing_mm)]
    done = subprocess.run(command, env=os.environ | ONE_THREAD, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr)
    return json.loads(done.stdout)


def measure(engine: str, folder: str, spacing: str, repeats: int) -> dict:
    """Seconds, rise of the peak of memory in MB, and values of one engine on a stored volume."""
    import SimpleITK as sitk

    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    voxels, mask = np.load(Path(folder) / "voxels.npy"), np.load(Path(folder) / "mask.npy")
    compute = (native if engine == "native" else pyradiomics)(engine, json.loads(spacing))
    small = np.zeros((12, 12, 12), bool)
    small[3:9, 3:9, 3:9] = True
    compute(np.random.default_rng(0).normal(300, 100, small.shape).astype(np.float32), small)()
    extract = compute(voxels, mask)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    seconds = []
    while len(seconds) < repeats and sum(seconds) < 10:
        start = time.perf_counter()
        values = extract()
        seconds.append(time.perf_counter() - start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {"seconds": min(seconds), "megabytes": (peak - before) / 1024, "values": values}


def native(_engine: str, spacing_mm: list[float]):
    """A function that takes voxels and mask and gives the extraction by the native engine."""
    from TACEResponseLib.cohort import AcquisitionTags, ImageGeometry
    from TACEResponseLib.features import PAPER_SETTINGS, get_engine, get_feature_set
    from TACEResponseLib.imaging import Voi

    names = get_feature_set("paper110").feature_names

    def prepare(voxels: np.ndarray, mask: np.ndarray):
        geometry = ImageGeometry(tuple(spacing_mm))
        voi = Voi("T2", voxels, mask, tuple(spacing_mm), geometry, AcquisitionTags(), "", "")
        return lambda: dict(get_engine("native").compute(voi, PAPER_SETTINGS, names).values)

    return prepare


def pyradiomics(engine: str, spacing_mm: list[float]):
    """The same for PyRadiomics, called as its documentation does, with the three shape features named too."""
    import logging
    import warnings

    import SimpleITK as sitk
    from radiomics.featureextractor import RadiomicsFeatureExtractor
    from TACEResponseLib.features import get_feature_set

    logging.getLogger("radiomics").setLevel(logging.CRITICAL)
    warnings.simplefilter("ignore")
    names = get_feature_set("paper110").feature_names
    by_class: dict[str, list[str]] = {}
    for name in names:
        by_class.setdefault(name.partition("_")[0], []).append(name.partition("_")[2])
    extractor = RadiomicsFeatureExtractor(
        resampledPixelSpacing=[1, 1, 1],
        interpolator="sitkBSpline",
        binWidth=25,
        additionalInfo=engine == "default call",
    )
    extractor.disableAllFeatures()
    extractor.enableFeaturesByName(**by_class)

    def prepare(voxels: np.ndarray, mask: np.ndarray):
        images = sitk.GetImageFromArray(voxels), sitk.GetImageFromArray(mask.astype(np.uint8))
        for image in images:
            image.SetSpacing(spacing_mm)

        def extract() -> dict[str, float]:
            result = extractor.execute(*images)
            return {name: float(result[f"original_{name}"]) for name in names}

        return extract

    return prepare


if __name__ == "__main__":
    main()
