"""The tumour's voxels from a labelmap or a ``.seg.nrrd``, chosen by label value or by segment name."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..cohort import ImageGeometry, named_and_more
from .volume_file import existing_path, read_volume_file

_REPRESENTATION_KEYS = ("Segmentation_MasterRepresentation", "Segmentation_SourceRepresentation")
"""Where Slicer writes what the voxels of a ``.seg.nrrd`` are; shares of voxels may be stored as whole numbers."""

_FRACTIONAL = "fractional"
_FRACTIONAL_TEXT = "is fractional (it holds shares of voxels, not whole labels); export it as a binary labelmap"

_LABEL_ROUNDING = 1e-3
"""Labels that were stored as scaled integers come back this near to whole numbers, such as 1.00001526."""

_SEGMENT_KEY = re.compile(r"Segment(\d+)_Name")
_WHOLE_LABEL = re.compile(r"\s*(\d{1,9})(\.0*)?\s*")


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
        None; or is fractional. A file of a floating-point type whose values are whole numbers, but for rounding, is a
        labelmap.
    """
    path = existing_path(path)
    if path.is_dir():
        raise ValueError(f"the mask {path} is a folder; DICOM is not read as a mask, save it as .seg.nrrd.")
    volume = read_volume_file(path, "mask")
    layers = volume.voxels if volume.voxels.ndim == 4 else volume.voxels[..., np.newaxis]
    segments = _segments(path, volume.metadata, layers.shape[3])
    if volume.voxels.ndim == 4 and not segments:
        raise ValueError(
            f"the mask {path} has {layers.shape[3]} values per voxel and names no segments; give a labelmap with one "
            "whole number per voxel, or a .seg.nrrd."
        )
    layers = whole_labels(layers, f"the mask {path}")
    if any(_FRACTIONAL in volume.metadata.get(key, "").lower() for key in _REPRESENTATION_KEYS):
        raise ValueError(f"the mask {path} {_FRACTIONAL_TEXT}.")
    if not layers.any():
        raise ValueError(f"the mask {path} is empty; draw the lesion and save it again.")
    chosen = _choose_segment(path, segments, label) if segments else None
    if chosen is not None:
        _check_all_declared(path, layers, segments)
        mask = layers[..., chosen.layer] == chosen.value
        if not mask.any():
            raise ValueError(f"the segment {chosen.name!r} of {path} is empty; draw the lesion and save it again.")
    else:
        mask = layers[..., 0] == _choose_value(path, layers[..., 0], label)
    return mask, volume.geometry


def whole_labels(labels: np.ndarray, name: str) -> np.ndarray:
    """Labels as whole numbers, rounded where they were stored as scaled integers.

    Raises ValueError, naming the mask ``name``, for one that holds shares of voxels instead of labels.
    """
    if labels.dtype.kind in "biu":
        return labels
    whole = np.rint(labels) if labels.dtype.kind == "f" else labels
    # Compared this way round, NaN is refused.
    if labels.dtype.kind != "f" or not (np.abs(labels - whole) <= _LABEL_ROUNDING).all():
        raise ValueError(f"{name} {_FRACTIONAL_TEXT}.")
    return whole


def _segments(path: Path, metadata: Mapping[str, str], layer_count: int) -> list[_Segment]:
    """Segments as 3D Slicer declares them; files older than Slicer 5 have one layer a segment, with the value 1."""
    segments = []
    numbers = sorted(int(found[1]) for key in metadata if (found := _SEGMENT_KEY.fullmatch(key)))
    for place, number in enumerate(numbers):
        value = metadata.get(f"Segment{number}_LabelValue", "1")
        layer = metadata.get(f"Segment{number}_Layer", str(place if layer_count > 1 else 0))
        if not (_WHOLE_LABEL.fullmatch(value) and layer.isdecimal() and int(layer) < layer_count):
            raise ValueError(
                f"the mask {path} is damaged: segment {number} has the label {value!r} in layer {layer!r} of "
                f"{layer_count}; save the segmentation again."
            )
        segments.append(_Segment(metadata[f"Segment{number}_Name"], int(value), int(layer)))
    return segments


def _check_all_declared(path: Path, layers: np.ndarray, segments: list[_Segment]) -> None:
    """Voxels of no segment are damage, or were renumbered: they may be the tumour's."""
    for layer in range(layers.shape[3]):
        labels = layers[..., layer]
        values = {one.value for one in segments if one.layer == layer and one.value}
        if int(np.count_nonzero(labels)) != sum(int(np.count_nonzero(labels == value)) for value in values):
            raise ValueError(f"the mask {path} holds voxels that belong to none of its segments; save it again.")


def _choose_segment(path: Path, segments: list[_Segment], label: int | str | None) -> _Segment:
    if label is None:
        chosen = segments
    elif isinstance(label, str) and any(_plain(segment.name) == _plain(label) for segment in segments):
        chosen = [segment for segment in segments if _plain(segment.name) == _plain(label)]
    else:
        label = _label_value(label)
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
    present = [int(value) for value in np.unique(labels[labels != 0])]
    listed = named_and_more(present, 10)
    if label is None:
        if len(present) == 1:
            return present[0]
        raise ValueError(f"the mask {path} holds {len(present)} labels, say which is the tumour: {listed}.")
    label = _label_value(label)
    if isinstance(label, str):
        raise ValueError(
            f"the mask {path} names no segments, so {label!r} is not in it; choose by label value: {listed}."
        )
    if label not in present:
        raise ValueError(f"the mask {path} has no label {label}; it holds {listed}.")
    return label


def _label_value(label: int | str) -> int | str:
    """A label value that a spreadsheet wrote as 1.0 as the whole number; a name as it is."""
    found = _WHOLE_LABEL.fullmatch(label) if isinstance(label, str) else None
    return label if found is None else int(found[1])


def _plain(name: str) -> str:
    """A segment's name without what nobody sees: blanks around it, other spellings of the same letter."""
    return unicodedata.normalize("NFC", name).strip()
