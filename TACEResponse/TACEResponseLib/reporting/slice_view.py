"""The slice of a VOI on which the lesion is largest, turned as a radiologist expects to see it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..imaging import Voi, slice_axis

_PLANES = ("sagittal", "coronal", "axial")
_TOWARDS = (("L", "R"), ("P", "A"), ("S", "I"))
_WINDOW_PERCENTILES = (1.0, 99.5)
_FIELD_PER_LESION = 2.6
_SMALLEST_FIELD_MM = 140.0


@dataclass(frozen=True, eq=False)
class SliceView:
    """One slice as it is shown: rows downwards, columns to the right.

    ``pixels`` are intensities and ``mask`` the VOI, both (rows, columns), with pixels of ``height_mm`` x ``width_mm``.
    ``left``, ``right``, ``top``, ``bottom`` are the patient's sides: R, L, A, P, S or I. ``place`` says where the slice
    lies, e.g. "axial, S 12.5 mm".
    """

    sequence: str
    pixels: np.ndarray
    mask: np.ndarray
    height_mm: float
    width_mm: float
    left: str
    right: str
    top: str
    bottom: str
    place: str


def largest_slice(voi: Voi) -> SliceView:
    """The native slice with the largest area of the VOI.

    Axial: the patient's right on the left, anterior on top. Coronal and sagittal: superior on top; right or anterior on
    the left. Oblique slices go by their nearest plane.
    """
    axis = slice_axis(voi.spacing_mm)
    areas = voi.mask[voi.box].sum(axis=tuple(other for other in range(3) if other != axis))
    number = voi.box[axis].start + int(areas.argmax())
    pixels, mask = np.take(voi.voxels, number, axis), np.take(voi.mask, number, axis)
    direction = np.reshape(np.asarray(voi.placement.direction), (3, 3))
    normal = direction[:, 2 - axis]
    plane = int(np.abs(normal).argmax())
    # What lies along the rows and columns of the slice: axes of (K, J, I) are columns 2, 1, 0 of the direction.
    down_axis, right_axis = (2 - other for other in range(3) if other != axis)
    vertical = 2 if plane != 2 else 1
    if abs(direction[vertical, right_axis]) > abs(direction[vertical, down_axis]):
        pixels, mask = pixels.T, mask.T
        down_axis, right_axis = right_axis, down_axis
    down, right = direction[:, down_axis], direction[:, right_axis]
    # Downwards is posterior in axial slices and inferior in others; rightwards is the patient's left or posterior.
    if (down[vertical] > 0) != (vertical == 1):
        pixels, mask, down = pixels[::-1], mask[::-1], -down
    horizontal = int(np.abs(right).argmax())
    if right[horizontal] < 0:
        pixels, mask, right = pixels[:, ::-1], mask[:, ::-1], -right
    return SliceView(
        voi.sequence,
        pixels,
        mask,
        voi.spacing_mm[down_axis],
        voi.spacing_mm[right_axis],
        left=_side(-right),
        right=_side(right),
        top=_side(-down),
        bottom=_side(down),
        place=_place(voi, axis, number, plane),
    )


def common_field_mm(views: list[SliceView]) -> float:
    """Side of the square field that shows every lesion with what lies around it, the same for all sequences."""
    extents = []
    for view in views:
        rows, columns = np.nonzero(view.mask)
        extents += [(np.ptp(rows) + 1) * view.height_mm, (np.ptp(columns) + 1) * view.width_mm]
    return max(_SMALLEST_FIELD_MM, _FIELD_PER_LESION * max(extents))


def crop(view: SliceView, field_mm: float) -> SliceView:
    """The part of a slice within ``field_mm`` around the lesion, moved inwards at the image's border."""
    rows = _window(np.flatnonzero(view.mask.any(axis=1)), view.height_mm, view.mask.shape[0], field_mm)
    columns = _window(np.flatnonzero(view.mask.any(axis=0)), view.width_mm, view.mask.shape[1], field_mm)
    return SliceView(**{**vars(view), "pixels": view.pixels[rows, columns], "mask": view.mask[rows, columns]})


