"""Predict many cases in Slicer, without its window.

    Slicer --no-splash --no-main-window --python-script Scripts/predict.py -- --manifest cohort.csv --model M --out DIR
    Slicer --no-splash --no-main-window --python-script Scripts/predict.py -- --scene case.mrb --model M --out DIR

Exit codes: 0 all done, 1 error, 2 bad arguments, 3 some cases failed. Slicer ends by itself, also on an error.
"""

from __future__ import annotations

import argparse
import sys
import traceback
from pathlib import Path

EXIT_ERROR, EXIT_BAD_ARGUMENTS = 1, 2


def main(arguments: list[str]) -> int:
    """Run and return the exit code."""
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
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


def endSlicer(code: int) -> None:
    """Slicer stays open after a script unless it is told to go; outside the application the process ends."""
    import slicer

    sys.stdout.flush()
    sys.stderr.flush()
    if hasattr(slicer, "app"):
        slicer.util.exit(code)
    else:
        sys.exit(code)


if __name__ == "__main__":
    exitCode = EXIT_ERROR
    try:
        exitCode = main(sys.argv[1:])
    except BaseException:
        traceback.print_exc()
    finally:
        endSlicer(exitCode)
