"""A VOI as another reader might have drawn it: grown, shrunk, shifted and with another edge, at random."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np

from ..imaging import CaseImages, Voi, resample

SMALLEST_OVERLAP = 0.3
"""A perturbed VOI that shares less with the drawn one (Dice) is drawn again: it would be another lesion's."""

_MOST_TRIES = 200


@dataclass(frozen=True)
class PerturbationSettings:
    """How far a drawing may differ; all in mm, each draw uniform between minus and plus the value.

    ``margin_mm`` grows or shrinks the VOI, ``shift_mm`` moves it along each axis within the slices,
    ``edge_mm`` is the standard deviation of smooth noise that moves the edge, whose waves are ``wave_mm`` long: about
    as long as a lesion is wide, as readers differ about a part of the margin. Short waves make the edge ragged, which
    no reader draws, and so move all features of shape, and the score, to one side.
    """

    margin_mm: float = 1.0
    shift_mm: float = 1.0
    edge_mm: float = 0.7
    wave_mm: float = 30.0

    def as_dict(self) -> dict[str, float]:
        """For provenance."""
        return asdict(self)

    def __post_init__(self) -> None:
        moves = (self.margin_mm, self.shift_mm, self.edge_mm)
        if not (np.isfinite((*moves, self.wave_mm)).all() and min(moves) >= 0 and self.wave_mm > 0):
            raise ValueError("Perturbations are in mm, finite and not negative; the length of waves is positive.")


DEFAULT_PERTURBATION = PerturbationSettings()


def perturb(
    mask: np.ndarray, spacing_mm: tuple[float, float, float], settings: PerturbationSettings, seed: int | Sequence[int]
) -> np.ndarray:
    """One perturbed VOI.

    The edge is moved along the distance map of the drawn VOI: mask' = distance < margin + smooth noise, of a mask
    that is shifted by parts of a voxel.

    Parameters
    ----------
    mask : bool array (K, J, I)
    spacing_mm : tuple of float
        Along I, J, K.
    settings : PerturbationSettings
    seed : int or sequence of int
        The same seed gives the same VOI.

    Returns
    -------
    bool array (K, J, I)
        Never empty. All settings 0 give the mask itself.

    Raises
    ------
    ValueError
        For an empty mask, and for a VOI so small that 200 draws kept too little of it.
    """
    mask = np.asarray(mask, dtype=bool)
    if not mask.any():
        raise ValueError("The VOI holds no voxel; draw the tumour on this sequence.")
    if settings.margin_mm == settings.shift_mm == settings.edge_mm == 0:
        return mask.copy()
    random = np.random.default_rng(seed)
    spacing = np.array(spacing_mm[::-1])  # (K, J, I), as arrays count
    box = _box(mask, spacing, settings)
    distance = _signed_distance(mask[box], spacing)
    for _ in range(_MOST_TRIES):
        shifted = _shifted(distance, spacing, random.uniform(-1, 1, 2) * settings.shift_mm)
        margin = random.uniform(-1, 1) * settings.margin_mm
        edge = settings.edge_mm * _smooth_noise(distance.shape, spacing, settings.wave_mm, random)
        drawn = shifted < margin + edge
        if _dice(drawn, mask[box]) >= SMALLEST_OVERLAP:
            perturbed = np.zeros_like(mask)
            perturbed[box] = drawn
            return perturbed
    raise ValueError("The VOI is too small to be perturbed by so many mm; choose smaller perturbations.")


def perturb_images(images: CaseImages, settings: PerturbationSettings, seed: tuple[int, ...]) -> CaseImages:
    """The images of a case with each sequence's VOI perturbed by itself, resampled anew.

    Raises ValueError naming the case and the sequence.
    """
    vois, resampled = {}, {}
    for number, (name, voi) in enumerate(images.vois.items()):
        try:
            own = _perturbed_voi(voi, settings, (*seed, number))
            resampled[name] = resample(own, images.resampled[name].spacing_mm)
        except ValueError as error:
            raise ValueError(f"{images.key.label}, {name}: {error}") from error
        vois[name] = own
    return CaseImages(images.key, vois, resampled, images.warnings)


def _perturbed_voi(voi: Voi, settings: PerturbationSettings, seed: tuple[int, ...]) -> Voi:
    return replace(voi, mask=perturb(voi.mask, voi.spacing_mm, settings, seed), mask_sha256="")


def _box(mask: np.ndarray, spacing: np.ndarray, settings: PerturbationSettings) -> tuple[slice, ...]:
    """The mask's box with room for everything that a draw may add."""
    reach_mm = settings.margin_mm + settings.shift_mm + 4 * settings.edge_mm
    inside = np.argwhere(mask)
    margin = np.ceil(reach_mm / spacing).astype(int) + 1
    low = np.maximum(inside.min(axis=0) - margin, 0)
    high = np.minimum(inside.max(axis=0) + 1 + margin, mask.shape)
    return tuple(slice(first, last) for first, last in zip(low, high, strict=True))


def _signed_distance(mask: np.ndarray, spacing: np.ndarray) -> np.ndarray:
    """Distance in mm to the edge between mask and background voxels, negative inside.

    Thick slices would make the edge jump by a slice: distances are taken within slices, as a reader draws, and from
    slice to slice only where a slice has no VOI. Both ways alike: a VOI on thin slices loses its end slices where
    another gains one. Beside the image lies background, so that a VOI that fills a slice has an edge there.
    """
    from scipy.ndimage import distance_transform_edt

    padded = np.pad(mask, ((0, 0), (1, 1), (1, 1)))
    inside = np.stack([distance_transform_edt(one, spacing[1:]) for one in padded])[:, 1:-1, 1:-1]
    drawn = np.asarray(mask.any(axis=(1, 2)))
    if not drawn.all():
        to_end = distance_transform_edt(drawn, spacing[0])
        inside = np.minimum(inside, to_end[:, None, None])
    half_voxel = spacing[1:].min() / 2
    empty = ~mask.any(axis=(1, 2))
    outside = np.empty(mask.shape)
    if empty.any():
        outside[empty] = distance_transform_edt(~mask, spacing)[empty]
    for k in np.flatnonzero(~empty):
        outside[k] = distance_transform_edt(~mask[k], spacing[1:])
    return np.asarray(np.where(mask, half_voxel - inside, outside - half_voxel))


def _shifted(distance: np.ndarray, spacing: np.ndarray, shift_mm: np.ndarray) -> np.ndarray:
    """The distance map moved within the slices by parts of a voxel."""
    from scipy.ndimage import shift

    return np.asarray(shift(distance, (0.0, *(shift_mm / spacing[1:])), order=1, mode="nearest"))


def _smooth_noise(
    shape: tuple[int, ...], spacing: np.ndarray, wave_mm: float, random: np.random.Generator
) -> np.ndarray:
    """Noise of mean 0 and standard deviation 1 over the box, smoothed by a Gaussian of a quarter of a wave."""
    from scipy.ndimage import gaussian_filter

    noise = gaussian_filter(random.standard_normal(shape), wave_mm / 4 / spacing, mode="wrap")
    # Without its mean, which the margin stands for: in a box shorter than a wave little else would be left.
    noise -= noise.mean()
    return np.asarray(noise / max(noise.std(), 1e-12))


def _dice(first: np.ndarray, second: np.ndarray) -> float:
    return 2 * np.count_nonzero(first & second) / (np.count_nonzero(first) + np.count_nonzero(second))
