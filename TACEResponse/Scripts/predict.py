"""Predict many cases in Slicer, without its window.

    Slicer --no-splash --no-main-window --python-script Scripts/predict.py -- --manifest cohort.csv --model M --out DIR
    Slicer --no-splash --no-main-window --python-script Scripts/predict.py -- --scene case.mrb --model M --out DIR

With --manifest all options of tace-response predict, such as --workers 4 --resume. Exit codes: 0 all done, 1 error,
2 bad arguments, 3 some cases failed. Slicer ends by itself, also on an error.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from slicer_script import EXIT_BAD_ARGUMENTS, EXIT_ERROR, run


def main(arguments: list[str]) -> int:
    """Run and return the exit code."""
    parser = argparse.ArgumentParser(prog="predict.py", description=__doc__.splitlines()[0])
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--manifest", type=Path, help="CSV as for tace-response predict")
    source.add_argument("--scene", type=Path, nargs="+", help="scenes (.mrb, .mrml) saved from the module")
    parser.add_argument("--model", required=True, help="name of a shipped model, or a bundle's folder")
    parser.add_argument("--out", type=Path, required=True, help="folder for predictions.csv and the cases' folders")
    try:
        parsed, further = parser.parse_known_args(arguments)
    except SystemExit as stop:
        return EXIT_BAD_ARGUMENTS if stop.code else 0
    if parsed.manifest is not None:
        from TACEResponseLib import cli

        return cli.main(["predict", str(parsed.manifest), "--model", parsed.model, "--out", str(parsed.out), *further])
    if further:
        sys.stderr.write(f"predict.py: not understood with --scene: {' '.join(further)}\n")
        return EXIT_BAD_ARGUMENTS
    from TACEResponseLib.scene.batch import predictScenes

    try:
        return predictScenes(parsed.scene, parsed.model, parsed.out, lambda line: sys.stdout.write(line + "\n"))
    except ValueError as error:
        sys.stderr.write(f"predict.py: {error}\n")
        return EXIT_ERROR


if __name__ == "__main__":
    run(main)
