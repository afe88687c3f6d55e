"""The tumour's voxels from a labelmap or a ``.seg.nrrd``, chosen by label value or by segment name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..cohort import ImageGeometry, named_and_more

_REPRESENTATION_KEYS = ("Segmentation_MasterRepresentation", "Segmentation_SourceRepresentation")
"""Where Slicer writes what the voxels of a ``.seg.nrrd`` are; shares of voxels may be stored as whole numbers."""

_FRACTIONAL = "fractional"
_FRACTIONAL_WORDS = "is fractional (it holds shares of voxels, no whole labels); export it as a binary labelmap"


@dataclass(frozen=True)
class _Segment:
    """One segment of a ``.seg.nrrd``: the voxels of component ``layer`` that equal ``value``."""

    name: str
    value: int
    layer: int


def read_mask(path: Path, label: int | str | None) -> tuple[np.ndarray, ImageGeometry]:
    """Read the tumour's voxels.

    ``label`` is a label value, a segment's name, or None for the only one. With None a ``.seg.nrrd`` that declares
    several segments is refused even if only one of them was drawn: the drawn one need not be the tumour.

    Returns
    -------
    mask : ndarray, bool, (K, J, I)
    geometry : ImageGeometry
        Where the mask lies; its extent may differ from the image's.

    Raises
    ------
    ValueError
        If the file cannot be read; is empty; lacks ``label`` (those present are listed); holds several and ``label`` is
        None; or is fractional. A file of a floating-point type whose values are all whole numbers is a labelmap.
    """
    from .reading import read_volume_file

    if path.is_dir():
        raise ValueError(f"the mask {path} is a folder; DICOM is not read as a mask, save it as .seg.nrrd.")
    volume = read_volume_file(path, "mask")
    layers = volume.voxels if volume.voxels.ndim == 4 else volume.voxels[..., np.newaxis]
    segments = _segments(volume.metadata, layers.shape[3])
    if volume.voxels.ndim == 4 and not segments:
        raise ValueError(
            f"the mask {path} has {layers.shape[3]} values per voxel and names no segments; give a labelmap with one "
            "whole number per voxel, or a .seg.nrrd."
        )
    check_labels_are_whole_numbers(layers, f"the mask {path}")
    if any(_FRACTIONAL in volume.metadata.get(key, "").lower() for key in _REPRESENTATION_KEYS):
        raise ValueError(f"the mask {path} {_FRACTIONAL_WORDS}.")
    if not layers.any():
        raise ValueError(f"the mask {path} is empty; draw the lesion and save it again.")
    chosen = _choose_segment(path, segments, label) if segments else None
    if chosen is not None:
        mask = layers[..., chosen.layer] == chosen.value
        if not mask.any():
            raise ValueError(f"the segment {chosen.name!r} of {path} is empty; draw the lesion and save it again.")
    else:
        mask = layers[..., 0] == _choose_value(path, layers[..., 0], label)
    return mask, volume.geometry


def check_labels_are_whole_numbers(labels: np.ndarray, name: str) -> None:
    """Refuse a fractional mask, which holds shares of voxels instead of labels, with ValueError naming it ``name``."""
    if labels.dtype.kind in "biu":
        return
    if labels.dtype.kind != "f" or not np.array_equal(labels, np.rint(labels)):
        raise ValueError(f"{name} {_FRACTIONAL_WORDS}.")


def _segments(metadata: Mapping[str, str], layer_count: int) -> list[_Segment]:
    """Segments as 3D Slicer declares them; files older than Slicer 5 have one layer a segment, with the value 1."""
    segments = []
    while (name := metadata.get(f"Segment{len(segments)}_Name")) is not None:
        prefix = f"Segment{len(segments)}_"
        default_layer = len(segments) if layer_count > 1 else 0
        value = int(metadata.get(f"{prefix}LabelValue", 1))
        segments.append(_Segment(name, value, int(metadata.get(f"{prefix}Layer", default_layer))))
    return segments


def _choose_segment(path: Path, segments: list[_Segment], label: int | str | None) -> _Segment:
    if label is None:
        chosen = segments
    elif isinstance(label, str):
        chosen = [segment for segment in segments if segment.name == label]
    else:
        # A manifest's cell cannot say whether 2 is a value or a name; a value comes first.
        chosen = [segment for segment in segments if segment.value == label]
        chosen = chosen or [segment for segment in segments if segment.name == str(label)]
    if len(chosen) == 1:
        return chosen[0]
    present = ", ".join(f"{segment.name!r} (label {segment.value})" for segment in segments)
    if label is None:
        raise ValueError(f"the mask {path} holds {len(segments)} segments, name the tumour's one: {present}.")
    if not chosen:
        raise ValueError(f"the mask {path} has no segment {label!r}; it holds {present}.")
    raise ValueError(f"the mask {path} has {len(chosen)} segments {label!r}, choose by a name of its own: {present}.")


def _choose_value(path: Path, labels: np.ndarray, label: int | str | None) -> int:
    # Not by numpy.unique, which imports numpy.ma: as long as reading the mask takes.
    drawn = np.sort(labels[labels != 0])
    present = [int(value) for value in drawn[np.append(True, drawn[1:] != drawn[:-1])]]
    listed = named_and_more(present, 10)
    if label is None:
        if len(present) == 1:
            return present[0]
        raise ValueError(f"the mask {path} holds {len(present)} labels, say which is the tumour: {listed}.")
    if isinstance(label, str):
        raise ValueError(
            f"the mask {path} names no segments, so {label!r} is not in it; choose by label value: {listed}."
        )
    if label not in present:
        raise ValueError(f"the mask {path} has no label {label}; it holds {listed}.")
    return label