def display_window(pixels: np.ndarray) -> tuple[float, float]:
    """Intensities shown black and white: the 1st and 99.5th percentile of the finite pixels."""
    low, high = np.percentile(pixels[np.isfinite(pixels)].astype(float), _WINDOW_PERCENTILES)
    return float(low), float(high) if high > low else float(low) + 1.0


def to_grey(pixels: np.ndarray, window: tuple[float, float]) -> np.ndarray:
    """Intensities as uint8 grey, black at and below the window's lower end."""
    low, high = window
    finite = np.nan_to_num(pixels, nan=low, posinf=high, neginf=low)
    grey: np.ndarray = np.rint(255 * np.clip((finite - low) / (high - low), 0.0, 1.0)).astype(np.uint8)
    return grey


def enlarge(pixels: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """Cubic interpolation (Catmull-Rom) between pixel centres, for display only; edges are repeated."""
    shown: np.ndarray = _cubic_matrix(pixels.shape[0], rows) @ pixels @ _cubic_matrix(pixels.shape[1], columns).T
    return shown


def outline_commands(mask: np.ndarray, height_mm: float, width_mm: float) -> str:
    """SVG path of the edges between labelled and other pixels, in mm from the upper left corner of the slice."""
    framed = np.pad(mask, 1).astype(np.int8)
    commands = []
    for row, start, stop in _runs(framed[1:, 1:-1] != framed[:-1, 1:-1]):
        commands.append(f"M{start * width_mm:.2f} {row * height_mm:.2f}H{stop * width_mm:.2f}")
    for column, start, stop in _runs((framed[1:-1, 1:] != framed[1:-1, :-1]).T):
        commands.append(f"M{column * width_mm:.2f} {start * height_mm:.2f}V{stop * height_mm:.2f}")
    return "".join(commands)


def _side(vector: np.ndarray) -> str:
    axis = int(np.abs(vector).argmax())
    return _TOWARDS[axis][int(vector[axis] < 0)]


def _place(voi: Voi, axis: int, number: int, plane: int) -> str:
    direction = np.reshape(np.asarray(voi.placement.direction), (3, 3))
    index = np.zeros(3)
    index[2 - axis] = number
    position_mm = float((direction * voi.placement.spacing_mm @ index + voi.placement.origin_mm)[plane])
    return f"{_PLANES[plane]}, {_TOWARDS[plane][int(position_mm < 0)]} {abs(position_mm):.1f} mm"


def _window(labelled: np.ndarray, pixel_mm: float, size: int, field_mm: float) -> slice:
    length = min(size, int(np.floor(field_mm / pixel_mm)))
    middle = (labelled[0] + labelled[-1] + 1) / 2
    start = int(np.clip(round(middle - length / 2), 0, size - length))
    return slice(start, start + length)


def _cubic_matrix(size_in: int, size_out: int) -> np.ndarray:
    positions = (np.arange(size_out) + 0.5) * size_in / size_out - 0.5
    base = np.floor(positions).astype(int)
    t = positions - base
    weights = (
        (-(t**3) + 2 * t**2 - t) / 2,
        (3 * t**3 - 5 * t**2 + 2) / 2,
        (-3 * t**3 + 4 * t**2 + t) / 2,
        (t**3 - t**2) / 2,
    )
    matrix = np.zeros((size_out, size_in))
    for offset, weight in enumerate(weights):
        np.add.at(matrix, (np.arange(size_out), np.clip(base + offset - 1, 0, size_in - 1)), weight)
    return matrix


def _runs(edges: np.ndarray) -> list[tuple[int, int, int]]:
    """(line, start, stop) of each run of True along the second axis."""
    changes = np.diff(np.pad(edges, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    lines, starts = np.nonzero(changes == 1)
    stops = np.nonzero(changes == -1)[1]
    return list(zip(lines.tolist(), starts.tolist(), stops.tolist(), strict=True))
