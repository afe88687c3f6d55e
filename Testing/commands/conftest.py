"""Cohorts as files, a terminal that remembers, and a bundle in a folder."""

import csv
import io

import numpy as np
import pytest
import SimpleITK as sitk
from TACEResponseLib.cli import main
from TACEResponseLib.commands.terminal import Terminal

SEQUENCES = ("T2", "AP", "PVP", "DP")
FACTS = {"child_pugh": "B7", "portal_venous_invasion": "no", "afp_ng_ml": "<20", "ast_u_l": "55"}


@pytest.fixture
def run():
    """Run a command in this process: (exit code, what it said, what it complained of)."""

    def run_command(*arguments):
        output, errors = io.StringIO(), io.StringIO()
        code = main([str(argument) for argument in arguments], Terminal(output, errors))
        return code, output.getvalue(), errors.getvalue()

    return run_command


@pytest.fixture(scope="session")
def image_files(make_lesion_source, tmp_path_factory):
    """Four sequences of one lesion as image and mask files: {"T2_image": path, ...}."""
    folder = tmp_path_factory.mktemp("images")
    paths = {}
    for seed, sequence in enumerate(SEQUENCES):
        source = make_lesion_source(seed=seed)
        for kind, voxels in (("image", source.voxels), ("mask", source.mask.astype(np.uint8))):
            image = sitk.GetImageFromArray(voxels)
            image.SetSpacing(source.spacing_mm)
            image.SetOrigin(source.origin_mm)
            paths[f"{sequence}_{kind}"] = folder / f"{sequence}_{kind}.nrrd"
            sitk.WriteImage(image, str(paths[f"{sequence}_{kind}"]), useCompression=True)
    return paths


@pytest.fixture
def write_manifest_file(image_files, tmp_path):
    """Write a manifest of these rows; images and facts are those of `image_files` and `FACTS` unless a row differs."""

    def write(*rows, name="manifest.csv", columns=()):
        full = [{**{k: str(v) for k, v in image_files.items()}, **FACTS, **row} for row in rows]
        header = list(dict.fromkeys(["patient_id", *(column for row in full for column in row), *columns]))
        path = tmp_path / name
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, header, restval="")
            writer.writeheader()
            writer.writerows(full)
        return path

    return write
