"""The native engine on the IBSI digital phantom, and the table of it in the documentation.

    python Testing/tools/ibsi_table.py

rewrites the table in Docs/features.md from Testing/features/ibsi_digital_phantom.csv. Phantom and reference values:
Image Biomarker Standardisation Initiative, reference manual (arXiv:1612.07003, CC BY 4.0), digital phantom; texture
matrices in 3-D: averaged over directions for GLCM and GLRLM, one matrix for the others.
"""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from TACEResponseLib.features.native import features_of_resampled
from TACEResponseLib.imaging import ResampledVoi

REPOSITORY = Path(__file__).resolve().parents[2]
MAPPING = REPOSITORY / "Testing/features/ibsi_digital_phantom.csv"
DOCUMENT = REPOSITORY / "Docs/features.md"
START, END = "<!-- IBSI table: made by Testing/tools/ibsi_table.py -->", "<!-- end of the IBSI table -->"

SPACING_MM = (2.0, 2.0, 2.0)
BIN_WIDTH = 1.0
OUTSIDE = 0
PHANTOM = np.array(
    [
        [[1, 4, 4, 1, 1], [1, 4, 6, 1, 1], [4, 1, 6, 4, 1], [4, 4, 6, 4, 1]],
        [[1, 4, 4, 1, 1], [1, 1, 6, 1, 1], [0, 1, 3, 1, 1], [4, 4, 6, 1, 1]],
        [[1, 4, 4, 0, 0], [1, 1, 1, 1, 1], [1, 1, 0, 1, 1], [1, 1, 6, 1, 1]],
        [[1, 4, 4, 0, 0], [1, 1, 1, 1, 1], [1, 1, 1, 1, 1], [1, 1, 6, 1, 1]],
    ]
)
"""Slices of 4 rows of 5 voxels; 74 of the 80 voxels are in the region of interest."""


@dataclass(frozen=True)
class Comparison:
    """One feature on the phantom beside IBSI's value, which is printed with three digits."""

    feature: str
    ibsi_code: str
    ibsi_name: str
    reference: str
    tolerance: float
    value: float
    deviates_by_definition: str

    @property
    def agrees(self) -> bool:
        """Within IBSI's tolerance, or within rounding to three digits where it states none."""
        reference = float(self.reference)
        half_a_digit = 0.5 * 10.0 ** (math.floor(math.log10(abs(reference))) - 2)
        return abs(self.value - reference) <= max(self.tolerance, half_a_digit * (1 + 1e-9))


def compare() -> list[Comparison]:
    """All features that IBSI has a reference value for, without resampling, at bin width 1."""
    with MAPPING.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    voi = ResampledVoi(PHANTOM.astype(np.float32), PHANTOM != OUTSIDE, SPACING_MM)
    values = features_of_resampled(voi, BIN_WIDTH, [row["feature"] for row in rows]).values
    return [
        Comparison(
            row["feature"],
            row["ibsi_code"],
            row["ibsi_name"],
            row["reference_value"],
            float(row["tolerance"]),
            values[row["feature"]],
            row["deviates_by_definition"],
        )
        for row in rows
    ]


def table(comparisons: list[Comparison]) -> str:
    """The table as Markdown."""
    agreeing = sum(comparison.agrees for comparison in comparisons)
    lines = [
        f"{agreeing} of {len(comparisons)} features agree with the reference value.",
        "",
        "| feature | IBSI | IBSI name | reference | ours | |",
        "|---|---|---|---|---|---|",
    ]
    for one in comparisons:
        verdict = "agrees" if one.agrees else one.deviates_by_definition
        lines.append(
            f"| {one.feature} | {one.ibsi_code} | {one.ibsi_name} | {one.reference} | {one.value:.4g} | {verdict} |"
        )
    return "\n".join(lines)


def documented(text: str, new_table: str) -> str:
    """The document with its table replaced. Raises ValueError if it has no place for it."""
    if START not in text or END not in text:
        raise ValueError(f"{DOCUMENT.name} has no place for the IBSI table.")
    before, rest = text.split(START)
    return f"{before}{START}\n{new_table}\n{END}{rest.split(END)[1]}"


if __name__ == "__main__":
    DOCUMENT.write_text(documented(DOCUMENT.read_text(encoding="utf-8"), table(compare())), encoding="utf-8")
